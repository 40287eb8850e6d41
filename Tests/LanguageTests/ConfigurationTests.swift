import Language
import Tensors
import Testing

@Suite struct ConfigurationTests {
  @Test func `sizes that are not named follow from those that are`() {
    let configuration = LanguageModelConfiguration(
      vocabularySize: 49_152, width: 576, blockCount: 30, headCount: 9, kvHeadCount: 3,
      hiddenSize: 1536, contextLength: 8192, rotary: RotaryEmbedding(dim: 64, base: 100_000))
    #expect(configuration.headSize == 64)
    #expect(configuration.kvHeadCount == 3)
  }
}
