import Synchronization

/// A fixed crew of threads that share out the indices of a loop.
///
/// ```swift
/// let pool = WorkerPool(threads: 2)
/// pool.parallelFor(slices.count) { index in advance(slices[index]) }
/// ```
///
/// The calling thread is one of the crew. A loop costs about a microsecond and allocates nothing;
/// threads without work look for some for 50 µs, then sleep.
public final class WorkerPool: Sendable {
  /// How many threads share a loop, the calling one included.
  public let threads: Int

  private let crew: Crew
  private let others: [Thread]
  private let isBusy = Atomic(false)

  /// Starts `threads - 1` threads, fewer if the system refuses.
  public init(threads: Int) {
    guard threads >= 1 else {
      endProcess("WorkerPool", "\(threads) threads cannot work; give it 1 or more")
    }
    let crew = Crew(threads: threads)
    self.crew = crew
    others = (1..<threads).compactMap { Thread(worker: $0, of: crew) }
    self.threads = others.count + 1
  }

  deinit {
    crew.close()
    for thread in others { thread.join() }
  }

  /// Runs `body` once for every index from 0 to `count - 1`, several at a time, and returns when all
  /// have run.
  ///
  /// Index 0 runs on the calling thread; every other goes to whichever thread is free first, so a
  /// body must not depend on the thread it runs on. Up to ``threads`` bodies run at once.
  ///
  /// A call made while the pool is at work, from inside a body or from another thread, runs its
  /// indices one after the other on its own thread.
  public func parallelFor(_ count: Int, _ body: (_ index: Int) -> Void) {
    guard
      count > 1, threads > 1, count < Int(UInt32.max),
      isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
    else {
      var index = 0
      while index < count {
        body(index)
        index += 1
      }
      return
    }
    crew.run(count, .borrowing(body))
    isBusy.store(false, ordering: .releasing)
  }
}
