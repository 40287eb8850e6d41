import Envs
import Policy
import Replay
import Runtime
import Tensors

/// A step of every environment with the action taken after it: what a critic learns from on-policy.
struct Transition {
  let count: Int
  /// `[N, observationSize]`, raw.
  var observations: [Float]
  /// `[N]`
  var actions: [Float]
  var rewards: [Double]
  var endings: [Ending]
  /// `[N, observationSize]`, raw: the final observation where an episode ended.
  var nextObservations: [Float]
  /// `[N]`; of another episode where one ended.
  var nextActions: [Float]
}

extension ActorCritic {
  /// Discrete actions as positions among the policy's options.
  func choices(_ actions: [Float]) -> Indices {
    let start = if case .categorical(_, let start) = head { start } else { 0 }
    return Indices(count: actions.count) { chosen in
      for i in chosen.indices { chosen[i] = Int32(actions[i]) - Int32(start) }
    }
  }
}

/// Experience step by step: each step is learnt from once the action after it is known.
public struct Transitions: Experience {
  var progress = Progress()
  private var actionStreams: [PCG64]
  /// The latest step, which waits for its next action; nil before the first.
  private var pending: Pending?
  /// One step of every environment, written over at each.
  private var rows: RolloutBuffer
  private let observationSize: Int
  private let seed: UInt64

  fileprivate struct Pending: Codable {
    var observations, actions: [Float]
    var rewards: [Double]
    var endings: [UInt8]
    var nextObservations: [Float]
  }

  init(for environments: some VectorizedEnvironments, streams: SeedSequence, seed: UInt64) {
    self.seed = seed
    observationSize = environments.observationSize
    rows = RolloutBuffer(
      stepCount: 1, environmentCount: environments.count,
      observationSize: environments.observationSize, actionSize: 1)
    actionStreams = (0..<environments.count).map { PCG64(streams.child(1 + $0)) }
  }

  /// Takes one step in every environment and returns the one before it, nil at the first.
  ///
  /// - Throws: `TrainingFailure` when an environment gives a number that is not finite.
  mutating func step(
    _ model: ActorCritic, in environments: inout AnyVectorEnvironment
  ) throws -> Transition? {
    let count = actionStreams.count
    // A copy of the agent must not share the row.
    if !isKnownUniquelyReferenced(&rows) { rows = rows.emptyCopy() }
    let rows = rows
    let endings = UnsafeMutableRawPointer(rows.endings).assumingMemoryBound(to: Ending.self)
    let runner = PolicyRunner(model, capacity: count)
    func copied<T>(_ source: UnsafePointer<T>, _ size: Int) -> [T] {
      Array(UnsafeBufferPointer(start: source, count: size))
    }
    let width = observationSize
    let observations = rows.observations.assumingMemoryBound(to: Float.self)
    let finals = rows.finalObservations.assumingMemoryBound(to: Float.self)
    let before = environments.withStepper { stepper in
      stepper.observe(0..<count, into: rows.observations)
      let before = copied(observations, count * width)
      runner.sample(
        rows: count, rows.observations, masks: nil, streams: &actionStreams, actions: rows.actions,
        logProbabilities: rows.logProbabilities, values: rows.values)
      stepper.step(0..<count, rows.stepRows(rows.actions))
      return before
    }
    var next = copied(observations, count * width)
    for n in 0..<count where endings[n] != .none {
      progress.episodes.add(return: rows.episodeReturns[n], length: Int(rows.episodeLengths[n]))
      for i in n * width..<(n + 1) * width { next[i] = finals[i] }
    }
    for n in 0..<count
    where !rows.rewards[n].isFinite
      || !before[n * width..<(n + 1) * width].allSatisfy(\.isFinite)
      || !next[n * width..<(n + 1) * width].allSatisfy(\.isFinite)
    {
      throw TrainingFailure(
        "environment \(n) of seed \(seed) gave a number that is not finite at step "
          + "\(stepCount / count + 1)")
    }
    progress.stepCount += count
    let actions = copied(rows.actions, count)
    let transition = pending.map {
      Transition(
        count: count, observations: $0.observations, actions: $0.actions, rewards: $0.rewards,
        endings: $0.endings.map { Ending(rawValue: $0) ?? .none },
        nextObservations: $0.nextObservations, nextActions: actions)
    }
    pending = Pending(
      observations: before, actions: actions, rewards: copied(rows.rewards, count),
      endings: copied(rows.endings, count), nextObservations: next)
    return transition
  }

  public var stepCount: Int { progress.stepCount }

  public struct State: Codable {
    var progress: Progress
    var actionStreams: [PCG64]
    fileprivate var pending: Pending?
  }

  public var state: State {
    State(progress: progress, actionStreams: actionStreams, pending: pending)
  }

  public mutating func restore(_ state: State, directory: String) throws {
    let count = actionStreams.count
    guard state.actionStreams.count == count else {
      throw RunError(
        .data,
        "\(directory) was written with \(state.actionStreams.count) environments, not \(count)")
    }
    if let saved = state.pending {
      let sizes = [saved.actions.count, saved.rewards.count, saved.endings.count]
      let width = count * observationSize
      guard sizes == [count, count, count], saved.observations.count == width,
        saved.nextObservations.count == width
      else {
        throw RunError(.data, "\(directory)/state.json holds a step of other environments")
      }
    }
    progress = state.progress
    actionStreams = state.actionStreams
    pending = state.pending
  }
}
