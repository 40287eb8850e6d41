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

    /// Runs a body with a display that nobody sees.
    private static func withDisplay(_ body: () throws -> Void) throws {
      let server = Process()
      let pipe = Pipe()
      server.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      server.arguments = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x1024x24", "-noreset"]
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
      try body()
    }

    @Test(.enabled(if: hasProgram("Xvfb"), "needs Xvfb"))
    func openingAndClosingLeaksNothing() throws {
      try Self.withDisplay {
        var session = Session([try Playback(of: "CartPole-v1", seed: 1)])
        func cycle() throws {
          let window = try SessionWindow(title: "cycle", width: 1000, height: 700)
          try window.run(&session, seconds: 0.02)
        }
        for _ in 0..<20 { try cycle() }
        let (memory, files) = (try Self.residentBytes(), try Self.openFiles())
        for _ in 0..<(Self.isLong ? 10_000 : 60) { try cycle() }
        // Other tests of this process hold memory and files meanwhile; a window's pixels are 2.8 MB, so that those
        // of 60 windows do not fit.
        #expect(try Self.residentBytes() - memory < 60_000_000)
        #expect(try Self.openFiles() <= files + 30)
      }
    }

    @Test(.enabled(if: hasProgram("Xvfb"), "needs Xvfb"))
    func aWindowShowsSixtyFramesASecondAtMost() throws {
      try Self.withDisplay {
        // 120 steps a second: more than it shows, and an episode of 200 steps.
        var session = Session([try Playback(of: "MountainCar-v0", seed: 1)], speed: 4)
        let window = try SessionWindow(title: "frames", width: 600, height: 400)
        try window.run(&session, seconds: 1.2)
        let rate = Double(window.frames) / 1.2
        // A machine that others share is no reason to fail.
        #expect(20...70 ~= rate, "\(rate) frames a second")
      }
    }
  }
#endif
