import Foundation
import Language
import Testing

/// Against Hugging Face's tokenizers, on strings that `References/make_tokenizers.py` draws in the same way.
@Suite struct TokenizerReferenceTests {
  private struct Golden: Decodable {
    struct Example: Decodable {
      let text: String
      let ids: [Int]
    }
    struct Broken: Decodable {
      let bytes: [UInt8]
      let text: String
    }
    let fragments: [String]
    let chunk: Int
    let strings: Int
    let first: [String]
    let checksums: [String: [String]]
    let examples: [String: Example]
    let broken: [Broken]
  }

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "References")
  private let golden: Golden

  init() throws {
    let path = Self.folder.appending(path: "tokenizers.json")
    golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: path))
  }

  private static func tokenizer(_ kind: String) throws -> Tokenizer {
    try Tokenizer(folder: folder.appending(path: "tokenizers/\(kind)").path)
  }

  /// Knuth's MMIX generator, the upper half of each state.
  private struct Generator {
    var state: UInt64
    mutating func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
  }

  private func strings() -> [String] {
    var random = Generator(state: 2024)
    let fragments = golden.fragments.map { Array($0.unicodeScalars) }
    return (0..<golden.strings).map { _ in
      var text = String.UnicodeScalarView()
      for _ in 0..<random.below(24) {
        switch random.below(8) {
        case 0..<5: text += fragments[random.below(fragments.count)]
        case 5:
          for _ in 0..<random.below(12) {
            text.append(Unicode.Scalar(UInt8(32 + random.below(95))))
          }
        case 6: text.append(Unicode.Scalar(UInt32(0xa0 + random.below(0x2f00))) ?? "?")
        default: text.append(Unicode.Scalar(UInt32(random.below(0x110000))) ?? "?")
        }
      }
      return String(text)
    }
  }

  private func checksum(_ lists: ArraySlice<[Int]>) -> String {
    var state: UInt64 = 0xcbf2_9ce4_8422_2325
    for ids in lists {
      for number in [ids.count] + ids { state = (state ^ UInt64(number)) &* 0x100_0000_01b3 }
    }
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private func check(_ tokenizer: Tokenizer, against kind: String) throws {
    let strings = strings()
    #expect(
      strings.prefix(golden.first.count).map { Array($0.utf8) }
        == golden.first.map { Array($0.utf8) })
    let ids = strings.map { tokenizer.encode($0, parsingSpecials: true) }
    let wanted = try #require(golden.checksums[kind])
    for (i, sum) in wanted.enumerated() {
      let range = i * golden.chunk..<min((i + 1) * golden.chunk, ids.count)
      #expect(checksum(ids[range]) == sum, "strings \(range)")
    }
    // SmolLM2's vocabulary lacks bytes that no common text holds.
    guard !tokenizer.normalizes, kind != "smollm2-135m" else { return }
    for (text, ids) in zip(strings, ids) {
      #expect(tokenizer.bytes(of: ids) == Array(text.utf8))
    }
  }

  @Test(arguments: ["gpt2", "smollm", "qwen2", "llama3"])
  func tenThousandStringsAreTheSame(_ kind: String) throws {
    let tokenizer = try Self.tokenizer(kind)
    #expect(tokenizer.preTokenizer.rawValue == kind)
    let example = try #require(golden.examples[kind])
    #expect(tokenizer.encode(example.text) == example.ids)
    try check(tokenizer, against: kind)
  }

  @Test(.enabled(if: ModelStore.fetched("smollm2-135m") != nil, "SmolLM2 has not been fetched"))
  func tenThousandStringsAreTheSameForSmolLM2() throws {
    let path = try ModelStore.path(of: "smollm2-135m")
    try check(try Checkpoint.open(path).tokenizer(), against: "smollm2-135m")
  }

  @Test func brokenBytesDecodeAsInPython() throws {
    let tokenizer = try Self.tokenizer("gpt2")
    for broken in golden.broken {
      let tokens = broken.bytes.flatMap { tokenizer.encode([$0]) }
      #expect(Array(tokenizer.decode(tokens).utf8) == Array(broken.text.utf8), "\(broken.bytes)")
    }
  }

  @Test(arguments: ["gpt2", "smollm", "qwen2", "llama3"])
  func anyBytesComeBack(_ kind: String) throws {
    let tokenizer = try Self.tokenizer(kind)
    var random = Generator(state: 7)
    for _ in 0..<500 {
      let bytes = (0..<random.below(80)).map { _ in
        random.below(4) == 0 ? UInt8(random.below(256)) : UInt8(32 + random.below(95))
      }
      let tokens = tokenizer.encode(bytes)
      if kind != "qwen2" { #expect(tokenizer.bytes(of: tokens) == bytes) }
      #expect(tokens.allSatisfy { $0 < tokenizer.vocabularySize })
    }
    let broken: [UInt8] = [0x61, 0xff, 0xe2, 0x82, 0x20, 0x62, 0xf0, 0x9f]
    #expect(tokenizer.bytes(of: tokenizer.encode(broken)) == broken)
  }

  /// A long piece goes another way through the merges than a short one.
  @Test func longPiecesMergeAsShortOnesDo() throws {
    let tokenizer = try Self.tokenizer("gpt2")
    for length in [1, 2, 31, 32, 33, 34, 1000, 20_001] {
      let text = String(repeating: "a", count: length)
      let tokens = tokenizer.encode(text)
      #expect(tokenizer.decode(tokens) == text)
      let short = tokenizer.encode(String(repeating: "a", count: min(length, 32)))
      #expect(tokens.first == short.first)
    }
  }
}
