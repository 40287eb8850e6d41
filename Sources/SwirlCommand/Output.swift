import Foundation

/// Standard output as one byte buffer that is written when it is full: a rollout prints a million lines a second.
///
/// Numbers are written so that they read back exactly: a Float32 as the Double it equals, a Double in the shortest
/// digits that name it, and what JSON has no word for as Python's `json` spells it (`NaN`, `Infinity`).
struct Output: ~Copyable {
  nonisolated(unsafe) static var standard = Output(descriptor: STDOUT_FILENO)

  private let descriptor: Int32
  private var bytes: [UInt8] = []
  private static let capacity = 1 << 16

  init(descriptor: Int32) {
    self.descriptor = descriptor
    bytes.reserveCapacity(Self.capacity + 4096)
  }

  mutating func text(_ text: StaticString) {
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func text(_ text: some StringProtocol) {
    bytes.append(contentsOf: text.utf8)
  }

  mutating func number(_ value: Int) {
    text(String(value))
  }

  mutating func number(_ value: Double) {
    if value.isFinite {
      text(value.description)
    } else if value.isNaN {
      text("NaN" as StaticString)
    } else {
      text(value < 0 ? "-Infinity" as StaticString : "Infinity")
    }
  }

  mutating func number(_ value: Float) {
    number(Double(value))
  }

  mutating func boolean(_ value: Bool) {
    text(value ? "true" as StaticString : "false")
  }

  /// A JSON string with its quotes.
  mutating func string(_ value: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0..<0x20:
        text("\\u00" as StaticString)
        text(String(byte >> 4, radix: 16))
        text(String(byte & 15, radix: 16))
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Values between `open` and `close`, with commas.
  mutating func list<Values: Sequence>(
    _ values: Values, open: StaticString = "[", close: StaticString = "]",
    _ write: (inout Output, Values.Element) -> Void
  ) {
    text(open)
    var first = true
    for value in values {
      if !first { text(", " as StaticString) }
      first = false
      write(&self, value)
    }
    text(close)
  }

  mutating func endLine() {
    bytes.append(UInt8(ascii: "\n"))
    if bytes.count >= Self.capacity { flush() }
  }

  /// Writes what is buffered; a reader that went away (`swirl rollout … | head`) ends the process by SIGPIPE.
  mutating func flush() {
    bytes.withUnsafeBytes { all in
      var rest = all
      while !rest.isEmpty {
        let written = write(descriptor, rest.baseAddress, rest.count)
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else {
          Console.error("cannot write to standard output: \(String(cString: strerror(errno)))")
          exit(1)
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[written...])
      }
    }
    bytes.removeAll(keepingCapacity: true)
  }
}

/// Prints rows with each column as wide as its widest cell.
func printColumns(_ rows: [[String]]) {
  let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  for row in rows {
    let cells = zip(row, widths).map { cell, width in
      cell + String(repeating: " ", count: width - cell.count)
    }
    var line = cells.joined(separator: "  ")
    while line.hasSuffix(" ") { line.removeLast() }
    Output.standard.text(line)
    Output.standard.endLine()
  }
}
