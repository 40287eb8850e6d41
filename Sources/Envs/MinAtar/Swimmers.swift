/// A thing in Seaquest's water: an enemy, a diver or a bullet.
@usableFromInline
struct SeaSwimmer: Codable, Hashable, Sendable {
  @usableFromInline var x: Int8
  @usableFromInline var y: Int8
  @usableFromInline var movesRight: Bool
  @usableFromInline var moveTimer: Int8
  @usableFromInline var shotTimer: Int8

  @inlinable
  init(_ x: Int, _ y: Int, right: Bool, moveTimer: Int = 0, shotTimer: Int = 0) {
    self.x = Int8(x)
    self.y = Int8(y)
    movesRight = right
    self.moveTimer = Int8(moveTimer)
    self.shotTimer = Int8(shotTimer)
  }

  @inlinable func isAt(_ x: Int, _ y: Int) -> Bool { Int(self.x) == x && Int(self.y) == y }
  @inlinable func isAt(_ other: SeaSwimmer) -> Bool { x == other.x && y == other.y }
  @inlinable var isOnBoard: Bool { x >= 0 && x <= 9 }
  @inlinable mutating func move() { x += movesRight ? 1 : -1 }

  /// The cell behind it, or nil beyond the edge.
  @inlinable var back: Int? {
    let back = Int(x) - (movesRight ? 1 : -1)
    return back >= 0 && back <= 9 ? back : nil
  }
}

/// Up to 48 swimmers in the order they came: a list that never allocates.
///
/// An enemy needs thirty steps or more to cross and one comes a step at most, so that no game has more.
@usableFromInline
struct Swimmers: Sendable {
  @usableFromInline static var capacity: Int { 48 }
  @usableFromInline var elements: InlineArray<48, SeaSwimmer>
  @usableFromInline var count = 0

  @inlinable
  init() { elements = .init(repeating: SeaSwimmer(0, 0, right: false)) }

  @inlinable
  subscript(index: Int) -> SeaSwimmer {
    get { elements[index] }
    set { elements[index] = newValue }
  }

  @inlinable
  mutating func append(_ swimmer: SeaSwimmer) {
    if count == Self.capacity { return }
    elements[count] = swimmer
    count += 1
  }

  @inlinable
  mutating func remove(at index: Int) {
    count -= 1
    var next = index
    while next < count {
      elements[next] = elements[next + 1]
      next += 1
    }
  }

  /// Removes the first that is where `other` is; false when there is none.
  @inlinable
  mutating func removeFirst(at other: SeaSwimmer) -> Bool {
    for index in 0..<count where elements[index].isAt(other) {
      remove(at: index)
      return true
    }
    return false
  }
}

extension Swimmers: Codable {
  @usableFromInline
  init(from decoder: any Decoder) throws {
    let list = try [SeaSwimmer](from: decoder)
    self.init()
    let isSound = list.allSatisfy {
      (0...9).contains($0.x) && (0...9).contains($0.y) && $0.moveTimer >= 0 && $0.shotTimer >= 0
    }
    if list.count > Self.capacity || !isSound {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "A list of swimmers is too long or leaves the board."))
    }
    for swimmer in list { append(swimmer) }
  }

  @usableFromInline
  func encode(to encoder: any Encoder) throws {
    try (0..<count).map { elements[$0] }.encode(to: encoder)
  }
}
