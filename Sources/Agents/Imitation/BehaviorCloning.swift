import Envs
import Foundation
import Policy
import Runtime
import Tensors

/// Behaviour cloning (Pomerleau, 1991, https://doi.org/10.1162/neco.1991.3.1.88): the policy under which
/// demonstrated actions are most probable, found by gradient ascent, without a step of the environment.
///
/// ```swift
/// let environments = try make("CartPole-v1", seed: 1)
/// var configuration = BehaviorCloningConfiguration()
/// configuration.demonstrations = "cartpole.safetensors"
/// var agent = try BehaviorCloning(for: environments, configuration, seed: 1)
/// try agent.train(on: &environments, steps: 50_000) { report in print(report) }
/// ```
///
/// The loss is −log π(a | s) − c_H H(π) + ½ λ |θ|², averaged over a minibatch. A step is one demonstrated
/// action learnt from; an iteration passes over the file once.
public struct BehaviorCloning: TrainableAgent {
  public static let name = "bc"

  public let configuration: BehaviorCloningConfiguration
  public var totalSteps: Int
  public private(set) var policy: Actor
  private var optimizer: any Optimizer
  private var random: PCG64
  private var progress = Progress()
  /// Encoded and normalised, `[T, encodedSize]`.
  private let observations: Tensor
  private let actions: Tensor
  private let checksum: UInt32

  public var stepCount: Int { progress.stepCount }

  /// Passes over the demonstrations once in shuffled minibatches. The environments are not stepped.
  public mutating func iterate(
    on environments: inout AnyVectorEnvironment, pool: WorkerPool
  ) throws -> TrainingReport {
    var timers = PhaseTimers()
    let losses = try timers.time(.update) { try pass(pool) }
    progress.iteration += 1
    return progress.report(losses, timers)
  }

  private mutating func pass(_ pool: WorkerPool) throws -> [(name: String, value: Double)] {
    let settings = configuration.own
    let reducer = GradientReducer(pool: pool)
    let count = observations.shape[0]
    let order = random.permutation(count)
    let entropyCoefficient = Float(settings.entropyCoefficient)
    let (observations, actions) = (observations, actions)
    var (likelihood, entropy, gradientNorm, updates) = (0.0, 0.0, 0.0, 0.0)
    for start in stride(from: 0, to: count, by: settings.batchSize) {
      let rows = start..<min(start + settings.batchSize, count)
      optimizer.learningRate = settings.learningRate.value(at: progress.remaining(of: totalSteps))
      let share = 1 / Float(rows.count)
      var (gradients, norm, sums) = try reducer.finiteSum(
        at: policy, rows: rows.count, "update \(optimizer.step + 1)",
        hint: "a lower learning_rate",
        batch: {
          let picked = Indices(order[rows])
          return [
            "observations": observations.selectingRows(picked),
            "actions": actions.selectingRows(picked),
          ]
        }
      ) { actor, chunk in
        let picked = Indices(
          order[rows.lowerBound + chunk.lowerBound..<rows.lowerBound + chunk.upperBound])
        let distribution = actor.distribution(observations.selectingRows(picked))
        let logProbability = distribution.logProbability(of: actions.selectingRows(picked)).sum()
        let entropy = totalEntropy(distribution.entropy(), rows: chunk.count)
        return (
          -(logProbability + entropyCoefficient * entropy) * share,
          [Double(logProbability.item), Double(entropy.item), 0, 0, 0]
        )
      }
      if settings.weightDecay > 0 {
        gradients = zip(gradients, policy.parameters).map {
          $0 + $1.value * Float(settings.weightDecay)
        }
        norm = globalNorm(gradients)
      }
      optimizer.update(&policy, gradients)
      progress.stepCount += rows.count
      likelihood += sums[0]
      entropy += sums[1]
      gradientNorm += norm
      updates += 1
    }
    return [
      ("policy_loss", -likelihood / Double(count)), ("entropy", entropy / Double(count)),
      ("gradient_norm", gradientNorm / updates), ("learning_rate", optimizer.learningRate),
      ("updates", Double(optimizer.step)),
    ]
  }

