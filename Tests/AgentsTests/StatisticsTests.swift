import Agents
import Foundation
import Runtime
import Testing

/// What References/make_statistics.py found with rliable.
private struct Golden: Decodable {
  struct Case: Decodable {
    let x: [[Double]]
    let y: [[Double]]
    let thresholds: [Double]
    let aggregates: [Double]
    let aggregatesExact: [[Double]]
    let aggregatesInterval: [[Double]]
    let profile: [Double]
    let profileExact: [[Double]]
    let improvement: Double
    let improvementResamples: Int
    let improvementExact: [Double]
    let improvementSelf: Double
  }
  let resamples: Int
  let profileResamples: Int
  let cases: [Case]

  static func read() throws -> Golden {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/statistics.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Golden.self, from: Data(contentsOf: file))
  }
}

private func aggregates(_ scores: Scores) -> [Double] {
  [scores.interquartileMean, scores.median, scores.mean, scores.optimalityGap()]
}

private func expectClose(_ a: [Double], _ b: [Double], within error: Double) {
  #expect(a.count == b.count)
  for (a, b) in zip(a, b) { #expect(abs(a - b) <= error, "\(a) is not \(b)") }
}

private func expectClose(_ a: [Interval], _ b: [[Double]], within error: Double) {
  expectClose(a.flatMap { [$0.low, $0.high] }, b.flatMap { $0 }, within: error)
}

@Suite struct StatisticsTests {
  @Test func pointEstimatesAreRliables() throws {
    for golden in try Golden.read().cases {
      let (x, y) = (try Scores(runs: golden.x), try Scores(runs: golden.y))
      expectClose(aggregates(x), golden.aggregates, within: 1e-12)
      expectClose(
        golden.thresholds.map { x.share(above: $0) }, golden.profile, within: 1e-12)
      expectClose(
        [probabilityOfImprovement(of: x, over: y)], [golden.improvement], within: 1e-12)
      expectClose(
        [probabilityOfImprovement(of: x, over: x)], [golden.improvementSelf], within: 1e-12)
      expectClose(
        [probabilityOfImprovement(of: y, over: x)], [1 - golden.improvement], within: 1e-12)
    }
  }

  /// rliable drew its indices from the same generator, so nothing but rounding lies between.
  @Test func intervalsAreRliablesOnTheSameResamples() throws {
    let golden = try Golden.read()
    for one in golden.cases {
      let (x, y) = (try Scores(runs: one.x), try Scores(runs: one.y))
      var random = PCG64(seed: 5)
      expectClose(
        Bootstrap(resamples: golden.resamples).intervals(of: x, using: &random, aggregates),
        one.aggregatesExact, within: 1e-12)
      random = PCG64(seed: 6)
      expectClose(
        Bootstrap(resamples: golden.profileResamples).intervals(of: x, using: &random) { x in
          one.thresholds.map { x.share(above: $0) }
        }, one.profileExact, within: 1e-12)
      random = PCG64(seed: 8)
      let found = Bootstrap(resamples: one.improvementResamples)
        .interval(of: x, and: y, using: &random) { probabilityOfImprovement(of: $0, over: $1) }
      expectClose([found], [one.improvementExact], within: 1e-12)
    }
  }

  /// With a generator of its own rliable's ends move by resampling: the 2.5 % point of 50,000 draws has a
  /// standard error of about 0.012 standard deviations of the statistic, here below 0.015; so 1e-3 is
  /// four times the difference's standard error and more.
  @Test func intervalsAreRliablesToAThousandth() throws {
    let golden = try Golden.read()
    for one in golden.cases {
      var random = PCG64(seed: 99)
      let found = Bootstrap(resamples: golden.resamples)
        .intervals(of: try Scores(runs: one.x), using: &random, aggregates)
      expectClose(found, one.aggregatesInterval, within: 1e-3)
    }
  }

  @Test func theMiddleHalfIsWhatIsLeft() throws {
    #expect(try Scores(tasks: [[100, 1, 2, 3, -100]]).interquartileMean == 2)
    #expect(try Scores(tasks: [[3]]).interquartileMean == 3)
    #expect(try Scores(tasks: [[0, 4], [8, 12]]).interquartileMean == 6)
  }

  @Test func tasksMayHaveDifferentRuns() throws {
    let scores = try Scores(tasks: [[1, 2, 3], [10]])
    #expect(scores.fewestRuns == 1)
    #expect(scores.mean == 6)
    var random = PCG64(seed: 0)
    let interval = Bootstrap(resamples: 500).interval(of: scores, using: &random) { $0.mean }
    #expect(interval.low >= 5.5 && interval.high <= 6.5 && interval.low < interval.high)
  }

  /// Both chances of the rank test against a count of every way to deal the scores out.
  @Test func chancesOfRanksAreThoseOfEveryDeal() throws {
    /// The probability of improvement of every deal of some tasks.
    func deals(_ x: [[Double]], _ y: [[Double]]) throws -> [Double] {
      var all: [(x: [[Double]], y: [[Double]])] = [([], [])]
      for (x, y) in zip(x, y) {
        let pooled = x + y
        var next: [(x: [[Double]], y: [[Double]])] = []
        for hand in 0..<(1 << pooled.count) where hand.nonzeroBitCount == x.count {
          let own = pooled.indices.filter { hand >> $0 & 1 == 1 }.map { pooled[$0] }
          let others = pooled.indices.filter { hand >> $0 & 1 == 0 }.map { pooled[$0] }
          for deal in all { next.append((deal.x + [own], deal.y + [others])) }
        }
        all = next
      }
      return try all.map {
        try probabilityOfImprovement(of: Scores(tasks: $0.x), over: Scores(tasks: $0.y))
      }
    }
    var random = PCG64(seed: 3)
    func scores(_ count: Int) -> [Double] {
      (0..<count).map { _ in Double(random.integers(0..<6)) }
    }
    let sizes: [[(Int, Int)]] = [
      [(1, 1)], [(3, 3)], [(4, 5)], [(2, 6)], [(2, 3), (3, 2)], [(2, 2), (2, 3)],
    ]
    for sizes in sizes {
      let (x, y) = (sizes.map { scores($0.0) }, sizes.map { scores($0.1) })
      let found = try RankTest(of: Scores(tasks: x), over: Scores(tasks: y))
      let all = try deals(x, y)
      let own = probabilityOfImprovement(of: try Scores(tasks: x), over: try Scores(tasks: y))
      let low = Double(all.count { $0 <= own + 1e-12 }) / Double(all.count)
      let high = Double(all.count { $0 >= own - 1e-12 }) / Double(all.count)
      #expect(abs(found.low - low) < 1e-12 && abs(found.high - high) < 1e-12, "\(x) over \(y)")
      #expect(abs(found.least * Double(all.count) - 1) < 1e-12)
    }
    // More runs than are counted: the normal distribution comes close to what counting gives.
    let few = (0..<50).map { Double($0 % 17) }
    let more = (0..<50).map { Double($0 % 13) + 3 }
    let counted = try RankTest(of: Scores(tasks: [few]), over: Scores(tasks: [more]))
    let estimated = try RankTest(of: Scores(tasks: [few + [8]]), over: Scores(tasks: [more]))
    #expect(0.01..<0.2 ~= counted.low && abs(estimated.low - counted.low) < 0.01, "\(counted.low)")
    #expect(try RankTest(of: Scores(tasks: [[1, 1]]), over: Scores(tasks: [[1]])).low == 1)
  }

  @Test func scoresAreSharesOfTheirScale() throws {
    let scores = try Scores(tasks: [[20, 500], [-500, -100]])
    let normalized = scores.normalized([(20, 500), (-500, -100)])
    #expect(normalized.tasks == [[0, 1], [0, 1]])
  }

  @Test func whatIsNoScoreIsRefused() {
    #expect(throws: RunError.self) { try Scores(tasks: []) }
    #expect(throws: RunError.self) { try Scores(tasks: [[1], []]) }
    #expect(throws: RunError.self) { try Scores(tasks: [[.nan]]) }
    #expect(throws: RunError.self) { try Scores(runs: [[1, 2], [3]]) }
  }
}
