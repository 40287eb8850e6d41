import Foundation
import Language
import Runtime
import Testing

/// Added tokens with rules of their own against Hugging Face's tokenizers, made by
/// `References/make_added_tokens.py`.
@Suite struct AddedTokenTests {
  private struct Golden: Decodable {
    struct Entry: Decodable { let base: String, specials: [String?], plain: [String?] }
    let texts: [String]
    let tokenizers: [Entry]
  }

  private static let references = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "References")
  private let folder = FileManager.default.temporaryDirectory
    .appending(path: "swirl-added-\(UUID().uuidString)")

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// A tokenizer of the references without its own added tokens, and with others in their place.
  private func tokenizer(_ base: String, _ added: Any) throws -> Tokenizer {
    let path = Self.references.appending(path: "tokenizers/\(base)/tokenizer.json")
    var file = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any])
    var model = try #require(file["model"] as? [String: Any])
    var vocabulary = try #require(model["vocab"] as? [String: Int])
    for entry in try #require(file["added_tokens"] as? [[String: Any]]) {
      vocabulary[try #require(entry["content"] as? String)] = nil
    }
    let order = vocabulary.sorted { $0.value < $1.value }.map(\.key)
    model["vocab"] = Dictionary(uniqueKeysWithValues: zip(order, order.indices))
    file["model"] = model
    file["added_tokens"] = added
    try JSONSerialization.data(withJSONObject: file)
      .write(to: folder.appending(path: "tokenizer.json"))
    return try Tokenizer(folder: folder.path)
  }

  private func checksum(_ ids: [Int]) -> String {
    var state: UInt64 = 0xcbf2_9ce4_8422_2325
    for number in [ids.count] + ids { state = (state ^ UInt64(number)) &* 0x100_0000_01b3 }
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  @Test(arguments: 0..<6)
  func everyTextIsTheSame(_ number: Int) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let data = try Data(contentsOf: Self.references.appending(path: "added_tokens.json"))
    let golden = try JSONDecoder().decode(Golden.self, from: data)
    let raw = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let entries = try #require(raw["tokenizers"] as? [[String: Any]])
    let wanted = golden.tokenizers[number]
    var tokenizer = try tokenizer(wanted.base, try #require(entries[number]["added"]))
    for pass in ["read", "written and read"] {
      if pass != "read" {
        let random = folder.appending(path: "model").path
        try write(tokenizer, to: random)
        tokenizer = try Tokenizer(folder: random)
      }
      var compared = 0
      for (text, (specials, plain)) in zip(golden.texts, zip(wanted.specials, wanted.plain)) {
        let found = [true, false].map { tokenizer.encode(text, parsingSpecials: $0) }
        // Where tokenizers panics, any tokens will do.
        for (ids, sum) in zip(found, [specials, plain]) {
          guard let sum else { continue }
          compared += 1
          #expect(checksum(ids) == sum, "\(pass): \(text.debugDescription) became \(ids)")
        }
      }
      #expect(compared > 900)
    }
  }

  private func write(_ tokenizer: Tokenizer, to path: String) throws {
    var c = TinyModel.llama.configuration
    c.vocabularySize = tokenizer.vocabularySize
    var random = PCG64(seed: 1)
    let model = LanguageModel(c, using: &random)
    try HuggingFaceFolder.write(
      model.denseWeights(), configuration: c, tokenizer: tokenizer, to: path)
  }

  @Test func bytesOutsideUTF8StandBetweenWords() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let tokenizer = try tokenizer(
      "gpt2",
      [
        [
          "id": 998, "content": "<w>", "single_word": true, "lstrip": true, "rstrip": true,
          "normalized": false, "special": true,
        ]
      ])
    let token = try #require(tokenizer.token(of: "<w>"))
    func tokens(_ bytes: [UInt8]) -> [Int] { tokenizer.encode(bytes, parsingSpecials: true) }
    let name = Array("<w>".utf8)
    for broken: [UInt8] in [[0xff], [0x80], [0xe2, 0x80], [0xc3], [0xf0, 0x9f, 0x98]] {
      #expect(tokens(broken + name + broken) == tokens(broken) + [token] + tokens(broken))
      #expect(tokens(broken + [0x20] + name) == tokens(broken) + [token])
    }
    #expect(tokens([0x61] + name) == tokens([0x61] + Array("<".utf8)) + tokens(Array("w>".utf8)))
    #expect(tokens(name + [0xe2, 0x80, 0x83, 0x0a] + name) == [token, token])
  }
}
