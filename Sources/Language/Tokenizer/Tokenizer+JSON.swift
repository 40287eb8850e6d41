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
    let file = try ModelJSON("\(folder)/tokenizer.json")
    var tokenizer = try Self.read(file, rows: rows)
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

  private static func read(_ file: ModelJSON, rows: Int?) throws -> Tokenizer {
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
    let (vocabulary, kinds) = try vocabulary(model, added, limit: limit)
    let merges = try merges(model, vocabulary)
    var tokenizer = Tokenizer(
      vocabulary: vocabulary, kinds: kinds, merges: merges, preTokenizer: splitting.kind,
      normalizes: try file.normalizes(),
      ignoresMerges: try model.boolean("ignore_merges") ?? false)
    tokenizer.addsBeginToken = try file.addsSpecialFirst()
    return tokenizer
  }

  private static func addedTokens(
    _ file: ModelJSON
  ) throws -> [Int: (content: String, kind: Kind)] {
    var added: [Int: (content: String, kind: Kind)] = [:]
    for token in try file.objects("added_tokens") ?? [] {
      guard let id = try token.integer("id"), let content = try token.text("content"),
        !content.isEmpty
      else { throw token.bad("a token lacks its id or its content") }
      for key in ["single_word", "lstrip", "rstrip"] where try token.boolean(key) == true {
        throw token.bad("the token \(content) is matched with \(key), which cannot be done")
      }
      let kind: Kind = try token.boolean("special") ?? false ? .special : .added
      if added.updateValue((content, kind), forKey: id) != nil {
        throw token.bad("two tokens have the id \(id)")
      }
    }
    return added
  }

  private static func vocabulary(
    _ model: ModelJSON, _ added: [Int: (content: String, kind: Kind)], limit: Int
  ) throws -> (ByteVocabulary, [Kind]) {
    guard let entries = model["vocab"]?.object else { throw model.bad("it lacks a vocab") }
    let count = max(entries.count, (added.keys.max() ?? -1).addingClamped(1))
    // Ids that nothing is named after are padding, of which no file has many.
    guard count <= limit, count <= 2 * (entries.count + added.count) + 4096 else {
      throw model.bad(
        "it has ids up to \(count - 1), more than its model has rows or it has tokens")
    }
    var names = [String?](repeating: nil, count: count)
    for (name, value) in entries {
      guard case .integer(let id) = value, id >= 0, id < count else {
        throw model.bad("the token '\(name)' has an id that is not from 0 to \(count - 1)")
      }
      guard names[id] == nil else { throw model.bad("two tokens have the id \(id)") }
      names[id] = name
    }
    var vocabulary = ByteVocabulary(capacity: count)
    var kinds: [Kind] = []
    var bytes: [UInt8] = []
    for (id, name) in names.enumerated() {
      if let (content, kind) = added[id] {
        vocabulary.append(Array(content.utf8), canBeFound: false)
        kinds.append(kind)
        continue
      }
      var name = name ?? ""
      name.withUTF8 { text in
        if !text.isEmpty, ByteAlphabet.decode(text, into: &bytes) {
          vocabulary.append(bytes, canBeFound: true)
        } else {
          vocabulary.append(text, canBeFound: false)
        }
      }
      kinds.append(.text)
    }
    guard count > 0 else { throw model.bad("its vocab is empty") }
    return (vocabulary, kinds)
  }

  /// Merges are written as "a b" or, in newer files, as ["a", "b"].
  private static func merges(
    _ model: ModelJSON, _ vocabulary: ByteVocabulary
  ) throws -> MergeTable {
    guard case .array(let elements)? = model["merges"] else { throw model.bad("it lacks merges") }
    var builder = MergeBuilder(vocabulary, capacity: elements.count)
    for element in elements {
      var isMerge = false
      switch element {
      case .string(var text): isMerge = text.withUTF8 { builder.append($0) }
      case .array(let pair):
        if pair.count == 2, var left = pair[0].string, var right = pair[1].string {
          isMerge = left.withUTF8 { left in right.withUTF8 { builder.append(left, $0) } }
        }
      default: break
      }
      guard isMerge else {
        throw model.bad("its merge \(builder.merges.count) is not two tokens that make a third")
      }
    }
    return builder.merges
  }
}

extension Int {
  fileprivate func addingClamped(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
