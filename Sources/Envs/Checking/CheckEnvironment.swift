import Foundation
import Runtime

/// Checks that an environment keeps its promises; run it in the tests of your own.
///
/// ```swift
/// try checkEnvironment(Corridor())
/// ```
///
/// It plays random actions, among them the corners of a box, and looks at this, in order: the spaces,
/// the sizes of what is written, the start of an episode and its repetition, that observations stay in
/// their space and rewards and readings are finite, that the same seed plays the same, that a copy is a
/// fork at the start and in the middle of an episode, that a reset leaves nothing of the episode before,
/// that what `Codable` saves goes on as the original does and, given a counter of the thread's heap
/// allocations, that warm steps and resets make none. Such a counter has to stand in front of the
/// allocator: tests get one from the product `CAllocationCounter` of this package, as
/// `{ Int(allocations_of_this_thread()) }`, in a release build.
///
/// An environment that is to carry something from one episode into the next, such as the statistics
/// of ``NormalizeObservation``, says so by `episodesAreIndependent: false`.
///
/// - Throws: ``EnvironmentError`` naming the first thing wrong in a sentence.
@inlinable
public func checkEnvironment<E: Environment>(
  _ environment: E, seed: UInt64 = 123, steps: Int = 1_000, episodesAreIndependent: Bool = true,
  countingAllocations allocations: (() -> Int)? = nil
) throws(EnvironmentError) {
  // Inlinable, so that the loops in which allocations are counted are compiled for the type.
  let check = EnvironmentCheck(
    original: environment, operations: SliceOperations(for: E.self), seed: seed, steps: steps,
    episodesAreIndependent: episodesAreIndependent)
  try check.all(allocations)
}

@usableFromInline
struct EnvironmentCheck<E: Environment> {
  let original: E
  let operations: SliceOperations
  let seed: UInt64
  let steps: Int
  let episodesAreIndependent: Bool

  @usableFromInline
  init(
    original: E, operations: SliceOperations, seed: UInt64, steps: Int, episodesAreIndependent: Bool
  ) {
    self.original = original
    self.operations = operations
    self.seed = seed
    self.steps = max(1, steps)
    self.episodesAreIndependent = episodesAreIndependent
  }

  @usableFromInline
  func all(_ allocations: (() -> Int)?) throws(EnvironmentError) {
    try spaces()
    try start()
    try walk()
    try sameSeed()
    try fork()
    try forkMidway()
    if episodesAreIndependent { try resetForgets() }
    try coding()
    if let allocations { try quiet(allocations) }
  }

  enum Corner { case low, high }

  /// What can be seen of an environment after a step.
  struct Moment: Equatable {
    var reward: Double
    var ending: Ending
    var observation: [Float]
    var mask: [Bool]
    var stream: PCG64
  }

  var size: Int { original.observationSpace.flatSize }

  func failure(_ sentence: String) -> EnvironmentError { EnvironmentError(.data, sentence) }

  func spaces() throws(EnvironmentError) {
    let (observations, actions) = (original.observationSpace, original.actionSpace)
    if observations != original.observationSpace || actions != original.actionSpace {
      throw failure("\(E.self) gives other spaces when it is asked again; they must not change")
    }
    if observations.flatSize < 1 {
      throw failure("\(E.self)'s observation space \(observations) is empty; it must hold a number")
    }
    if actions.flatSize < 1 {
      throw failure("\(E.self)'s action space \(actions) is empty; it must hold a number")
    }
    if let complaint = RowCheck.action(of: E.self, in: actions) { throw failure(complaint) }
    let choices = (actions as? Discrete)?.n ?? (actions as? MultiDiscrete)?.counts.reduce(0, +)
    if original.maskSize != 0, original.maskSize != choices {
      let right =
        choices.map { "it must be 0 or \($0)" } ?? "it must be 0, since nothing is discrete"
      throw failure(
        "\(E.self)'s maskSize is \(original.maskSize) and its action space \(actions); \(right)")
    }
    if Set(E.metricNames).count != E.metricNames.count {
      throw failure("\(E.self)'s metric names \(E.metricNames) repeat one; each must be there once")
    }
  }

  func start() throws(EnvironmentError) {
    let first = try begun()
    _ = try observed(first.environment, "after a reset with seed \(seed)")
    let again = try begun()
    if try moment(first) != moment(again) {
      throw failure(
        "\(E.self).reset starts another episode for the same seed \(seed); it must draw from the "
          + "generator it is given and from nothing else")
    }
  }

