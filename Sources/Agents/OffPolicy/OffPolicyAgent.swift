import Envs
import Foundation
import Policy
import Replay
import Runtime
import Tensors

/// An agent that learns from minibatches of a replay buffer.
public protocol OffPolicyAgent: TrainableAgent {
  associatedtype Networks: Module

  /// Everything that is learnt, target networks included.
  var networks: Networks { get set }
  var experience: ReplayedExperience { get set }
  /// The stream of the networks: initial weights, then minibatches.
  var random: PCG64 { get set }
  var normalizer: ObservationNormalizer? { get set }

  /// The bytes that the replay buffer takes once it is full.
  var replayByteCount: Int { get }

  /// Calls `body` with every optimiser and the name it has in files.
  mutating func visitOptimizers(
    _ body: (String, inout any Optimizer, any Module) throws -> Void) rethrows
}

/// What the shared loop asks of an agent of this module.
protocol ReplayLearner: OffPolicyAgent {
  static var lossNames: [String] { get }

  var replaySettings: ReplaySettings { get }
  /// How rows become what the networks read.
  var encoder: ObservationEncoder { get }
  var exploration: Exploration { get }
  /// What the updates of an iteration found.
  var means: Means { get set }
  /// Updates of the networks so far.
  var updates: Int { get }

  /// Called each time experience was added, before anything is learnt from it.
  ///
  /// - Parameter before: The count of steps until then.
  mutating func tookSteps(since before: Int)

  /// Learns from one minibatch.
  ///
  /// - Throws: `TrainingFailure` when a loss is not finite.
  mutating func update() throws
}

extension ReplayLearner {
  public var stepCount: Int { experience.stepCount }

  public var modules: [any Module] { [networks] }

  mutating func tookSteps(since before: Int) {}

  /// Steps the environments and learns from the replay in turn, some rounds of both.
  public mutating func iterate(
    on environments: inout AnyVectorEnvironment, pool: WorkerPool
  ) throws -> TrainingReport {
    let settings = replaySettings
    var timers = PhaseTimers()
    means = Means(Self.lossNames)
    // Both from the start, so that every row of the metrics has the same columns.
    timers.time(.rollout) {}
    timers.time(.update) {}
    let count = environments.count
    let end = min(
      stepCount + settings.reportInterval * count,
      totalSteps > stepCount ? totalSteps : .max)
    try withWorkers(pool) {
      repeat {
        let before = stepCount
        // The policy must be gone before the update, or the update would copy the weights it shares.
        try timers.time(.rollout) {
          let (policy, exploration) = (policy, exploration)
          var statistics = normalizer
          try experience.collect(
            policy, exploration, steps: settings.trainFrequency, normalizer: &statistics,
            in: &environments, pool: pool)
          normalizer = statistics
        }
        tookSteps(since: before)
        guard experience.canLearn else { continue }
        try timers.time(.update) {
          let rounds =
            settings.gradientSteps < 0 ? stepCount - before : settings.gradientSteps
          for _ in 0..<rounds { try update() }
        }
      } while stepCount < end
    }
    experience.progress.iteration += 1
    return experience.progress.report(
      means.losses + [("updates", Double(updates))], timers)
  }

  /// A minibatch drawn uniformly.
  mutating func drawBatch() -> ReplayBatch {
    let settings = replaySettings
    let rows = experience.replay.draw(settings.batchSize, using: &random)
    return batch(rows)
  }

  /// The transitions of rows, encoded and normalised as the networks read them.
  mutating func batch(_ rows: [Int], weights: [Float]? = nil) -> ReplayBatch {
    let settings = replaySettings
    return ReplayBatch(
      rows, of: experience, steps: settings.stepsPerReturn, gamma: Float(settings.network.gamma),
      encoder: encoder, normalizer: normalizer, weights: weights, using: &random)
  }

  /// A loss, its gradient and the gradient's global norm.
  ///
  /// - Parameter name: What the loss is called when it or its gradient is not finite.
  /// - Throws: `TrainingFailure` when it is not: it names the op that was first and holds the minibatch.
  func gradient<M: Module, Extra>(
    of name: String, at model: M, _ batch: ReplayBatch, _ body: (M) -> (Tensor, Extra)
  ) throws -> (loss: Tensor, extra: Extra, gradients: [Tensor], norm: Double) {
    let (loss, extra, gradients) = valueWithGradient(at: model, body)
    let norm = globalNorm(gradients)
    if loss.item.isFinite && norm.isFinite { return (loss, extra, gradients, norm) }
    throw NumberTrap.failure(
      "the \(loss.item.isFinite ? "gradient of the " : "")\(name) loss of update \(updates + 1)",
      hint: "a lower learning_rate", model: model, batch: batch.named
    ) { _ = valueWithGradient(at: model, body) }
  }

  // MARK: - Checkpoints

  public func snapshot() throws -> [String: Data] {
    var copy = self
    var moments: [(name: String, value: Tensor)] = []
    var steps: [String: Int] = [:]
    copy.visitOptimizers { name, optimizer, _ in
      moments += optimizer.state.map { ("\(name).\($0.name)", $0.value) }
      steps[name] = optimizer.step
    }
    let state = OffPolicyState(
      experience: experience.state, optimizerSteps: steps, random: random)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return experience.files.merging([
      "model.safetensors": try policy.encoded(),
      "networks.safetensors": Safetensors.encode(networks.parameters),
      "state.safetensors": Safetensors.encode(moments),
      "state.json": try encoder.encode(state),
    ]) { $1 }
  }

  public var segments: [CheckpointSegment] { experience.segments }

