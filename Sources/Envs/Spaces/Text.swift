import Runtime

/// Strings of some characters, of a length between two bounds.
///
/// A row holds the place of each character in the alphabet, and past the end of the
/// text the number of characters in the alphabet.
public struct Text: Space {
  public let minLength: Int
  public let maxLength: Int
  /// The characters in the order they are drawn from and numbered in.
  public let characters: [Character]

  public static let alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

  /// Creates the space; characters keep the order given, and repeated ones are dropped.
  public init(maxLength: Int, minLength: Int = 1, characters: String = Text.alphanumeric) {
    if minLength < 0 || minLength > maxLength {
      stop(
        "Text", "the lengths \(minLength) through \(maxLength) are no range; give 0 ≤ min ≤ max")
    }
    var seen: Set<Character> = []
    self.characters = characters.filter { seen.insert($0).inserted }
    if self.characters.isEmpty { stop("Text", "there are no characters; give at least one") }
    self.minLength = minLength
    self.maxLength = maxLength
  }

  public var flatSize: Int { maxLength }

  public func sample(using random: inout PCG64) -> String {
    let length = random.integers(minLength..<maxLength + 1)
    // NumPy's `choice` searches the sums of the characters' probabilities, divided by the last.
    let share = 1 / Double(characters.count)
    var sums: [Double] = []
    var sum = 0.0
    for _ in characters {
      sum += share
      sums.append(sum)
    }
    let limits = sums.map { $0 / sum }
    return String(
      (0..<length).map { _ in
        let draw = random.random()
        return characters[limits.firstIndex { $0 > draw } ?? characters.count - 1]
      })
  }

  public func contains(_ value: String) -> Bool {
    value.count >= minLength && value.count <= maxLength
      && value.allSatisfy(characters.contains)
  }

  public func flatten(_ value: String, into row: inout MutableSpan<Float>) {
    let places = Dictionary(uniqueKeysWithValues: zip(characters, 0...))
    var index = 0
    for character in value {
      row[index] = Float(places[character] ?? characters.count)
      index += 1
    }
    while index < row.count {
      row[index] = Float(characters.count)
      index += 1
    }
  }

  public func unflatten(_ row: Span<Float>) -> String? {
    guard row.count == maxLength else { return nil }
    var value = ""
    var ended = false
    for index in row.indices {
      guard let place = Int(exactly: row[index]), place >= 0, place <= characters.count else {
        return nil
      }
      if place == characters.count {
        ended = true
      } else if ended {
        return nil
      } else {
        value.append(characters[place])
      }
    }
    return contains(value) ? value : nil
  }

  public func erase(_ value: String) -> SpaceValue { .text(value) }

  public func restore(_ value: SpaceValue) -> String? {
    guard case .text(let value) = value else { return nil }
    return value
  }

  public var description: String {
    let sorted = String(String.UnicodeScalarView(String(characters).unicodeScalars.sorted()))
    return "Text(\(minLength), \(maxLength), charset=\(sorted))"
  }
}