  func walk() throws(EnvironmentError) {
    var (environment, stream) = try begun()
    var actions = PCG64(seed: seed)
    for step in 1...steps {
      let place = "at step \(step) with seed \(seed)"
      let chosen = try action(environment, &actions, place, corner: corner(step))
      let result = environment.step(chosen, using: &stream)
      if !result.reward.isFinite {
        throw failure(
          "\(E.self).step gives the reward \(result.reward) \(place); it must be finite")
      }
      _ = try observed(environment, place)
      let readings = try RowCheck.metrics(of: environment)
      if let index = readings.firstIndex(where: { !$0.isFinite }) {
        throw failure(
          "\(E.self).metrics writes \(NumPyText.plain(readings[index])) for '\(E.metricNames[index])' "
            + "\(place); write a finite number")
      }
      if environment.observationSpace != original.observationSpace
        || environment.actionSpace != original.actionSpace
      {
        throw failure("\(E.self)'s spaces change \(place); they must stay the same")
      }
      if result.ending != .none {
        environment.reset(using: &stream)
        _ = try observed(environment, "after the reset that follows step \(step)")
      }
    }
  }

  func sameSeed() throws(EnvironmentError) {
    let start = try begun()
    let first = try played(start, steps: steps)
    let second = try played(start, steps: steps)
    if let step = difference(first, second) {
      throw failure(
        "\(E.self).step \(what(first[step], second[step])) at step \(step + 1) when it is played "
          + "again with the same seed and actions; it must draw from the generator it is given and "
          + "from nothing else")
    }
  }

  func fork() throws(EnvironmentError) {
    let start = try begun()
    let before = try moment(start)
    _ = try played(start, steps: min(steps, 20))
    if try moment(start) != before {
      throw failure(
        "\(E.self) changes when a copy of it is stepped; its state must be values that a copy does "
          + "not share")
    }
  }

  func forkMidway() throws(EnvironmentError) {
    var play = try begun()
    var actions = PCG64(seed: seed)
    for step in 1...7 {
      let chosen = try action(play.environment, &actions, "at step \(step)")
      if play.environment.step(chosen, using: &play.stream).ending != .none {
        play.environment.reset(using: &play.stream)
      }
    }
    let before = try moment(play)
    let first = try played(play, steps: min(steps, 50))
    if try moment(play) != before {
      throw failure(
        "\(E.self) changes when a copy made in the middle of an episode is stepped; its state must be "
          + "values that a copy does not share")
    }
    let second = try played(play, steps: min(steps, 50))
    if let step = difference(first, second) {
      throw failure(
        "\(E.self) \(what(first[step], second[step])) than its copy \(step + 1) steps after the copy was "
          + "made in the middle of an episode; a copy must hold all that decides what comes")
    }
  }

  func resetForgets() throws(EnvironmentError) {
    var used = try begun()
    var actions = PCG64(seed: seed)
    for step in 1...steps {
      let chosen = try action(used.environment, &actions, "at step \(step)")
      if used.environment.step(chosen, using: &used.stream).ending != .none { break }
    }
    used.stream = PCG64(seed: seed)
    used.environment.reset(using: &used.stream)
    let fresh = try begun()
    if try moment(used) != moment(fresh) {
      throw failure(
        "\(E.self).reset starts another episode after an earlier one than at first with the same "
          + "seed \(seed); it must set all state that an episode changes")
    }
    let (first, second) = (
      try played(fresh, steps: min(steps, 200)), try played(used, steps: min(steps, 200))
    )
    if let step = difference(first, second) {
      throw failure(
        "\(E.self) \(what(first[step], second[step])) at step \(step + 1) after a reset that follows "
          + "an earlier episode than after its first reset; reset must set all state that an episode "
          + "changes")
    }
  }

  func coding() throws(EnvironmentError) {
    var start = try begun()
    var actions = PCG64(seed: seed)
    for step in 1...10 {
      let chosen = try action(start.environment, &actions, "at step \(step)")
      if start.environment.step(chosen, using: &start.stream).ending != .none {
        start.environment.reset(using: &start.stream)
      }
    }
    let restored: E
    do {
      restored = try StateCoding.decode(
        E.self, from: StateCoding.encode(start.environment), functionsOf: original)
    } catch {
      throw failure("\(E.self) cannot be saved and read back: \(StateCoding.reason(error))")
    }
    if let fault = restored.stateFault {
      throw failure(
        "\(E.self).stateFault refuses what was saved in the middle of an episode: \(fault)")
    }
    let again = (environment: restored, stream: start.stream)
    if try moment(start) != moment(again) {
      throw failure(
        "\(E.self) observes something else after it was saved and read back; Codable must cover all "
          + "its state")
    }
    let (first, second) = (
      try played(start, steps: min(steps, 200)), try played(again, steps: min(steps, 200))
    )
    if let step = difference(first, second) {
      throw failure(
        "\(E.self) \(what(first[step], second[step])) \(step + 1) steps after it was saved and read "
          + "back; Codable must cover all its state")
    }
  }

