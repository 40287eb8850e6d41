/// Maps a box to another by a gradient and an intercept for each number, with Gymnasium's rounding.
@usableFromInline
struct AffineScale: Codable, Sendable {
  @usableFromInline let gradient: [Float]
  @usableFromInline let intercept: [Float]
  let low: [Double]
  let high: [Double]

  /// The map of `space` to the given bounds.
  init(_ name: String, from space: Box, low: [Double], high: [Double]) {
    let count = space.flatSize
    if low.count != count || high.count != count {
      stop(
        name,
        "\(low.count) lower and \(high.count) upper bounds were given for \(count) numbers; there "
          + "must be one of each for every number")
    }
    var (gradient, intercept) = ([Float](), [Float]())
    for index in 0..<count {
      let (oldLow, oldHigh) = space.bounds(at: index)
      let (low, high) = (low[index], high[index])
      if !(low <= high) {
        stop(name, "bounds \(index) are \(low) and \(high); the lower must not exceed the upper")
      }
      if (low.isInfinite || oldLow.isInfinite) && low != oldLow
        || (high.isInfinite || oldHigh.isInfinite) && high != oldHigh
      {
        stop(
          name,
          "number \(index) cannot be mapped between \(oldLow) ... \(oldHigh) and \(low) ... \(high); an "
            + "infinite bound must stay as it is")
      }
      // Gymnasium's order: Float32, and Float64 where a bound of the caller's enters.
      let isFinite = low.isFinite && high.isFinite
      let slope = isFinite ? Float((high - low) / (oldHigh - oldLow)) : 1
      gradient.append(slope)
      if low.isFinite {
        intercept.append(Float(Double(slope * Float(-oldLow)) + low))
      } else {
        intercept.append(high.isFinite ? Float(high - oldHigh) : 0)
      }
    }
    self.gradient = gradient
    self.intercept = intercept
    self.low = low
    self.high = high
  }

  func fault(for space: Box) -> String? {
    let counts = [gradient.count, intercept.count, low.count, high.count]
    if let stray = counts.first(where: { $0 != space.flatSize }) {
      return Envs.fault("numbers to scale", count: stray, for: space.flatSize)
    }
    let stray = low.indices.first { !(low[$0] <= high[$0]) }
    return stray.map { "bounds \($0) are \(low[$0]) and \(high[$0])" }
  }

  func box(like space: Box) -> Box {
    Box(low: low, high: high, shape: space.shape, of: space.elementType)
  }
}

/// Cuts a finite box into equal bins along each number.
@usableFromInline
struct Grid: Codable, Sendable {
  @usableFromInline let bins: [Int]
  /// All bins there are.
  @usableFromInline let cells: Int
  /// The `bins[i] + 1` edges of each number, one number after the other.
  @usableFromInline let edges: [Float]
  /// Where a number's edges begin.
  @usableFromInline let starts: [Int]

  init(_ name: String, over space: Box, bins: [Int]) {
    if bins.count != space.flatSize {
      stop(
        name,
        "\(bins.count) numbers of bins were given for \(space.flatSize) numbers; there must be one each"
      )
    }
    var cells = 1
    var (edges, starts) = ([Float](), [Int]())
    for index in bins.indices {
      let (low, high) = space.bounds(at: index)
      if bins[index] < 1 {
        stop(name, "number \(index) has \(bins[index]) bins; it must have at least one")
      }
      if low.isInfinite || high.isInfinite {
        stop(
          name,
          "number \(index) lies in \(low) ... \(high), which has no equal bins; both bounds must be "
            + "finite")
      }
      let (product, overflows) = cells.multipliedReportingOverflow(by: bins[index])
      // Rows hold Float32, in which no larger number is exact.
      if overflows || product > 1 << 24 {
        stop(name, "\(bins) bins make more cells than a row can name; there may be 2²⁴")
      }
      cells = product
      starts.append(edges.count)
      // NumPy's linspace in Float32.
      let step = Float(high - low) / Float(bins[index])
      for edge in 0..<bins[index] { edges.append(Float(edge) * step + Float(low)) }
      edges.append(Float(high))
    }
    self.bins = bins
    self.cells = cells
    self.edges = edges
    self.starts = starts
  }

  func fault(over space: Box) -> String? {
    if bins.count != space.flatSize {
      return Envs.fault("numbers of bins", count: bins.count, for: space.flatSize)
    }
    var (product, next) = (1, 0)
    for index in bins.indices {
      let fault =
        Envs.fault("number of bins", bins[index], in: 1...1 << 24)
        ?? (starts.indices.contains(index) && starts[index] == next
          ? nil : "its edges are in disorder")
      if let fault { return fault }
      next += bins[index] + 1
      product *= bins[index]
      if product > 1 << 24 { return "its bins make more cells than a row can name" }
    }
    return Envs.fault("edges", count: edges.count, for: next)
      ?? Envs.fault("cells", count: cells, for: product)
  }

  @inlinable
  func center(_ bin: Int, of index: Int) -> Float {
    let bin = max(0, min(bins[index] - 1, bin)) + starts[index]
    return 0.5 * (edges[bin] + edges[bin + 1])
  }

  /// The bin of a number; the outermost ones for numbers outside.
  @inlinable
  func bin(of number: Float, at index: Int) -> Int {
    let (first, last) = (starts[index], starts[index] + bins[index])
    let clipped = min(max(number, edges[first]), edges[last] - 1e-8)
    var bin = 0
    for edge in first + 1..<max(first + 1, last) where edges[edge] <= clipped { bin += 1 }
    return bin
  }
}
