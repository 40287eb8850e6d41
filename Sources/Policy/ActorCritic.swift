import Runtime
import Tensors

/// A policy and a value function, in networks of their own or on shared first layers.
public struct ActorCritic: Module {
  public var actor: Actor
  /// Its features and its memory are nil where it reads the policy's.
  public var value: Network
  /// Whether the value function reads the policy's features.
  public let sharesFeatures: Bool
  /// Whether it reads the policy's memory.
  public let sharesMemory: Bool

  /// How the networks are built.
  public struct Architecture: Sendable, Equatable {
    /// Both networks up to their last layers.
    public var network: Network.Form
    public var sharesFeatures: Bool
    public var sharesMemory: Bool
    public var orthogonal: Bool
    public var logStdInit: Double
    /// Whether a Gaussian's noise depends on the state.
    public var exploresByState: Bool
    /// Outputs of the value network: 1 for V(s), as many as there are actions for q(s, ·).
    public var criticOutputs: Int
    /// The bound of normalised observations, or nil to leave observations as they are.
    public var normalizationClip: Double?

    public init(
      network: Network.Form = .init(), sharesFeatures: Bool = false, sharesMemory: Bool = false,
      orthogonal: Bool = true, logStdInit: Double = 0, exploresByState: Bool = false,
      criticOutputs: Int = 1, normalizationClip: Double? = nil
    ) {
      self.network = network
      // Whoever reads the policy's memory reads what was made of its features.
      self.sharesFeatures = (sharesFeatures || sharesMemory) && network.features != nil
      self.sharesMemory = sharesMemory && network.memory != nil
      self.orthogonal = orthogonal
      self.logStdInit = logStdInit
      self.exploresByState = exploresByState
      self.criticOutputs = criticOutputs
      self.normalizationClip = normalizationClip
    }

    /// Hidden layers of the given widths and nothing else.
    public init(
      hidden: [Int], activation: Activation = .tanh, orthogonal: Bool = true,
      logStdInit: Double = 0, criticOutputs: Int = 1, normalizationClip: Double? = nil
    ) {
      self.init(
        network: .init(hidden: hidden, activation: activation), orthogonal: orthogonal,
        logStdInit: logStdInit, criticOutputs: criticOutputs, normalizationClip: normalizationClip)
    }
  }

  public init(actor: Actor, value: Network, sharesFeatures: Bool, sharesMemory: Bool) {
    self.actor = actor
    self.value = value
    self.sharesFeatures = sharesFeatures
    self.sharesMemory = sharesMemory
  }

  public init(
    encoder: ObservationEncoder, head: ActionHead, architecture: Architecture = .init(),
    using random: inout PCG64
  ) {
    let form = architecture.network
    let policy = Network(
      form, inputs: encoder.encodedSize, outputs: head.outputSize, outputGain: 0.01,
      orthogonal: architecture.orthogonal, using: &random)
    value = Network(
      form, inputs: encoder.encodedSize, outputs: architecture.criticOutputs,
      ownsFeatures: !architecture.sharesFeatures, ownsMemory: !architecture.sharesMemory
    ) { _, shape, start in
      .started(shape, start, orthogonal: architecture.orthogonal, using: &random)
    }
    var logStd: Tensor?
    if case .gaussian(let low, _) = head {
      let latent = policy.perceptron.layers[policy.perceptron.layers.count - 1].weight.shape[0]
      logStd = Tensor(
        repeating: Float(architecture.logStdInit),
        shape: architecture.exploresByState ? Shape(latent, low.count) : Shape(low.count))
    }
    actor = Actor(
      encoder: encoder, head: head, policy: policy, logStd: logStd,
      normalizer: architecture.normalizationClip.map {
        ObservationNormalizer(size: encoder.rawSize, clip: Float($0))
      })
    sharesFeatures = architecture.sharesFeatures
    sharesMemory = architecture.sharesMemory
  }

  public var encoder: ObservationEncoder { actor.encoder }
  public var head: ActionHead { actor.head }
  public var normalizer: ObservationNormalizer? {
    get { actor.normalizer }
    set { actor.normalizer = newValue }
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    actor.policy.visitParameters { body("policy.\($0)", &$1) }
    value.visitParameters { body("value.\($0)", &$1) }
    visit("logStd", &actor.logStd, body)
  }

  /// Numbers it remembers of an episode: the policy's, then the value function's own.
  public var memorySize: Int { actor.memorySize + (value.memory?.stateSize ?? 0) }

  /// Encoded and normalised rows `[count, encodedSize]` of raw ones.
  package func encoded(rows: Int, _ raw: UnsafeRawPointer) -> Tensor {
    actor.encoded(rows: rows, raw)
  }

  /// What the value network gives for encoded observations: `[R, criticOutputs]`.
  public func values(of observations: Tensor) -> Tensor {
    let features = sharesFeatures ? actor.policy.features : value.features
    return value.perceptron(features.map { $0(observations) } ?? observations)
  }

  /// log π(actions | observations) `[R]`, mean entropy's summands (`[R]`, or `[]` for a Gaussian) and
  /// V(observations) `[R]`.
  ///
  /// - Parameters:
  ///   - observations: encoded, `[R, encodedSize]`
  ///   - actions: `[R, A]`; a discrete action is its number
  ///   - mask: `[R, K]`, 1 where an action is allowed
  ///   - sequences: What the rows are steps of, where the networks remember.
  public func evaluate(
    observations: Tensor, actions: Tensor, mask: Tensor? = nil, sequences: Sequences? = nil
  ) -> (logProbabilities: Tensor, entropy: Tensor, values: Tensor) {
    let features = actor.policy.features.map { $0(observations) } ?? observations
    let remembered = actor.remembered(features, sequences)
    let valueFeatures =
      sharesFeatures ? features : value.features.map { $0(observations) } ?? observations
    var read = sharesMemory ? remembered : valueFeatures
    if let memory = value.memory, let sequences {
      let first = actor.memorySize
      read = memory(
        valueFeatures, starts: sequences.starts,
        state: sequences.memory.sliced(first..<first + memory.stateSize, axis: 1))
    }
    let values = value.perceptron(read).reshaped(to: Shape(observations.shape[0]))
    let distribution = actor.distribution(ofRemembered: remembered, mask: mask)
    return (distribution.logProbability(of: actions), distribution.entropy(), values)
  }
}
