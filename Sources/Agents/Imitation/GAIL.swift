import Envs
import Foundation
import Policy
import Replay
import Runtime
import Tensors

/// An agent that learns from fresh rollouts, and so from whatever their rewards are made.
public protocol RolloutLearner: OnPolicyAgent
where Source == Rollouts, Configuration == Settings<Own> {
  associatedtype Own: AgentSettings where Own.Shared == RolloutSettings
}

extension PPO: RolloutLearner { public typealias Own = PPOSettings }
extension TRPO: RolloutLearner { public typealias Own = TRPOSettings }

/// Generative adversarial imitation learning (Ho and Ermon, 2016, https://arxiv.org/abs/1606.03476): a learner
/// is paid for steps that a discriminator takes for demonstrated ones, and the discriminator learns to tell
/// them apart.
///
/// ```swift
/// var environments = try make("CartPole-v1", count: 8, seed: 1)
/// var configuration = GAIL<PPO>.Configuration()
/// configuration.discriminator.demonstrations = "cartpole.safetensors"
/// var agent = try GAIL<PPO>(for: environments, configuration, seed: 1)
/// try agent.train(on: &environments, steps: 100_000) { report in print(report) }
/// ```
///
/// The rewards of the environment are never learnt from; the report's returns are made of them, to judge
/// the imitation by.
public struct GAIL<Learner: RolloutLearner>: TrainableAgent {
  public typealias Configuration = Settings<GAILSettings<Learner.Own>>

  public static var name: String { Learner.name == PPO.name ? "gail" : "gail-\(Learner.name)" }

  public let configuration: Configuration
  public private(set) var learner: Learner
  public private(set) var discriminator: Discriminator
  private var optimizer: any Optimizer
  private var random: PCG64
  private let encoder: StepEncoder
  /// Demonstrated steps as the discriminator reads them, `[T, n]`.
  private let demonstrated: Tensor
  private let checksum: UInt32

  public var stepCount: Int { learner.stepCount }
  public var totalSteps: Int {
    get { learner.totalSteps }
    set { learner.totalSteps = newValue }
  }
  public var policy: Actor { learner.policy }
  public var modules: [any Module] { learner.modules + [discriminator] }
  public var actorCritic: ActorCritic? { learner.actorCritic }

  /// Lets the learner collect and learn from a rollout that the discriminator pays for, then the
  /// discriminator from the same rollout.
  public mutating func iterate(
    on environments: inout AnyVectorEnvironment, pool: WorkerPool
  ) throws -> TrainingReport {
    let (judge, encoder) = (discriminator.detached(), encoder)
    let loss = configuration.own.discriminator.loss
    learner.rollouts.payment = { buffer in
      let rows = encoder.rows(
        buffer.count, observations: buffer.observations, actions: buffer.actions)
      loss.rewards(judge(rows)).contiguous().withUnsafeBuffer { paid in
        for cell in 0..<buffer.count { buffer.rewards[cell] = Double(paid[cell]) }
      }
    }
    var report = try learner.iterate(on: &environments, pool: pool)
    var timers = PhaseTimers()
    let losses = try timers.time(.discriminator) { try updateDiscriminator() }
    report.losses += losses
    report.phases.append((Phase.discriminator.name, timers.seconds(.discriminator)))
    return report
  }

  private mutating func updateDiscriminator() throws -> [(name: String, value: Double)] {
    let settings = configuration.own.discriminator
    let buffer = learner.rollouts.buffer
    let played = encoder.rows(
      buffer.count, observations: buffer.observations, actions: buffer.actions)
    let (loss, penaltyWeight) = (settings.loss, Float(settings.penaltyWeight))
    var (total, penalties, right) = (0.0, 0.0, 0.0)
    for _ in 0..<settings.updates {
      let real = demonstrated.selectingRows(draw(settings.batchSize, of: demonstrated.shape[0]))
      let fake = played.selectingRows(draw(settings.batchSize, of: played.shape[0]))
      var (value, share, gradients) = valueWithGradient(at: discriminator) { discriminator in
        let (shown, own) = (discriminator(real), discriminator(fake))
        let correct =
          (shown.detached() .> Tensor(0)).sum().item
          + (own.detached() .<= Tensor(0)).sum().item
        return (
          loss(demonstrated: shown, played: own), Double(correct) / Double(2 * settings.batchSize)
        )
      }
      if penaltyWeight > 0 {
        // Between a demonstrated step and one of the learner's, where the two are to be told apart.
        let mix = Tensor((0..<settings.batchSize).map { _ in Float(random.random()) })
          .reshaped([settings.batchSize, 1])
        let (penalty, slopes) = Agents.gradientPenalty(
          discriminator, at: real * mix + fake * (1 - mix))
        penalties += penalty
        value = value + Tensor(penaltyWeight * Float(penalty))
        gradients = zip(gradients, slopes).map { $0 + $1 * penaltyWeight }
      }
      guard value.item.isFinite, globalNorm(gradients).isFinite else {
        throw NumberTrap.failure(
          "the gradient of the discriminator's update \(optimizer.step + 1)",
          hint: "a lower disc_learning_rate", model: discriminator,
          batch: ["demonstrated": real, "played": fake]
        ) { [discriminator] in
          _ = valueWithGradient(at: discriminator) {
            loss(demonstrated: $0(real), played: $0(fake))
          }
        }
      }
      optimizer.update(&discriminator, gradients)
      total += Double(value.item)
      right += share
    }
    let updates = Double(settings.updates)
    return [
      ("discriminator_loss", total / updates), ("discriminator_accuracy", right / updates),
      ("gradient_penalty", penalties / updates),
    ]
  }

