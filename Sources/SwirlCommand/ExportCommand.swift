import ArgumentParser
import Foundation
import Swirl

/// `swirl export`: the policy of a run for other tools.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the policy of a run, or a language model, for other tools.",
    discussion: """
      safetensors is the model as it is saved, for Swirl. onnx is the deterministic policy with its \
      normaliser and action limits, from raw observations to actions, for ONNX runtimes. \
      huggingface turns a language model, such as a GGUF file or what a run has trained, into a folder \
      that transformers reads.
      """)

  static let formats = ["safetensors", "onnx", "huggingface"]

  @Argument(
    help: ArgumentHelp("A run directory; for huggingface a language model.", valueName: "run"))
  var directory: String

  @Option(help: "The format: safetensors, onnx or huggingface.")
  var format: String

  @Option(
    help: ArgumentHelp(
      "The file or folder to write; <agent>-<env>.<format> when left out.", valueName: "file"))
  var out: String?

  mutating func run() throws {
    guard Self.formats.contains(format) else {
      throw CommandFailure.unknown("format", format, among: Self.formats)
    }
    if format == "huggingface" { return try exportLanguageModel() }
    let saved = try SavedPolicy(run: directory)
    let name = "\(saved.description.agent)-\(saved.description.environment)"
    let path = out ?? "\(name.replacing("/", with: "-")).\(format)"
    let data =
      format == "onnx"
      ? saved.policy.onnx(
        version: Version.current,
        metadata: [
          ("swirl.agent", saved.description.agent),
          ("swirl.environment", saved.description.environment), ("swirl.steps", "\(saved.step)"),
        ]) : saved.model
    try Output.writeNew(data, to: path, option: "--out")
    Output.standard.text("wrote \(path): the policy after \(grouped(saved.step)) steps")
    Output.standard.endLine()
  }

  private func exportLanguageModel() throws {
    if FileManager.default.fileExists(atPath: directory + "/run.json") {
      let stem = URL(filePath: directory).standardizedFileURL.lastPathComponent
      let path = out ?? "\(stem)-huggingface"
      try TextPolicy(directory).write(toHuggingFaceFolder: path)
      Output.standard.text(
        "wrote \(path): config.json, model.safetensors, tokenizer.json; adapters are merged")
      Output.standard.endLine()
      return
    }
    let source = try ModelStore.path(of: directory)
    let checkpoint = try Checkpoint.open(source)
    let stem = URL(filePath: source).deletingPathExtension().lastPathComponent
    let path = out ?? "\(stem)-huggingface"
    try HuggingFaceFolder.write(
      checkpoint, configuration: checkpoint.configuration, tokenizer: try checkpoint.tokenizer(),
      to: path)
    Output.standard.text("wrote \(path): config.json, model.safetensors, tokenizer.json")
    Output.standard.endLine()
  }
}
