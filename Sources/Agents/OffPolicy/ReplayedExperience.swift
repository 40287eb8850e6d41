import Envs
import Foundation
import Policy
import Replay
import Runtime

/// Where an agent that learns from replay has its experience from: it steps the environments and keeps what
/// happened.
public struct ReplayedExperience: Experience {
  var progress = Progress()
  package internal(set) var replay: ReplayBuffer
  /// How actions lie between their bounds; nil where they are choices.
  let scale: ActionScale?
  /// The other goals steps are learnt from with, where that was asked for.
  var goals: HindsightGoals?
  /// One stream an environment, from which its actions are drawn.
  private var actionStreams: [PCG64]
  /// `[N, A]`: where the noise on actions stands.
  private var noise: [Float]
  /// The step from which on is learnt.
  private(set) var learningStart: Int
  private let learningStarts: Int
  private let savesReplay: Bool
  private let seed: UInt64
  /// One step of every environment, written over and over.
  private var rows: RolloutBuffer

  /// - Throws: `RunError` when the buffer does not fit in memory.
  init(
    for environments: some VectorizedEnvironments, _ settings: ReplaySettings, scale: ActionScale?,
    priorityExponent: Double? = nil, streams: SeedSequence, seed: UInt64
  ) throws {
    let layout = ReplayLayout(for: environments)
    if let refusal = ReplayMemory.refusal(
      capacity: settings.bufferSize, layout: layout, isPrioritized: priorityExponent != nil)
    {
      throw RunError(.usage, "a buffer_size of \(settings.bufferSize) \(refusal)")
    }
    self.scale = scale
    self.seed = seed
    learningStarts = settings.learningStarts
    learningStart = settings.learningStarts
    savesReplay = settings.savesReplay
    replay = ReplayBuffer(
      capacity: settings.bufferSize, layout: layout, environmentCount: environments.count,
      priorityExponent: priorityExponent)
    actionStreams = (0..<environments.count).map { PCG64(streams.child(1 + $0)) }
    noise = .init(repeating: 0, count: environments.count * environments.actionSize)
    rows = RolloutBuffer(
      stepCount: 1, environmentCount: environments.count,
      observationSize: environments.observationSize, actionSize: environments.actionSize,
      elementSize: environments.observesBytes ? 1 : 4)
  }

  public var stepCount: Int { progress.stepCount }

  /// The bytes that the buffer takes once it is full.
  var byteCount: Int {
    ReplayBuffer.byteCount(
      capacity: replay.capacity, layout: replay.layout, isPrioritized: replay.priorities != nil)
  }

  /// Whether there is enough to learn from.
  var canLearn: Bool { stepCount > learningStart }

  /// Takes some steps of every environment, random ones at first.
  ///
  /// - Parameters:
  ///   - policy: Reads observations as they were normalised at the beginning.
  ///   - normalizer: Takes in every new observation.
  /// - Throws: `TrainingFailure` when an environment gives a number that is not finite.
  mutating func collect(
    _ policy: Actor, _ exploration: Exploration, steps: Int,
    normalizer: inout ObservationNormalizer?, in environments: inout AnyVectorEnvironment,
    pool: WorkerPool
  ) throws {
    if !isKnownUniquelyReferenced(&rows) { rows = rows.emptyCopy() }
    let count = replay.environmentCount
    let slices = (0..<min(pool.threads, count)).map {
      let workers = min(pool.threads, count)
      return count * $0 / workers..<count * ($0 + 1) / workers
    }
    let runners = slices.map { PolicyRunner(policy, capacity: $0.count) }
    let (rows, scale) = (rows, scale)
    try environments.withStepper { stepper in
      stepper.observe(0..<count, into: rows.observations)
      if !replay.hasBegun {
        for n in 0..<count { try requireFinite(rows.observation(at: n), of: n, rows, step: 0) }
        replay.begin(rows.observations)
      }
      for _ in 0..<steps {
        let isRandom = stepCount < learningStarts
        let step = stepCount
        noise.withUnsafeMutableBufferPointer { noise in
          actionStreams.withUnsafeMutableBufferPointer { streams in
            nonisolated(unsafe) let (noise, streams) = (noise.baseAddress!, streams.baseAddress!)
            pool.parallelFor(slices.count) { worker in
              let slice = slices[worker]
              if isRandom {
                stepper.sampleActions(slice, into: rows.limitedActions)
                Self.keep(slice, rows, scale)
              } else {
                Self.choose(
                  exploration, slice, runners[worker], step, noise, streams, rows, scale)
              }
              stepper.step(slice, rows.stepRows())
            }
          }
        }
        try take(rows)
        normalizer?.update(
          steps: 1, environments: count,
          rows.observations.assumingMemoryBound(to: Float.self))
      }
    }
  }

