import Foundation

/// How easily chance alone puts scores as far below others, or above them, as they are: the Mann–Whitney
/// test. Every way to deal the scores of a task out to both sides is as likely as any other, and the
/// statistic is that of `probabilityOfImprovement`.
///
/// Exact, ties included, as long as the ways can be counted quickly; of more runs, a hundred of a task,
/// the statistic is close to normal.
///
/// Source: H. B. Mann and D. R. Whitney, "On a Test of Whether one of Two Random Variables is
/// Stochastically Larger than the Other", Annals of Mathematical Statistics 18, 1947.
package struct RankTest {
  /// The chance of a probability of improvement as low as this one, or lower.
  package let low: Double
  /// The chance of one as high, or higher.
  package let high: Double
  /// The least that either can be for so many runs: the chance of one way to deal them out.
  package let least: Double

  /// - Precondition: Both have the same tasks.
  package init(of x: Scores, over y: Scores) {
    let tasks = zip(x.tasks, y.tasks).map { Deals($0, $1) }
    least = tasks.reduce(1) { $0 / Self.ways($1.counts.x, of: $1.counts.x + $1.counts.y) }
    if let shares = Self.exact(tasks) {
      (low, high) = shares
      return
    }
    let variance = mean(tasks.map(\.variance)) / Double(tasks.count)
    guard variance > 0 else {
      (low, high) = (1, 1)
      return
    }
    let away = (probabilityOfImprovement(of: x, over: y) - 0.5) / (2 * variance).squareRoot()
    (low, high) = (erfc(-away) / 2, erfc(away) / 2)
  }

  /// In how many ways `chosen` of `count` can be picked.
  static func ways(_ chosen: Int, of count: Int) -> Double {
    (0..<min(chosen, count - chosen)).reduce(1) { ($0 * Double(count - $1)) / Double($1 + 1) }
  }

  /// Both chances, or nil where there are too many ways to count.
  private static func exact(_ tasks: [Deals]) -> (low: Double, high: Double)? {
    if tasks.contains(where: { $0.counts.x + $0.counts.y > 100 }) { return nil }
    // What the tasks' wins are counted in, so that all weigh the same.
    var unit = 1
    let pairs = tasks.reduce(0) { $0 + $1.pairs }
    for task in tasks {
      unit = unit / greatestCommonDivisor(unit, task.pairs) * task.pairs
      if 2 * unit * tasks.count * pairs > 100_000_000 { return nil }
    }
    var chances = [1.0]
    var sum = 0
    for task in tasks {
      let scale = unit / task.pairs
      let own = task.chances
      var next = [Double](repeating: 0, count: chances.count + scale * (own.count - 1))
      for (place, chance) in chances.enumerated() where chance > 0 {
        for (wins, share) in own.enumerated() { next[place + scale * wins] += chance * share }
      }
      chances = next
      sum += scale * task.wins
    }
    return (chances[...sum].reduce(0, +), chances[sum...].reduce(0, +))
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }
}

/// The ways to deal the scores of one task out to two sides.
private struct Deals {
  let counts: (x: Int, y: Int)
  /// Twice the mean ranks of all scores, which are whole numbers.
  private let ranks: [Int]
  /// Twice the wins of x's scores over y's, ties counted half.
  let wins: Int

  var pairs: Int { counts.x * counts.y }

  init(_ x: [Double], _ y: [Double]) {
    counts = (x.count, y.count)
    let all = x + y
    let order = all.indices.sorted { all[$0] < all[$1] }
    var ranks = [Int](repeating: 0, count: all.count)
    var first = 0
    while first < order.count {
      let last = order[first...].lastIndex { all[$0] == all[order[first]] } ?? first
      for place in first...last { ranks[order[place]] = first + last + 2 }
      first = last + 1
    }
    self.ranks = ranks
    wins = ranks[..<x.count].reduce(0, +) - x.count * (x.count + 1)
  }

  /// The chance of each number of doubled wins, from 0 to twice the pairs.
  var chances: [Double] {
    let most = 2 * pairs + counts.x * (counts.x + 1)
    // How many ways pick so many scores with such a sum of doubled ranks.
    var ways = [[Double]](
      repeating: .init(repeating: 0, count: most + 1), count: counts.x + 1)
    ways[0][0] = 1
    for rank in ranks {
      for taken in stride(from: counts.x, to: 0, by: -1) {
        for sum in stride(from: rank, through: most, by: 1) {
          ways[taken][sum] += ways[taken - 1][sum - rank]
        }
      }
    }
    let all = RankTest.ways(counts.x, of: counts.x + counts.y)
    return ways[counts.x][(counts.x * (counts.x + 1))...].map { $0 / all }
  }

  /// Of the share of wins.
  var variance: Double {
    let count = Double(counts.x + counts.y)
    let groups: [Int] = Dictionary(grouping: ranks) { $0 }.values.map(\.count)
    let ties: Int = groups.reduce(0) { $0 + $1 * ($1 * $1 - 1) }
    return (count + 1 - Double(ties) / (count * (count - 1))) / Double(12 * pairs)
  }
}
