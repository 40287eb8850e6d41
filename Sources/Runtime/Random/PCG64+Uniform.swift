extension PCG64 {
  /// A number from [0, 1) with 53 random bits, NumPy's `Generator.random()`.
  @inlinable
  public mutating func random() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A number from [low, high), NumPy's `Generator.uniform(low, high)`.
  ///
  /// Bounds that are not finite give NaN or infinity; NumPy raises.
  @inlinable
  public mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * random()
  }

  /// An integer of a range that is not empty, NumPy's `Generator.integers(low, high)`.
  ///
  /// Up to 2³² values take 32 random bits each and so share 64-bit outputs in pairs; a range of one
  /// value takes none.
  @inlinable
  public mutating func integers(_ range: Range<Int>) -> Int {
    precondition(!range.isEmpty, "integers(_:) got an empty range")
    let largest = UInt64(bitPattern: Int64(range.upperBound &- range.lowerBound &- 1))
    return range.lowerBound &+ Int(truncatingIfNeeded: bounded(largest))
  }

  /// An integer from 0 through `largest`, each equally likely, by Lemire's multiplication.
  ///
  /// Source: D. Lemire, "Fast Random Integer Generation in an Interval", 2019.
  @inlinable
  mutating func bounded(_ largest: UInt64) -> UInt64 {
    if largest == 0 { return 0 }
    if largest < UInt64(UInt32.max) {
      return UInt64(bounded32(UInt32(truncatingIfNeeded: largest)))
    }
    if largest == UInt64(UInt32.max) { return UInt64(nextUInt32()) }
    if largest == .max { return next() }
    let count = largest + 1
    var product = next().multipliedFullWidth(by: count)
    if product.low < count {
      let threshold = (0 &- count) % count
      while product.low < threshold {
        product = next().multipliedFullWidth(by: count)
      }
    }
    return product.high
  }

  @inlinable
  mutating func bounded32(_ largest: UInt32) -> UInt32 {
    let count = largest + 1
    var product = UInt64(nextUInt32()) * UInt64(count)
    if UInt32(truncatingIfNeeded: product) < count {
      let threshold = (0 &- count) % count
      while UInt32(truncatingIfNeeded: product) < threshold {
        product = UInt64(nextUInt32()) * UInt64(count)
      }
    }
    return UInt32(truncatingIfNeeded: product >> 32)
  }

  /// An integer from 0 through `largest`, each equally likely, by rejecting larger ones: NumPy
  /// shuffles with this, not with Lemire's multiplication.
  @inlinable
  mutating func masked(_ largest: UInt32) -> UInt32 {
    let mask = UInt32.max >> UInt32(largest.leadingZeroBitCount)
    while true {
      let value = nextUInt32() & mask
      if value <= largest { return value }
    }
  }

  /// Puts the values in a random order, the order of NumPy's `Generator.shuffle` of a 1-D array.
  @inlinable
  public mutating func shuffle(_ values: inout [Int32]) {
    guard values.count > 1 else { return }
    for last in stride(from: values.count - 1, to: 0, by: -1) {
      values.swapAt(last, Int(masked(UInt32(last))))
    }
  }

  /// The numbers 0 ..< count in a random order, NumPy's `Generator.permutation(count)`.
  @inlinable
  public mutating func permutation(_ count: Int) -> [Int32] {
    var values = (0..<Int32(count)).map { $0 }
    shuffle(&values)
    return values
  }
}
