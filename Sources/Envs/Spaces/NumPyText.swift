#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Numbers printed as NumPy prints them, so that spaces read as Gymnasium's do.
enum NumPyText {
  /// The bounds of a box: one number if all are equal, else the whole array.
  static func bound(_ values: [Double], shape: [Int], single: Bool, integer: Bool) -> String {
    if let first = values.first, values.allSatisfy({ $0 == first }) {
      return integer ? "\(Int(first))" : scalar(first, single: single)
    }
    let words =
      integer ? padded(values.map { "\(Int($0))" }) : words(values, single: single)
    return array(words, shape: shape)
  }

  static func array(_ integers: [Int], shape: [Int]) -> String {
    array(padded(integers.map { "\($0)" }), shape: shape)
  }

  /// A number without a fraction if it has none: "2", "0.5", "nan".
  static func plain(_ number: Float) -> String {
    let text = scalar(Double(number), single: true)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  static func scalar(_ number: Double, single: Bool) -> String {
    guard number.isFinite else { return number > 0 ? "inf" : number < 0 ? "-inf" : "nan" }
    let digits = Decimal(number, single: single)
    if number == 0 || (digits.exponent >= -4 && digits.exponent < 16) {
      let (whole, fraction) = digits.positional(precision: .max)
      return "\(whole).\(fraction.isEmpty ? "0" : fraction)"
    }
    let (mantissa, exponent) = digits.scientific(precision: .max)
    return
      "\(mantissa.fraction.isEmpty ? mantissa.whole : "\(mantissa.whole).\(mantissa.fraction)")"
      + exponent
  }

  /// Elements of an array in columns: NumPy aligns decimal points and switches to powers of ten as
  /// its `FloatingFormat` does, with eight digits.
  static func words(_ values: [Double], single: Bool) -> [String] {
    let magnitudes = values.filter { $0.isFinite && $0 != 0 }.map(\.magnitude)
    let largest = magnitudes.max() ?? 0
    let smallest = magnitudes.min() ?? 1
    let powers = largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000
    let split: [(whole: String, fraction: String, exponent: String)?] = values.map { value in
      guard value.isFinite else { return nil }
      let digits = Decimal(value, single: single)
      if powers {
        let (mantissa, exponent) = digits.scientific(precision: 8)
        return (mantissa.whole, mantissa.fraction, exponent)
      }
      let (whole, fraction) = digits.positional(precision: 8)
      return (whole, fraction, "")
    }
    let finite = split.compactMap { $0 }
    let fractionWidth = finite.map(\.fraction.count).max() ?? 0
    let exponentWidth = finite.map(\.exponent.count).max() ?? 0
    let right = fractionWidth + exponentWidth
    var left = finite.map(\.whole.count).max() ?? 0
    for value in values where !value.isFinite {
      let width = values.contains(-.infinity) ? 4 : 3
      left = max(left, (value.isNaN ? 3 : width) - right - 1)
    }
    return zip(values, split).map { value, parts in
      guard let parts else {
        let text = scalar(value, single: single)
        return String(repeating: " ", count: max(0, left + right + 1 - text.count)) + text
      }
      let fill = fractionWidth - parts.fraction.count
      // Beyond the shortest digits NumPy goes on with those of the exact number, in this form only.
      if powers, fill > 0 {
        let text = exact(value, single: single, digits: fractionWidth)
        return String(repeating: " ", count: max(0, left + right + 1 - text.count)) + text
      }
      let number =
        "\(parts.whole).\(parts.fraction)\(String(repeating: " ", count: fill))"
      return String(repeating: " ", count: left - parts.whole.count) + number + parts.exponent
    }
  }

  private static func exact(_ value: Double, single: Bool, digits: Int) -> String {
    let number = single ? Double(Float(value)) : value
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
      _ = withVaList([Int32(digits), number]) {
        vsnprintf(text.baseAddress!, text.count, "%.*e", $0)
      }
      return String(cString: text.baseAddress!)
    }
  }

  private static func padded(_ words: [String]) -> [String] {
    let width = words.map(\.count).max() ?? 0
    return words.map { String(repeating: " ", count: width - $0.count) + $0 }
  }

