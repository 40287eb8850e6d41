import Envs
import Policy
import Replay
import Runtime
import Tensors

/// Experience of whole episodes: each environment plays one from beginning to end, on whichever thread is
/// free, so that no step is thrown away and none is learnt from twice.
public struct WholeEpisodes: Experience {
  private(set) var progress = Progress()
  private var scratch: Scratch
  /// One stream an environment, from which its actions are sampled.
  private var actionStreams: [PCG64]
  private let longest: Int
  private let seed: UInt64

  init(
    for environments: some VectorizedEnvironments, longest: Int, streams: SeedSequence,
    seed: UInt64
  ) {
    self.longest = longest
    self.seed = seed
    actionStreams = (0..<environments.count).map { PCG64(streams.child(1 + $0)) }
    scratch = Scratch(
      count: environments.count, observationSize: environments.observationSize,
      actionSize: environments.actionSize, maskSize: environments.maskSize,
      elementSize: environments.observesBytes ? 1 : 4)
  }

  /// The latest episode of each environment.
  var episodes: [EpisodeColumns] { scratch.episodes }

  /// Memory that every iteration writes over.
  private final class Scratch: Sendable {
    let episodes: [EpisodeColumns]
    /// One step of every environment.
    let rows: RolloutBuffer

    init(count: Int, observationSize: Int, actionSize: Int, maskSize: Int, elementSize: Int) {
      episodes = (0..<count).map { _ in
        EpisodeColumns(
          observationSize: observationSize, actionSize: actionSize, maskSize: maskSize,
          elementSize: elementSize)
      }
      rows = RolloutBuffer(
        stepCount: 1, environmentCount: count, observationSize: observationSize,
        actionSize: actionSize, maskSize: maskSize, elementSize: elementSize)
    }
  }

  /// Plays an episode in each environment.
  ///
  /// - Parameter bootstraps: Whether V(s) stands for what follows where an episode was cut.
  /// - Throws: `TrainingFailure` when an environment gives a number that is not finite.
  mutating func collect(
    _ model: ActorCritic, in environments: inout AnyVectorEnvironment, bootstraps: Bool,
    pool: WorkerPool
  ) throws {
    let count = episodes.count
    // A copy of the agent must not share the columns.
    if !isKnownUniquelyReferenced(&scratch) {
      let rows = scratch.rows
      scratch = Scratch(
        count: count, observationSize: rows.observationSize, actionSize: rows.actionSize,
        maskSize: rows.maskSize, elementSize: rows.elementSize)
    }
    let (episodes, rows, longest) = (scratch.episodes, scratch.rows, longest)
    environments.withStepper { stepper in
      actionStreams.withUnsafeMutableBufferPointer { streams in
        nonisolated(unsafe) let streams = streams.baseAddress!
        pool.parallelFor(count) { n in
          Self.play(
            n, model, stepper, streams + n, rows, episodes[n], longest, bootstraps: bootstraps)
        }
      }
    }
    progress.iteration += 1
    for (n, episode) in episodes.enumerated() {
      if let bad = (0..<episode.count).first(where: { !episode.rewards[$0].isFinite }) {
        throw TrainingFailure(
          "environment \(n) of seed \(seed) gave a number that is not finite at step \(bad + 1) of "
            + "an episode: the reward is \(episode.rewards[bad])")
      }
      let numbers = episode.observations.assumingMemoryBound(to: Float.self)
      let count = episode.elementSize == 4 ? episode.count * episode.observationSize : 0
      if let bad = (0..<count).first(where: { !numbers[$0].isFinite }) {
        throw TrainingFailure(
          "environment \(n) of seed \(seed) gave a number that is not finite at step "
            + "\(bad / episode.observationSize) of an episode: "
            + "observation[\(bad % episode.observationSize)] is \(numbers[bad])")
      }
      let last =
        rows.endings[n] == 0 ? rows.observation(at: n) : rows.finalObservation(of: n)
      if rows.firstBadNumber(of: last) != nil {
        throw TrainingFailure(
          "environment \(n) of seed \(seed) gave a number that is not finite at step "
            + "\(episode.count) of an episode: a number of its last observation")
      }
      progress.stepCount += episode.count
      if rows.endings[n] != 0 {
        progress.episodes.add(
          return: rows.episodeReturns[n], length: Int(rows.episodeLengths[n]))
      }
    }
  }

  private static func play(
    _ n: Int, _ model: ActorCritic, _ stepper: VectorStepper,
    _ stream: UnsafeMutablePointer<PCG64>, _ rows: RolloutBuffer, _ episode: EpisodeColumns,
    _ longest: Int, bootstraps: Bool
  ) {
    let runner = PolicyRunner(model, capacity: 1)
    let observation = rows.observation(at: n)
    let action = rows.actions + n * rows.actionSize
    let mask = rows.maskSize > 0 ? rows.masks + n * rows.maskSize : nil
    let endings = UnsafeMutableRawPointer(rows.endings).assumingMemoryBound(to: Ending.self)
    episode.removeAll()
    stepper.observe(
      n..<n + 1, into: rows.observations,
      masks: rows.maskSize > 0 ? rows.masks : nil)
    var before = [UInt8](repeating: 0, count: rows.rowBytes)
    var maskBefore = [Bool](repeating: true, count: rows.maskSize)
    repeat {
      before.withUnsafeMutableBytes {
        $0.baseAddress?.copyMemory(from: observation, byteCount: $0.count)
      }
      if let mask {
        maskBefore.withUnsafeMutableBufferPointer {
          $0.baseAddress?.update(from: mask, count: $0.count)
        }
      }
      runner.sample(
        rows: 1, observation, masks: mask, streams: stream, actions: action,
        logProbabilities: rows.logProbabilities + n, values: rows.values + n)
      runner.limited(rows: 1, action, into: rows.limitedActions + n * rows.actionSize)
      stepper.step(n..<n + 1, rows.stepRows())
      maskBefore.withUnsafeBufferPointer { maskBefore in
        episode.append(
          observation: before, action: action, mask: mask == nil ? nil : maskBefore.baseAddress,
          reward: rows.rewards[n])
      }
    } while endings[n] == .none && episode.count < longest
    if bootstraps && endings[n] != .terminated {
      let last =
        endings[n] == .truncated
        ? rows.finalObservation(of: n) : observation
      runner.values(rows: 1, last, into: &episode.finalValue)
    }
  }

  public var stepCount: Int { progress.stepCount }

  public struct State: Codable {
    var progress: Progress
    var actionStreams: [PCG64]
  }

  public var state: State {
    State(progress: progress, actionStreams: actionStreams)
  }

  public mutating func restore(_ state: State, directory: String) throws {
    guard state.actionStreams.count == actionStreams.count else {
      throw RunError(
        .data,
        "\(directory) was written with \(state.actionStreams.count) environments, not "
          + "\(actionStreams.count)")
    }
    progress = state.progress
    actionStreams = state.actionStreams
  }
}
