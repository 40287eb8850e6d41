import Foundation

/// Text and numbers as they stand in a page.
enum Markup {
  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }

  /// A number in four digits at most: "−73.5", "0.0312", "12 300".
  static func number(_ value: Double, digits: Int = 4) -> String {
    guard value.isFinite else { return "–" }
    if value == 0 { return "0" }
    let magnitude = value.magnitude
    let text: String
    if magnitude >= 1e6 || magnitude < 1e-4 {
      text = String(format: "%.\(digits - 2)e", magnitude)
    } else {
      let decimals = max(0, digits - 1 - Int(floor(log10(magnitude))))
      var plain = String(format: "%.\(decimals)f", magnitude)
      if plain.contains(".") {
        while plain.hasSuffix("0") { plain.removeLast() }
        if plain.hasSuffix(".") { plain.removeLast() }
      }
      text = plain
    }
    return (value < 0 ? "−" : "") + text
  }

  /// A count with a prefix: "100k", "2.5M".
  static func count(_ value: Double) -> String {
    let (scale, suffix): (Double, String) =
      switch value.magnitude {
      case 1e9...: (1e9, "G")
      case 1e6...: (1e6, "M")
      case 1e3...: (1e3, "k")
      default: (1, "")
      }
    return number(value / scale, digits: 3) + suffix
  }

  static func bytes(_ value: Double) -> String {
    let (scale, unit): (Double, String) =
      switch value {
      case 0x1p30...: (0x1p30, "GiB")
      case 0x1p20...: (0x1p20, "MiB")
      default: (0x1p10, "KiB")
      }
    return "\(number(value / scale, digits: 3)) \(unit)"
  }

  static func seconds(_ value: Double) -> String {
    value >= 120 ? "\(Int(value) / 60) min \(Int(value) % 60) s" : number(value, digits: 3) + " s"
  }

  static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

  /// "412.3 (398.1 to 430)".
  static func estimate(_ estimate: BenchmarkSummary.Estimate, digits: Int = 4) -> String {
    "\(number(estimate.value, digits: digits)) <span class=\"ci\">"
      + "\(number(estimate.interval.low, digits: digits)) to "
      + "\(number(estimate.interval.high, digits: digits))</span>"
  }

  /// A table whose first cells are names; wider than a phone, it scrolls in a frame of its own.
  static func table(_ header: [String], _ rows: [[String]], names: Int = 1) -> String {
    func cells(_ values: [String], _ tag: String) -> String {
      values.enumerated().map { column, value in
        "<\(tag)\(column < names ? " class=\"name\"" : "")>\(value)</\(tag)>"
      }.joined()
    }
    return "<div class=\"scroll\"><table><thead><tr>\(cells(header, "th"))</tr></thead><tbody>"
      + rows.map { "<tr>\(cells($0, "td"))</tr>" }.joined(separator: "\n")
      + "</tbody></table></div>\n"
  }
}
