// Reading answers as people write them.

extension StringProtocol {
  /// Without the white space at both ends.
  public var trimmingWhitespace: String {
    var rest = self[startIndex...]
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }

  /// The number that this text is and nothing else; nil for "about 12", numbers beyond ±10¹⁵ and
  /// fractions.
  public var asNumber: Int? {
    let text = trimmingWhitespace.utf8
    let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text[...]
    guard (1...15).contains(digits.count), digits.allSatisfy({ 48...57 ~= $0 }) else { return nil }
    let value = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    return text.first == UInt8(ascii: "-") ? -value : value
  }

  /// Every whole number in the text, in its order; "1,234" is one, "3-4" two that are positive.
  public var numbers: [Int] {
    var found: [Int] = []
    let bytes = Array(utf8)
    func isDigit(_ place: Int) -> Bool { place < bytes.count && 48...57 ~= bytes[place] }
    var place = 0
    while place < bytes.count {
      guard isDigit(place) else {
        place += 1
        continue
      }
      let before = place > 0 ? bytes[place - 1] : 32
      let isAfterWord = place > 1 && (isDigit(place - 2) || bytes[place - 2] == 41)
      let isNegative = before == UInt8(ascii: "-") && !isAfterWord
      var (value, digits) = (0, 0)
      while isDigit(place) || (bytes.thousands(at: place) && digits > 0) {
        if bytes[place] != UInt8(ascii: ",") {
          // Numbers nobody asks for: their digits are read and their value stays what it was.
          if digits < 15 { value = value * 10 + Int(bytes[place] - 48) }
          digits += 1
        }
        place += 1
      }
      found.append(digits > 15 ? .max : isNegative ? -value : value)
    }
    return found
  }
}

extension [UInt8] {
  /// Whether a comma with three digits behind it, and no fourth, stands here.
  fileprivate func thousands(at place: Int) -> Bool {
    func isDigit(_ place: Int) -> Bool { place < count && 48...57 ~= self[place] }
    return place < count && self[place] == UInt8(ascii: ",") && isDigit(place + 1)
      && isDigit(place + 2) && isDigit(place + 3) && !isDigit(place + 4)
  }
}

/// The marks of an answer that is to be one number: whether it is that number and nothing else,
/// whether the last number in it is the right one, and whether it is a number at all.
///
/// Graded, because a model that seldom answers right in full would find most groups without a
/// difference. A right number somewhere and a bare number that is wrong are worth the same: whoever
/// is drawn to "3 + 4 = 7" or to any bare number each time finds groups without a difference there.
package func marks(_ answer: String, number: Int) -> [Double] {
  let written = answer.asNumber
  return [
    written == number ? 1 : 0, (written ?? answer.numbers.last) == number ? 1 : 0,
    written != nil ? 1 : 0,
  ]
}

/// What `marks(_:number:)` marks.
package let numberComponents = [
  RewardComponent("correct", weight: 0.6), RewardComponent("last_number", weight: 0.2),
  RewardComponent("format", weight: 0.2),
]
