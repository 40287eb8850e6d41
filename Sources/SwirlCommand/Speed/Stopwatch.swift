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

  /// The median of the seconds a call takes in at least five windows, as many as fit the time; the first
  /// calls warm up and find how many make a window.
  func median(_ work: () -> Void) -> Double {
    let clock = ContinuousClock()
    func time(_ calls: Int) -> Double {
      let begin = clock.now
      for _ in 0..<calls { work() }
      return (clock.now - begin) / .seconds(1)
    }
    let windows = 25.0
    work()
    var calls = 1
    var elapsed = time(calls)
    while elapsed < seconds / windows / 2 {
      calls *= 2
      elapsed = time(calls)
    }
    var readings: [Double] = []
    var total = 0.0
    while readings.count < 5 || total < seconds {
      let elapsed = time(calls)
      readings.append(elapsed / Double(calls))
      total += elapsed
    }
    return readings.sorted()[readings.count / 2]
  }
}
