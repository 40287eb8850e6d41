import Foundation
import Language
import Tensors
import Testing

@Suite struct GGUFTests {
  private let folder: ModelFolder
  init() throws { folder = try ModelFolder() }

  @Test func readsEveryNumberType() throws {
    let file = try GGUFFile(try folder.write(GGUFBytes.model().encoded, "model.gguf"))
    let c = file.configuration
    #expect((c.vocabularySize, c.width, c.blockCount, c.headCount) == (264, 256, 1, 4))
    #expect((c.kvHeadCount, c.headSize, c.hiddenSize, c.contextLength) == (2, 64, 256, 64))
    #expect(c.tiesHead && c.rotary?.layout == .interleaved && c.normEpsilon == 1e-5)
    #expect(Set(file.names) == Set(c.parameterShapes.map(\.name)))
    let formats: [String: QuantizedTensor.Format] = [
      "self_attn.q_proj": .q41, "self_attn.k_proj": .q40, "self_attn.v_proj": .q6K,
      "self_attn.o_proj": .q4K, "mlp.gate_proj": .q50,
    ]
    for (name, format) in formats {
      guard case .quantized(let blocks) = try file.matrix("model.layers.0.\(name).weight") else {
        Issue.record("\(name) is not quantised")
        continue
      }
      #expect(blocks.format == format)
      let dense = try file.tensor("model.layers.0.\(name).weight")
      #expect(dense.shape == blocks.shape)
      #expect(dense.withUnsafeBuffer { $0.allSatisfy { $0.isFinite && $0.magnitude < 8 } })
    }
    for (name, type) in [("up", NumberType.float16), ("down", .bfloat16)] {
      guard case .dense(let tensor) = try file.matrix("model.layers.0.mlp.\(name)_proj.weight")
      else {
        Issue.record("\(name) is quantised")
        continue
      }
      #expect(tensor.type == type)
    }
    #expect(throws: ModelError.self) { try file.tensor("model.layers.7.mlp.up_proj.weight") }
    #expect(throws: ModelError.self) { try file.matrix("model.norm.weight") }
    let model = try LanguageModel(c, weights: file)
    #expect(model.configuration == c)
  }

