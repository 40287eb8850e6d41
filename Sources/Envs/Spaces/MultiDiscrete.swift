import Runtime

/// Several integers, each with a range of its own.
///
/// ```swift
/// MultiDiscrete([5, 2, 2])  // a pad of five directions and two buttons
/// ```
public struct MultiDiscrete: Space {
  /// How many values each integer can take.
  public let counts: [Int]
  /// The smallest value of each.
  public let start: [Int]
  /// The shape that the integers are laid out in, row-major.
  public let shape: [Int]

  public init(_ counts: [Int], start: [Int]? = nil, shape: [Int]? = nil) {
    let start = start ?? Array(repeating: 0, count: counts.count)
    let shape = shape ?? [counts.count]
    if start.count != counts.count || shape.reduce(1, *) != counts.count {
      stop(
        "MultiDiscrete",
        "\(counts.count) counts came with \(start.count) starts and the shape \(shape); "
          + "all must have as many elements")
    }
    if let index = counts.firstIndex(where: { $0 <= 0 }) {
      stop("MultiDiscrete", "count \(index) is \(counts[index]); it must be positive")
    }
    self.counts = counts
    self.start = start
    self.shape = shape
  }

  public var flatSize: Int { counts.count }

  public func sample(using random: inout PCG64) -> [Int] {
    counts.indices.map { start[$0] + Int(random.random() * Double(counts[$0])) }
  }

  public func sample(
    into row: inout MutableSpan<Float>, allowed mask: Span<Bool>?, using random: inout PCG64
  ) {
    guard let mask else {
      for index in 0..<counts.count {
        row[index] = Float(start[index] + Int(random.random() * Double(counts[index])))
      }
      return
    }
    // The mask holds the entries of each integer one after the other.
    var offset = 0
    for index in 0..<counts.count {
      var allowed = 0
      for value in 0..<counts[index] where mask[offset + value] { allowed += 1 }
      var left = allowed > 0 ? random.integers(0..<allowed) : 0
      var chosen = 0
      for value in 0..<counts[index] where mask[offset + value] {
        if left == 0 {
          chosen = value
          break
        }
        left -= 1
      }
      row[index] = Float(start[index] + chosen)
      offset += counts[index]
    }
  }

  public func contains(_ value: [Int]) -> Bool {
    value.count == counts.count
      && value.indices.allSatisfy {
        value[$0] >= start[$0] && value[$0] - start[$0] < counts[$0]
      }
  }

  public func flatten(_ value: [Int], into row: inout MutableSpan<Float>) {
    for index in value.indices { row[index] = Float(value[index]) }
  }

  public func unflatten(_ row: Span<Float>) -> [Int]? {
    var value: [Int] = []
    for index in row.indices {
      guard let number = Int(exactly: row[index]) else { return nil }
      value.append(number)
    }
    return contains(value) ? value : nil
  }

  public func contains(row: Span<Float>) -> Bool {
    guard row.count == counts.count else { return false }
    for index in row.indices {
      guard let number = Int(exactly: row[index]), number >= start[index],
        number - start[index] < counts[index]
      else { return false }
    }
    return true
  }

  public func erase(_ value: [Int]) -> SpaceValue { .integers(value) }

  public func restore(_ value: SpaceValue) -> [Int]? {
    guard case .integers(let value) = value else { return nil }
    return value
  }

  public var description: String {
    let counts = NumPyText.array(counts, shape: shape)
    return start.allSatisfy { $0 == 0 }
      ? "MultiDiscrete(\(counts))"
      : "MultiDiscrete(\(counts), start=\(NumPyText.array(start, shape: shape)))"
  }
}
