import Synchronization

/// Numbers of jobs on their way from one thread, the owner, to the threads of a pool and back, in the
/// order in which they are done.
///
/// A job is a number below the capacity and is under way once at most, so that neither ring can
/// overflow. Nothing here allocates after it is made. Made by ``WorkerPool/withJobs(_:_:while:)``.
package final class JobQueue: Sendable {
  private let capacity: UInt64
  // Rings: job number + 1, or 0 for nothing.
  private nonisolated(unsafe) let jobs: UnsafeMutablePointer<Atomic<UInt64>>
  private nonisolated(unsafe) let results: UnsafeMutablePointer<Atomic<UInt64>>

  private let sent = OwnLine(0)
  private let claimed = OwnLine(0)
  /// Places taken in the ring of results.
  private let placed = OwnLine(0)
  private let done = OwnLine(0)
  /// How many must be done for the owner to be woken.
  private let awaited = OwnLine(0)
  private let received = Atomic<UInt64>(0)
  private let serving = Atomic(0)
  private let isClosed = Atomic(false)
  private let owner = Parking()
  private let parkings: [Parking]

  init(capacity: Int, threads: Int) {
    self.capacity = UInt64(capacity)
    jobs = Self.ring(capacity)
    results = Self.ring(capacity)
    parkings = (0..<threads).map { _ in Parking() }
  }

  private static func ring(_ capacity: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    let ring = UnsafeMutablePointer<Atomic<UInt64>>.allocate(capacity: capacity)
    for index in 0..<capacity { (ring + index).initialize(to: Atomic(0)) }
    return ring
  }

  deinit {
    for ring in [jobs, results] {
      ring.deinitialize(count: Int(capacity))
      ring.deallocate()
    }
  }

  /// Jobs sent and not received.
  package var underWay: Int {
    Int(sent.value.load(ordering: .relaxed) - received.load(ordering: .relaxed))
  }

  /// Hands jobs to whoever is free. The owner's.
  package func send(_ numbers: [Int]) {
    var end = sent.value.load(ordering: .relaxed)
    for number in numbers {
      jobs[Int(end % capacity)].store(UInt64(number) + 1, ordering: .relaxed)
      end += 1
    }
    // Sequentially consistent for Parking; it releases the jobs and what they read, too.
    sent.value.store(end, ordering: .sequentiallyConsistent)
    // Any that sleeps will do, so all are asked.
    for parking in parkings { parking.wake() }
  }

  /// Waits until `count` of the jobs under way are done and gives their numbers. The owner's.
  ///
  /// While no thread serves, the owner does the jobs itself.
  package func receive(_ count: Int, doing job: (Int) -> Void, _ body: (Int) -> Void) {
    var next = received.load(ordering: .relaxed)
    let target = next + UInt64(count)
    awaited.value.store(target, ordering: .sequentiallyConsistent)
    while done.value.load(ordering: .acquiring) < target {
      if serving.load(ordering: .relaxed) == 0 {
        if let number = claim() { finish(number, job) }
      } else if !look(until: { done.value.load(ordering: .relaxed) >= target }) {
        owner.sleep { done.value.load(ordering: .sequentiallyConsistent) >= target }
      }
    }
    while next < target {
      let place = Int(next % capacity)
      // Places are taken before they are filled: another's job may be done first.
      var number = results[place].load(ordering: .acquiring)
      while number == 0 { number = results[place].load(ordering: .acquiring) }
      results[place].store(0, ordering: .relaxed)
      next += 1
      received.store(next, ordering: .relaxed)
      body(Int(number - 1))
    }
  }

  /// Does jobs until the queue is closed.
  func serve(as thread: Int, _ job: (Int) -> Void) {
    serving.add(1, ordering: .relaxed)
    while true {
      if let number = claim() {
        finish(number, job)
      } else if isClosed.load(ordering: .acquiring) {
        return
      } else if !look(until: hasWork) {
        parkings[thread].sleep(unless: certainlyHasWork)
      }
    }
  }

  /// Sends every thread home. The owner's.
  func close() {
    isClosed.store(true, ordering: .sequentiallyConsistent)
    for parking in parkings { parking.wake() }
  }

  // Two, since an ordering must be a constant.
  private func hasWork() -> Bool {
    claimed.value.load(ordering: .relaxed) < sent.value.load(ordering: .relaxed)
      || isClosed.load(ordering: .relaxed)
  }

  private func certainlyHasWork() -> Bool {
    claimed.value.load(ordering: .sequentiallyConsistent)
      < sent.value.load(ordering: .sequentiallyConsistent)
      || isClosed.load(ordering: .sequentiallyConsistent)
  }

  private func claim() -> Int? {
    var place = claimed.value.load(ordering: .relaxed)
    while place < sent.value.load(ordering: .acquiring) {
      // A place is written again only after its job was claimed: if it is not this one any more,
      // the exchange fails.
      let number = jobs[Int(place % capacity)].load(ordering: .relaxed)
      let (isOurs, now) = claimed.value.weakCompareExchange(
        expected: place, desired: place + 1, successOrdering: .acquiring, failureOrdering: .relaxed)
      if isOurs { return Int(number - 1) }
      place = now
    }
    return nil
  }

  private func finish(_ number: Int, _ job: (Int) -> Void) {
    job(number)
    let place = placed.value.add(1, ordering: .relaxed).oldValue
    results[Int(place % capacity)].store(UInt64(number) + 1, ordering: .releasing)
    let done = done.value.add(1, ordering: .sequentiallyConsistent).newValue
    if done >= awaited.value.load(ordering: .sequentiallyConsistent) { owner.wake() }
  }
}

extension WorkerPool {
  /// Runs `body` on the calling thread while the other threads do the jobs that it sends, numbers below
  /// `capacity`; returns when all that were sent are done.
  ///
  /// With one thread, or in a pool that is at work already, receiving does the jobs.
  package func withJobs<R>(
    _ capacity: Int, _ job: (Int) -> Void, while body: (JobQueue) -> R
  ) -> R {
    let queue = JobQueue(capacity: capacity, threads: threads)
    var result: R?
    parallelFor(threads) { index in
      if index == 0 {
        result = body(queue)
        queue.receive(queue.underWay, doing: job) { _ in }
        queue.close()
      } else {
        queue.serve(as: index, job)
      }
    }
    guard let result else { endProcess("WorkerPool", "the body of a loop was not run") }
    return result
  }
}
