import ArgumentParser

/// Turns an argument into a whole number of `range`, or says what would be right.
func wholeNumber(in range: ClosedRange<Int>) -> @Sendable (String) throws -> Int {
  { text in
    guard let value = Int(text.replacing("_", with: "")), range.contains(value) else {
      throw ValidationError(
        "give a whole number from \(grouped(range.lowerBound)) to \(grouped(range.upperBound))")
    }
    return value
  }
}

/// Seeds are all of UInt64.
let seedNumber: @Sendable (String) throws -> UInt64 = { text in
  guard let value = UInt64(text.replacing("_", with: "")) else {
    throw ValidationError("give a whole number from 0 to 18446744073709551615")
  }
  return value
}

/// 1234567 as "1_234_567", the way the arguments take it.
func grouped(_ value: Int) -> String {
  var digits = String(value.magnitude)
  var groups: [Substring] = []
  while digits.count > 3 {
    groups.insert(digits.suffix(3), at: 0)
    digits = String(digits.dropLast(3))
  }
  groups.insert(digits[...], at: 0)
  return (value < 0 ? "-" : "") + groups.joined(separator: "_")
}

/// The ranges that arguments must keep to. They only keep typing mistakes out; memory sets the real limit.
enum Limits {
  static let steps = 1...1_000_000_000_000
  static let environments = 1...1_000_000
  static let workers = 1...1024
  static let episodes = 1...10_000_000
}
