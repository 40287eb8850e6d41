import Foundation

/// One figure of `swirl speed`.
struct Reading {
  var name: String
  var value: Double
  var unit: String
  var threads: Int
  /// The share of this machine's limit, where one is known.
  var roofline: Double?
}

/// Repeats a piece of work for a while and reads how often a second it can be done.
struct Stopwatch {
  var seconds: Double

  /// The best rate of three rounds, in calls a second; one round more warms up and finds the count.
  func rate(_ work: () throws -> Void) rethrows -> Double {
    var calls = 0
    var elapsed = 0.0
    let clock = ContinuousClock()
    let begin = clock.now
    repeat {
      try work()
      calls += 1
      elapsed = (clock.now - begin) / .seconds(1)
    } while elapsed < seconds / 2
    let count = max(1, Int(Double(calls) * seconds / elapsed))
    var best = Double(calls) / elapsed
    for _ in 0..<3 {
      let start = clock.now
      for _ in 0..<count { try work() }
      best = max(best, Double(count) / ((clock.now - start) / .seconds(1)))
    }
    return best
  }
}

/// The clock of one core, in cycles a second: every processor of the last decade takes four cycles
/// for a multiplication of integers (3) and an `or` (1) that each wait for the one before.
func coreClock() -> Double {
  var best = 0.0
  var value = UInt64(truncatingIfNeeded: getpid()) | 1
  for _ in 0..<5 {
    let start = ContinuousClock.now
    for _ in 0..<500_000 { value = (value &* value) | 5 }
    best = max(best, 4 * 500_000 / ((ContinuousClock.now - start) / .seconds(1)))
  }
  // Asks for the product, so that the optimiser has to compute it.
  return value == 21 ? best.nextUp : best
}
