#if Viewer
  import Foundation
  import Testing

  extension ViewTests {
    #if os(Linux)
      /// A terminal of the tests' own with a program on it.
      final class Terminal {
        private let end: Int32
        private let process = Process()
        private(set) var shown = ""

        init(_ arguments: [String], environment: [String: String] = [:]) throws {
          end = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
          var (isLocked, number): (Int32, Int32) = (0, -1)
          // TIOCSPTLCK and TIOCGPTN, which Swift does not import.
          guard end >= 0, ioctl(end, 0x4004_5431, &isLocked) == 0,
            ioctl(end, 0x8004_5430, &number) == 0
          else { throw BuiltProgram.Missing(name: "terminal") }
          let other = FileHandle(
            fileDescriptor: open("/dev/pts/\(number)", O_RDWR | O_NOCTTY), closeOnDealloc: true)
          process.executableURL = try BuiltProgram.swirl.url
          process.arguments = arguments
          process.environment = ProcessInfo.processInfo.environment
            .merging(["TERM": "xterm-256color", "NO_COLOR": ""]) { $1 }
            .merging(environment) { $1 }
          process.standardInput = other
          process.standardOutput = other
          process.standardError = FileHandle.nullDevice
          try process.run()
          try other.close()
        }

        deinit { close(end) }

        func type(_ text: String) {
          _ = Array(text.utf8).withUnsafeBytes { write(end, $0.baseAddress, $0.count) }
        }

        func kill(_ signal: Int32) { Foundation.kill(process.processIdentifier, signal) }

        /// Reads until something is shown, from what was not looked at yet.
        func shows(_ text: String) -> Bool {
          let limit = Date().addingTimeInterval(20)
          while Date() < limit {
            if let found = shown.range(of: text) {
              shown.removeSubrange(..<found.upperBound)
              return true
            }
            if !readMore() { return shown.contains(text) }
          }
          return false
        }

        /// Reads all that is left and waits for the program's end.
        func status() -> Int32 {
          while readMore() {}
          process.waitUntilExit()
          return process.terminationStatus
        }

        private func readMore() -> Bool {
          var poller = pollfd(fd: end, events: Int16(POLLIN), revents: 0)
          if poll(&poller, 1, 200) == 0 { return process.isRunning }
          var buffer = [UInt8](repeating: 0, count: 1 << 16)
          let count = read(end, &buffer, buffer.count)
          guard count > 0 else { return false }
          shown += String(decoding: buffer.prefix(count), as: UTF8.self)
          return true
        }
      }
    #endif

    /// A display without a screen.
    final class Display {
      let name: String
      private let server = Process()

      init(width: Int = 1000, height: Int = 600) throws {
        // Xvfb finds a free number and writes it down.
        let pipe = Pipe()
        server.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        server.arguments = [
          "Xvfb", "-displayfd", "1", "-screen", "0", "\(width)x\(height)x24", "-nolisten", "tcp",
          "-noreset",
        ]
        server.standardOutput = pipe
        server.standardError = FileHandle.nullDevice
        try server.run()
        var text = ""
        while !text.hasSuffix("\n") {
          let data = pipe.fileHandleForReading.availableData
          if data.isEmpty { break }
          text += String(decoding: data, as: UTF8.self)
        }
        name = ":" + text.trimmingCharacters(in: .whitespacesAndNewlines)
      }

      deinit { stop() }

      func stop() {
        // Foundation starts children with their signals blocked, but for this one.
        if server.isRunning {
          kill(server.processIdentifier, SIGKILL)
          server.waitUntilExit()
        }
      }

      @discardableResult
      func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: Data) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["DISPLAY": name]) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, data)
      }

      /// Waits for the window and gives it the keyboard.
      func window(_ title: String) throws -> String {
        for _ in 0..<100 {
          let found = try run("xdotool", ["search", "--name", title])
          let id = String(decoding: found.output, as: UTF8.self).split(separator: "\n").last
          if let id {
            try run("xdotool", ["windowmove", String(id), "0", "0"])
            try run("xdotool", ["windowfocus", "--sync", String(id)])
            return String(id)
          }
          Thread.sleep(forTimeInterval: 0.1)
        }
        throw BuiltProgram.Missing(name: "window \(title)")
      }

      func press(_ keys: String...) throws { try run("xdotool", ["key", "--delay", "60"] + keys) }

      /// Red, green and blue of every pixel.
      func screenshot(_ width: Int, _ height: Int) throws -> [UInt8] {
        let shot = try run(
          "ffmpeg",
          [
            "-loglevel", "error", "-f", "x11grab", "-draw_mouse", "0", "-video_size",
            "\(width)x\(height)", "-i", name, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt",
            "rgb24", "-",
          ])
        return Array(shot.output)
      }

      func write(_ width: Int, _ height: Int, to path: String) throws {
        try run(
          "ffmpeg",
          [
            "-loglevel", "error", "-y", "-f", "x11grab", "-draw_mouse", "0", "-video_size",
            "\(width)x\(height)", "-i", name, "-frames:v", "1", path,
          ])
      }

      /// Red, green and blue of every pixel of a PNG.
      func pixels(of path: String) throws -> [UInt8] {
        let words = ["-loglevel", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
        return Array(try run("ffmpeg", words).output)
      }
    }
  }
#endif
