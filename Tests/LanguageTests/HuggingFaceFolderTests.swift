import Foundation
import Language
import Tensors
import Testing

@Suite struct HuggingFaceFolderTests {
  private let folder: ModelFolder
  init() throws { folder = try ModelFolder() }

  @Test(arguments: TinyModel.allCases, [false, true])
  func whatIsWrittenIsReadAgain(_ kind: TinyModel, _ sharded: Bool) throws {
    let model = kind.model()
    let path = folder.path + "/model"
    let tokenizer = Tokenizer.characters("0123456789+= ")
    try HuggingFaceFolder.write(
      model.denseWeights(), configuration: model.configuration, tokenizer: tokenizer, to: path,
      maximumShardBytes: sharded ? 20_000 : 1 << 30)
    let index = FileManager.default.fileExists(atPath: path + "/model.safetensors.index.json")
    #expect(index == sharded)
    let read = try Checkpoint.open(path)
    var expected = model.configuration
    if kind == .llama { expected.rotary?.layout = .halves }
    #expect(read.configuration == expected)
    #expect(Set(read.names) == Set(expected.parameterShapes.map(\.name)))
    for (name, value) in model.denseWeights() {
      let found = try read.tensor(name)
      #expect(found.shape == value.shape)
      let isTurned = kind == .llama && (name.contains("q_proj") || name.contains("k_proj"))
      if !isTurned { #expect(numbers(found) == numbers(value), "\(name)") }
    }
    let again = try LanguageModel(read.configuration, weights: read, as: .float32)
    let tokens = [3, 1, 4, 1, 5, 9, 2, 6]
    let (a, b) = (logits(model, tokens), logits(again, tokens))
    #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-4 })
    let characters = try read.tokenizer()
    #expect(characters.encode("12+34=") == tokenizer.encode("12+34="))
    #expect(characters.endToken == tokenizer.endToken)
    #expect(characters.vocabularySize == tokenizer.vocabularySize)
  }

  @Test(arguments: [NumberType.float32, .float16, .bfloat16])
  func configurationsNameTheTypeThatIsStored(_ type: NumberType) throws {
    let model = TinyModel.llama.model()
    var stored = model.denseWeights()
    for (name, value) in stored where value.rank == 2 { stored[name] = value.converted(to: type) }
    func named(_ weights: some ModelWeights, as asked: NumberType? = nil) throws -> String? {
      let path = folder.path + "/typed"
      // A slash at the end names the same folder.
      try HuggingFaceFolder.write(
        weights, configuration: model.configuration, tokenizer: nil, to: path + "/", as: asked)
      defer { try? FileManager.default.removeItem(atPath: path) }
      let data = try Data(contentsOf: URL(filePath: path + "/config.json"))
      let config = try JSONSerialization.jsonObject(with: data) as? [String: Any]
      let file = try SafetensorsFile(path)
      let found = try file.tensor("model.embed_tokens.weight").type
      let name = config?["torch_dtype"] as? String
      #expect(name == found.description)
      return name
    }
    #expect(try named(stored) == type.description)
    #expect(try named(stored, as: .float32) == "float32")
    let blocks = HeldWeights(tensors: model.denseWeights(), format: .q80)
    #expect(try named(blocks) == "float16")
  }

  private func numbers(_ tensor: Tensor) -> [Float] {
    tensor.float32.contiguous().withUnsafeBuffer(Array.init)
  }

  private func logits(_ model: LanguageModel, _ tokens: [Int]) -> [Float] {
    numbers(
      model.logits(model.hidden(tokens, sequences: SequenceOffsets(lengths: [tokens.count]))))
  }

  private struct Golden: Decodable {
    let tokens: [Int]
    let logits: [String: [[Float]]]
  }

  /// Folders that transformers wrote (`References/make_folders.py`), with the logits it computes.
  @Test(arguments: TinyModel.allCases) func foldersOfTransformersCompute(_ kind: TinyModel) throws {
    let references = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References")
    let golden = try JSONDecoder().decode(
      Golden.self, from: Data(contentsOf: references.appending(path: "folders.json")))
    let read = try HuggingFaceFolder(references.appending(path: "folders/\(kind)").path)
    #expect(Set(read.names) == Set(read.configuration.parameterShapes.map(\.name)))
    let model = try LanguageModel(read.configuration, weights: read)
    let found = logits(model, golden.tokens)
    let wanted = try #require(golden.logits[kind.rawValue]).flatMap { $0 }
    #expect(found.count == wanted.count)
    let difference = zip(found, wanted).map { abs($0 - $1) }.max() ?? .infinity
    #expect(difference < 1e-4, "\(difference)")
    // Written and read again it is the same model, GPT-2's matrices put together and taken apart.
    let path = folder.path + "/again"
    try HuggingFaceFolder.write(
      read, configuration: read.configuration, tokenizer: nil, to: path)
    let again = try HuggingFaceFolder(path)
    #expect(again.configuration == read.configuration)
    for name in read.names {
      #expect(numbers(try again.tensor(name)) == numbers(try read.tensor(name)))
    }
  }

  // MARK: - config.json

  private func model(_ config: String) throws -> HuggingFaceFolder {
    let path = folder.path + "/given"
    if !FileManager.default.fileExists(atPath: path) {
      let llama = TinyModel.llama.model()
      try HuggingFaceFolder.write(
        llama.denseWeights(), configuration: llama.configuration,
        tokenizer: .characters("0123456789"), to: path)
    }
    try folder.write(config, "given/config.json")
    return try HuggingFaceFolder(path)
  }

  private static let config = """
    {"model_type": "llama", "vocab_size": 96, "hidden_size": 32, "num_hidden_layers": 2, \
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "intermediate_size": 64, \
    "max_position_embeddings": 256, "rms_norm_eps": 1e-06, "tie_word_embeddings": true}
    """

  @Test func leftOutSettingsAreTransformersOwn() throws {
    let c = try model(Self.config).configuration
    #expect(c.rotary == RotaryEmbedding(dim: 16, base: 10_000))
    #expect(c.activation == .silu && c.normEpsilon == 1e-6 && !c.hasAttentionBias)
    let scaled =
      Self.config.dropLast() + """
        , "rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", "factor": 8.0, \
        "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}}
        """
    #expect(
      try model(String(scaled)).configuration.rotary
        == RotaryEmbedding(
          dim: 16, base: 500_000,
          scaling: .llama3(
            factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 64)))
    let newer =
      Self.config.dropLast() + """
        , "rope_parameters": {"rope_type": "default", "rope_theta": 250000}}
        """
    #expect(try model(String(newer)).configuration.rotary?.base == 250_000)
  }

