#if Viewer
  import Envs
  import Foundation

  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #else
    import Darwin
  #endif

  /// Shows a session as characters and reads its keys from the keyboard, over ssh too.
  public final class SessionTerminal {
    private var before = termios()
    private let style: TerminalPicture.Style
    private let hasAllColors: Bool
    private var shown: [String] = []
    /// As a ``SessionWindow``'s.
    public var policy: () throws -> (policy: WatchedPolicy, subtitle: String)? = { nil }
    public var shouldClose: () -> Bool = { false }
    private var keys = TerminalKeys()

    /// - Throws: ``ViewerError`` where standard input and output are no terminal.
    public init(style: TerminalPicture.Style = .blocks) throws {
      guard isatty(0) != 0, isatty(1) != 0, tcgetattr(0, &before) == 0 else {
        throw ViewerError(
          .usage, "there is no terminal to show the episode in")
      }
      self.style = style
      let color = ProcessInfo.processInfo.environment["COLORTERM"] ?? ""
      hasAllColors = color == "truecolor" || color == "24bit"
    }

    /// The characters of a line and the lines; 80 by 24 where the terminal does not say.
    static var size: (columns: Int, rows: Int) {
      var size = winsize()
      guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
        return (80, 24)
      }
      return (min(Int(size.ws_col), 400), min(Int(size.ws_row), 200))
    }

    /// Runs until a person quits or there is another reason to end.
    ///
    /// - Throws: `EnvironmentError` as a step does.
    public func run(_ session: inout Session) throws {
      var raw = before
      cfmakeraw(&raw)
      tcsetattr(0, TCSANOW, &raw)
      write("\u{1b}[?1049h\u{1b}[?25l\u{1b}[2J")
      defer {
        write("\u{1b}[0m\u{1b}[?25h\u{1b}[?1049l")
        tcsetattr(0, TCSANOW, &before)
      }
      var last = ContinuousClock.now
      var lastPoll = last - .seconds(1)
      var version = -1
      var lastSize = (columns: 0, rows: 0)
      while !session.wantsToQuit, !shouldClose() {
        for key in readKeys(waiting: 40) {
          try session.strike(key.name, isShifted: key.isShifted)
          // A terminal does not tell when a key is let go.
          session.release(key.name)
        }
        let now = ContinuousClock.now
        if (now - lastPoll) / .milliseconds(1) >= 500 {
          lastPoll = now
          if let (policy, subtitle) = try policy() {
            try session.hand(to: policy, subtitle: subtitle)
          }
        }
        try session.tick((now - last) / .seconds(1))
        last = now
        let size = Self.size
        if size != lastSize {
          lastSize = size
          shown = []
          version = -1
          write("\u{1b}[2J")
        }
        if version != session.version {
          version = session.version
          try show(session, size)
        }
      }
    }

    private func show(_ session: Session, _ size: (columns: Int, rows: Int)) throws {
      let notes = session.terminalLines(columns: size.columns)
      let rows = size.rows - notes.count
      var lines: [String] = []
      if session.showsHelp {
        lines = session.helpLines(columns: size.columns, rows: rows).map { $0 + "\u{1b}[K" }
        lines += Array(repeating: "\u{1b}[K", count: max(0, rows - lines.count))
      } else if rows > 0 {
        lines = try TerminalPicture(
          session.current.picture, columns: size.columns, rows: rows, style: style,
          hasAllColors: hasAllColors
        ).lines
      }
      lines += notes.prefix(size.rows).map { $0 + "\u{1b}[K" }
      var text = ""
      // Lines that stayed the same are not sent again.
      for (i, line) in lines.enumerated() where i >= shown.count || shown[i] != line {
        text += "\u{1b}[\(i + 1);1H\(line)"
      }
      shown = lines
      write(text)
    }

    private func write(_ text: String) {
      var bytes = Array(text.utf8)[...]
      while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { buffer in
          #if canImport(Darwin)
            Darwin.write(1, buffer.baseAddress, buffer.count)
          #elseif canImport(Musl)
            Musl.write(1, buffer.baseAddress, buffer.count)
          #else
            Glibc.write(1, buffer.baseAddress, buffer.count)
          #endif
        }
        if count <= 0 {
          if errno == EINTR || errno == EAGAIN { continue }
          return
        }
        bytes = bytes.dropFirst(count)
      }
    }

    private func readKeys(waiting milliseconds: Int32) -> [TerminalKeys.Key] {
      var found = readKeysOnce(waiting: milliseconds) ?? []
      // An escape may begin an arrow whose other bytes are still on their way.
      while keys.isWaiting {
        guard let more = readKeysOnce(waiting: 30) else { return found + keys.finish() }
        found += more
      }
      return found
    }

    /// Nil when nothing came.
    private func readKeysOnce(waiting milliseconds: Int32) -> [TerminalKeys.Key]? {
      var poller = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
      guard poll(&poller, 1, milliseconds) > 0 else { return nil }
      var bytes = [UInt8](repeating: 0, count: 64)
      let count = read(0, &bytes, bytes.count)
      if count < 0, errno == EINTR || errno == EAGAIN { return nil }
      // The connection has gone.
      guard count > 0 else { return keys.finish() + [.init("q")] }
      return keys.add(bytes.prefix(count))
    }
  }
#endif
