import Runtime

/// Arrays of numbers between a lower and an upper bound each, either of which may be infinite.
///
/// ```swift
/// Box(shape: [3], in: -1...1)
/// Box(shape: [96, 96, 3], in: 0...255, of: .uint8)
/// Box(low: [-4.8, -.infinity], high: [4.8, .infinity])
/// ```
public struct Box: Space {
  /// What Gymnasium calls the dtype. Rows hold Float32 whatever it is, or bytes where the
  /// environment's `Element` is `UInt8`; it decides rounding and what is printed.
  public enum ElementType: String, Sendable, Hashable {
    case float32, float64, uint8, int8, int32, int64

    @inlinable var isInteger: Bool { self != .float32 && self != .float64 }

    @inlinable
    func rounded(_ number: Double) -> Double {
      self == .float32 ? Double(Float(number)) : number
    }

    /// The type that holds all of these, as NumPy's `result_type`; of int8 and uint8 it is int32 here.
    static func common(_ types: [ElementType]) -> ElementType {
      if let first = types.first, types.allSatisfy({ $0 == first }) { return first }
      let isWide = types.contains(.int64) || types.contains(.int32)
      if types.allSatisfy(\.isInteger) { return types.contains(.int64) ? .int64 : .int32 }
      return isWide || types.contains(.float64) ? .float64 : .float32
    }
  }

  @usableFromInline
  enum Bounds: Sendable, Hashable {
    case same(low: Double, high: Double)
    case each(low: [Double], high: [Double])
  }

  public let shape: [Int]
  public let elementType: ElementType
  public let flatSize: Int
  @usableFromInline let bounds: Bounds

  /// A box whose numbers all have the same bounds.
  @inlinable
  public init(shape: [Int], in range: ClosedRange<Double>, of elementType: ElementType = .float32) {
    if !shape.allSatisfy({ $0 >= 0 }) {
      stop("Box", "the shape \(shape) has a negative dimension; all must be 0 or more")
    }
    self.shape = shape
    flatSize = shape.reduce(1, *)
    self.elementType = elementType
    bounds = .same(
      low: elementType.rounded(range.lowerBound), high: elementType.rounded(range.upperBound))
  }

  /// A box whose numbers have bounds each, in row-major order; one dimension unless `shape` says
  /// otherwise.
  public init(
    low: [Double], high: [Double], shape: [Int]? = nil, of elementType: ElementType = .float32
  ) {
    let shape = shape ?? [low.count]
    if low.count != high.count || low.count != shape.reduce(1, *) {
      stop(
        "Box",
        "\(low.count) lower and \(high.count) upper bounds were given for the shape \(shape); "
          + "there must be \(shape.reduce(1, *)) of each")
    }
    for index in low.indices where !(low[index] <= high[index]) {
      stop("Box", "bounds \(index) are \(low[index]) and \(high[index]); low must not exceed high")
    }
    self.shape = shape
    flatSize = shape.reduce(1, *)
    self.elementType = elementType
    bounds = .each(low: low.map(elementType.rounded), high: high.map(elementType.rounded))
  }

  /// The lower bounds in row-major order, rounded to the element type.
  public var low: [Double] {
    switch bounds {
    case .same(let low, _): Array(repeating: low, count: flatSize)
    case .each(let low, _): low
    }
  }

  /// The upper bounds in row-major order, rounded to the element type.
  public var high: [Double] {
    switch bounds {
    case .same(_, let high): Array(repeating: high, count: flatSize)
    case .each(_, let high): high
    }
  }

  @inlinable
  func bounds(at index: Int) -> (low: Double, high: Double) {
    switch bounds {
    case .same(let low, let high): (low, high)
    case .each(let low, let high): (low[index], high[index])
    }
  }

  /// Uniform where both bounds are finite, exponential from the only finite one, normal where
  /// neither is; drawn in the order normal, from below, from above, uniform, as Gymnasium does.
  public func sample(using random: inout PCG64) -> [Double] {
    var value = [Double](repeating: 0, count: flatSize)
    draw(count: value.count, using: &random) { value[$0] = $1 }
    return value
  }

