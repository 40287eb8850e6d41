import Runtime
import Synchronization

/// How long the environments of a vector take to step, apart from what acts in them.
///
/// One call in eight is timed, which costs a step of eight CartPoles less than a hundredth. A copy of the
/// environments shares the clock.
public final class StepClock: @unchecked Sendable {
  /// Read and written by the threads that step, without waiting for each other: a count that gets lost when two
  /// write at once changes a share by nothing.
  struct Counters: ~Copyable {
    let calls = Atomic<UInt64>(0)
    let timed = Atomic<UInt64>(0)
    let nanoseconds = Atomic<UInt64>(0)
    /// What reading the clock twice takes.
    let overhead: UInt64
  }

  let counters: UnsafeMutablePointer<Counters>

  public init() {
    var overhead = UInt64.max
    for _ in 0..<16 {
      let start = monotonicNanoseconds()
      overhead = min(overhead, monotonicNanoseconds() - start)
    }
    counters = .allocate(capacity: 1)
    counters.initialize(to: Counters(overhead: overhead))
  }

  deinit {
    counters.deinitialize(count: 1)
    counters.deallocate()
  }

  /// The seconds since the last call, summed over the threads that stepped.
  public func takeSeconds() -> Double {
    let calls = counters.pointee.calls.exchange(0, ordering: .relaxed)
    let timed = counters.pointee.timed.exchange(0, ordering: .relaxed)
    let nanoseconds = counters.pointee.nanoseconds.exchange(0, ordering: .relaxed)
    return timed == 0 ? 0 : Double(nanoseconds) * 1e-9 * Double(calls) / Double(timed)
  }
}

extension StepClock.Counters {
  /// Counts a call, and tells when a timed one began.
  func began() -> UInt64? {
    let call = calls.load(ordering: .relaxed)
    calls.store(call &+ 1, ordering: .relaxed)
    // The fourth of eight: the first of a rollout finds its memory cold.
    return call & 7 == 3 ? monotonicNanoseconds() : nil
  }

  func ended(since start: UInt64) {
    let taken = monotonicNanoseconds() - start
    nanoseconds.store(
      nanoseconds.load(ordering: .relaxed) &+ (taken > overhead ? taken - overhead : 0),
      ordering: .relaxed)
    timed.store(timed.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
  }
}
