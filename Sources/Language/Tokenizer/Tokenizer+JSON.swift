import Foundation
import Tensors

extension Tokenizer {
  /// The tokenizer of a model's folder: `tokenizer.json`, and what `tokenizer_config.json`,
  /// `generation_config.json`, `config.json` and `chat_template.jinja` add where they are there.
  ///
  /// - Throws: `ModelError`, one sentence with the file and what is wrong.
  public init(folder: String) throws { try self.init(folder: folder, rows: nil) }

  /// - Parameter rows: Rows of the model's embedding, which bound the ids.
  init(folder: String, rows: Int?) throws {
    func json(_ name: String) throws -> ModelJSON? {
      let path = "\(folder)/\(name)"
      return FileManager.default.fileExists(atPath: path) ? try ModelJSON(path) : nil
    }
    let path = "\(folder)/tokenizer.json"
    let mapping = try FileMapping.ofModel(path)
    var tokenizer = try Self.read(
      try .tokenizer(mapping.bytes, file: path), of: mapping.bytes, rows: rows)
    withExtendedLifetime(mapping) {}
    let settings = try json("tokenizer_config.json")
    let generation = try json("generation_config.json")
    let config = try json("config.json")
    func named(_ key: String) throws -> Int? {
      guard let settings else { return nil }
      if let name = settings[key]?.string { return tokenizer.token(of: name) }
      return try settings.object(key)?.text("content").flatMap(tokenizer.token(of:))
    }
    func ids(_ file: ModelJSON?, _ key: String) throws -> [Int] {
      guard let file, let value = file[key] else { return [] }
      guard let ids = try value.integers ?? file.integer(key).map({ [$0] }) else {
        throw file.bad("its \(key) is neither a token nor a list of tokens")
      }
      // Configurations name tokens that small vocabularies lack.
      return ids.filter { $0 >= 0 && $0 < tokenizer.vocabularySize }
    }
    tokenizer.beginToken = try named("bos_token") ?? ids(config, "bos_token_id").first
    tokenizer.padToken = try named("pad_token") ?? ids(config, "pad_token_id").first
    if let adds = try settings?.boolean("add_bos_token") { tokenizer.addsBeginToken = adds }
    tokenizer.addEnds(
      [try named("eos_token")] + (try ids(generation, "eos_token_id"))
        + (try ids(config, "eos_token_id")))
    tokenizer.chatTemplateSource = try Self.template(folder, settings)
    tokenizer.chatTemplate = tokenizer.chatTemplateSource.flatMap(ChatTemplate.init(recognizing:))
    self = tokenizer
  }

  private static func template(_ folder: String, _ settings: ModelJSON?) throws -> String? {
    let path = "\(folder)/chat_template.jinja"
    if FileManager.default.fileExists(atPath: path) {
      let mapping = try FileMapping.ofModel(path)
      guard mapping.bytes.count <= 1 << 20,
        let text = String(validating: mapping.bytes, as: UTF8.self)
      else { throw ModelError("\(path) is not UTF-8 of at most a mebibyte") }
      return text
    }
    guard let settings else { return nil }
    if case .array? = settings["chat_template"] {
      let templates = try settings.objects("chat_template") ?? []
      return try templates.first { try $0.text("name") == "default" }?.text("template")
    }
    return try settings.text("chat_template")
  }

  // MARK: - tokenizer.json

  private static func read(
    _ file: ModelJSON, of bytes: UnsafeRawBufferPointer, rows: Int?
  ) throws -> Tokenizer {
    guard let model = try file.object("model") else { throw file.bad("it lacks a model") }
    let kind = try model.text("type") ?? "BPE"
    guard kind == "BPE", try model.boolean("byte_fallback") != true else {
      throw file.bad("its model is \(kind), and byte-level BPE can be read")
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let text = try model.text(key), !text.isEmpty {
        throw model.bad("its \(key) is '\(text)', which byte-level BPE does not have")
      }
    }
    let splitting = try file.splitting()
    let added = try addedTokens(file)
    let limit = rows ?? Int(Int32.max)
    let (vocabulary, kinds) = try vocabulary(model, bytes, added, limit: limit)
    let merges = try merges(model, bytes, vocabulary)
    var tokenizer = Tokenizer(
      vocabulary: vocabulary, kinds: kinds, merges: merges, preTokenizer: splitting.kind,
      normalizes: try file.normalizes(),
      ignoresMerges: try model.boolean("ignore_merges") ?? false,
      rules: added.compactMapValues { $0.rule == AddedTokens.Rule() ? nil : $0.rule })
    tokenizer.addsBeginToken = try file.addsSpecialFirst()
    return tokenizer
  }

  private typealias Added = (content: String, kind: Kind, rule: AddedTokens.Rule)

