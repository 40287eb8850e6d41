import Foundation
import Language
import Runtime
import Tensors

// libFuzzer calls `LLVMFuzzerTestOneInput` with bytes it makes up, and looks which of them reach new code. A
// loader has to read them or throw a sentence; whatever else happens ends the process and is kept. SWIRL_FUZZ
// names the loader: gguf, safetensors, tokenizer, config, adapter, or text for encoding
// and decoding.

private enum Loader: String {
  case gguf, safetensors, tokenizer, config, adapter, text
}

private struct Bench {
  let loader: Loader
  let folder: URL
  let tokenizer: Tokenizer
  let base: LanguageModel

  init() throws {
    let environment = ProcessInfo.processInfo.environment
    loader = Loader(rawValue: environment["SWIRL_FUZZ"] ?? "gguf") ?? .gguf
    let references = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Tests/LanguageTests/References")
    let shared = URL(filePath: "/dev/shm")
    let parent =
      FileManager.default.fileExists(atPath: shared.path)
      ? shared : FileManager.default.temporaryDirectory
    folder = parent.appending(path: "swirl-fuzz-\(getpid())")
    let model = try GGUFFile(references.appending(path: "tiny.gguf").path)
    tokenizer = try model.tokenizer()
    base = try LanguageModel(model.configuration, weights: model, as: .float32)
    try? FileManager.default.removeItem(at: folder)
    try HuggingFaceFolder.write(
      model, configuration: model.configuration, tokenizer: tokenizer, to: folder.path)
    var (adapted, random) = (base, PCG64(seed: 0))
    try adapted.add(LoRA(rank: 2), using: &random)
    try AdapterFolder.write(adapted, to: folder.appending(path: "adapter").path)
  }

  func run(_ bytes: UnsafeRawBufferPointer) throws {
    let name = ["safetensors": "model.safetensors", "config": "config.json"][loader.rawValue]
    switch loader {
    case .gguf:
      let path = folder.appending(path: "model.gguf").path
      try put(bytes, path)
      use(try Checkpoint.open(path))
    case .safetensors, .config:
      try put(bytes, folder.appending(path: name ?? "").path)
      use(try Checkpoint.open(folder.path))
    case .adapter:
      let path = folder.appending(path: "adapter")
      try put(bytes, path.appending(path: "adapter_config.json").path)
      var adapted = base
      try AdapterFolder.read(path.path, into: &adapted)
    case .tokenizer:
      try put(bytes, folder.appending(path: "tokenizer.json").path)
      use(try Tokenizer(folder: folder.path))
    case .text: use(tokenizer, bytes)
    }
  }

  /// Written in place: a rename for each of thousands of inputs a second would be most of the work.
  private func put(_ bytes: UnsafeRawBufferPointer, _ path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard file >= 0, write(file, bytes.baseAddress, bytes.count) == bytes.count else {
      throw CocoaError(.fileWriteUnknown)
    }
    close(file)
  }

  private func use(_ checkpoint: Checkpoint) {
    for name in checkpoint.names { _ = try? checkpoint.tensor(name) }
    if let tokenizer = try? checkpoint.tokenizer() { use(tokenizer) }
  }

  private func use(_ tokenizer: Tokenizer) {
    Array("hello world's 123 \u{e9}<|im_end|>".utf8).withUnsafeBytes { use(tokenizer, $0) }
    _ = try? tokenizer.encode([ChatMessage(.user, "hello")])
  }

  private func use(_ tokenizer: Tokenizer, _ bytes: UnsafeRawBufferPointer) {
    let tokens = tokenizer.encode(bytes, parsingSpecials: true)
    precondition(tokens.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize })
    _ = tokenizer.decode(tokens)
  }
}

private let bench = Result { try Bench() }

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do {
    try bench.get().run(UnsafeRawBufferPointer(start: bytes, count: count))
  } catch let error as ModelError {
    precondition(!error.description.contains("\n"), "an error of two lines")
  } catch {
    fatalError("\(error)")
  }
  return 0
}
