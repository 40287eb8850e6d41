import Runtime

/// Arrays of zeros and ones.
public struct MultiBinary: Space {
  public let shape: [Int]
  private let isVector: Bool

  /// A vector of `n` bits.
  public init(_ n: Int) {
    self.init(shape: [n], isVector: true)
  }

  /// Bits laid out in a shape, row-major.
  public init(shape: [Int]) {
    self.init(shape: shape, isVector: false)
  }

  private init(shape: [Int], isVector: Bool) {
    if !shape.allSatisfy({ $0 > 0 }) {
      stop("MultiBinary", "the shape \(shape) has a dimension below 1; all must be positive")
    }
    self.shape = shape
    self.isVector = isVector
  }

  public var flatSize: Int { shape.reduce(1, *) }

  public func sample(using random: inout PCG64) -> [Bool] {
    var value: [Bool] = []
    value.reserveCapacity(flatSize)
    Self.toss(flatSize, using: &random) { value.append($1) }
    return value
  }

  public func sample(
    into row: inout MutableSpan<Float>, allowed mask: Span<Bool>?, using random: inout PCG64
  ) {
    var word: UInt32 = 0
    for index in 0..<row.count {
      word = index % 4 == 0 ? random.nextUInt32() : word >> 8
      row[index] = word & 0x80 == 0 ? 0 : 1
    }
  }

  /// NumPy draws int8 by Lemire's multiplication from the bytes of a 32-bit output, lowest first:
  /// for two values that is each byte's highest bit. What is left of the last output is dropped.
  private static func toss(_ count: Int, using random: inout PCG64, _ body: (Int, Bool) -> Void) {
    var word: UInt32 = 0
    for index in 0..<count {
      word = index % 4 == 0 ? random.nextUInt32() : word >> 8
      body(index, word & 0x80 != 0)
    }
  }

  public func contains(_ value: [Bool]) -> Bool { value.count == flatSize }

  public func flatten(_ value: [Bool], into row: inout MutableSpan<Float>) {
    for index in value.indices { row[index] = value[index] ? 1 : 0 }
  }

  public func unflatten(_ row: Span<Float>) -> [Bool]? {
    guard row.count == flatSize else { return nil }
    var value: [Bool] = []
    for index in row.indices {
      guard row[index] == 0 || row[index] == 1 else { return nil }
      value.append(row[index] == 1)
    }
    return value
  }

  public func erase(_ value: [Bool]) -> SpaceValue { .bits(value) }

  public func restore(_ value: SpaceValue) -> [Bool]? {
    guard case .bits(let value) = value else { return nil }
    return value
  }

  public var description: String {
    if isVector { return "MultiBinary(\(shape[0]))" }
    let size = shape.map(String.init).joined(separator: ", ")
    return shape.count == 1 ? "MultiBinary((\(size),))" : "MultiBinary((\(size)))"
  }
}