  /// Actions that were drawn in the environment's terms, as they are stored.
  private static func keep(
    _ slice: Range<Int>, _ rows: RolloutBuffer, _ scale: ActionScale?
  ) {
    let first = slice.lowerBound * rows.actionSize
    if let scale {
      scale.fromEnvironment(
        slice.count, rows.limitedActions + first, into: rows.actions + first)
    } else {
      (rows.actions + first).update(
        from: rows.limitedActions + first, count: slice.count * rows.actionSize)
    }
  }

  private static func choose(
    _ exploration: Exploration, _ slice: Range<Int>, _ runner: PolicyRunner, _ step: Int,
    _ noise: UnsafeMutablePointer<Float>, _ streams: UnsafeMutablePointer<PCG64>,
    _ rows: RolloutBuffer, _ scale: ActionScale?
  ) {
    let outputs = runner.outputs(
      rows: slice.count, rows.observation(at: slice.lowerBound))
    let (width, size) = (runner.outputSize, rows.actionSize)
    let first = slice.lowerBound * size
    for (row, n) in slice.enumerated() {
      let (output, action) = (outputs + row * width, rows.actions + n * size)
      switch exploration {
      case .noisy(let disturbance):
        for i in 0..<size {
          let best = Float(tanh(Double(output[i])))
          let tried = best + disturbance.next(&noise[n * size + i], using: &streams[n])
          action[i] = min(max(tried, -1), 1)
        }
      case .squashedGaussian(let disturbance):
        for i in 0..<size {
          let deviation = exp(Double(SquashedGaussian.limited(output[size + i])))
          let u = Double(output[i]) + deviation * streams[n].standardNormal()
          let tried = Float(tanh(u)) + disturbance.next(&noise[n * size + i], using: &streams[n])
          action[i] = min(max(tried, -1), 1)
        }
      case .epsilonGreedy(let epsilon, let atoms, let low, let high):
        let options = width / atoms
        var pick = 0
        if streams[n].random() < epsilon.value(at: step) {
          pick = streams[n].integers(0..<options)
        } else {
          if atoms > 1 {
            DistributionalValues.means(options, atoms: atoms, low: low, high: high, output)
          }
          for k in 1..<max(options, 1) where output[k] > output[pick] { pick = k }
        }
        action[0] = Float(pick + runner.firstOption)
      }
    }
    if let scale {
      scale.toEnvironment(slice.count, rows.actions + first, into: rows.limitedActions + first)
    } else {
      (rows.limitedActions + first).update(
        from: rows.actions + first, count: slice.count * size)
    }
  }

  /// Stores a step of every environment.
  private mutating func take(_ rows: RolloutBuffer) throws {
    let (count, size) = (rows.environmentCount, rows.actionSize)
    let step = stepCount / count + 1
    for n in 0..<count {
      let hasEnded = rows.endings[n] != 0
      if hasEnded { try requireFinite(rows.finalObservation(of: n), of: n, rows, step: step) }
      try requireFinite(rows.observation(at: n), of: n, rows, step: step)
      guard rows.rewards[n].isFinite else {
        throw failure(n, step, "the reward is \(rows.rewards[n])")
      }
      if hasEnded {
        progress.episodes.add(return: rows.episodeReturns[n], length: Int(rows.episodeLengths[n]))
        for i in n * size..<(n + 1) * size { noise[i] = 0 }
      }
    }
    replay.append(
      actions: rows.actions, rewards: rows.rewards, endings: rows.endings,
      finalObservations: rows.finalObservations,
      observations: rows.observations)
    progress.stepCount += count
  }

