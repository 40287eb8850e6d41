/// Looks for stop strings in bytes that come token by token.
struct StopStrings: Sendable {
  private let strings: [[UInt8]]
  /// The last bytes, as many as a stop string can begin in.
  private var tail: [UInt8] = []

  init(_ strings: [String]) { self.strings = strings.map { Array($0.utf8) } }

  var isEmpty: Bool { strings.isEmpty }

  /// Whether a stop string ends within the next `bytes`.
  mutating func end(within bytes: [UInt8]) -> Bool {
    let before = tail.count
    tail += bytes
    let found = strings.contains { stop in
      tail.indices.contains { start in
        start + stop.count > before && start + stop.count <= tail.count
          && tail[start..<start + stop.count].elementsEqual(stop)
      }
    }
    let longest = strings.map(\.count).max() ?? 0
    if tail.count >= longest { tail.removeFirst(tail.count - max(longest - 1, 0)) }
    return found
  }
}
