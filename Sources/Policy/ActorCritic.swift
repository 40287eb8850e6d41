import Envs
import Runtime
import Tensors

/// What a policy's last layer means.
public enum ActionHead: Sendable, Equatable, Codable {
  /// One of `count` actions, numbered from `start`.
  case categorical(count: Int, start: Int)
  /// One of each of several counts of actions, numbered from `start`, chosen independently.
  case multiCategorical(counts: [Int], start: [Int])
  /// `size` numbers, limited to `low` and `high` before the environment sees them.
  case gaussian(low: [Float], high: [Float])

  /// Outputs of the policy network.
  public var outputSize: Int {
    switch self {
    case .categorical(let count, _): count
    case .multiCategorical(let counts, _): counts.reduce(0, +)
    case .gaussian(let low, _): low.count
    }
  }

  /// The discrete choices a row makes; none for numbers.
  var choices: (counts: [Int], start: [Int]) {
    switch self {
    case .categorical(let count, let start): ([count], [start])
    case .multiCategorical(let counts, let start): (counts, start)
    case .gaussian: ([], [])
    }
  }
}

/// A policy and a value function in networks of their own, and the statistics that normalise what
/// they read, so that a policy never travels without them.
public struct ActorCritic: Module {
  public var policy: MultilayerPerceptron
  public var value: MultilayerPerceptron
  /// log σ of a Gaussian policy, the same for every state: `[A]`.
  public var logStd: Tensor?
  public let head: ActionHead
  public let encoder: ObservationEncoder
  public var normalizer: ObservationNormalizer?

  /// How the networks are built.
  public struct Architecture: Sendable, Equatable {
    public var hidden: [Int]
    public var activation: Activation
    public var orthogonal: Bool
    public var logStdInit: Double
    /// Outputs of the value network: 1 for V(s), as many as there are actions for q(s, ·).
    public var criticOutputs: Int
    /// The bound of normalised observations, or nil to leave observations as they are.
    public var normalizationClip: Double?

    public init(
      hidden: [Int] = [64, 64], activation: Activation = .tanh, orthogonal: Bool = true,
      logStdInit: Double = 0, criticOutputs: Int = 1, normalizationClip: Double? = nil
    ) {
      self.hidden = hidden
      self.activation = activation
      self.orthogonal = orthogonal
      self.logStdInit = logStdInit
      self.criticOutputs = criticOutputs
      self.normalizationClip = normalizationClip
    }
  }

  public init(
    encoder: ObservationEncoder, head: ActionHead, architecture: Architecture = .init(),
    using random: inout PCG64
  ) {
    self.encoder = encoder
    self.head = head
    policy = MultilayerPerceptron(
      sizes: [encoder.encodedSize] + architecture.hidden + [head.outputSize],
      activation: architecture.activation, outputGain: 0.01, orthogonal: architecture.orthogonal,
      using: &random)
    value = MultilayerPerceptron(
      sizes: [encoder.encodedSize] + architecture.hidden + [architecture.criticOutputs],
      activation: architecture.activation, outputGain: 1, orthogonal: architecture.orthogonal,
      using: &random)
    if case .gaussian(let low, _) = head {
      logStd = Tensor(repeating: Float(architecture.logStdInit), shape: Shape(low.count))
    }
    if let clip = architecture.normalizationClip {
      normalizer = ObservationNormalizer(size: encoder.rawSize, clip: Float(clip))
    }
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    policy.visitParameters { body("policy.\($0)", &$1) }
    value.visitParameters { body("value.\($0)", &$1) }
    visit("logStd", &logStd, body)
  }

  /// Encoded and normalised rows `[count, encodedSize]` of raw ones.
  package func encoded(rows: Int, _ raw: UnsafePointer<Float>) -> Tensor {
    Tensor(shape: Shape(rows, encoder.encodedSize)) {
      guard let base = $0.baseAddress else { return }
      encoder.encode(rows: rows, raw, normalizer: normalizer, into: base)
    }
  }

  /// log π(actions | observations) `[R]`, mean entropy's summands (`[R]`, or `[]` for a Gaussian) and
  /// V(observations) `[R]`.
  ///
  /// - Parameters:
  ///   - observations: encoded, `[R, encodedSize]`
  ///   - actions: `[R, A]`; a discrete action is its number
  ///   - mask: `[R, K]`, 1 where an action is allowed
  public func evaluate(
    observations: Tensor, actions: Tensor, mask: Tensor? = nil
  ) -> (logProbabilities: Tensor, entropy: Tensor, values: Tensor) {
    let values = value(observations).reshaped(to: Shape(observations.shape[0]))
    let distribution = actor.distribution(observations, mask: mask)
    return (distribution.logProbability(of: actions), distribution.entropy(), values)
  }
}
