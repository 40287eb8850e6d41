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
      that transformers reads; peft is the low-rank adapters or the prefix alone of a run that trained \
      some, a folder that Python's peft reads.
      """)

  static let formats = ["safetensors", "onnx", "huggingface", "peft"]

  @Argument(
    help: ArgumentHelp("A run directory; for huggingface a language model.", valueName: "run"))
  var directory: String

  @Option(help: "The format: safetensors, onnx, huggingface or peft.")
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
    if format == "peft" { return try exportAdapters() }
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

  private var isRun: Bool { FileManager.default.fileExists(atPath: directory + "/run.json") }

  /// Where a folder goes: named after what is exported unless `--out` says otherwise.
  private func folder(_ source: URL) -> String { out ?? "\(source.lastPathComponent)-\(format)" }

  private func exportAdapters() throws {
    guard isRun else {
      throw CommandFailure(
        .usage, "\(directory) is no run; --format peft writes the adapters that a run has trained")
    }
    let path = folder(URL(filePath: directory).standardizedFileURL)
    let model = try TextPolicy(directory).model
    if model.bottleneck != nil {
      throw CommandFailure(
        .usage,
        "\(directory) has trained bottleneck adapters, which peft does not have; 'swirl evaluate', "
          + "'generate' and 'chat' use them from the run")
    }
    try AdapterFolder.write(model, to: path)
    Output.standard.text("wrote \(path): adapter_config.json, adapter_model.safetensors")
    Output.standard.endLine()
  }

  private func exportLanguageModel() throws {
    if isRun {
      let path = folder(URL(filePath: directory).standardizedFileURL)
      try TextPolicy(directory).write(toHuggingFaceFolder: path)
      Output.standard.text(
        "wrote \(path): config.json, model.safetensors, tokenizer.json; adapters are merged")
      Output.standard.endLine()
      return
    }
    let source = try ModelStore.path(of: directory)
    let checkpoint = try Checkpoint.open(source)
    let path = folder(URL(filePath: source).deletingPathExtension())
    try HuggingFaceFolder.write(
      checkpoint, configuration: checkpoint.configuration, tokenizer: try checkpoint.tokenizer(),
      to: path)
    Output.standard.text("wrote \(path): config.json, model.safetensors, tokenizer.json")
    Output.standard.endLine()
  }
}