  /// The bytes that the replay buffer takes once it is full.
  public var replayByteCount: Int { experience.byteCount }

  public mutating func restore(_ files: [String: Data], directory: String) throws {
    let checkpoint = CheckpointFiles(files: files, directory: directory)
    let state = try checkpoint.decoded(OffPolicyState.self, of: Self.name)
    normalizer = try checkpoint.networks(like: policy).normalizer
    networks = try networks.replacingParameters(
      checkpoint.parameters("networks.safetensors", like: networks))
    try experience.restore(state.experience, directory: directory)
    try experience.restoreReplay(state.experience, checkpoint)
    let moments = try checkpoint.tensors("state.safetensors")
    try visitOptimizers { name, optimizer, model in
      let own = moments.filter { $0.key.hasPrefix(name + ".") }
      try optimizer.restore(
        Dictionary(uniqueKeysWithValues: own.map { (String($0.dropFirst(name.count + 1)), $1) }),
        step: state.optimizerSteps[name] ?? 0, for: model)
    }
    random = state.random
  }
}

/// What `state.json` holds beside the tensors.
private struct OffPolicyState: Codable {
  var experience: ReplayedExperience.State
  var optimizerSteps: [String: Int]
  var random: PCG64
}

/// Means of named numbers over an iteration; NaN of what never came.
struct Means: Sendable {
  private let names: [String]
  private var sums: [Double]
  private var counts: [Int]

  init(_ names: [String]) {
    self.names = names
    sums = .init(repeating: 0, count: names.count)
    counts = .init(repeating: 0, count: names.count)
  }

  mutating func add(_ name: String, _ value: Double) {
    guard let i = names.firstIndex(of: name) else { return }
    sums[i] += value
    counts[i] += 1
  }

  var losses: [(name: String, value: Double)] {
    names.indices.map { (names[$0], sums[$0] / Double(counts[$0])) }
  }
}

/// Transitions to learn from.
package struct ReplayBatch {
  /// The rows of the replay buffer they are.
  package let rows: [Int]
  /// `[B, encodedSize]`
  package let observations: Tensor
  /// `[B, A]`: from −1 to 1, or the numbers of choices.
  package let actions: Tensor
  /// `[B]`: Σ γᵏ r over the steps of the return.
  package let rewards: Tensor
  /// `[B, encodedSize]`: after those steps.
  package let next: Tensor
  /// `[B]`: what the value of `next` counts for: γⁿ, 0 where the episode terminated.
  package let discounts: Tensor
  /// `[B]`: what each transition counts for, or nil where all count the same.
  package let weights: Tensor?

  /// The tensors by their names.
  var named: [String: Tensor] {
    [
      "observations": observations, "actions": actions, "rewards": rewards,
      "next_observations": next, "discounts": discounts,
    ]
  }

  package init(
    rows: [Int], observations: Tensor, actions: Tensor, rewards: Tensor, next: Tensor,
    discounts: Tensor, weights: Tensor? = nil
  ) {
    self.rows = rows
    self.observations = observations
    self.actions = actions
    self.rewards = rewards
    self.next = next
    self.discounts = discounts
    self.weights = weights
  }

  init(
    _ rows: [Int], of experience: ReplayedExperience, steps: Int, gamma: Float,
    encoder: ObservationEncoder, normalizer: ObservationNormalizer?, weights: [Float]?,
    using random: inout PCG64
  ) {
    let replay = experience.replay
    let count = rows.count
    let (rewards, discounts) = (Tensor.zeros(Shape(count)), Tensor.zeros(Shape(count)))
    var nextRows = rows
    for (i, row) in rows.enumerated() {
      let outcome = replay.outcome(of: row, steps: steps, gamma: gamma)
      rewards.pointer[i] = outcome.reward
      discounts.pointer[i] = outcome.discount
      nextRows[i] = outcome.next
    }
    let actions = Tensor.zeros(Shape(count, replay.layout.actionSize))
    replay.copyActions(rows, to: actions.pointer)
    let width = encoder.encodedSize
    let (now, after) = (Tensor.zeros(Shape(count, width)), Tensor.zeros(Shape(count, width)))
    if let goals = experience.goals {
      let size = replay.layout.observationSize
      let (raw, rawAfter) = (Tensor.zeros(Shape(count, size)), Tensor.zeros(Shape(count, size)))
      replay.copyObservations(rows, to: UnsafeMutableRawPointer(raw.pointer))
      replay.copyObservations(nextRows, to: UnsafeMutableRawPointer(rawAfter.pointer))
      goals.relabel(
        rows, of: replay, gamma: gamma, observations: raw.pointer, next: rawAfter.pointer,
        rewards: rewards.pointer, discounts: discounts.pointer, using: &random)
      encoder.encode(rows: count, raw.pointer, normalizer: normalizer, into: now.pointer)
      encoder.encode(rows: count, rawAfter.pointer, normalizer: normalizer, into: after.pointer)
    } else {
      let scratch = Tensor.zeros(Shape(replay.layout.observationSize))
      withExtendedLifetime(scratch) {
        for (drawn, target) in [(rows, now.pointer), (nextRows, after.pointer)] {
          for (i, row) in drawn.enumerated() {
            replay.withObservation(row, scratch: UnsafeMutableRawPointer(scratch.pointer)) {
              encoder.encode(rows: 1, $0, normalizer: normalizer, into: target + i * width)
            }
          }
        }
      }
    }
    self.init(
      rows: rows, observations: now, actions: actions, rewards: rewards, next: after,
      discounts: discounts, weights: weights.map { Tensor($0) })
  }
}
