import Foundation

/// A display without a screen, an Xvfb of a test's own, which goes with the last reference to it.
package final class Display {
  /// Such as ":1", what `DISPLAY` is to say.
  package let name: String
  private let server = Process()

  package init(width: Int = 1000, height: Int = 600) throws {
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
    guard text.hasSuffix("\n") else { throw Missing(what: "Xvfb") }
    name = ":" + text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private struct Missing: Error { let what: String }

  /// Whether a program is on the path.
  package static func hasProgram(_ name: String) -> Bool {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
  }

  /// Whether there can be one.
  package static let canBeMade = hasProgram("Xvfb")

  deinit { stop() }

  package func stop() {
    // Foundation starts children with their signals blocked, but for this one.
    if server.isRunning {
      kill(server.processIdentifier, SIGKILL)
      server.waitUntilExit()
    }
  }

  @discardableResult
  package func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: Data)
  {
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
  package func window(_ title: String) throws -> String {
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
    throw Missing(what: "a window \(title)")
  }

  package func press(_ keys: String...) throws {
    try run("xdotool", ["key", "--delay", "60"] + keys)
  }

  /// Red, green and blue of every pixel.
  package func screenshot(_ width: Int, _ height: Int) throws -> [UInt8] {
    let shot = try run(
      "ffmpeg",
      [
        "-loglevel", "error", "-f", "x11grab", "-draw_mouse", "0", "-video_size",
        "\(width)x\(height)", "-i", name, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt",
        "rgb24", "-",
      ])
    return Array(shot.output)
  }

  package func write(_ width: Int, _ height: Int, to path: String) throws {
    try run(
      "ffmpeg",
      [
        "-loglevel", "error", "-y", "-f", "x11grab", "-draw_mouse", "0", "-video_size",
        "\(width)x\(height)", "-i", name, "-frames:v", "1", path,
      ])
  }

  /// Red, green and blue of every pixel of a PNG.
  package func pixels(of path: String) throws -> [UInt8] {
    let words = ["-loglevel", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    return Array(try run("ffmpeg", words).output)
  }
}
