import ArgumentParser
import Foundation
import Swirl

/// `swirl export`: the policy of a run for other tools.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write the policy of a run to a file for other tools.")

  static let formats = ["safetensors"]

  @Argument(help: ArgumentHelp("A run directory.", valueName: "run"))
  var directory: String

  @Option(help: "The format of the file: safetensors.")
  var format: String

  @Option(
    help: ArgumentHelp(
      "The file to write; <agent>-<env>.<format> when left out.", valueName: "file"))
  var out: String?

  mutating func run() throws {
    guard Self.formats.contains(format) else {
      throw CommandFailure.unknown("format", format, among: Self.formats)
    }
    let saved = try SavedPolicy(run: directory)
    let name = "\(saved.description.agent)-\(saved.description.environment)"
    let path = out ?? "\(name.replacing("/", with: "-")).\(format)"
    do {
      try saved.model.write(to: URL(fileURLWithPath: path), options: [.withoutOverwriting])
    } catch {
      if FileManager.default.fileExists(atPath: path) {
        throw CommandFailure(.usage, "\(path) exists already; choose another file with --out")
      }
      throw CommandFailure(.other, "cannot write \(path): \(error.localizedDescription)")
    }
    Output.standard.text("wrote \(path): the policy after \(grouped(saved.step)) steps")
    Output.standard.endLine()
  }
}