  /// Rows drawn with replacement.
  private mutating func draw(_ count: Int, of rows: Int) -> Indices {
    Indices((0..<count).map { _ in Int32(min(Int(random.random() * Double(rows)), rows - 1)) })
  }

  // MARK: - Saving

  private struct State: Codable {
    var optimizerStep: Int
    var random: PCG64
    /// Of the demonstrations, without which the rest cannot go on.
    var checksum: UInt32
  }

  public func snapshot() throws -> [String: Data] {
    var files = try learner.snapshot()
    files["discriminator.safetensors"] = Safetensors.encode(
      discriminator.parameters + optimizer.state.map { ("optimizer.\($0.name)", $0.value) })
    files["discriminator.json"] = try encodedState(
      State(optimizerStep: optimizer.step, random: random, checksum: checksum))
    return files
  }

  public mutating func restore(_ files: [String: Data], directory: String) throws {
    let checkpoint = CheckpointFiles(files: files, directory: directory)
    guard let state = try decodedState(State.self, "discriminator.json", of: files) else {
      throw RunError(.data, "\(directory) lacks discriminator.json")
    }
    guard state.checksum == checksum else {
      throw RunError(
        .data,
        "\(configuration.own.discriminator.demonstrations) does not hold the demonstrations that \(directory) was "
          + "trained on")
    }
    let tensors = try checkpoint.tensors("discriminator.safetensors")
    discriminator = discriminator.replacingParameters(
      try checkpoint.parameters("discriminator.safetensors", like: discriminator))
    let moments = tensors.filter { $0.key.hasPrefix("optimizer.") }
      .map { (String($0.key.dropFirst("optimizer.".count)), $0.value) }
    try optimizer.restore(
      Dictionary(uniqueKeysWithValues: moments), step: state.optimizerStep, for: discriminator)
    random = state.random
    try learner.restore(files, directory: directory)
  }

  // MARK: - Making

  /// An agent for environments like these that imitates what its configuration's file shows.
  ///
  /// - Parameter totalSteps: The steps over which schedules run; `train` sets it where it is nil.
  /// - Throws: `RunError` for a file that is missing or shows another environment and for settings out of
  ///   range, `SafetensorsError` for one that is damaged, `UnsupportedSpace` for spaces no policy acts in.
  public init(
    for environments: some VectorizedEnvironments, _ configuration: Configuration = .init(),
    seed: UInt64, totalSteps: Int? = nil
  ) throws {
    var configuration = configuration
    configuration.environmentCount = environments.count
    try configuration.validate()
    let settings = configuration.own.discriminator
    let (shown, checksum) = try Demonstrations.read(settings.demonstrations, for: Self.name)
    try shown.requireFit(environments, file: settings.demonstrations)
    self.configuration = configuration
    self.checksum = checksum
    var learning = Settings<Learner.Own>()
    learning.own = configuration.own.learner
    learning.shared = configuration.shared
    learner = try Learner(for: environments, learning, seed: seed, totalSteps: totalSteps)
    encoder = try StepEncoder(shown, for: environments)
    demonstrated = encoder.rows(shown)
    random = PCG64(SeedSequence(seed, spawnKey: [0x4741_494C]))
    discriminator = Discriminator(
      network: MultilayerPerceptron(
        sizes: [encoder.size] + settings.architecture + [1], using: &random))
    optimizer = Adam(learningRate: settings.learningRate)
  }
}

extension Phase {
  static let discriminator = Phase("discriminator")
}