  private static func addedTokens(_ file: ModelJSON) throws -> [Int: Added] {
    var added: [Int: Added] = [:]
    for token in try file.objects("added_tokens") ?? [] {
      guard let id = try token.integer("id"), let content = try token.text("content"),
        !content.isEmpty
      else { throw token.bad("a token lacks its id or its content") }
      let isSpecial = try token.boolean("special") ?? false
      let rule = AddedTokens.Rule(
        isSingleWord: try token.boolean("single_word") ?? false,
        stripsLeft: try token.boolean("lstrip") ?? false,
        stripsRight: try token.boolean("rstrip") ?? false,
        isNormalized: try token.boolean("normalized") ?? !isSpecial)
      let entry: Added = (content, isSpecial ? .special : .added, rule)
      if added.updateValue(entry, forKey: id) != nil {
        throw token.bad("two tokens have the id \(id)")
      }
    }
    return added
  }

  private static func vocabulary(
    _ model: ModelJSON, _ file: UnsafeRawBufferPointer, _ added: [Int: Added], limit: Int
  ) throws -> (ByteVocabulary, [Kind]) {
    let named = try NamedTokens(model, of: file)
    let count = max(named.entries.count, (added.keys.max() ?? -1).addingClamped(1))
    // Ids that nothing is named after are padding, of which no file has many.
    guard count <= limit, count <= 2 * (named.entries.count + added.count) + 4096 else {
      throw model.bad(
        "it has ids up to \(count - 1), more than its model has rows or it has tokens")
    }
    guard count > 0 else { throw model.bad("its vocab is empty") }
    var vocabulary = ByteVocabulary(capacity: count)
    var kinds = [Kind](repeating: .text, count: count)
    /// Tokens that their bytes do not find, which may have the name of another.
    var hidden: [NamedTokens.Entry] = []
    func twice(_ entry: NamedTokens.Entry) -> ModelError {
      model.bad("the name \(named.name(of: entry)) stands there twice")
    }
    for (id, place) in try named.places(count, in: model).enumerated() {
      let entry = place < 0 ? nil : named.entries[place]
      if let added = added[id] {
        // A piece that merges make may be cut out before, too; a special token must not be made so.
        let content = Array(added.content.utf8)
        let isMade =
          added.kind == .added
          && entry.map { $0.isSpelled && named.withBytes(of: $0, content.elementsEqual) } == true
        kinds[id] = added.kind
        if let entry, !isMade { hidden.append(entry) }
        if !vocabulary.append(content, canBeFound: isMade), let entry { throw twice(entry) }
      } else if let entry {
        if !entry.isSpelled { hidden.append(entry) }
        let isNew = named.withBytes(of: entry) {
          vocabulary.append($0, canBeFound: entry.isSpelled)
        }
        if !isNew { throw twice(entry) }
      } else {
        vocabulary.append([], canBeFound: false)
      }
    }
    var names: Set<[UInt8]> = []
    for entry in hidden {
      let isNew = named.withBytes(of: entry) { bytes in
        let isFound = entry.isSpelled && vocabulary.token(of: bytes) != nil
        return !isFound && names.insert([entry.isSpelled ? 1 : 0] + Array(bytes)).inserted
      }
      if !isNew { throw twice(entry) }
    }
    return (vocabulary, kinds)
  }

  /// Merges are written as "a b" or, in newer files, as ["a", "b"].
  private static func merges(
    _ model: ModelJSON, _ file: UnsafeRawBufferPointer, _ vocabulary: ByteVocabulary
  ) throws -> MergeTable {
    var builder = MergeBuilder(vocabulary, capacity: vocabulary.count)
    var (count, broken) = (0, Int?.none)
    let isThere = try model.read("merges", of: file, opening: "[") { reader throws(JSONProblem) in
      try reader.forEachElement { reader throws(JSONProblem) in
        if try !append(&reader, to: &builder), broken == nil { broken = count }
        count += 1
      }
    }
    guard isThere else { throw model.bad("it lacks merges") }
    if let broken {
      throw model.bad("its merge \(broken) is not two tokens that make a third")
    }
    return builder.merges
  }

  /// Whether the next element is a merge.
  private static func append(
    _ reader: inout JSONReader, to builder: inout MergeBuilder
  ) throws(JSONProblem) -> Bool {
    if reader.next == UInt8(ascii: "\"") {
      return try reader.withText { _, text in builder.append(text) }
    }
    guard reader.next == UInt8(ascii: "[") else {
      _ = try reader.value(depth: 3)
      return false
    }
    var (part, isMerge) = (0, false)
    try reader.forEachElement { reader throws(JSONProblem) in
      part += 1
      guard reader.next == UInt8(ascii: "\""), part <= 2, isMerge || part == 1 else {
        isMerge = false
        _ = try reader.value(depth: 4)
        return
      }
      isMerge = try reader.withText { _, text in
        part == 1 ? builder.begin(text) : builder.end(text)
      }
    }
    return isMerge && part == 2
  }
}

extension Int {
  fileprivate func addingClamped(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
