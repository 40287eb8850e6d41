import Tensors

extension Tokenizer {
  /// The texts of `tokenizer.json` and `tokenizer_config.json`, which transformers reads.
  func huggingFaceFiles() -> (tokenizer: String, settings: String) {
    let added = kinds.indices.filter { kinds[$0] != .text }.map { id -> String in
      let rule = rules[id] ?? AddedTokens.Rule()
      return """
            {"id": \(id), "content": \(quoted(id)), "single_word": \(rule.isSingleWord), \
        "lstrip": \(rule.stripsLeft), "rstrip": \(rule.stripsRight), \
        "normalized": \(rule.isNormalized), "special": \(kinds[id] == .special)}
        """
    }
    // Ids of a file without names have none here either.
    let vocabulary = kinds.indices.filter { !bytes(of: $0).isEmpty }
      .map { "      \(kinds[$0] == .text ? spelled($0) : quoted($0)): \($0)" }
    let merges = self.merges.inOrder.map { left, right in
      "      [\(spelled(left)), \(spelled(right))]"
    }
    let tokenizer = """
      {
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [
      \(added.joined(separator: ",\n"))
        ],
        "normalizer": \(normalizes ? "{\"type\": \"NFC\"}" : "null"),
        "pre_tokenizer": \(preTokenizerJSON),
        "post_processor": \(postProcessorJSON),
        "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, \
      "use_regex": false},
        "model": {
          "type": "BPE",
          "dropout": null,
          "unk_token": null,
          "continuing_subword_prefix": null,
          "end_of_word_suffix": null,
          "fuse_unk": false,
          "byte_fallback": false,
          "ignore_merges": \(ignoresMerges),
          "vocab": {
      \(vocabulary.joined(separator: ",\n"))
          },
          "merges": [
      \(merges.joined(separator: ",\n"))
          ]
        }
      }

      """
    var settings = [
      "  \"tokenizer_class\": \"PreTrainedTokenizerFast\"",
      "  \"clean_up_tokenization_spaces\": false", "  \"add_bos_token\": \(addsBeginToken)",
    ]
    for (key, token) in [
      ("bos_token", beginToken), ("eos_token", endToken), ("pad_token", padToken),
    ] {
      if let token { settings.append("  \"\(key)\": \(quoted(token))") }
    }
    if let chatTemplateSource {
      settings.append("  \"chat_template\": \(JSONValue.quoted(chatTemplateSource))")
    }
    return (tokenizer, "{\n\(settings.joined(separator: ",\n"))\n}\n")
  }

  private func quoted(_ token: Int) -> String {
    JSONValue.quoted(String(decoding: bytes(of: token), as: UTF8.self))
  }

  private func spelled(_ token: Int) -> String {
    JSONValue.quoted(ByteAlphabet.encode(bytes(of: token)))
  }

  private var preTokenizerJSON: String {
    func byteLevel(_ usesPattern: Bool) -> String {
      """
      {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, \
      "use_regex": \(usesPattern)}
      """
    }
    switch preTokenizer {
    case .whole: return byteLevel(false)
    case .gpt2: return byteLevel(true)
    case .smollm:
      return """
        {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, \
        \(byteLevel(true))]}
        """
    case .llama3, .qwen2:
      let pattern = ModelJSON.patterns.first { $0.kind == preTokenizer }?.pattern ?? ""
      return """
        {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": \
        \(JSONValue.quoted(pattern))}, "behavior": "Isolated", "invert": false}, \(byteLevel(false))]}
        """
    }
  }

  private var postProcessorJSON: String {
    guard addsBeginToken, let beginToken else {
      return """
        {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}
        """
    }
    let name = quoted(beginToken)
    let special = "{\"SpecialToken\": {\"id\": \(name), \"type_id\": 0}}"
    return """
      {"type": "TemplateProcessing", "single": [\(special), {"Sequence": {"id": "A", "type_id": 0}}], \
      "pair": [\(special), {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", \
      "type_id": 1}}], "special_tokens": {\(name): {"id": \(name), "ids": [\(beginToken)], \
      "tokens": [\(name)]}}}
      """
  }
}
