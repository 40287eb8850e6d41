/// What a `tokenizer.json` says of how text is cut, recognised by its pattern; patterns are never run.
extension ModelJSON {
  /// The patterns of files, each written as its authors do.
  static let patterns: [(pattern: String, kind: PreTokenizer)] = [
    (
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| "#
        + #"?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#, .llama3
    ),
    (
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| "#
        + #"?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#, .qwen2
    ),
    (
      #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#, .gpt2
    ),
  ]

  func splitting() throws -> (kind: PreTokenizer, steps: Int) {
    guard let first = try object("pre_tokenizer") else {
      throw bad("it has no pre_tokenizer, and byte-level ones can be read")
    }
    var steps = [first]
    if try first.text("type") == "Sequence" {
      steps = try first.objects("pretokenizers") ?? []
    }
    var kinds: [String] = []
    var split: PreTokenizer?
    var digitsAlone = false
    var usesPattern = false
    for step in steps {
      let type = try step.text("type") ?? ""
      kinds.append(type)
      switch type {
      case "Digits":
        guard try step.boolean("individual_digits") == true else {
          throw step.bad("its digits are not cut one by one, and only that can be done")
        }
        digitsAlone = true
      case "Split":
        split = try step.pattern()
      case "ByteLevel":
        if try step.boolean("add_prefix_space") == true {
          throw step.bad("it puts a space before texts, which cannot be done")
        }
        usesPattern = try step.boolean("use_regex") ?? true
      default: break
      }
    }
    switch (kinds, usesPattern) {
    case (["ByteLevel"], true): return (.gpt2, 1)
    case (["ByteLevel"], false): return (.whole, 1)
    case (["Digits", "ByteLevel"], true) where digitsAlone: return (.smollm, 2)
    case (["Split", "ByteLevel"], false):
      if let split { return (split, 2) }
    default: break
    }
    throw bad(
      "its pre_tokenizer is \(kinds.joined(separator: ", ")), and those of GPT-2, SmolLM, Qwen and "
        + "Llama 3 can be read")
  }

  private func pattern() throws -> PreTokenizer {
    let pattern = try object("pattern")?.text("Regex") ?? ""
    guard try text("behavior") == "Isolated", try boolean("invert") != true,
      let known = Self.patterns.first(where: { $0.pattern == pattern })
    else { throw bad("its pattern is not one of GPT-2, Qwen and Llama 3") }
    return known.kind
  }

  /// Whether text is brought into normal form C first, the only normaliser of byte-level tokenizers.
  func normalizes() throws -> Bool {
    guard let normalizer = try object("normalizer") else { return false }
    let kinds: [String]
    if try normalizer.text("type") == "Sequence" {
      var types: [String] = []
      for step in try normalizer.objects("normalizers") ?? [] {
        types.append(try step.text("type") ?? "")
      }
      kinds = types
    } else {
      kinds = [try normalizer.text("type") ?? ""]
    }
    if kinds.isEmpty { return false }
    guard kinds == ["NFC"] else {
      throw bad("its normalizer is \(kinds.joined(separator: ", ")), and NFC can be done")
    }
    return true
  }

  /// Whether the post-processor begins every text with a special token.
  func addsSpecialFirst() throws -> Bool {
    guard let processor = try object("post_processor") else { return false }
    var steps = [processor]
    if try processor.text("type") == "Sequence" {
      steps = try processor.objects("processors") ?? []
    }
    for step in steps where try step.text("type") == "TemplateProcessing" {
      if try step.objects("single")?.first?["SpecialToken"] != nil { return true }
    }
    return false
  }
}