  private static let yarn = "\"rope_scaling\": {\"type\": \"yarn\", \"factor\": 4"
  private static let longRoPE = """
    "rope_scaling": {"type": "longrope", "short_factor": [1, 1, 1, 1, 1, 1, 1, 1], \
    "long_factor": [2, 2, 2, 2, 2, 2, 2, 2]
    """

  static let brokenConfigs: [(wanted: String, from: String, to: String)] = [
    ("not JSON", "{\"model_type\"", "{model_type"),
    ("stands there twice", "\"vocab_size\"", "\"hidden_size\": 1, \"vocab_size\""),
    ("nested too deeply", "96", String(repeating: "[", count: 5000)),
    ("lacks model_type", "model_type", "model_kind"),
    ("model_type is bert", "llama", "bert"),
    ("not a text", "\"llama\"", "7"),
    ("lacks hidden_size", "hidden_size", "hidden"),
    ("not a whole number", "\"hidden_size\": 32", "\"hidden_size\": 32.5"),
    ("not a whole number", "\"hidden_size\": 32", "\"hidden_size\": \"32\""),
    ("not a whole number", "\"hidden_size\": 32", "\"hidden_size\": 1e400"),
    ("the width 0", "\"hidden_size\": 32", "\"hidden_size\": 0"),
    ("the width -32", "\"hidden_size\": 32", "\"hidden_size\": -32"),
    ("width is 9223372036854775807", "\"hidden_size\": 32", "\"hidden_size\": 9223372036854775807"),
    (
      "number of blocks is 1000000000", "\"num_hidden_layers\": 2",
      "\"num_hidden_layers\": 1000000000"
    ),
    ("lacks the parameter model.layers.2", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"),
    ("0 heads", "\"num_attention_heads\": 4", "\"num_attention_heads\": 0"),
    ("evenly", "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3"),
    ("heads have 0", "\"head_dim\": 16", "\"head_dim\": 0"),
    ("turned in pairs", "\"head_dim\": 16", "\"head_dim\": 15"),
    ("needs [97, 32]", "\"vocab_size\": 96", "\"vocab_size\": 97"),
    (
      "lacks the parameter lm_head", "\"tie_word_embeddings\": true",
      "\"tie_word_embeddings\": false"
    ),
    ("neither true nor false", "\"tie_word_embeddings\": true", "\"tie_word_embeddings\": 1"),
    ("hidden_act is tanh", "\"head_dim\"", "\"hidden_act\": \"tanh\", \"head_dim\""),
    ("quantised", "\"head_dim\"", "\"quantization_config\": {}, \"head_dim\""),
    ("rope_theta is -1", "\"head_dim\"", "\"rope_theta\": -1, \"head_dim\""),
    ("scaling is odd", "\"head_dim\"", "\"rope_scaling\": {\"type\": \"odd\"}, \"head_dim\""),
    ("factor is missing", "\"head_dim\"", "\"rope_scaling\": {\"type\": \"linear\"}, \"head_dim\""),
    (
      "are not 8 numbers", "\"head_dim\"",
      "\"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1], \"long_factor\": [1]}, \"head_dim\""
    ),
    (
      "longrope needs 2 or more", "\"head_dim\"",
      "\(longRoPE), \"original_max_position_embeddings\": 1}, \"head_dim\""
    ),
    (
      "factor is missing or not above 0", "\"head_dim\"",
      "\(longRoPE), \"factor\": 0}, \"head_dim\""
    ),
    ("beta_fast is missing", "\"head_dim\"", "\(yarn), \"beta_fast\": 0}, \"head_dim\""),
    ("beta_slow is missing", "\"head_dim\"", "\(yarn), \"beta_slow\": -1}, \"head_dim\""),
    (
      "attention_factor is missing", "\"head_dim\"",
      "\(yarn), \"attention_factor\": 0}, \"head_dim\""
    ),
    ("mscale is missing", "\"head_dim\"", "\(yarn), \"mscale\": -1}, \"head_dim\""),
    ("not an object", "\"head_dim\"", "\"rope_scaling\": 8, \"head_dim\""),
    (
      "attention_bias and mlp_bias differ", "\"head_dim\"", "\"attention_bias\": true, \"head_dim\""
    ),
  ]

  @Test(arguments: brokenConfigs.indices)
  func brokenConfigurationsGetASentence(_ index: Int) throws {
    let (wanted, from, to) = Self.brokenConfigs[index]
    let error = #expect(throws: ModelError.self) {
      try model(Self.config.replacing(from, with: to))
    }
    #expect(error?.description.contains(wanted) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("\n") == false)
  }