  /// - Throws: `TrainingFailure` where a row that environment n gave holds a number that is not finite.
  private func requireFinite(
    _ row: UnsafeMutableRawPointer, of n: Int, _ rows: RolloutBuffer, step: Int
  ) throws {
    guard let i = rows.firstBadNumber(of: row) else { return }
    let x = row.assumingMemoryBound(to: Float.self)[i]
    throw failure(n, step, "observation[\(i)] is \(x)")
  }

  private func failure(_ n: Int, _ step: Int, _ field: String) -> TrainingFailure {
    TrainingFailure(
      "environment \(n) of seed \(seed) gave a number that is not finite at step \(step): \(field)")
  }

  // MARK: - Checkpoints

  public struct State: Codable {
    var progress: Progress
    var actionStreams: [PCG64]
    var noise: [Float]
    var learningStart: Int
    /// Nil where the buffer was not saved.
    var replay: ReplayBuffer.State?
  }

  public var state: State {
    State(
      progress: progress, actionStreams: actionStreams, noise: noise, learningStart: learningStart,
      replay: savesReplay ? replay.state : nil)
  }

  /// The files that hold the buffer beside its segments.
  var files: [String: Data] {
    guard savesReplay else { return [:] }
    var files = ["replay.bin": replay.tail()]
    if let priorities = replay.priorities { files["priorities.bin"] = priorities.encoded() }
    return files
  }

  /// The parts of the buffer that will not change any more.
  var segments: [CheckpointSegment] {
    guard savesReplay else { return [] }
    let replay = replay
    return replay.segments.map { number in
      CheckpointSegment(name: Self.segmentName(number)) { replay.segment(number) }
    }
  }

  private static func segmentName(_ number: Int) -> String { "replay-\(number).bin" }

  public mutating func restore(_ state: State, directory: String) throws {
    let count = actionStreams.count
    guard state.actionStreams.count == count, state.noise.count == noise.count else {
      throw RunError(
        .data,
        "\(directory) was written with \(state.actionStreams.count) environments, not \(count)")
    }
    progress = state.progress
    actionStreams = state.actionStreams
    noise = state.noise
    learningStart = state.learningStart
  }

  /// Takes the buffer back; where none was saved it fills anew before anything is learnt from it.
  mutating func restoreReplay(_ state: State, _ checkpoint: CheckpointFiles) throws {
    guard let saved = state.replay else {
      learningStart = stepCount + learningStarts
      return
    }
    func named<R>(_ body: () throws -> R) throws -> R {
      do { return try body() } catch let error as ReplayError {
        throw RunError(.data, "the replay buffer of \(checkpoint.directory) \(error)")
      }
    }
    try named {
      try replay.restore(saved, tail: try checkpoint.file("replay.bin")) {
        try checkpoint.file(Self.segmentName($0))
      }
    }
    if replay.priorities != nil {
      try named { try replay.restorePriorities(try checkpoint.file("priorities.bin")) }
    }
  }
}

extension ReplayLayout {
  /// What these environments give; numbers that their space says are bytes are kept as bytes.
  fileprivate init(for environments: some VectorizedEnvironments) {
    var ranges: [Range<Int>] = []
    var first = 0
    for leaf in environments.observationSpace.leaves {
      if let box = leaf as? Box, box.elementType == .uint8, !environments.observesBytes {
        ranges.append(first..<first + box.flatSize)
      }
      first += leaf.flatSize
    }
    self.init(
      observationSize: environments.observationSize, observesBytes: environments.observesBytes,
      byteRanges: ranges, actionSize: environments.actionSize)
  }
}
