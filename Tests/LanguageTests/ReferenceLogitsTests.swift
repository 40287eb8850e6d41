import Foundation
import Language
import Runtime
import Tensors
import Testing

/// Logits beside those of transformers; `References/make_language_models.py` made them.
@Suite struct ReferenceLogitsTests {
  private func configuration(_ family: String) -> LanguageModelConfiguration {
    var c = LanguageModelConfiguration(
      vocabularySize: 48, width: 16, blockCount: 2, headCount: 4, kvHeadCount: 2, headSize: 8,
      hiddenSize: 24, contextLength: 64, rotary: RotaryEmbedding(dim: 8, base: 10_000))
    switch family {
    case "mistral": (c.slidingWindow, c.tiesHead) = (12, false)
    case "qwen2":
      (c.headSize, c.hasAttentionBias, c.tiesHead, c.rotary) =
        (4, true, false, RotaryEmbedding(dim: 4, base: 10_000))
    case "qwen3": c.normalizesQueriesAndKeys = true
    case "gpt2":
      c = LanguageModelConfiguration(
        vocabularySize: 48, width: 16, blockCount: 2, headCount: 2, hiddenSize: 32,
        contextLength: 64, normalization: .layer, activation: .geluTanh, isGated: false,
        rotary: nil, hasAttentionBias: true, hasOutputBias: true)
    default: break
    }
    return c
  }

  @Test(arguments: ["llama", "mistral", "qwen2", "qwen3", "gpt2"])
  func `logits are transformers' logits`(_ family: String) throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/language-models.safetensors").path
    let golden = try StateDictionary(contentsOf: path).renamed { name in
      name.hasPrefix(family + "/") ? String(name.dropFirst(family.count + 1)) : nil
    }
    let expected = try #require(golden["logits"])
    let model = try LanguageModel(
      configuration(family), weights: HeldWeights(tensors: golden), as: .float32)
    let tokens = (0..<40).map { (7 * $0 * $0 + 3 * $0) % 48 }
    for length in [1, 2, 13, 40] {
      let hidden = model.hidden(
        Array(tokens[..<length]), sequences: SequenceOffsets(lengths: [length]))
      let difference = model.logits(hidden) - expected.sliced(0..<length)
      #expect(difference.magnitude().max().item < 1e-4)
    }
    #expect(expected.magnitude().max().item > 1)
  }
}