  func quiet(_ allocations: () -> Int) throws(EnvironmentError) {
    var environments = VectorEnvironment(
      Array(repeating: original, count: 4), seed: seed, autoreset: .sameStep, timeLimit: 50,
      operations: operations)
    var rows = HandRows<E.Element>()
    rows.prepare(
      count: 4, observationSize: size, actionSize: environments.actionSize,
      maskSize: environments.maskSize)
    var metrics = [Float](repeating: 0, count: 4 * environments.metricSize)
    var made = 0
    environments.withStepper { stepper in
      metrics.withUnsafeMutableBufferPointer { metrics in
        rows.withRows { rows in
          var rows = rows
          rows.finalMetrics = metrics.baseAddress
          stepper.sampleActions(0..<4, into: UnsafeMutablePointer(mutating: rows.actions))
          for _ in 0..<200 { stepper.step(0..<4, rows) }
          let before = allocations()
          for _ in 0..<200 { stepper.step(0..<4, rows) }
          made = allocations() - before
        }
      }
    }
    if made > 0 {
      throw failure(
        "\(E.self) makes \(made) heap allocations in 800 warm steps; step, reset and observe must "
          + "make none")
    }
  }
}

extension EnvironmentCheck {
  typealias Play = (environment: E, stream: PCG64)

  func begun() throws(EnvironmentError) -> Play {
    var play = (environment: original, stream: PCG64(seed: seed))
    play.environment.reset(using: &play.stream)
    return play
  }

  /// The observation as numbers, looked at from all sides.
  func observed(_ environment: E, _ place: String) throws(EnvironmentError) -> [Float] {
    let row = try RowCheck.observation(of: environment, size: size).map(\.number)
    let space = environment.observationSpace
    if let index = row.firstIndex(where: \.isNaN) {
      throw failure("\(E.self).observe writes nan into element \(index) \(place); write a number")
    }
    if !space.contains(row: row) {
      let stray = (space as? Box)?.strayElement(of: row.span)
      let what =
        stray.map { "\(NumPyText.plain(row[$0])) into element \($0)" }
        ?? "[\(row.prefix(16).map(NumPyText.plain).joined(separator: ", "))]"
      throw failure("\(E.self).observe writes \(what) \(place), which is outside \(space)")
    }
    return row
  }

  /// Whether a step of the walk is taken from a corner of the action's box: its lower or upper bounds.
  func corner(_ step: Int) -> Corner? { step % 16 == 8 ? .low : step % 16 == 0 ? .high : nil }

  /// A random action, one that the mask allows, or what is finite of a corner of a box.
  func action(
    _ environment: E, _ random: inout PCG64, _ place: String,
    corner: Corner? = nil
  ) throws(EnvironmentError) -> E.Action {
    let mask = try RowCheck.mask(of: environment)
    if !mask.isEmpty, !mask.contains(true) {
      throw failure("\(E.self).actionMask allows no action \(place); it must allow at least one")
    }
    let space = environment.actionSpace
    var row = [Float](repeating: 0, count: space.flatSize)
    var span = row.mutableSpan
    space.sample(into: &span, allowed: mask.isEmpty ? nil : mask.span, using: &random)
    if let corner, let box = space as? Box {
      for index in 0..<box.flatSize {
        let (low, high) = box.bounds(at: index)
        let bound = corner == .low ? low : high
        if bound.isFinite { span[index] = Float(bound) }
      }
    }
    return row.withUnsafeBufferPointer { E.Action(row: $0.baseAddress!, count: $0.count) }
  }

  func moment(
    _ play: Play, _ result: StepResult = StepResult(reward: 0)
  ) throws(EnvironmentError) -> Moment {
    Moment(
      reward: result.reward, ending: result.ending,
      observation: try RowCheck.observation(of: play.environment, size: size).map(\.number),
      mask: try RowCheck.mask(of: play.environment), stream: play.stream)
  }

  func played(_ start: Play, steps: Int) throws(EnvironmentError) -> [Moment] {
    var play = start
    var actions = PCG64(seed: seed &+ 1)
    var moments: [Moment] = []
    for step in 1...steps {
      let chosen = try action(play.environment, &actions, "at step \(step)")
      let result = play.environment.step(chosen, using: &play.stream)
      moments.append(try moment(play, result))
      if result.ending != .none { play.environment.reset(using: &play.stream) }
    }
    return moments
  }

  func difference(_ first: [Moment], _ second: [Moment]) -> Int? {
    first.indices.first { first[$0] != second[$0] }
  }

  func what(_ first: Moment, _ second: Moment) -> String {
    if first.ending != second.ending { return "ends otherwise" }
    if first.reward != second.reward { return "gives another reward" }
    if first.observation != second.observation { return "gives another observation" }
    if first.mask != second.mask { return "gives another action mask" }
    return "draws another number of random numbers"
  }
}
