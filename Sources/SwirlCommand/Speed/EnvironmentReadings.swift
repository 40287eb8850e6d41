import Swirl

/// Steps a second with random actions, observations written and resets included: every registered
/// environment, 1,024 of each, or 64 of those in a physics engine; CartPole alone, too, and in a
/// stack of wrappers.
func environmentReadings(
  _ stopwatch: Stopwatch, threads: [Int], rows: [String]
) throws -> [Reading] {
  try environmentRows.filter { rows.isEmpty || rows.contains($0.name) }.flatMap {
    try environmentReadings(stopwatch, threads: threads, of: $0)
  }
}

/// The same of one row.
func environmentReadings(
  _ stopwatch: Stopwatch, threads: [Int], of row: EnvironmentRow
) throws -> [Reading] {
  if row.name == "HalfCheetah-v5" {
    return try cheetahReadings(stopwatch, threads: threads)
  }
  if let bare = row.bare { return try wrappedReadings(stopwatch, threads: threads, row, bare) }
  return try ((row.alone ? [(1, 1)] : []) + threads.map({ (row.count, $0) })).map {
    count, threads in
    var environments = try row.make(count)
    return Reading(
      name: "\(row.name), \(count) \(count == 1 ? "environment" : "environments")",
      value: rate(
        of: &environments, stopwatch, threads: threads, stepsPerCall: row.stepsPerCall),
      unit: "steps/s", threads: threads, roofline: nil)
  }
}

/// What `--row` knows.
var environmentRows: [EnvironmentRow] {
  var rows = registeredEnvironments().map { spec in
    EnvironmentRow(name: spec.id, of: spec.id, alone: spec.id == "CartPole-v1") { count in
      try make(spec.id, count: count, seed: 0)
    }
  }
  rows.append(
    EnvironmentRow(name: "CartPole-v1 in four wrappers", bare: "CartPole-v1") { count in
      VectorEnvironment(count: count, seed: 0) {
        TimeAware(
          RecordEpisodeStatistics(ClipReward(TimeLimit(CartPole(), steps: 500), to: 0...0.5)),
          limit: 500)
      }.erased
    })
  return rows
}

/// Environments to be timed.
struct EnvironmentRow: Sendable {
  let name: String
  var count = 1024
  /// Of each environment, before a thread waits for the others.
  var stepsPerCall = 32
  /// Whether one environment is timed as well.
  var alone = false
  /// What is inside the wrappers, whose share of its speed the row tells.
  var bare: String?
  let make: @Sendable (_ count: Int) throws -> AnyVectorEnvironment
}

extension EnvironmentRow {
  /// A row of a registered environment; fewer where it is in a physics engine, whose steps take a thousand times as
  /// long as CartPole's.
  init(
    name: String, of id: String, alone: Bool = false,
    make: @escaping @Sendable (_ count: Int) throws -> AnyVectorEnvironment
  ) {
    let isSlow =
      MuJoCoLibrary.tasks.contains(id)
      || ["LunarLander", "BipedalWalker", "CarRacing"].contains(where: id.hasPrefix)
    self.init(
      name: name, count: isSlow ? 64 : 1024, stepsPerCall: isSlow ? 2 : 32, alone: alone, make: make
    )
  }
}

/// Wrapped environments and the bare ones in short turns, so that both see the same machine: the median of their
/// speeds, and of the shares that each turn gave.
private func wrappedReadings(
  _ stopwatch: Stopwatch, threads: [Int], _ row: EnvironmentRow, _ bare: String
) throws -> [Reading] {
  let turns = 9
  let turn = Stopwatch(seconds: stopwatch.seconds / Double(turns))
  return try threads.map { threads in
    var wrapped = try row.make(row.count)
    var plain = try make(bare, count: row.count, seed: 0)
    let pairs = (0..<turns).map { _ in
      (
        rate(of: &wrapped, turn, threads: threads, stepsPerCall: row.stepsPerCall),
        rate(of: &plain, turn, threads: threads, stepsPerCall: row.stepsPerCall)
      )
    }
    return Reading(
      name: "\(row.name), \(row.count) environments",
      value: pairs.map(\.0).sorted()[turns / 2], unit: "steps/s", threads: threads,
      roofline: pairs.map { $0 / $1 }.sorted()[turns / 2])
  }
}

private func rate(
  of environments: inout AnyVectorEnvironment, _ stopwatch: Stopwatch, threads: Int,
  stepsPerCall: Int
) -> Double {
  let count = environments.count
  let rows = ColumnMemory(environments)
  let pool = WorkerPool(threads: threads)
  let calls = environments.withStepper { stepper in
    stopwatch.rate {
      // A worker keeps its slice for many steps, as a rollout does: no barrier a step.
      pool.parallelFor(threads) { worker in
        let slice = count * worker / threads..<count * (worker + 1) / threads
        for _ in 0..<stepsPerCall {
          stepper.sampleActions(slice, into: rows.actions)
          stepper.step(slice, rows.step)
        }
      }
    }
  }
  return calls * Double(count * stepsPerCall)
}

/// The rows that a vector of environments reads and writes; freed with the object.
final class ColumnMemory: @unchecked Sendable {
  let actions: UnsafeMutablePointer<Float>
  let step: StepRows

  init(_ environments: AnyVectorEnvironment) {
    let count = environments.count
    actions = .allocate(capacity: count * environments.actionSize)
    actions.initialize(repeating: 0, count: count * environments.actionSize)
    step = StepRows(
      actions: actions,
      observations: .allocate(byteCount: count * environments.observationSize * 4, alignment: 64),
      rewards: .allocate(capacity: count), endings: .allocate(capacity: count))
  }

  deinit {
    actions.deallocate()
    step.observations.deallocate()
    step.rewards.deallocate()
    step.endings.deallocate()
  }
}
