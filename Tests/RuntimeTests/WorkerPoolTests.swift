import Foundation
import Runtime
import Synchronization
import Testing

// A lost wake-up or a lost index hangs rather than fails; the time limit makes it fail.
@Suite(.timeLimit(.minutes(2))) struct WorkerPoolTests {
  @Test(arguments: [1, 2, 3, 5])
  func everyIndexRunsOnce(_ threads: Int) {
    let pool = WorkerPool(threads: threads)
    #expect(pool.threads == threads)
    for count in 0...130 {
      let runs = Tally(count)
      pool.parallelFor(count) { runs.add(1, at: $0) }
      #expect(runs.values == Array(repeating: 1, count: count))
    }
  }

  @Test func aHundredThousandLoops() {
    let pool = WorkerPool(threads: 2)
    let sums = Tally(16)
    var expected = [Int](repeating: 0, count: 16)
    for round in 0..<100_000 {
      let count = round % 16 + 1
      // What one loop wrote without atomics, the next must see.
      pool.parallelFor(count) { sums.add(round ^ $0, at: ($0 + round) % 16) }
      for index in 0..<count { expected[(index + round) % 16] += round ^ index }
    }
    #expect(sums.values == expected)
  }

  @Test func loopsAfterSleepStillReachEveryThread() {
    let pool = WorkerPool(threads: 3)
    for pause in 0..<60 {
      // Straddles the time at which idle threads stop looking and sleep.
      usleep(UInt32(pause % 20) * 10)
      let meeting = Atomic(0)
      pool.parallelFor(3) { _ in
        // Each body waits for the others, so it returns only if three threads are at work.
        meeting.add(1, ordering: .relaxed)
        while meeting.load(ordering: .relaxed) < 3 { sched_yield() }
      }
      #expect(meeting.load(ordering: .relaxed) == 3)
    }
  }

  @Test func theCallerRunsIndexZeroAndWaitsForSlowBodies() {
    let pool = WorkerPool(threads: 2)
    let caller = ThreadName.current
    let others = Atomic(0)
    let finished = Atomic(0)
    for _ in 0..<20 {
      pool.parallelFor(2) { index in
        if index == 0 {
          #expect(ThreadName.current == caller)
          // Leaves index 1 to the other thread.
          while others.load(ordering: .relaxed) == 0 { sched_yield() }
        } else {
          others.store(ThreadName.current == caller ? 0 : 1, ordering: .relaxed)
          usleep(500)
          finished.add(1, ordering: .relaxed)
        }
      }
      #expect(others.exchange(0, ordering: .relaxed) == 1)
    }
    #expect(finished.load(ordering: .relaxed) == 20)
  }

  @Test func aLoopInsideABodyRunsOnItsThread() {
    let pool = WorkerPool(threads: 2)
    for _ in 0..<2_000 {
      let runs = Tally(4 * 5)
      let strays = Atomic(0)
      pool.parallelFor(4) { outer in
        let thread = ThreadName.current
        pool.parallelFor(5) { inner in
          runs.add(1, at: 5 * outer + inner)
          if ThreadName.current != thread { strays.add(1, ordering: .relaxed) }
        }
      }
      #expect(runs.values == Array(repeating: 1, count: 20))
      #expect(strays.load(ordering: .relaxed) == 0)
    }
  }

  @Test func callersFromSeveralThreadsAllFinish() async {
    let pool = WorkerPool(threads: 2)
    await withTaskGroup(of: [Int].self) { group in
      for caller in 0..<4 {
        group.addTask {
          let sums = Tally(7)
          for _ in 0..<5_000 { pool.parallelFor(7) { sums.add(caller + $0, at: $0) } }
          return sums.values.enumerated().map { $1 - 5_000 * (caller + $0) }
        }
      }
      for await differences in group { #expect(differences == Array(repeating: 0, count: 7)) }
    }
  }

  @Test func capturesArriveWhole() {
    // The pool passes a body on as two bare words; captures of every sort must survive it.
    let pool = WorkerPool(threads: 2)
    var value = 40
    let text = String(repeating: "long enough for the heap ", count: 3)
    let lengths = Tally(2)
    pool.parallelFor(2) { index in
      if index == 0 { value += 2 }
      lengths.add(text.utf8.count, at: index)
    }
    #expect(value == 42)
    #expect(lengths.values == [text.utf8.count, text.utf8.count])

    let escaping: (Int) -> Void = { [lengths] in lengths.add($0 + 1, at: $0) }
    pool.parallelFor(2, escaping)
    #expect(lengths.values == [text.utf8.count + 1, text.utf8.count + 2])
    pool.parallelFor(2, lengths.addOne)
    #expect(lengths.values == [text.utf8.count + 2, text.utf8.count + 3])
  }

  @Test func poolsComeAndGo() {
    weak var last: Tally?
    for round in 0..<200 {
      let pool = WorkerPool(threads: 1 + round % 4)
      let runs = Tally(3)
      if round % 3 > 0 { pool.parallelFor(3, runs.addOne) }
      if round % 5 == 0 { usleep(200) }
      #expect(runs.values == Array(repeating: round % 3 > 0 ? 1 : 0, count: 3))
      last = runs
    }
    // Nothing of a body stays behind, neither a reference too many nor one too few.
    #expect(last == nil)
  }
}

/// Plain numbers, each written by one thread at a time: what the pool has to order, it must order.
private final class Tally: @unchecked Sendable {
  private let numbers: UnsafeMutableBufferPointer<Int>

  init(_ count: Int) {
    numbers = .allocate(capacity: count)
    numbers.initialize(repeating: 0)
  }

  deinit { numbers.deallocate() }

  var values: [Int] { Array(numbers) }
  func add(_ number: Int, at index: Int) { numbers[index] += number }
  func addOne(at index: Int) { numbers[index] += 1 }
}

private struct ThreadName: Equatable {
  let handle: pthread_t
  static var current: ThreadName { ThreadName(handle: pthread_self()) }
}
