/// Mean and variance of a stream of rows in double precision, merged block by block (Chan et al., 1979).
public struct RunningMoments: Sendable, Codable, Equatable {
  /// Rows seen so far. Starts at 10⁻⁴ rather than 0, with unit variance, as OpenAI baselines does.
  public private(set) var count: Double = 1e-4
  public private(set) var mean: [Double]
  public private(set) var variance: [Double]

  public init(size: Int) {
    mean = [Double](repeating: 0, count: size)
    variance = [Double](repeating: 1, count: size)
  }

  /// Merges `rows` rows, `stride` numbers apart, starting at `first`. The order of the sums is the order
  /// of the rows, so equal streams give equal bits.
  public mutating func merge(
    rows: Int, stride: Int, _ first: UnsafePointer<Float>
  ) {
    if rows == 0 { return }
    for i in mean.indices {
      var sum = 0.0
      for row in 0..<rows { sum += Double(first[row * stride + i]) }
      let blockMean = sum / Double(rows)
      var squares = 0.0
      for row in 0..<rows {
        let distance = Double(first[row * stride + i]) - blockMean
        squares += distance * distance
      }
      merge(index: i, mean: blockMean, variance: squares / Double(rows), count: Double(rows))
    }
    count += Double(rows)
  }

  /// Whether numbers read from a file can be moments of rows of `size` numbers.
  func isPlausible(size: Int) -> Bool {
    mean.count == size && variance.count == size && count > 0 && count.isFinite
      && mean.allSatisfy(\.isFinite) && variance.allSatisfy { $0 >= 0 && $0.isFinite }
  }

  /// Merges a block of single numbers.
  public mutating func merge(_ block: [Double]) {
    if block.isEmpty { return }
    let n = Double(block.count)
    let blockMean = block.reduce(0, +) / n
    let squares = block.reduce(0) { $0 + ($1 - blockMean) * ($1 - blockMean) }
    merge(index: 0, mean: blockMean, variance: squares / n, count: n)
    count += n
  }

  private mutating func merge(index i: Int, mean other: Double, variance: Double, count n: Double) {
    let total = count + n
    let delta = other - mean[i]
    let squares =
      self.variance[i] * count + variance * n + delta * delta * count * n / total
    mean[i] += delta * n / total
    self.variance[i] = squares / total
  }
}