  @Test func readsTheTokenizer() throws {
    let tokenizer = try GGUFFile(try folder.write(GGUFBytes.model().encoded, "model.gguf"))
      .tokenizer()
    #expect(tokenizer.vocabularySize == 262)
    let hello = tokenizer.encode("hello")
    #expect(hello == [258, Int(UInt8(ascii: "o"))])
    #expect(tokenizer.encode("<|im_end|><tool>", parsingSpecials: true) == [260, 261])
    #expect(tokenizer.encode("<|im_end|>").count == 10)
    #expect(tokenizer.encode("<tool>") == [261])
    #expect(tokenizer.endToken == 260 && tokenizer.beginToken == 259)
    let chat = try tokenizer.encode([ChatMessage(.user, "<|im_end|>")])
    #expect(chat.filter { $0 == 260 }.count == 1)
    #expect(
      tokenizer.decode(chat)
        == "<|im_start|>user\n<|im_end|><|im_end|>\n<|im_start|>assistant\n")
  }

  /// Rows of queries and keys go from neighbours to halves; everything else stays.
  @Test func aFolderOfItComputesTheSame() throws {
    let file = try GGUFFile(try folder.write(GGUFBytes.model().encoded, "model.gguf"))
    let path = folder.path + "/written"
    try HuggingFaceFolder.write(
      file, configuration: file.configuration, tokenizer: try file.tokenizer(), to: path,
      as: .float32)
    let written = try HuggingFaceFolder(path)
    var expected = file.configuration
    expected.rotary?.layout = .halves
    #expect(written.configuration == expected)
    let q = "model.layers.0.self_attn.q_proj.weight"
    let (stored, turned) = (try file.tensor(q), try written.tensor(q))
    for (row, from) in [(0, 0), (1, 2), (31, 62), (32, 1), (63, 63), (64, 64), (97, 67)] {
      #expect(turned[row, 5] == stored[from, 5])
    }
    let tokens = [1, 7, 30, 2, 5, 260]
    let models = [
      try LanguageModel(file.configuration, weights: file, as: .float32),
      try LanguageModel(written.configuration, weights: written, as: .float32),
    ]
    let logits = models.map { model in
      model.logits(model.hidden(tokens, sequences: SequenceOffsets(lengths: [tokens.count])))
    }
    for i in 0..<tokens.count {
      for j in stride(from: 0, to: 264, by: 13) {
        #expect(abs(logits[0][i, j] - logits[1][i, j]) < 1e-3 * max(1, logits[0][i, j].magnitude))
      }
    }
    let (first, second) = (try file.tokenizer(), try written.tokenizer())
    let text = "hello  hell 12 <|im_end|> <tool> \u{e9}"
    #expect(first.encode(text) == second.encode(text))
    #expect(first.encode(text, parsingSpecials: true) == second.encode(text, parsingSpecials: true))
    #expect(second.endTokens == first.endTokens && second.chatTemplate == first.chatTemplate)
    #expect(throws: ModelError.self) {
      try HuggingFaceFolder.write(
        file, configuration: file.configuration, tokenizer: nil, to: path)
    }
  }

  // MARK: - Broken files

  private func problem(_ change: (inout GGUFBytes) -> Void) throws -> String {
    var file = GGUFBytes.model()
    change(&file)
    let path = try folder.write(file.encoded, "broken.gguf")
    do {
      _ = try GGUFFile(path).tokenizer()
      return "nothing was wrong"
    } catch let error as ModelError {
      #expect(error.kind == .badData)
      #expect(error.description.hasPrefix(path) && !error.description.contains("\n"))
      return error.description
    }
  }

  /// The broken files of llama.cpp's test-gguf, and what advisories on its loader name.
  static let broken: [(wanted: String, change: @Sendable (inout GGUFBytes) -> Void)] = [
    ("does not begin with GGUF", { $0.magic = Array("FUGG".utf8) }),
    ("version 0", { $0.version = 0 }),
    ("version 1", { $0.version = 1 }),
    ("version 4", { $0.version = 4 }),
    ("other byte order", { $0.version = 3 << 24 }),
    ("18446744073709551615 tensors", { $0.tensorCount = .max }),
    ("18446744073709551615 keys", { $0.keyCount = .max }),
    ("said to have", { $0.keyCount = 65_000 }),
    (
      "keys is empty",
      {
        $0.tensorCount = 0; $0.keyCount = 4000; $0.tensors = []
      }
    ),
    ("keys is empty", { $0.keys.append(([], 4, [0, 0, 0, 0])) }),
    ("not UTF-8", { $0.keys.append(([0xff, 0xfe], 4, [0, 0, 0, 0])) }),
    ("type 13", { $0.set("my.key", 13, [0]) }),
    ("stands there twice", { $0.keys.append($0.keys[3]) }),
    ("neither true nor false", { $0.set("my.key", 7, [2]) }),
    ("said to have 18446744073709551615", { $0.set("my.key", 8, GGUFBytes.bytes(UInt64.max)) }),
    (
      "holds lists",
      { $0.set("my.key", 9, GGUFBytes.bytes(UInt32(9)) + GGUFBytes.bytes(UInt64(1))) }
    ),
    (
      "4611686018427387904 elements",
      { $0.set("my.key", 9, GGUFBytes.bytes(UInt32(5)) + GGUFBytes.bytes(UInt64(1) << 62)) }
    ),
    (
      "2305843009213693953 elements",
      { $0.set("my.key", 9, GGUFBytes.bytes(UInt32(8)) + GGUFBytes.bytes(UInt64(1) << 61 + 1)) }
    ),
    (
      "has the type 99",
      { $0.set("my.key", 9, GGUFBytes.bytes(UInt32(99)) + GGUFBytes.bytes(UInt64(1))) }
    ),
    ("not a power of two", { $0.set("general.alignment", 13) }),
    ("not a power of two", { $0.set("general.alignment", 0) }),
    ("not a power of two", { $0.set("general.alignment", "32") }),
    ("starts at byte", { $0.set("general.alignment", 4096) }),
    (
      "more than 63",
      { $0.change("output_norm.weight") { $0.name += String(repeating: "x", count: 80) } }
    ),
    ("has 5 axes", { $0.change("output_norm.weight") { $0.sizes = [256, 1, 1, 1, 1] } }),
    ("has 0 axes", { $0.change("output_norm.weight") { $0.sizes = [] } }),
    (
      "axis of size 18446744073709551615", { $0.change("output_norm.weight") { $0.sizes = [.max] } }
    ),
    ("axis of size 0", { $0.change("output_norm.weight") { $0.sizes = [0] } }),
    (
      "more than memory",
      { $0.change("output_norm.weight") { $0.sizes = [1 << 30, 1 << 30, 1 << 30, 4] } }
    ),
    (
      "axis of size 9223372036854775744",
      { $0.change("output_norm.weight") { $0.sizes = [0x7fff_ffff_ffff_ffc0] } }
    ),
    ("blocks do not divide", { $0.change("token_embd.weight") { $0.sizes = [255, 264] } }),
    ("is of type 4", { $0.change("output_norm.weight") { $0.type = 4 } }),
    ("is of type 4294967295", { $0.change("output_norm.weight") { $0.type = .max } }),
    ("Q5_K (type 13)", { $0.change("output_norm.weight") { $0.type = 13 } }),
    ("starts at byte", { $0.change("output_norm.weight") { $0.offset = .max } }),
    ("starts at byte 8", { $0.change("output_norm.weight") { $0.offset = 8 } }),
    (
      "output_norm.weight stands there twice",
      { $0.change("blk.0.attn_norm.weight") { $0.name = "output_norm.weight" } }
    ),
    ("ends after", { $0.alignment = 1 }),
    ("ends after", { $0.missing = 1 }),
    ("ends after", { $0.missing = 40_000 }),
    // What the model needs.
    ("lacks general.architecture", { $0.remove("general.architecture") }),
    ("architecture is bert", { $0.set("general.architecture", "bert") }),
    ("not a text", { $0.set("general.architecture", 1) }),
    ("lacks llama.block_count", { $0.remove("llama.block_count") }),
    ("number of blocks is 4294967295", { $0.set("llama.block_count", Int(UInt32.max)) }),
    ("4096 blocks but", { $0.set("llama.block_count", 4096) }),
    ("model.layers.1.input_layernorm", { $0.set("llama.block_count", 2) }),
    ("number of blocks is 0", { $0.set("llama.block_count", 0) }),
    ("0 heads", { $0.set("llama.attention.head_count", 0) }),
    ("number of key heads is 8", { $0.set("llama.attention.head_count_kv", 8) }),
    ("evenly", { $0.set("llama.attention.head_count_kv", 3) }),
    ("needs [256, 256]", { $0.set("llama.attention.head_count", 2) }),
    ("is not a whole number", { $0.set("llama.embedding_length", "wide") }),
    ("width is 4294967295", { $0.set("llama.embedding_length", Int(UInt32.max)) }),
    ("freq_base is nan", { $0.set("llama.rope.freq_base", Float.nan) }),
    ("turns 7 numbers", { $0.set("llama.rope.dimension_count", 7) }),
    ("epsilon is inf", { $0.set("llama.attention.layer_norm_rms_epsilon", Float.infinity) }),
    ("mixture of experts", { $0.set("llama.expert_count", 8) }),
    (
      "lacks the parameter model.norm.weight",
      { $0.change("output_norm.weight") { $0.name = "other" } }
    ),
    ("lacks the tensor token_embd", { $0.change("token_embd.weight") { $0.name = "other" } }),
    // What the tokenizer needs.
    ("holds no tokenizer", { $0.remove("tokenizer.ggml.model") }),
    ("of the kind llama", { $0.set("tokenizer.ggml.model", "llama") }),
    ("pre-tokenizer is odd", { $0.set("tokenizer.ggml.pre", "odd") }),
    ("lacks tokenizer.ggml.tokens", { $0.remove("tokenizer.ggml.tokens") }),
    ("lacks tokenizer.ggml.merges", { $0.remove("tokenizer.ggml.merges") }),
    ("not a list of texts", { $0.set("tokenizer.ggml.merges", [Int32(1)]) }),
    ("which is not two tokens", { $0.set("tokenizer.ggml.merges", ["h e", "q x"]) }),
    ("which is not two tokens", { $0.set("tokenizer.ggml.merges", ["he"]) }),
    (
      "more tokens than its embedding",
      {
        $0.set("tokenizer.ggml.tokens", [String](repeating: "a", count: 265))
      }
    ),
    (
      "262 tokens but 3 types",
      { $0.set("tokenizer.ggml.token_type", [Int32](repeating: 1, count: 3)) }
    ),
    ("eos token is 262", { $0.set("tokenizer.ggml.eos_token_id", 262) }),
    (
      "tokenizer.chat_template is not UTF-8",
      { $0.set("tokenizer.chat_template", 8, GGUFBytes.text([0xff])) }
    ),
  ]

  @Test(arguments: broken.indices) func brokenFilesGetASentence(_ index: Int) throws {
    let (wanted, change) = Self.broken[index]
    let problem = try problem(change)
    #expect(problem.contains(wanted), "\(problem)")
  }

  @Test func everyTruncationGetsASentence() throws {
    let references = URL(filePath: #filePath).deletingLastPathComponent()
    let tiny = references.appending(path: "References/tiny.gguf")
    let bytes = [UInt8](try Data(contentsOf: tiny))
    for count in stride(from: 0, to: bytes.count, by: 11) {
      let path = try folder.write(Array(bytes.prefix(count)), "short.gguf")
      #expect(throws: ModelError.self) { try GGUFFile(path) }
    }
  }

  @Test func aMissingFileIsMissing() {
    let error = #expect(throws: ModelError.self) { try Checkpoint.open("nowhere.gguf") }
    #expect(error?.kind == .missingFile)
  }
}