  /// GPT-2's fused matrix is cut by columns, which a tensor of no axes does not have.
  @Test(arguments: [[], [48], [16, 47], [16, 48, 1]]) func aFusedMatrixOfAnotherShapeIsRefused(
    _ sizes: [Int]
  ) throws {
    let source = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/folders/gpt2")
    try FileManager.default.copyItem(
      at: source.appending(path: "config.json"), to: folder.url.appending(path: "config.json"))
    let file = try SafetensorsFile(source.path)
    let tensors = try file.names.map { name in
      let isFused = name == "transformer.h.0.attn.c_attn.weight"
      return (name: name, value: isFused ? Tensor.zeros(Shape(sizes)) : try file.tensor(name))
    }
    try SafetensorsFile.write(tensors, to: folder.path + "/model.safetensors")
    #expect(throws: ModelError.self) { try HuggingFaceFolder(folder.path) }
  }

  // MARK: - Tokenizers

  private static let tokenizer = """
    {"added_tokens": [{"id": 3, "content": "<e>", "special": true}], \
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}, \
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}}
    """

  @Test func aSmallTokenizerIsRead() throws {
    try folder.write(Self.tokenizer, "tokenizer.json")
    let tokenizer = try Tokenizer(folder: folder.path)
    #expect(tokenizer.encode("abba<e>", parsingSpecials: true) == [2, 1, 0, 3])
    try folder.write("{\"eos_token\": {\"content\": \"<e>\"}}", "tokenizer_config.json")
    try folder.write("{\"bos_token_id\": 77, \"eos_token_id\": [1, 99]}", "config.json")
    let named = try Tokenizer(folder: folder.path)
    #expect(named.endTokens == [3, 1] && named.beginToken == nil)
  }

