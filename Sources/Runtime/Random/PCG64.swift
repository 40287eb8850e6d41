/// The one random generator of the package: NumPy's `default_rng`, bit for bit.
///
/// ```swift
/// var generator = PCG64(seed: 42)
/// generator.random()          // 0.7739560485559633, as np.random.default_rng(42).random()
/// ```
///
/// Permuted congruential, 128 bits of state, output XSL-RR. A value type: a copy is a fork that
/// draws the same numbers, so pass it `inout`. `Codable` keeps a stream exactly, the buffered half
/// of ``nextUInt32()`` included.
///
/// Source: M. E. O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good
/// Algorithms for Random Number Generation", 2014.
public struct PCG64: RandomNumberGenerator, Sendable, Hashable {
  @usableFromInline var state: UInt128
  @usableFromInline let increment: UInt128
  /// The upper half of the last 64-bit output that ``nextUInt32()`` split; zero when there is none,
  /// so that equal streams compare equal.
  @usableFromInline var bufferedHalf: UInt32
  @usableFromInline var hasBufferedHalf: Bool

  @inlinable static var multiplier: UInt128 { 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645 }

  /// The generator of `np.random.default_rng(seed)`.
  public init(seed: UInt64) {
    self.init(SeedSequence(seed))
  }

  /// The generator of `np.random.default_rng(sequence)`.
  public init(_ sequence: SeedSequence) {
    let words = sequence.generateState64(4)
    let initialState = UInt128(words[0]) << 64 | UInt128(words[1])
    let stream = UInt128(words[2]) << 64 | UInt128(words[3])
    self.init(state: 0, increment: stream << 1 | 1, bufferedHalf: nil)
    step()
    state &+= initialState
    step()
  }

  @usableFromInline
  init(state: UInt128, increment: UInt128, bufferedHalf: UInt32?) {
    self.state = state
    self.increment = increment
    self.bufferedHalf = bufferedHalf ?? 0
    self.hasBufferedHalf = bufferedHalf != nil
  }

  @inlinable
  mutating func step() {
    state = state &* Self.multiplier &+ increment
  }

  /// The next 64 random bits, NumPy's `random_raw()`.
  @inlinable
  public mutating func next() -> UInt64 {
    step()
    let folded = UInt64(truncatingIfNeeded: state >> 64) ^ UInt64(truncatingIfNeeded: state)
    let rotation = UInt64(truncatingIfNeeded: state >> 122)
    return folded &>> rotation | folded &<< (0 &- rotation)
  }

  /// The next 32 random bits: the lower half of a 64-bit output, then its upper half.
  ///
  /// Draws of 64 bits in between leave the waiting half alone, as in NumPy.
  @inlinable
  public mutating func nextUInt32() -> UInt32 {
    if hasBufferedHalf {
      let half = bufferedHalf
      hasBufferedHalf = false
      bufferedHalf = 0
      return half
    }
    let bits = next()
    bufferedHalf = UInt32(truncatingIfNeeded: bits >> 32)
    hasBufferedHalf = true
    return UInt32(truncatingIfNeeded: bits)
  }
}

extension PCG64: Codable {
  private enum CodingKeys: String, CodingKey {
    case stateHigh = "state_high"
    case stateLow = "state_low"
    case incrementHigh = "increment_high"
    case incrementLow = "increment_low"
    case bufferedHalf = "buffered_half"
  }

  // Halves, because few formats hold integers of 128 bits.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(UInt64(truncatingIfNeeded: state >> 64), forKey: .stateHigh)
    try container.encode(UInt64(truncatingIfNeeded: state), forKey: .stateLow)
    try container.encode(UInt64(truncatingIfNeeded: increment >> 64), forKey: .incrementHigh)
    try container.encode(UInt64(truncatingIfNeeded: increment), forKey: .incrementLow)
    try container.encodeIfPresent(hasBufferedHalf ? bufferedHalf : nil, forKey: .bufferedHalf)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func half(_ key: CodingKeys) throws -> UInt128 {
      UInt128(try container.decode(UInt64.self, forKey: key))
    }
    let increment = try half(.incrementHigh) << 64 | half(.incrementLow)
    guard increment & 1 == 1 else {
      throw DecodingError.dataCorruptedError(
        forKey: .incrementLow, in: container,
        debugDescription: "The increment of a PCG64 stream is even; it must be odd.")
    }
    self.init(
      state: try half(.stateHigh) << 64 | half(.stateLow),
      increment: increment,
      bufferedHalf: try container.decodeIfPresent(UInt32.self, forKey: .bufferedHalf))
  }
}