  @inlinable
  public func sample(
    into row: inout MutableSpan<Float>, allowed mask: Span<Bool>?,
    using random: inout PCG64
  ) {
    for pass in 0..<4 {
      for index in 0..<row.count {
        if let number = draw(index, pass: pass, using: &random) { row[index] = Float(number) }
      }
    }
  }

  private func draw(count: Int, using random: inout PCG64, _ body: (Int, Double) -> Void) {
    for pass in 0..<4 {
      for index in 0..<count {
        if let number = draw(index, pass: pass, using: &random) { body(index, number) }
      }
    }
  }

  /// The number at `index` if its kind of bounds is drawn in this pass.
  @inlinable
  func draw(_ index: Int, pass: Int, using random: inout PCG64) -> Double? {
    let (low, high) = bounds(at: index)
    let boundedBelow = low > -.infinity
    let boundedAbove = high < .infinity
    // Whole numbers are drawn one beyond and rounded down, so that the largest is as likely.
    let beyond = elementType.isInteger ? high + 1 : high
    var number: Double
    switch (boundedBelow, boundedAbove, pass) {
    case (false, false, 0): number = random.standardNormal()
    case (true, false, 1): number = random.standardExponential() + low
    case (false, true, 2): number = -random.standardExponential() + beyond
    case (true, true, 3): number = random.uniform(low, beyond)
    default: return nil
    }
    if elementType.isInteger { number.round(.down) }
    return elementType.rounded(number)
  }

  public func contains(_ value: [Double]) -> Bool {
    guard value.count == flatSize else { return false }
    return value.indices.allSatisfy { index in
      let (low, high) = bounds(at: index)
      return value[index] >= low && value[index] <= high
        && (!elementType.isInteger || value[index] == value[index].rounded())
    }
  }

  public func flatten(_ value: [Double], into row: inout MutableSpan<Float>) {
    for index in value.indices { row[index] = Float(value[index]) }
  }

  public func unflatten(_ row: Span<Float>) -> [Double]? {
    guard contains(row: row) else { return nil }
    var value: [Double] = []
    value.reserveCapacity(row.count)
    for index in row.indices { value.append(Double(row[index])) }
    return value
  }

  public func contains(row: Span<Float>) -> Bool {
    row.count == flatSize && strayElement(of: row) == nil
  }

  /// The first element of a row that lies outside its bounds, NaN included.
  func strayElement(of row: Span<Float>) -> Int? {
    for index in row.indices {
      // Rows are Float32, and so a bound counts as it would be stored in one.
      let (low, high) = bounds(at: index)
      let number = row[index]
      let fits =
        number >= Float(low) && number <= Float(high)
        && (!elementType.isInteger || number == number.rounded())
      if !fits { return index }
    }
    return nil
  }

  public func erase(_ value: [Double]) -> SpaceValue { .numbers(value) }

  public func restore(_ value: SpaceValue) -> [Double]? {
    guard case .numbers(let value) = value else { return nil }
    return value
  }

  public static func == (first: Box, second: Box) -> Bool {
    first.shape == second.shape && first.elementType == second.elementType
      && first.low == second.low && first.high == second.high
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(shape)
    hasher.combine(elementType)
  }

  public var description: String {
    let (low, high) =
      switch bounds {
      case .same(let low, let high): ([low], [high])
      case .each(let low, let high): (low, high)
      }
    let size =
      shape.count == 1 ? "(\(shape[0]),)" : "(\(shape.map(String.init).joined(separator: ", ")))"
    let single = elementType != .float64
    return
      "Box(\(NumPyText.bound(low, shape: shape, single: single, integer: elementType.isInteger)), "
      + "\(NumPyText.bound(high, shape: shape, single: single, integer: elementType.isInteger)), "
      + "\(size), \(elementType.rawValue))"
  }
}
