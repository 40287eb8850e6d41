#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A named part of a program's work, such as the rollout or the update of a training loop.
///
/// Declare each once, and a mistyped one does not compile:
///
/// ```swift
/// extension Phase { static let rollout = Phase("rollout") }
/// ```
public struct Phase: Hashable, Sendable, Codable {
  /// What the phase is called where its time is reported.
  public let name: String

  public init(_ name: String) { self.name = name }
}

/// The time that each phase of a loop has taken, by the wall clock.
///
/// ```swift
/// var timers = PhaseTimers()
/// let batch = timers.time(.rollout) { collect() }
/// let start = timers.start()          // where a closure would be in the way
/// update(batch)
/// timers.stop(.update, since: start)
/// print(timers.seconds(.update), timers.report)
/// ```
///
/// Phases may lie inside each other; the outer one's time includes the inner one's. A value type:
/// each thread can have its own, merged with ``add(_:)``.
public struct PhaseTimers: Sendable {
  /// A moment of the monotonic clock.
  public struct Start: Sendable {
    @usableFromInline let nanoseconds: UInt64
    @usableFromInline init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }
  }

  private struct Total: Sendable {
    let phase: Phase
    var nanoseconds: UInt64
    var count: Int
  }

  // A handful of phases: looking through them beats hashing, and they keep their order.
  private var totals: [Total] = []

  public init() {}

  /// The phases timed so far, in the order each was first finished.
  public var phases: [Phase] { totals.map(\.phase) }

  /// Runs `body` and counts its time, also when it throws.
  @discardableResult
  @inlinable
  public mutating func time<Result: ~Copyable, Failure: Error>(
    _ phase: Phase, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = self.start()
    defer { stop(phase, since: start) }
    return try body()
  }

  /// This moment, for ``stop(_:since:)``.
  public func start() -> Start { Start(nanoseconds: monotonicNanoseconds()) }

  /// Counts the time since `start` as one more round of `phase`.
  public mutating func stop(_ phase: Phase, since start: Start) {
    add(phase, nanoseconds: monotonicNanoseconds() - start.nanoseconds, count: 1)
  }

  /// The seconds that all rounds of the phase took together; 0 if there was none.
  public func seconds(_ phase: Phase) -> Double {
    Double(totals.first { $0.phase == phase }?.nanoseconds ?? 0) * 1e-9
  }

  /// How many rounds of the phase were timed.
  public func count(_ phase: Phase) -> Int {
    totals.first { $0.phase == phase }?.count ?? 0
  }

  /// The seconds by the name of each phase.
  public var seconds: [String: Double] {
    Dictionary(uniqueKeysWithValues: totals.map { ($0.phase.name, seconds($0.phase)) })
  }

  /// Adds the times and counts of other timers, such as another thread's.
  public mutating func add(_ other: PhaseTimers) {
    for total in other.totals {
      add(total.phase, nanoseconds: total.nanoseconds, count: total.count)
    }
  }

  /// Forgets all times.
  public mutating func reset() { totals.removeAll(keepingCapacity: true) }

  /// One line: each phase with its seconds, in order.
  public var report: String {
    totals.map { total in
      let milliseconds = (total.nanoseconds + 500_000) / 1_000_000
      let decimals = String(1000 + milliseconds % 1000).dropFirst()
      return "\(total.phase.name) \(milliseconds / 1000).\(decimals) s"
    }.joined(separator: ", ")
  }

  private mutating func add(_ phase: Phase, nanoseconds: UInt64, count: Int) {
    if let place = totals.firstIndex(where: { $0.phase == phase }) {
      totals[place].nanoseconds += nanoseconds
      totals[place].count += count
    } else {
      totals.append(Total(phase: phase, nanoseconds: nanoseconds, count: count))
    }
  }
}

/// Nanoseconds since some fixed moment, never running backwards.
package func monotonicNanoseconds() -> UInt64 {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}
