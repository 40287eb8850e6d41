#if Viewer && os(Linux)
  import Envs
  import Foundation
  import Testing
  import Viewer

  /// Windows that are opened here, on an Xvfb of the tests' own.
  @Suite(.serialized) struct WindowTests {
    private static func hasProgram(_ name: String) -> Bool {
      (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }
    private static var isLong: Bool {
      ProcessInfo.processInfo.environment["SWIRL_LONG_TESTS"] == "1"
    }

    /// Memory that the process holds, in bytes.
    private static func residentBytes() throws -> Int {
      let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
    }

    private static func openFiles() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    @Test(.enabled(if: hasProgram("Xvfb"), "needs Xvfb"))
    func openingAndClosingLeaksNothing() throws {
      let server = Process()
      let pipe = Pipe()
      server.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      server.arguments = ["Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24", "-noreset"]
      server.standardOutput = pipe
      server.standardError = FileHandle.nullDevice
      try server.run()
      defer {
        // Foundation starts children with their signals blocked, but for this one.
        kill(server.processIdentifier, SIGKILL)
        server.waitUntilExit()
      }
      var text = ""
      while !text.hasSuffix("\n") {
        let data = pipe.fileHandleForReading.availableData
        if data.isEmpty { break }
        text += String(decoding: data, as: UTF8.self)
      }
      setenv("DISPLAY", ":" + text.trimmingCharacters(in: .whitespacesAndNewlines), 1)

      var session = Session([try Playback(of: "CartPole-v1", seed: 1)])
      func cycle() throws {
        let window = try SessionWindow(title: "cycle", width: 320, height: 200)
        try window.run(&session, seconds: 0.02)
      }
      for _ in 0..<20 { try cycle() }
      let (memory, files) = (try Self.residentBytes(), try Self.openFiles())
      for _ in 0..<(Self.isLong ? 10_000 : 60) { try cycle() }
      // Other tests of this process hold memory and files meanwhile; a window's pixels are 256 kB.
      #expect(try Self.residentBytes() - memory < 60_000_000)
      #expect(try Self.openFiles() <= files + 30)
    }
  }
#endif
