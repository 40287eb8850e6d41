import Foundation

/// The file of `--actions`: one JSON action a line, a number or an array of numbers (nested for a tuple).
///
/// Every action becomes a row of Float32 numbers, which is how environments read one.
struct ActionFile {
  let path: String
  private(set) var rows: [[Float]] = []
  /// Line numbers of the rows, for messages; blank lines are skipped.
  private(set) var lines: [Int] = []

  init(path: String) throws {
    self.path = path
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      let missing = !FileManager.default.fileExists(atPath: path)
      throw CommandFailure(
        missing ? .missingFile : .badData, "cannot read the actions file \(path)")
    }
    for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .enumerated()
    {
      var parser = LineParser(bytes: line)
      guard !parser.isBlank else { continue }
      guard let row = parser.parse() else {
        throw CommandFailure(
          .badData,
          "\(path):\(index + 1): an action is a JSON number or an array of numbers, not '\(excerpt(line))'"
        )
      }
      rows.append(row)
      lines.append(index + 1)
    }
  }

  private func excerpt(_ line: Data) -> String {
    let text = String(decoding: line.prefix(40), as: UTF8.self).trimmingCharacters(
      in: .whitespacesAndNewlines)
    return line.count > 40 ? text + "…" : text
  }
}

/// Reads one line: a number, or arrays of numbers flattened in order.
private struct LineParser {
  let bytes: Data
  private var position: Int

  init(bytes: Data) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  var isBlank: Bool { bytes.allSatisfy(Self.isSpace) }

  mutating func parse() -> [Float]? {
    var row: [Float] = []
    guard value(into: &row, depth: 0) else { return nil }
    skipSpaces()
    return position == bytes.endIndex ? row : nil
  }

  private mutating func value(into row: inout [Float], depth: Int) -> Bool {
    skipSpaces()
    guard position < bytes.endIndex, depth < 16 else { return false }
    guard bytes[position] == UInt8(ascii: "[") else { return number(into: &row) }
    position += 1
    skipSpaces()
    if position < bytes.endIndex, bytes[position] == UInt8(ascii: "]") {
      position += 1
      return true
    }
    while value(into: &row, depth: depth + 1) {
      skipSpaces()
      guard position < bytes.endIndex else { return false }
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "]") { return true }
      guard byte == UInt8(ascii: ",") else { return false }
    }
    return false
  }

  private mutating func number(into row: inout [Float]) -> Bool {
    let start = position
    while position < bytes.endIndex, !Self.isSpace(bytes[position]),
      !"[],".utf8.contains(bytes[position])
    {
      position += 1
    }
    // Python writes what JSON has no word for as NaN and Infinity, which Swift reads; hexadecimal is neither's.
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard !text.contains("x"), let number = Double(text) else { return false }
    row.append(Float(number))
    return true
  }

  private mutating func skipSpaces() {
    while position < bytes.endIndex, Self.isSpace(bytes[position]) { position += 1 }
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }
}
