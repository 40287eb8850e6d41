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
  }
#endif
