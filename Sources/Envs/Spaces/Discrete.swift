import Runtime

/// The integers `start ..< start + n`.
///
/// ```swift
/// Discrete(2)             // 0, 1
/// Discrete(3, start: -1)  // -1, 0, 1
/// ```
public struct Discrete: Space {
  public let n: Int
  public let start: Int

  @inlinable
  public init(_ n: Int, start: Int = 0) {
    if n <= 0 { stop("Discrete", "a space of \(n) values is empty; it must have at least one") }
    self.n = n
    self.start = start
  }

  @inlinable public var flatSize: Int { 1 }

  @inlinable
  public func sample(using random: inout PCG64) -> Int {
    start + random.integers(0..<n)
  }

  /// A random allowed value, Gymnasium's `sample(mask)`; the smallest value if none is allowed.
  @inlinable
  public func sample(allowed mask: Span<Bool>, using random: inout PCG64) -> Int {
    var allowed = 0
    for index in 0..<n where mask[index] { allowed += 1 }
    guard allowed > 0 else { return start }
    var left = random.integers(0..<allowed)
    for index in 0..<n where mask[index] {
      if left == 0 { return start + index }
      left -= 1
    }
    return start
  }

  @inlinable
  public func sample(
    into row: inout MutableSpan<Float>, allowed mask: Span<Bool>?,
    using random: inout PCG64
  ) {
    if let mask {
      row[0] = Float(sample(allowed: mask, using: &random))
    } else {
      row[0] = Float(sample(using: &random))
    }
  }

  public func contains(_ value: Int) -> Bool { value >= start && value - start < n }

  public func flatten(_ value: Int, into row: inout MutableSpan<Float>) { row[0] = Float(value) }

  public func unflatten(_ row: Span<Float>) -> Int? {
    guard row.count == 1, let value = Int(exactly: row[0]), contains(value) else { return nil }
    return value
  }

  public func erase(_ value: Int) -> SpaceValue { .integer(value) }

  public func restore(_ value: SpaceValue) -> Int? {
    guard case .integer(let value) = value else { return nil }
    return value
  }

  public var description: String {
    start == 0 ? "Discrete(\(n))" : "Discrete(\(n), start=\(start))"
  }
}