  static let brokenTokenizers: [(wanted: String, from: String, to: String)] = [
    ("not JSON", "{\"added", "{added"),
    ("lacks a model", "\"model\"", "\"modell\""),
    ("model is Unigram", "\"BPE\"", "\"Unigram\""),
    ("lacks a vocab", "vocab", "vocabulary"),
    ("lacks merges", "merges", "merge"),
    ("merge 0", "\"a b\"", "\"a c\""),
    ("merge 0", "\"a b\"", "\"b a\""),
    ("merge 0", "\"a b\"", "\"ab\""),
    ("merge 0", "\"a b\"", "[\"a\"]"),
    ("merge 0", "\"a b\"", "7"),
    ("id that is not from 0", "\"ab\": 2", "\"ab\": -2"),
    ("id that is not from 0", "\"ab\": 2", "\"ab\": 9223372036854775807"),
    ("id that is not from 0", "\"ab\": 2", "\"ab\": 2.5"),
    ("two tokens have the id 1", "\"ab\": 2", "\"ab\": 1"),
    ("stands there twice", "\"ab\": 2", "\"a\": 2"),
    ("more than its model has rows", "\"id\": 3", "\"id\": 9223372036854775807"),
    ("more than its model has rows", "\"id\": 3", "\"id\": 2000000000"),
    ("lacks its id", "\"id\": 3", "\"id\": null"),
    ("lacks its id", "\"<e>\"", "\"\""),
    ("lstrip is neither", "\"special\"", "\"lstrip\": 1, \"special\""),
    ("stands there twice", "\"ab\": 2", "\"a\": 3"),
    ("merge 0", "\"a b\"", "[\"a\", \"b\", \"b\"]"),
    ("merge 0", "\"a b\"", "[\"a\", 7]"),
    ("a colon is missing", "\"ab\": 2", "\"ab\", 2"),
    ("a value is missing", "\"ab\": 2", "\"ab\": tru"),
    ("does not end", "\"a b\"", "\"a b"),
    ("control character", "\"ab\": 2", "\"a\u{0}\": 2"),
    ("a name is missing", "\"ab\": 2", "\"ab\": {]"),
    ("no pre_tokenizer", "pre_tokenizer", "pretokenizer"),
    ("pre_tokenizer is Metaspace", "\"ByteLevel\"", "\"Metaspace\""),
    ("space before", "\"add_prefix_space\": false", "\"add_prefix_space\": true"),
    ("normalizer is NFKC", "\"model\"", "\"normalizer\": {\"type\": \"NFKC\"}, \"model\""),
    ("not an object", "\"model\"", "\"normalizer\": [], \"model\""),
    ("continuing_subword_prefix", "\"vocab\"", "\"continuing_subword_prefix\": \"##\", \"vocab\""),
    (
      "not one of", "{\"type\": \"ByteLevel\"",
      "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"(a+)+$\"}, \"behavior\": \"Isolated\""
    ),
  ]

  @Test(arguments: brokenTokenizers.indices)
  func brokenTokenizersGetASentence(_ index: Int) throws {
    let (wanted, from, to) = Self.brokenTokenizers[index]
    try folder.write(Self.tokenizer.replacing(from, with: to), "tokenizer.json")
    let error = #expect(throws: ModelError.self) { try Tokenizer(folder: folder.path) }
    #expect(error?.description.contains(wanted) == true, "\(error?.description ?? "")")
  }

  @Test func aFolderWithoutWeightsSaysSo() throws {
    try folder.write(Self.config, "config.json")
    let error = #expect(throws: ModelError.self) { try HuggingFaceFolder(folder.path) }
    #expect(error?.description.contains("model.safetensors") == true)
    #expect(throws: ModelError.self) { try Checkpoint.open(folder.path + "/none") }
  }

  // MARK: - Templates

  @Test func llamaTemplatesAreRecognised() throws {
    let llama3 = """
      {% for m in messages %}{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\\n\\n' + \
      m['content'] | trim + '<|eot_id|>' }}{% endfor %}
      """
    #expect(ChatTemplate(recognizing: llama3) == .llama3(preamble: nil))
    let dated =
      llama3 + """
        {%- set date_string = "26 Jul 2024" %}{{- "Cutting Knowledge Date: December 2023\\n" }}
        """
    #expect(
      ChatTemplate(recognizing: dated)
        == .llama3(
          preamble: "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"))
    let qwen = """
      {%- if tools %}{{- '<|im_start|>system\\n' }}{{- messages[0]['content'] }}{%- else %}\
      {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}\
      {{- '<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. You are a helpful \
      assistant.<|im_end|>\\n' }}{%- endif %}
      """
    #expect(
      ChatTemplate(recognizing: qwen)
        == .chatML(
          defaultSystem: "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."))
  }

  /// The text of transformers' `apply_chat_template` for SmolLM2's template.
  @Test(.enabled(if: ModelStore.fetched("smollm2-135m") != nil, "SmolLM2 has not been fetched"))
  func smolLM2Speaks() throws {
    let checkpoint = try Checkpoint.open(try ModelStore.path(of: "smollm2-135m"))
    let tokenizer = try checkpoint.tokenizer()
    let system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
    #expect(tokenizer.chatTemplate == .chatML(defaultSystem: system))
    #expect(tokenizer.endToken == 2 && tokenizer.beginToken == 1 && !tokenizer.addsBeginToken)
    let tokens = try tokenizer.encode([ChatMessage(.user, "Hi")])
    #expect(
      tokenizer.decode(tokens)
        == "<|im_start|>system\n\(system)<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
        + "<|im_start|>assistant\n")
    let text = tokenizer.decode(tokens)
    #expect(tokenizer.encode(text, parsingSpecials: true) == tokens)
    let continued = try tokenizer.encode(
      [ChatMessage(.system, "Be brief."), ChatMessage(.user, "Hi"), ChatMessage(.assistant, "Ho")],
      addingPrompt: false)
    #expect(
      tokenizer.decode(continued)
        == "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
        + "<|im_start|>assistant\nHo<|im_end|>\n")
    let count = checkpoint.configuration.parameterShapes.reduce(0) { $0 + $1.shape.elementCount }
    #expect(count == 134_515_008)
  }
}
