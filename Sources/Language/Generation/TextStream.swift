/// Bytes of tokens as text that can be shown at once: nothing ends within a character, and nothing that
/// may turn out to begin a stop string is given out.
///
/// ```swift
/// var stream = TextStream(stopStrings: ["\n\n"])
/// print(stream.add(tokenizer.bytes(of: token)), terminator: "")
/// print(stream.finish())
/// ```
public struct TextStream: Sendable {
  private let stops: [[UInt8]]
  private var held: [UInt8] = []
  private var hasStopped = false

  public init(stopStrings: [String] = []) { stops = stopStrings.map { Array($0.utf8) } }

  /// The text that is certain once `bytes` have come.
  public mutating func add(_ bytes: some Sequence<UInt8>) -> String {
    if hasStopped { return "" }
    held += bytes
    if let start = firstStop() {
      hasStopped = true
      return takeText(start)
    }
    let reserve = max((stops.map(\.count).max() ?? 0) - 1, 0)
    return takeText(wholeCharacters(held.count - min(reserve, held.count)))
  }

  /// What is left, without a stop string and what follows it.
  public mutating func finish() -> String {
    if hasStopped { return "" }
    return takeText(held.count)
  }

  private mutating func takeText(_ count: Int) -> String {
    defer { held.removeFirst(count) }
    return String(decoding: held[..<count], as: UTF8.self)
  }

  private func firstStop() -> Int? {
    held.indices.first { start in stops.contains { held[start...].starts(with: $0) } }
  }

  /// The largest count up to `limit` that does not end within a character.
  private func wholeCharacters(_ limit: Int) -> Int {
    var start = limit
    // A character has at most three bytes after its first.
    while start > 0, limit - start < 4, held[start - 1] & 0xc0 == 0x80 { start -= 1 }
    guard start > 0 else { return limit }
    let first = held[start - 1]
    let length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
    return start - 1 + length > limit && limit - start < 3 ? start - 1 : limit
  }
}
