import Foundation
import Language
import Runtime
import Tensors
import Testing

@Suite struct AdapterTests {
  private let references = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "References")
  private let tokens = (0..<40).map { (7 * $0 * $0 + 3 * $0) % 48 }

  private var configuration: LanguageModelConfiguration {
    LanguageModelConfiguration(
      vocabularySize: 48, width: 16, blockCount: 2, headCount: 4, kvHeadCount: 2, headSize: 8,
      hiddenSize: 24, contextLength: 64, rotary: RotaryEmbedding(dim: 8, base: 10_000))
  }

  /// The tiny Llama of `make_language_models.py`; `interleaved` as llama.cpp's files would hold it.
  private func base(interleaved: Bool = false) throws -> LanguageModel {
    let stored = try StateDictionary(
      contentsOf: references.appending(path: "language-models.safetensors").path)
    var weights = stored.renamed {
      $0.hasPrefix("llama/") ? String($0.dropFirst(6)) : nil
    }
    var c = configuration
    if interleaved {
      c.rotary?.layout = .interleaved
      for block in 0..<2 {
        for layer in ["q_proj", "k_proj"] {
          let name = "model.layers.\(block).self_attn.\(layer).weight"
          let rows = weights[name]!
          weights[name] = rows.reshaped([-1, 2, 4, 16]).permuted([0, 2, 1, 3]).reshaped([-1, 16])
        }
      }
    }
    return try LanguageModel(c, weights: HeldWeights(tensors: weights), as: .float32)
  }

  private func logits(_ model: LanguageModel, _ tokens: [Int]? = nil) -> Tensor {
    let tokens = tokens ?? self.tokens
    return model.logits(
      model.hidden(tokens, sequences: SequenceOffsets(lengths: [tokens.count])))
  }

  private func temporary(_ name: String) -> URL {
    FileManager.default.temporaryDirectory.appending(path: "swirl-\(name)-\(UUID().uuidString)")
  }

  @Test(arguments: ["lora", "prefix"], [false, true])
  func `peft's adapters give peft's logits, and come back as they were`(
    _ kind: String, _ interleaved: Bool
  ) throws {
    let folder = references.appending(path: "adapters/\(kind)").path
    let golden = try StateDictionary(
      contentsOf: references.appending(path: "adapters/logits.safetensors").path)
    var model = try base(interleaved: interleaved)
    let plain = logits(model)
    try AdapterFolder.read(folder, into: &model)
    #expect((logits(model) - golden[kind]!).magnitude().max().item < 1e-4)
    #expect((plain - golden[kind]!).magnitude().max().item > 0.1)
    #expect(logits(model.withoutAdapters).scalars == plain.scalars)

    let written = FileManager.default.temporaryDirectory
      .appending(path: "swirl-adapter-\(kind)-\(interleaved)-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: written) }
    try AdapterFolder.write(model, to: written)
    let before = try StateDictionary(contentsOf: "\(folder)/adapter_model.safetensors")
    let after = try StateDictionary(contentsOf: "\(written)/adapter_model.safetensors")
    #expect(Set(before.names) == Set(after.names))
    for (name, value) in before { #expect(after[name]?.scalars == value.scalars) }
    func config(_ path: String) throws -> [String: Any] {
      let data = try Data(contentsOf: URL(filePath: "\(path)/adapter_config.json"))
      return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
    let (theirs, ours) = (try config(folder), try config(written))
    for key in ["peft_type", "task_type", "r", "lora_alpha", "num_virtual_tokens"] {
      #expect(theirs[key] as? NSObject == ours[key] as? NSObject, "\(key)")
    }
    let names = [theirs, ours].map { Set($0["target_modules"] as? [String] ?? []) }
    #expect(names[0] == names[1])
  }

  @Test(arguments: ["gpt2-lora", "gpt2-prefix"])
  func `GPT-2's too, under its own names`(_ kind: String) throws {
    let folder = references.appending(path: "adapters/\(kind)").path
    let golden = try StateDictionary(
      contentsOf: references.appending(path: "adapters/logits.safetensors").path)
    let base = try HuggingFaceFolder(references.appending(path: "folders/gpt2").path)
    var model = try LanguageModel(base.configuration, weights: base)
    let text = (0..<24).map { (7 * $0 * $0 + 3 * $0) % 41 }
    let plain = logits(model, text)
    try AdapterFolder.read(folder, into: &model)
    #expect((logits(model, text) - golden[kind]!).magnitude().max().item < 1e-4)
    #expect((plain - golden[kind]!).magnitude().max().item > 0.1)

    let written = temporary("gpt2").path
    defer { try? FileManager.default.removeItem(atPath: written) }
    // A slash at the end names the same folder.
    try AdapterFolder.write(model, to: written + "/")
    let before = try StateDictionary(contentsOf: "\(folder)/adapter_model.safetensors")
    let after = try StateDictionary(contentsOf: "\(written)/adapter_model.safetensors")
    #expect(Set(before.names) == Set(after.names))
    for (name, value) in before { #expect(after[name]?.scalars == value.scalars) }
    #expect(!FileManager.default.fileExists(atPath: written + ".partial"))
    let error = #expect(throws: ModelError.self) { try AdapterFolder.write(model, to: written) }
    #expect(error?.kind == .usage && error?.description.contains("exists already") == true)
    if kind == "gpt2-lora" {
      let config = try String(contentsOfFile: "\(written)/adapter_config.json", encoding: .utf8)
      #expect(config.contains("\"fan_in_fan_out\": true") && config.contains("\"attn.c_proj\""))
    }
  }

  @Test func `GPT-2's fused queries, keys and values get a sentence`() throws {
    var model = TinyModel.gpt2.model()
    var random = PCG64(seed: 1)
    try model.add(LoRA(rank: 2), using: &random)
    let path = temporary("fused").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let error = #expect(throws: ModelError.self) { try AdapterFolder.write(model, to: path) }
    #expect(error?.description.contains("as one layer") == true)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Data("{\"peft_type\": \"LORA\", \"r\": 2, \"target_modules\": [\"c_attn\"]}".utf8)
      .write(to: URL(filePath: "\(path)/adapter_config.json"))
    try SafetensorsFile.write([], to: "\(path)/adapter_model.safetensors")
    let refusal = #expect(throws: ModelError.self) {
      try AdapterFolder.read(path, into: &model)
    }
    #expect(refusal?.kind == .badData && refusal?.description.contains("names c_attn") == true)
  }

  private func adapted(_ kind: String) throws -> LanguageModel {
    var model = TinyModel.llama.model()
    var random = PCG64(seed: 1)
    if kind == "prefix" {
      try model.add(PrefixTuning(tokens: 37), using: &random)
    } else {
      try model.add(BottleneckAdapters(size: 5), using: &random)
    }
    return model
  }

  @Test(arguments: ["prefix", "bottleneck"])
  func `they alone are trained, and sampled as trained`(_ kind: String) throws {
    var model = try adapted(kind)
    let text = Array(0..<20)
    func hidden(_ model: LanguageModel) -> Tensor {
      model.hidden(text, sequences: SequenceOffsets(lengths: [12, 8]))
    }
    let plain = hidden(TinyModel.llama.model())
    // Fresh bottlenecks add 0.
    if kind == "bottleneck" { #expect(hidden(model).scalars == plain.scalars) }
    #expect(model.parameters.count == (kind == "prefix" ? 4 : 16))
    var random = PCG64(seed: 2)
    model.visitParameters { _, parameter in
      parameter = .normal(parameter.shape, standardDeviation: 0.3, using: &random)
    }
    #expect(hidden(model.withoutAdapters).scalars == plain.scalars)
    let (_, gradients) = valueWithGradient(at: model) { hidden($0).squared().sum() }
    #expect(gradients.allSatisfy { $0.magnitude().max().item > 0 })
    let (_, recomputed) = valueWithGradient(at: model) { model in
      model.hidden(text, sequences: SequenceOffsets(lengths: [12, 8]), recomputing: true)
        .squared().sum()
    }
    #expect(recomputed.map(\.scalars) == gradients.map(\.scalars))

    var shared = SharedPrompts()
    let number = shared.add(prompt: Array(text[..<12]))
    shared.add(completion: Array(text[12...]), of: number)
    let together = model.hidden(text, sequences: SequenceOffsets(lengths: [20]))
    #expect(model.hidden(shared).scalars == together.scalars)

    let prompts = [[1, 2, 3], [1, 2, 3], Array(0..<50), Array(0..<45) + [60]]
    let drawn = try Generator(model).generate(
      prompts: prompts, settings: SamplingSettings(maximumTokens: 20), seeds: [1, 2, 3, 4])
    for (prompt, completion) in zip(prompts, drawn) {
      let whole = prompt + completion.tokens
      let rows = model.hidden(whole, sequences: SequenceOffsets(lengths: [whole.count]))
        .sliced(prompt.count - 1..<whole.count - 1).contiguous()
      let logs = model.logProbabilities(of: completion.tokens, at: rows).logProbabilities
      #expect(logs.scalars == completion.logProbabilities)
    }
    let greedy = SamplingSettings(temperature: 0, maximumTokens: 20)
    let speculative = try SpeculativeGenerator(model, proposer: .promptLookup())
      .generate(prompt: prompts[2], settings: greedy, seed: 0).completion
    let expected = try Generator(model).generate(
      prompts: [prompts[2]], settings: greedy, seeds: [0])[0]
    #expect(speculative == expected)
  }

  @Test func `bottlenecks are kept in a folder too`() throws {
    var model = try adapted("bottleneck")
    var random = PCG64(seed: 2)
    model.visitParameters { _, parameter in
      parameter = .normal(parameter.shape, standardDeviation: 0.3, using: &random)
    }
    let path = FileManager.default.temporaryDirectory
      .appending(path: "swirl-bottleneck-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try AdapterFolder.write(model, to: path)
    var read = TinyModel.llama.model()
    try AdapterFolder.read(path, into: &read)
    #expect(read.parameters.map(\.value.scalars) == model.parameters.map(\.value.scalars))
  }

  @Test func `folders that do not fit are refused with a sentence`() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "swirl-bad-adapter-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func refusal(_ config: String, _ tensors: [(name: String, value: Tensor)]) throws -> String {
      try Data(config.utf8).write(to: folder.appending(path: "adapter_config.json"))
      try SafetensorsFile.write(
        tensors, to: folder.appending(path: "adapter_model.safetensors").path)
      // So long a context that what the settings ask for would not fit into memory.
      var c = TinyModel.llama.configuration
      c.contextLength = 1 << 30
      var random = PCG64(seed: 1)
      var model = LanguageModel(c, using: &random)
      let error = #expect(throws: ModelError.self) {
        try AdapterFolder.read(folder.path, into: &model)
      }
      #expect(!model.hasAdapters && error?.kind == .badData)
      return error?.description ?? ""
    }
    let lora = "{\"peft_type\": \"LORA\", \"r\": 2, \"target_modules\": [\"q_proj\"]"
    #expect(try refusal("{", []).contains("JSON"))
    #expect(try refusal("{}", []).contains("peft_type is missing"))
    #expect(try refusal("{\"peft_type\": \"LORA\"}", []).contains("r is no rank"))
    for setting in [
      "\"use_dora\": true", "\"rank_pattern\": {\"q_proj\": 4}", "\"alpha_pattern\": {\"k\": 1}",
      "\"init_lora_weights\": \"pissa_niter_4\"",
    ] {
      let key = String(setting.split(separator: "\"")[0])
      #expect(try refusal(lora + ", \(setting)}", []).contains(key))
    }
    let plain = ", \"rank_pattern\": {}, \"alpha_pattern\": null, \"init_lora_weights\": true}"
    #expect(try refusal(lora + plain, []).contains("lacks"))
    #expect(
      try refusal(lora.replacing("\"r\": 2", with: "\"r\": 33") + "}", []).contains("from 1 to 32"))
    #expect(try refusal(lora + "}", []).contains("lacks model.layers.0.self_attn.q_proj.lora_A"))
    let name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    #expect(
      try refusal(lora + "}", [(name, .zeros([3, 32]))]).contains(
        "with shape [3, 32], but the model needs [2, 32]"))
    #expect(
      try refusal("{\"peft_type\": \"PREFIX_TUNING\", \"num_virtual_tokens\": 3}", []).contains(
        "prompt_embeddings of shape [3, 128]"))
    #expect(
      try refusal("{\"peft_type\": \"PREFIX_TUNING\", \"num_virtual_tokens\": -3}", []).contains(
        "does not fit"))
    #expect(
      try refusal("{\"peft_type\": \"PREFIX_TUNING\", \"num_virtual_tokens\": 536870912}", [])
        .contains("prompt_embeddings of shape [536870912, 128]"))
    #expect(try refusal("{\"peft_type\": \"BOTTLENECK\", \"size\": 9}", []).contains("lacks"))
  }
}
