import Synchronization

/// What the threads of a pool share: the loop under way and who still has to finish it.
///
/// Apart from ``WorkerPool`` because its threads keep it alive, and must not keep the pool alive.
final class Crew: Sendable {
  private struct Job {
    let body: BorrowedBody
    let count: Int
  }

  /// Which loop is under way (upper half) and how many of its indices nobody has claimed (lower
  /// half). Claiming is one compare-and-swap, and fails if the loop has become another one.
  private let claims = OwnLine(0)
  /// How many indices have not been finished.
  private let unfinished = OwnLine(0)
  /// The loop under way. Read only by holders of an unfinished index, written only when there is
  /// none, so it needs no lock.
  private nonisolated(unsafe) let job = UnsafeMutablePointer<Job>.allocate(capacity: 1)
  private let owner = Parking()
  private let parkings: [Parking]

  /// The value of `claims` that sends the threads home.
  private static let closing = UInt64.max

  init(threads: Int) {
    parkings = (1..<threads).map { _ in Parking() }
  }

  deinit { job.deallocate() }

  /// Runs `body` for every index of a loop of at least two; the caller runs index 0. One at a time.
  func run(_ count: Int, _ body: BorrowedBody) {
    job.initialize(to: Job(body: body, count: count))
    unfinished.value.store(UInt64(count), ordering: .relaxed)
    let number = (claims.value.load(ordering: .relaxed) >> 32) &+ 1
    // Sequentially consistent for Parking; it releases the job, too.
    claims.value.store(number << 32 | UInt64(count - 1), ordering: .sequentiallyConsistent)
    for parking in parkings.prefix(count - 1) { parking.wake() }

    body(0)
    finish(1 + runClaims())
    while true {
      if look(until: { unfinished.value.load(ordering: .acquiring) == 0 }) { return }
      owner.sleep { unfinished.value.load(ordering: .sequentiallyConsistent) == 0 }
    }
  }

  /// The life of thread `worker`, 1 or more.
  func work(as worker: Int) {
    while claims.value.load(ordering: .acquiring) != Self.closing {
      let found = look { Self.isClaimable(claims.value.load(ordering: .relaxed)) }
      if found {
        let ran = runClaims()
        if ran > 0 { finish(ran) }
      } else {
        parkings[worker - 1].sleep {
          Self.isClaimable(claims.value.load(ordering: .sequentiallyConsistent))
        }
      }
    }
  }

  /// Sends every thread home.
  func close() {
    claims.value.store(Self.closing, ordering: .sequentiallyConsistent)
    for parking in parkings { parking.wake() }
  }

  /// Claims and runs indices until none is left; gives their number.
  private func runClaims() -> Int {
    var ran = 0
    var word = claims.value.load(ordering: .relaxed)
    while Self.isClaimable(word), word != Self.closing {
      let (claimed, now) = claims.value.weakCompareExchange(
        expected: word, desired: word - 1, successOrdering: .acquiring, failureOrdering: .relaxed)
      if claimed {
        let job = job.pointee
        job.body(job.count - Int(word & 0xffff_ffff))
        ran += 1
        word = claims.value.load(ordering: .relaxed)
      } else {
        word = now
      }
    }
    return ran
  }

  private func finish(_ count: Int) {
    let left = unfinished.value.subtract(UInt64(count), ordering: .sequentiallyConsistent).newValue
    if left == 0 { owner.wake() }
  }

  private static func isClaimable(_ word: UInt64) -> Bool { word & 0xffff_ffff != 0 }
}