  /// Words in nested brackets, lines of at most 75 characters.
  static func array(_ words: [String], shape: [Int]) -> String {
    var next = words.makeIterator()
    func lines(_ axis: Int, indent: String, width: Int) -> String {
      var text = ""
      if axis == shape.count - 1 {
        var line = indent
        for index in 0..<shape[axis] {
          let word = next.next() ?? ""
          if line.count + word.count > width - 1, line.count > indent.count {
            while line.last == " " { line.removeLast() }
            text += line + "\n"
            line = indent
          }
          line += word + (index + 1 < shape[axis] ? " " : "")
        }
        text += line
      } else {
        for index in 0..<shape[axis] {
          let gap = index + 1 < shape[axis] ? shape.count - axis - 1 : 0
          text += indent + lines(axis + 1, indent: indent + " ", width: width - 1)
          text += String(repeating: "\n", count: gap)
        }
      }
      return "[" + text.dropFirst(indent.count) + "]"
    }
    return lines(0, indent: " ", width: 75)
  }
}

/// The shortest decimal digits that read back as a number: 0.d₁d₂d₃… × 10^(exponent + 1).
private struct Decimal {
  var negative: Bool
  var digits: [UInt8]
  /// The power of ten of the first digit.
  var exponent: Int

  init(_ number: Double, single: Bool) {
    negative = number.sign == .minus
    digits = []
    exponent = 0
    var seenPoint = false
    var power = 0
    let text = single ? Float(number).magnitude.description : number.magnitude.description
    let parts = text.split(separator: "e")
    for character in parts[0].utf8 {
      if character == UInt8(ascii: ".") {
        seenPoint = true
      } else {
        digits.append(character - UInt8(ascii: "0"))
        if !seenPoint { power += 1 }
      }
    }
    exponent = power - 1 + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    while digits.count > 1, digits.first == 0 {
      digits.removeFirst()
      exponent -= 1
    }
    while digits.count > 1, digits.last == 0 { digits.removeLast() }
    if digits == [0] { exponent = 0 }
  }

  /// Keeps `count` digits, the last one rounded.
  private func rounded(to count: Int) -> Decimal {
    guard count < digits.count else { return self }
    var result = self
    let up = count >= 0 && digits[count] >= 5
    result.digits = Array(digits.prefix(max(0, count)))
    if up {
      var index = count - 1
      while index >= 0, result.digits[index] == 9 {
        result.digits[index] = 0
        index -= 1
      }
      if index >= 0 {
        result.digits[index] += 1
      } else {
        result.digits.insert(1, at: 0)
        result.exponent += 1
      }
    }
    while result.digits.count > 1, result.digits.last == 0 { result.digits.removeLast() }
    if result.digits.isEmpty { result.digits = [0] }
    return result
  }

  private var sign: String { negative ? "-" : "" }

  private static func text(_ digits: some Sequence<UInt8>) -> String {
    digits.map { "\($0)" }.joined()
  }

  func positional(precision: Int) -> (whole: String, fraction: String) {
    let kept = rounded(to: precision == .max ? .max : exponent + 1 + precision)
    if kept.digits == [0] { return ("\(sign)0", "") }
    guard kept.exponent >= 0 else {
      let zeros = String(repeating: "0", count: -kept.exponent - 1)
      return ("\(sign)0", zeros + Self.text(kept.digits))
    }
    let whole = (0...kept.exponent).map { $0 < kept.digits.count ? kept.digits[$0] : 0 }
    return (sign + Self.text(whole), Self.text(kept.digits.dropFirst(kept.exponent + 1)))
  }

  func scientific(
    precision: Int
  ) -> (mantissa: (whole: String, fraction: String), exponent: String) {
    let kept = rounded(to: precision == .max ? .max : precision + 1)
    let power = kept.exponent.magnitude
    let exponent = "e\(kept.exponent < 0 ? "-" : "+")\(power < 10 ? "0" : "")\(power)"
    return (("\(sign)\(kept.digits[0])", Self.text(kept.digits.dropFirst())), exponent)
  }
}
