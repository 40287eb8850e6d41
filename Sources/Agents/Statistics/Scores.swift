/// What one algorithm reached: a score for every run of every task.
///
/// ```swift
/// let scores = try Scores(runs: [[0.9, 0.2], [1.1, 0.4], [1.0, 0.1]])    // 3 runs × 2 tasks
/// scores.interquartileMean                                               // 0.6
/// ```
///
/// Tasks may have different numbers of runs. Across tasks a score is only worth something once it is
/// normalised: see ``normalized(_:)``.
///
/// Source: R. Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice",
/// NeurIPS 2021, and their package rliable 1.2, with which these numbers agree.
public struct Scores: Sendable, Equatable {
  /// The scores of each task's runs.
  public let tasks: [[Double]]

  /// - Throws: `RunError` of kind `data` where a task has no run or a score is not a finite number.
  public init(tasks: [[Double]]) throws {
    guard !tasks.isEmpty, tasks.allSatisfy({ !$0.isEmpty }) else {
      throw RunError(.data, "scores need at least one task, and each task at least one run")
    }
    guard tasks.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw RunError(.data, "there is a score that is not a finite number")
    }
    self.tasks = tasks
  }

  /// Scores as rliable has them, `[runs][tasks]`.
  ///
  /// - Throws: As ``init(tasks:)``, and where the rows are not of one length.
  public init(runs: [[Double]]) throws {
    let count = runs.first?.count ?? 0
    guard runs.allSatisfy({ $0.count == count }) else {
      throw RunError(.data, "every run needs a score for each of the \(count) tasks")
    }
    try self.init(tasks: (0..<count).map { task in runs.map { $0[task] } })
  }

  init(resampled tasks: [[Double]]) { self.tasks = tasks }

  /// Each task's scores as shares of the way from its `low` to its `high`.
  public func normalized(_ scales: [(low: Double, high: Double)]) -> Scores {
    Scores(
      resampled: zip(tasks, scales).map { runs, scale in
        runs.map { ($0 - scale.low) / (scale.high - scale.low) }
      })
  }

  /// The fewest runs that a task has.
  public var fewestRuns: Int { tasks.map(\.count).min() ?? 0 }
}

// MARK: - Aggregates

extension Scores {
  /// The mean of the middle half of all runs of all tasks; less swayed by outliers than the mean and
  /// closer to all runs than the median.
  public var interquartileMean: Double { Agents.interquartileMean(tasks.flatMap { $0 }) }

  /// The mean of the tasks' means.
  public var mean: Double { Agents.mean(tasks.map { Agents.mean($0) }) }

  /// The median of the tasks' means.
  public var median: Double { Agents.median(tasks.map { Agents.mean($0) }) }

  /// How far the runs fall short of `target` on average; what exceeds it does not make up for others.
  public func optimalityGap(target: Double = 1) -> Double {
    let all = tasks.flatMap { $0 }
    return target - Agents.mean(all.map { min($0, target) })
  }

  /// The share of runs that exceed `threshold`: one point of a performance profile.
  public func share(above threshold: Double) -> Double {
    let all = tasks.flatMap { $0 }
    return Double(all.count { $0 > threshold }) / Double(all.count)
  }
}

/// The probability that a run of `x` beats one of `y`, ties counted half, averaged over the tasks: the
/// Mann–Whitney statistic U over the number of pairs.
///
/// - Precondition: Both have the same tasks.
public func probabilityOfImprovement(of x: Scores, over y: Scores) -> Double {
  precondition(x.tasks.count == y.tasks.count, "the scores are of different tasks")
  return mean(
    zip(x.tasks, y.tasks).map { x, y in
      var wins = 0.0
      for a in x { for b in y { wins += a > b ? 1 : a == b ? 0.5 : 0 } }
      return wins / Double(x.count * y.count)
    })
}

// MARK: - Plain numbers

/// The mean of numbers, added up in their order.
package func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

/// The middle number, or the mean of the two in the middle.
package func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// The mean of what is left when the lowest and the highest ⌊n / 4⌋ numbers are dropped.
package func interquartileMean(_ values: [Double]) -> Double {
  let cut = values.count / 4
  return mean(Array(values.sorted()[cut..<values.count - cut]))
}

/// The number below which a share `p` of sorted numbers lies, between two of them by proportion, as NumPy's
/// `percentile` does it.
func quantile(_ p: Double, ofSorted sorted: [Double]) -> Double {
  let place = p * Double(sorted.count - 1)
  let below = Int(place)
  let above = min(below + 1, sorted.count - 1)
  let share = place - Double(below)
  let difference = sorted[above] - sorted[below]
  // NumPy's two forms: each is exact at its own end.
  return share < 0.5 ? sorted[below] + difference * share : sorted[above] - difference * (1 - share)
}
