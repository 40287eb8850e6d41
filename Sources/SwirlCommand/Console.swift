import Foundation

/// Standard error, where everything goes that is for people while a command works: notes, progress, errors.
enum Console {
  /// Whether lines can be drawn again: on a terminal that knows how.
  static let isTerminal =
    isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

  static let hasColour = showsColour(on: STDERR_FILENO)

  /// Colour only on a terminal that can show it, and never when `NO_COLOR` is set (https://no-color.org).
  static func showsColour(on descriptor: Int32) -> Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(descriptor) == 1 && environment["TERM"] != "dumb"
      && (environment["NO_COLOR"] ?? "").isEmpty
  }

  static var columns: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  static var rows: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 else { return 24 }
    return Int(size.ws_row)
  }

  static func error(_ sentence: String) {
    line(paint("swirl: error: ", .red) + sentence)
  }

  static func note(_ sentence: String) {
    line(paint("swirl: ", .dim) + sentence)
  }

  static func line(_ text: String) {
    write(text + "\n")
  }

  static func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let written = Foundation.write(STDERR_FILENO, rest.baseAddress, rest.count)
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { return }  // nobody listens: nothing better to do
        rest = UnsafeRawBufferPointer(rebasing: rest[written...])
      }
    }
  }

  enum Paint: String {
    case red = "31"
    case green = "32"
    case dim = "2"
    case bold = "1"
  }

  static func paint(_ text: String, _ paint: Paint) -> String {
    hasColour ? "\u{1B}[\(paint.rawValue)m\(text)\u{1B}[0m" : text
  }
}