  // MARK: - Saving

  private struct State: Codable {
    var progress: Progress
    var optimizerStep: Int
    var random: PCG64
    /// Of the demonstrations, without which the rest cannot go on.
    var checksum: UInt32
  }

  public func snapshot() throws -> [String: Data] {
    [
      "model.safetensors": try policy.encoded(),
      "state.safetensors": Safetensors.encode(optimizer.state),
      "state.json": try encodedState(
        State(
          progress: progress, optimizerStep: optimizer.step, random: random, checksum: checksum)),
    ]
  }

  public mutating func restore(_ files: [String: Data], directory: String) throws {
    let checkpoint = CheckpointFiles(files: files, directory: directory)
    let state = try checkpoint.decoded(State.self, of: Self.name)
    guard state.checksum == checksum else {
      throw RunError(
        .data,
        "\(configuration.demonstrations) does not hold the demonstrations that \(directory) was trained on"
      )
    }
    policy = try checkpoint.networks(like: policy)
    try optimizer.restore(
      try checkpoint.tensors("state.safetensors"), step: state.optimizerStep, for: policy)
    (progress, random) = (state.progress, state.random)
  }

  // MARK: - Making

  /// An agent for environments like these that imitates what its configuration's file shows.
  ///
  /// - Parameter totalSteps: The steps over which schedules run; `train` sets it where it is nil.
  /// - Throws: `RunError` for a file that is missing or shows another environment and for settings out of
  ///   range, `SafetensorsError` for one that is damaged, `UnsupportedSpace` for spaces no policy acts in.
  public init(
    for environments: some VectorizedEnvironments,
    _ configuration: BehaviorCloningConfiguration = .init(), seed: UInt64, totalSteps: Int? = nil
  ) throws {
    try configuration.validate()
    let file = configuration.demonstrations
    let (shown, checksum) = try Demonstrations.read(file, for: Self.name)
    try shown.requireFit(environments, file: file)
    self.configuration = configuration
    self.totalSteps = totalSteps ?? 0
    self.checksum = checksum
    random = PCG64(SeedSequence.agent(seed).child(0))
    var policy = try ActorCritic(
      for: environments, configuration.shared.network, agent: Self.name, using: &random
    ).actor
    let dense = shown.observations.contiguous()
    observations = try dense.withUnsafeBuffer { rows in
      guard let first = rows.baseAddress else { return Tensor.zeros(Shape(shown.count, 0)) }
      if policy.encoder.readsBytes {
        return policy.encoded(rows: shown.count, try shown.bytes(file: file))
      }
      // The file is all there is to know of observations, so its statistics stay.
      policy.normalizer?.update(steps: shown.count, environments: 1, first)
      return policy.encoded(rows: shown.count, first)
    }
    actions = shown.actions
    optimizer = Adam()
    self.policy = policy
  }
}

extension Demonstrations {
  /// The observations of an environment whose rows hold bytes.
  fileprivate func bytes(file: String) throws -> [UInt8] {
    try observations.scalars.map {
      guard let byte = UInt8(exactly: $0) else {
        throw RunError(.data, "\(file) shows the observation \($0), which is no byte")
      }
      return byte
    }
  }

  /// The demonstrations that a configuration names, and the checksum of the file.
  static func read(_ path: String, for agent: String) throws -> (Demonstrations, UInt32) {
    guard !path.isEmpty else {
      throw RunError(
        .usage,
        "\(agent) learns from demonstrations; name their file with --demonstrations, as 'swirl evaluate RUN "
          + "--save-demonstrations FILE' writes it")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw RunError(.missing, "there is no readable file \(path) of demonstrations")
    }
    return (try Demonstrations(decoding: data, file: path), Checksum.crc32c(data))
  }
}
