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
