/// A set of cells of the 10 × 10 board all MinAtar games are played on, a bit each.
@usableFromInline
struct Cells: Sendable, Hashable {
  @usableFromInline var bits: UInt128

  @inlinable init(bits: UInt128 = 0) { self.bits = bits }

  /// Every cell of the given rows and columns.
  @inlinable
  init(rows: Range<Int>, columns: Range<Int>) {
    self.init()
    for y in rows { for x in columns { insert(x, y) } }
  }

  @inlinable static var row: UInt128 { 0x3ff }
  @inlinable static var board: UInt128 { (1 << 100) - 1 }

  @inlinable static func bit(_ x: Int, _ y: Int) -> UInt128 { 1 << UInt128(10 &* y &+ x) }

  @inlinable func contains(_ x: Int, _ y: Int) -> Bool { bits & Self.bit(x, y) != 0 }
  @inlinable mutating func insert(_ x: Int, _ y: Int) { bits |= Self.bit(x, y) }
  @inlinable mutating func remove(_ x: Int, _ y: Int) { bits &= ~Self.bit(x, y) }

  @inlinable var isEmpty: Bool { bits == 0 }
  @inlinable var count: Int { bits.nonzeroBitCount }

  /// The cells of one row, a bit a column.
  @inlinable func row(_ y: Int) -> UInt128 { bits >> UInt128(10 &* y) & Self.row }

  /// Whether any cell of a column is in the set.
  @inlinable func hasColumn(_ x: Int) -> Bool { bits & Self.column(x) != 0 }

  /// The lowest cell of a column that has one.
  @inlinable func lowest(inColumn x: Int) -> Int {
    (127 - (bits & Self.column(x)).leadingZeroBitCount) / 10
  }

  @inlinable static func column(_ x: Int) -> UInt128 {
    var column: UInt128 = 1
    for _ in 0..<9 { column = column << 10 | 1 }
    return column << UInt128(x)
  }

  /// One row up; the top row leaves the board.
  @inlinable mutating func moveUp() { bits >>= 10 }
  /// One row down; the bottom row leaves the board.
  @inlinable mutating func moveDown() { bits = bits << 10 & Self.board }
  /// One column to the side; the caller has seen that none leaves the board.
  @inlinable mutating func moveSideways(right: Bool) {
    bits = right ? bits << 1 & Self.board : bits >> 1
  }
}

// In halves, because few formats hold integers of 128 bits.
extension Cells: Codable {
  @usableFromInline
  init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    let high = try container.decode(UInt64.self)
    let low = try container.decode(UInt64.self)
    bits = UInt128(high) << 64 | UInt128(low)
    if bits & ~Self.board != 0 {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "A set of cells reaches beyond the board.")
    }
  }

  @usableFromInline
  func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    try container.encode(UInt64(truncatingIfNeeded: bits >> 64))
    try container.encode(UInt64(truncatingIfNeeded: bits))
  }
}

// An observation of a game: `[10, 10, channels]` bytes, 1 where the channel's thing is, else 0.
extension MutableSpan<UInt8> {
  @inlinable
  mutating func clear(channels: Int) {
    for i in 0..<100 &* channels { self[i] = 0 }
  }

  /// Sets one cell of a channel.
  @inlinable
  mutating func set(_ x: Int, _ y: Int, _ channel: Int, of channels: Int) {
    self[(10 &* y &+ x) &* channels &+ channel] = 1
  }

  /// Sets a channel's cells.
  @inlinable
  mutating func set(_ cells: Cells, _ channel: Int, of channels: Int) {
    var rest = cells.bits
    while rest != 0 {
      let cell = rest.trailingZeroBitCount
      self[cell &* channels &+ channel] = 1
      rest &= rest &- 1
    }
  }
}
