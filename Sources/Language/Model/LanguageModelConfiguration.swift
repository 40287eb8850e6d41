import Tensors

/// What a causal language model is made of: the sizes and choices that a checkpoint's metadata name.
///
/// Covers the Llama family (SmolLM2, Llama, Mistral, Qwen 2, 2.5 and 3) and GPT-2.
public struct LanguageModelConfiguration: Sendable, Hashable {
  public var vocabularySize: Int
  /// Numbers in the residual stream.
  public var width: Int
  public var blockCount: Int
  public var headCount: Int
  /// Key and value heads; fewer than `headCount` where queries share them (Ainslie et al., 2023).
  public var kvHeadCount: Int
  /// Numbers in a head; `headCount · headSize` need not be `width` (Qwen 3).
  public var headSize: Int
  /// Numbers inside the feed-forward part.
  public var hiddenSize: Int
  /// The most tokens the model has been trained to see.
  public var contextLength: Int
  public var normalization: Normalization.Kind
  public var normEpsilon: Float
  public var activation: FeedForward.Activation
  public var isGated: Bool
  /// Nil where positions are learned and added to the embedding (GPT-2).
  public var rotary: RotaryEmbedding?
  /// Biases of the query, key and value projections (Qwen 2, GPT-2).
  public var hasAttentionBias: Bool
  /// Biases of the attention's output projection and of the feed-forward part (GPT-2).
  public var hasOutputBias: Bool
  /// Queries and keys are normalised a head before they are turned (Qwen 3).
  public var normalizesQueriesAndKeys: Bool
  /// The head's weights are the embedding's.
  public var tiesHead: Bool
  /// How many tokens back a token looks, itself included; nil for all (Mistral's sliding window).
  public var slidingWindow: Int?

  public init(
    vocabularySize: Int, width: Int, blockCount: Int, headCount: Int, kvHeadCount: Int? = nil,
    headSize: Int? = nil, hiddenSize: Int, contextLength: Int,
    normalization: Normalization.Kind = .rms, normEpsilon: Float = 1e-5,
    activation: FeedForward.Activation = .silu, isGated: Bool = true,
    rotary: RotaryEmbedding?, hasAttentionBias: Bool = false, hasOutputBias: Bool = false,
    normalizesQueriesAndKeys: Bool = false, tiesHead: Bool = true, slidingWindow: Int? = nil
  ) {
    self.vocabularySize = vocabularySize
    self.width = width
    self.blockCount = blockCount
    self.headCount = headCount
    self.kvHeadCount = kvHeadCount ?? headCount
    self.headSize = headSize ?? width / headCount
    self.hiddenSize = hiddenSize
    self.contextLength = contextLength
    self.normalization = normalization
    self.normEpsilon = normEpsilon
    self.activation = activation
    self.isGated = isGated
    self.rotary = rotary
    self.hasAttentionBias = hasAttentionBias
    self.hasOutputBias = hasOutputBias
    self.normalizesQueriesAndKeys = normalizesQueriesAndKeys
    self.tiesHead = tiesHead
    self.slidingWindow = slidingWindow
  }
}
