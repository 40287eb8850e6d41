/// The bytes of every token, one after another, and a hash table that finds the token of given bytes.
struct ByteVocabulary: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  private var slots: [Int32] = []
  private var found = 0

  /// - Parameter capacity: About how many tokens will be found.
  init(capacity: Int = 0) {
    var size = 1024
    while size < 2 * capacity, size < 1 << 30 { size *= 2 }
    slots = Array(repeating: -1, count: size)
    ends.reserveCapacity(capacity)
  }

  var count: Int { ends.count }

  /// Differs from process to process, so that no file can be made whose tokens all collide.
  private static let seed = UInt64(truncatingIfNeeded: Hasher().finalize()) | 1

  func range(of token: Int) -> Range<Int> { (token == 0 ? 0 : ends[token - 1])..<ends[token] }

  func bytes(of token: Int) -> ArraySlice<UInt8> {
    token >= 0 && token < ends.count ? bytes[range(of: token)] : []
  }

  /// Adds the next token. One that cannot be found, such as a special token, only has bytes.
  ///
  /// - Returns: False where an earlier one of the same bytes is found in its place.
  @discardableResult
  mutating func append(_ token: UnsafeBufferPointer<UInt8>, canBeFound: Bool) -> Bool {
    bytes.append(contentsOf: token)
    ends.append(bytes.count)
    guard canBeFound else { return true }
    found += 1
    return slots.count < 2 * found ? grow() : insert(ends.count - 1)
  }

  @discardableResult
  mutating func append(_ token: [UInt8], canBeFound: Bool) -> Bool {
    token.withUnsafeBufferPointer { append($0, canBeFound: canBeFound) }
  }

  private mutating func grow() -> Bool {
    let previous = slots
    slots = Array(repeating: -1, count: max(1024, slots.count * 4))
    for token in previous where token >= 0 { _ = insert(Int(token)) }
    return insert(ends.count - 1)
  }

  /// The first token of the same bytes stays.
  private mutating func insert(_ token: Int) -> Bool {
    let range = range(of: token)
    return bytes.withUnsafeBufferPointer { all in
      let text = UnsafeBufferPointer(rebasing: all[range])
      var slot = Self.hash(text) & (slots.count - 1)
      while slots[slot] >= 0 {
        if matches(Int(slots[slot]), text, all) { return false }
        slot = (slot + 1) & (slots.count - 1)
      }
      slots[slot] = Int32(token)
      return true
    }
  }

  /// The token of exactly these bytes.
  func token(of text: UnsafeBufferPointer<UInt8>) -> Int? {
    return bytes.withUnsafeBufferPointer { all in
      var slot = Self.hash(text) & (slots.count - 1)
      while slots[slot] >= 0 {
        if matches(Int(slots[slot]), text, all) { return Int(slots[slot]) }
        slot = (slot + 1) & (slots.count - 1)
      }
      return nil
    }
  }

  func token(of text: [UInt8]) -> Int? { text.withUnsafeBufferPointer { token(of: $0) } }

  private func matches(
    _ token: Int, _ text: UnsafeBufferPointer<UInt8>, _ all: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    let range = range(of: token)
    guard range.count == text.count else { return false }
    for i in 0..<text.count where all[range.lowerBound + i] != text[i] { return false }
    return true
  }

  private static func hash(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    var state = seed ^ UInt64(text.count)
    var position = 0
    let raw = UnsafeRawBufferPointer(text)
    while position + 8 <= text.count {
      let eight = raw.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      state = (state ^ eight) &* 0x9E37_79B9_7F4A_7C15
      state ^= state >> 29
      position += 8
    }
    var rest: UInt64 = 0
    while position < text.count {
      rest = rest << 8 | UInt64(text[position])
      position += 1
    }
    state = (state ^ rest) &* 0x9E37_79B9_7F4A_7C15
    state ^= state >> 29
    return Int(truncatingIfNeeded: (state ^ state >> 32) & 0x7fff_ffff)
  }
}
