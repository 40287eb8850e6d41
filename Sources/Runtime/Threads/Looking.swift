import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How long a thread looks for work, or for the end of a loop, before it sleeps. Longer than the gap
/// between two loops of an update step, far shorter than anyone notices.
private let lookingNanoseconds: UInt64 = 50_000

/// Looks until `isDone` or the time for looking is over; gives whether it is done.
func look(until isDone: () -> Bool) -> Bool {
  var deadline: UInt64 = 0
  while true {
    // The clock costs as much as some dozen looks.
    for _ in 0..<64 {
      if isDone() { return true }
    }
    let now = monotonicNanoseconds()
    if deadline == 0 {
      deadline = now + lookingNanoseconds
    } else if now >= deadline {
      return false
    }
    // Whoever is waited for may need this very core.
    sched_yield()
  }
}

/// An atomic alone in its cache lines, so that writing it does not slow the readers of another.
struct OwnLine: ~Copyable {
  private let before = InlineArray<15, UInt64>(repeating: 0)
  let value: Atomic<UInt64>
  private let after = InlineArray<15, UInt64>(repeating: 0)

  init(_ value: UInt64) { self.value = Atomic(value) }
}
