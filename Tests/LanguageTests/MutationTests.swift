import Foundation
import Language
import Runtime
import Tensors
import Testing

/// Files with bytes changed at random: each is read or refused with a sentence, and nothing else happens.
@Suite struct MutationTests {
  private let folder: ModelFolder
  init() throws { folder = try ModelFolder() }

  /// Changes a few bytes, lengths or stretches; `hot` is where the header is.
  private func mutate(_ bytes: [UInt8], hot: Int, using random: inout PCG64) -> [UInt8] {
    var bytes = bytes
    func below(_ bound: Int) -> Int { Int(random.next() >> 33) % max(bound, 1) }
    for _ in 0...below(4) {
      guard !bytes.isEmpty else { return bytes }
      let place = below(8) == 0 ? below(bytes.count) : below(min(hot, bytes.count))
      switch below(7) {
      case 0: bytes[place] ^= 1 << UInt8(below(8))
      case 1: bytes[place] = UInt8(below(256))
      case 2:
        let odd: [UInt64] = [
          0, 1, 0x7f, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 32, 1 << 61, 1 << 62,
          .max >> 1, .max, .max - 31,
        ]
        let number = withUnsafeBytes(of: odd[below(odd.count)]) { Array($0) }
        let width = [1, 2, 4, 8][below(4)]
        for i in 0..<width where place + i < bytes.count { bytes[place + i] = number[i] }
      case 3: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(16)))
      case 4: bytes.insert(contentsOf: (0...below(8)).map { _ in UInt8(below(256)) }, at: place)
      case 5: bytes.removeLast(below(bytes.count))
      default:
        let from = below(min(hot, bytes.count))
        bytes.insert(
          contentsOf: Array(bytes[from..<min(bytes.count, from + 1 + below(64))]), at: place)
      }
    }
    return bytes
  }

  /// Uses all that a file that was accepted holds.
  private func use(_ checkpoint: Checkpoint) throws {
    for name in checkpoint.names {
      let tensor = try checkpoint.tensor(name)
      if tensor.count > 0 { _ = tensor.contiguous().withUnsafeBuffer { $0[tensor.count - 1] } }
    }
    try use(try checkpoint.tokenizer())
    let configuration = checkpoint.configuration
    let size = configuration.parameterShapes.reduce(0) { $0 + $1.shape.elementCount }
    if size > 1 << 17 { return }
    let model = try LanguageModel(configuration, weights: checkpoint)
    let settings = SamplingSettings(topK: 40, topP: 0.9, minP: 0.1, maximumTokens: 1)
    let drawn = try Generator(model).generate(prompts: [[0, 0]], settings: settings, seeds: [0])
    #expect(drawn[0].tokens[0] < configuration.vocabularySize)
  }

  private func use(_ tokenizer: Tokenizer) throws {
    let text = "hello  world's 123 \u{e9}<|im_end|>\n"
    let tokens = tokenizer.encode(text, parsingSpecials: true)
    #expect(tokens.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize })
    _ = tokenizer.decode(tokens)
    _ = try? tokenizer.encode([ChatMessage(.user, "hello")])
  }

  /// Reads `count` mutations and returns how many were accepted.
  private func run(
    _ count: Int, seed: UInt64, _ body: (inout PCG64) throws -> Void
  ) throws -> Int {
    var random = PCG64(seed: seed)
    var accepted = 0
    for _ in 0..<count {
      do {
        try body(&random)
        accepted += 1
      } catch let error as ModelError {
        #expect(!error.description.isEmpty && !error.description.contains("\n"))
      }
    }
    return accepted
  }

  private static let references = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "References")

  @Test func ggufFiles() throws {
    let tiny = Self.references.appending(path: "tiny.gguf")
    let bytes = [UInt8](try Data(contentsOf: tiny))
    let accepted = try run(8000, seed: 1) { random in
      let mutated = mutate(bytes, hot: 3000, using: &random)
      try use(try Checkpoint.open(try folder.write(mutated, "model.gguf")))
    }
    #expect(accepted > 0)
  }

  @Test(
    arguments: ["model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"],
    [TinyModel.qwen3, .gpt2])
  func folders(_ file: String, _ kind: TinyModel) throws {
    let model = kind.model()
    let path = folder.path + "/model"
    try HuggingFaceFolder.write(
      model.denseWeights(), configuration: model.configuration,
      tokenizer: .characters("helo wrd's123"), to: path)
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(path)/\(file)")))
    let accepted = try run(1000, seed: 2) { random in
      let mutated = mutate(bytes, hot: 4000, using: &random)
      try folder.write(mutated, "model/\(file)")
      try use(try Checkpoint.open(path))
    }
    #expect(accepted > 0)
  }

  @Test(
    arguments: ["adapter_config.json", "adapter_model.safetensors"],
    ["lora", "prefix", "bottleneck"])
  func adapters(_ file: String, _ kind: String) throws {
    let base = TinyModel.llama.model()
    var model = base
    var random = PCG64(seed: 1)
    switch kind {
    case "lora": try model.add(LoRA(rank: 2, targets: [.query, .down]), using: &random)
    case "prefix": try model.add(PrefixTuning(tokens: 3), using: &random)
    default: try model.add(BottleneckAdapters(size: 2), using: &random)
    }
    let path = folder.path + "/adapter"
    try AdapterFolder.write(model, to: path)
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(path)/\(file)")))
    let accepted = try run(500, seed: 4) { random in
      try folder.write(mutate(bytes, hot: 2000, using: &random), "adapter/\(file)")
      var adapted = base
      try AdapterFolder.read(path, into: &adapted)
    }
    #expect(accepted > 0)
  }

  @Test(arguments: ["gpt2", "llama3"]) func tokenizers(_ kind: String) throws {
    let source = Self.references.appending(path: "tokenizers/\(kind)/tokenizer.json")
    let bytes = [UInt8](try Data(contentsOf: source))
    _ = try run(1000, seed: 3) { random in
      try folder.write(mutate(bytes, hot: bytes.count, using: &random), "tokenizer.json")
      try use(try Tokenizer(folder: folder.path))
    }
  }
}
