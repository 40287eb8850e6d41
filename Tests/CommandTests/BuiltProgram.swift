import Foundation
import Testing

/// An executable of this package, run as a process of its own the way a person runs it.
struct BuiltProgram {
  let name: String

  static let swirl = BuiltProgram(name: "swirl")

  struct Result {
    var status: Int32
    var output: String
    var errors: String

    var lines: [Substring] { output.split(separator: "\n") }
  }

  /// Executables lie beside the test bundle, whatever the build folder is called.
  var url: URL {
    get throws {
      var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        .deletingLastPathComponent()
      for _ in 0..<5 {
        let candidate = folder.appendingPathComponent(name)
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder),
          !isFolder.boolValue
        {
          return candidate
        }
        folder.deleteLastPathComponent()
      }
      throw Missing(name: name)
    }
  }

  struct Missing: Error, CustomStringConvertible {
    var name: String
    var description: String {
      "the executable '\(name)' is not beside the tests; build the package first"
    }
  }

  /// A process that was started; `wait` gives what it printed.
  final class Running {
    let process = Process()
    private let folder: TemporaryFolder

    /// Output goes to files: a pipe that nobody empties would stop a process that prints much.
    fileprivate init(
      _ program: URL, _ arguments: [String], _ environment: [String: String], in directory: URL?
    ) throws {
      folder = try TemporaryFolder()
      for name in ["output", "errors"] {
        try folder.write("", to: name)
      }
      process.executableURL = program
      process.arguments = arguments
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      if let directory { process.currentDirectoryURL = directory }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle(forWritingAtPath: folder.path("output"))
      process.standardError = FileHandle(forWritingAtPath: folder.path("errors"))
      try process.run()
    }

    func kill(_ signal: Int32) { Foundation.kill(process.processIdentifier, signal) }

    func wait() throws -> Result {
      process.waitUntilExit()
      let status = process.terminationStatus
      return Result(
        status: process.terminationReason == .exit ? status : 128 + status,
        output: try String(contentsOfFile: folder.path("output"), encoding: .utf8),
        errors: try String(contentsOfFile: folder.path("errors"), encoding: .utf8))
    }
  }

  func start(_ arguments: [String], environment: [String: String] = [:], in directory: URL? = nil)
    throws -> Running
  {
    try Running(url, arguments, environment, in: directory)
  }

  func run(_ arguments: [String], environment: [String: String] = [:], in directory: URL? = nil)
    throws -> Result
  {
    try start(arguments, environment: environment, in: directory).wait()
  }

  /// Runs `swirl`, split at spaces, for arguments that hold none.
  static func swirl(_ line: String, in directory: URL? = nil) throws -> Result {
    try swirl.run(line.split(separator: " ").map(String.init), in: directory)
  }
}

/// A folder that goes when the last reference to it does.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "swirl-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  @discardableResult func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: url.appendingPathComponent(name))
    return path(name)
  }
}

/// The objects of a JSON text, one a line.
func jsonLines(_ text: String) throws -> [[String: Any]] {
  try text.split(separator: "\n").map { line in
    try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }
}

func jsonArray(_ text: String) throws -> [[String: Any]] {
  try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
}

/// A bad call: its status, one line on standard error and nothing on standard output.
func expectRefusal(
  _ result: BuiltProgram.Result, status: Int32, saying words: String...,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(result.status == status, "\(result.errors)", sourceLocation: sourceLocation)
  #expect(result.output.isEmpty, sourceLocation: sourceLocation)
  let lines = result.errors.split(separator: "\n")
  #expect(lines.count == 1, "\(result.errors)", sourceLocation: sourceLocation)
  for word in words {
    #expect(result.errors.contains(word), "\(result.errors)", sourceLocation: sourceLocation)
  }
}
