import Tensors

extension GGUFFile {
  /// The model's tokenizer.
  ///
  /// - Throws: `ModelError` where the file has none, or one that is not byte-level byte-pair encoding.
  public func tokenizer() throws -> Tokenizer {
    try metadata.tokenizer(rows: configuration.vocabularySize)
  }
}

extension GGUFMetadata {
  /// llama.cpp's names of pre-tokenizers.
  private static let preTokenizers: [String: PreTokenizer] = [
    "gpt-2": .gpt2, "gpt2": .gpt2, "smollm": .smollm, "qwen2": .qwen2, "deepseek-r1-qwen": .qwen2,
    "llama-bpe": .llama3, "llama3": .llama3, "llama-v3": .llama3,
  ]

  func tokenizer(rows: Int) throws(ModelError) -> Tokenizer {
    guard let model = try text("tokenizer.ggml.model") else { throw bad("it holds no tokenizer") }
    guard model == "gpt2" else {
      throw bad("its tokenizer is of the kind \(model), and gpt2 (byte-level merges) can be read")
    }
    let pre = try text("tokenizer.ggml.pre") ?? "gpt-2"
    guard let preTokenizer = Self.preTokenizers[pre] else {
      throw bad(
        "its pre-tokenizer is \(pre), and gpt-2, smollm, qwen2 and llama-bpe can be read")
    }
    let (vocabulary, kinds) = try vocabulary(rows: rows)
    let merges = try merges(of: vocabulary)
    var tokenizer = Tokenizer(
      vocabulary: vocabulary, kinds: kinds, merges: merges, preTokenizer: preTokenizer,
      normalizes: preTokenizer == .qwen2, ignoresMerges: preTokenizer == .llama3)
    func token(_ name: String) throws(ModelError) -> Int? {
      guard let token = try integer("tokenizer.ggml.\(name)_token_id") else { return nil }
      guard token >= 0, token < vocabulary.count else {
        throw bad("its \(name) token is \(token), but it has \(vocabulary.count) tokens")
      }
      return token
    }
    tokenizer.beginToken = try token("bos")
    tokenizer.padToken = try token("padding")
    tokenizer.addsBeginToken =
      try boolean("tokenizer.ggml.add_bos_token") ?? (preTokenizer == .llama3)
    tokenizer.chatTemplateSource = try text("tokenizer.chat_template")
    tokenizer.chatTemplate = tokenizer.chatTemplateSource.flatMap(ChatTemplate.init(recognizing:))
    tokenizer.addEnds([try token("eos"), try token("eot")])
    return tokenizer
  }

  private func vocabulary(
    rows: Int
  ) throws(ModelError) -> (ByteVocabulary, [Tokenizer.Kind]) {
    let types = try integers("tokenizer.ggml.token_type")
    var vocabulary = ByteVocabulary(capacity: types?.count ?? 0)
    var kinds: [Tokenizer.Kind] = []
    var bytes: [UInt8] = []
    let found = try forEachText("tokenizer.ggml.tokens") { text throws(ModelError) in
      if kinds.count == rows {
        throw bad("it has more tokens than its embedding has rows, \(rows)")
      }
      let type = types.map { kinds.count < $0.count ? $0[kinds.count] : 1 } ?? 1
      // ggml's types: 1 is text, 3 control, 4 added by a user, 5 unused.
      let kind: Tokenizer.Kind = type == 3 ? .special : type == 4 ? .added : .text
      bytes.removeAll(keepingCapacity: true)
      if kind == .text, type != 5, ByteAlphabet.append(text, to: &bytes) {
        vocabulary.append(bytes, canBeFound: true)
      } else {
        vocabulary.append(text, canBeFound: false)
      }
      kinds.append(kind)
    }
    guard found, !kinds.isEmpty else { throw bad("it lacks tokenizer.ggml.tokens") }
    if let types, types.count != kinds.count {
      throw bad("it has \(kinds.count) tokens but \(types.count) types of tokens")
    }
    return (vocabulary, kinds)
  }

  private func merges(of vocabulary: ByteVocabulary) throws(ModelError) -> MergeTable {
    var builder = MergeBuilder(vocabulary, capacity: vocabulary.count)
    let found = try forEachText("tokenizer.ggml.merges") { text throws(ModelError) in
      guard builder.append(text) else {
        throw bad(
          "its merge \(builder.merges.count) is '\(String(decoding: text, as: UTF8.self))', which is not "
            + "two tokens that make a third")
      }
    }
    guard found else { throw bad("it lacks tokenizer.ggml.merges") }
    return builder.merges
  }
}
