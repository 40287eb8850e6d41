import Runtime

/// An estimate's two-sided interval.
public struct Interval: Sendable, Codable, Equatable {
  public var low: Double
  public var high: Double

  public init(low: Double, high: Double) {
    self.low = low
    self.high = high
  }
}

/// How sure a statistic of a few runs is: the stratified percentile bootstrap.
///
/// Runs are drawn with replacement, for each task from its own; the interval holds the middle of what
/// the statistic then is.
///
/// ```swift
/// var random = PCG64(seed: 0)
/// let interval = Bootstrap().interval(of: scores, using: &random) { $0.interquartileMean }
/// ```
public struct Bootstrap: Sendable {
  /// How often runs are drawn. rliable's default; its profiles take 2,000.
  public var resamples: Int
  /// The share of resamples that the interval holds.
  public var confidence: Double

  public init(resamples: Int = 50_000, confidence: Double = 0.95) {
    precondition(resamples > 0 && 0...1 ~= confidence, "a bootstrap needs resamples and a share")
    self.resamples = resamples
    self.confidence = confidence
  }

  /// The interval of one statistic.
  public func interval(
    of scores: Scores, using random: inout PCG64, _ statistic: (Scores) -> Double
  ) -> Interval {
    intervals(of: scores, using: &random) { [statistic($0)] }[0]
  }

  /// The intervals of several statistics, such as the points of a profile, from the same resamples.
  public func intervals(
    of scores: Scores, using random: inout PCG64, _ statistics: (Scores) -> [Double]
  ) -> [Interval] {
    collect { statistics(scores.resampled(using: &random)) }
  }

  /// The interval of a statistic that compares two algorithms, the runs of each drawn on their own.
  public func interval(
    of x: Scores, and y: Scores, using random: inout PCG64, _ statistic: (Scores, Scores) -> Double
  ) -> Interval {
    collect {
      let drawn = x.resampled(using: &random)
      return [statistic(drawn, y.resampled(using: &random))]
    }[0]
  }

  private func collect(_ draw: () -> [Double]) -> [Interval] {
    var columns: [[Double]] = []
    for _ in 0..<resamples {
      let values = draw()
      if columns.isEmpty { columns = values.map { _ in [] } }
      for (column, value) in values.enumerated() { columns[column].append(value) }
    }
    return columns.map { column in
      let sorted = column.sorted()
      return Interval(
        low: quantile((1 - confidence) / 2, ofSorted: sorted),
        high: quantile((1 + confidence) / 2, ofSorted: sorted))
    }
  }
}

extension Scores {
  /// As many runs of each task as it has, drawn from them with replacement: for the first run of every
  /// task, then for the second.
  func resampled(using random: inout PCG64) -> Scores {
    var drawn = tasks
    for run in 0..<(tasks.map(\.count).max() ?? 0) {
      for task in tasks.indices where run < tasks[task].count {
        drawn[task][run] = tasks[task][random.integers(0..<tasks[task].count)]
      }
    }
    return Scores(resampled: drawn)
  }
}
