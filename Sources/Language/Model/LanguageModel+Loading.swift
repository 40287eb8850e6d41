import Tensors

extension LanguageModel {
  /// How the matrices of a loaded model are held.
  public enum WeightStorage: String, Sendable, Codable, CaseIterable {
    /// Float32, which training may move.
    case float32
    /// Halves, frozen: half the memory, for generation and adapters.
    case float16
    /// Halves with Float32's range, frozen.
    case bfloat16
    /// As the file has them, read where it is mapped: blocks and halves are frozen.
    case stored
  }

  /// A model of a file's weights.
  ///
  /// - Throws: `ModelError` where a weight is missing or has another shape than the configuration says.
  public init(
    _ configuration: LanguageModelConfiguration, weights: some ModelWeights,
    as storage: WeightStorage = .stored
  ) throws {
    try configuration.checkSizes(file: "the configuration")
    try configuration.check(weights, file: "the model")
    let reader = WeightReader(weights: weights, storage: storage, configuration: configuration)
    let parts = try reader.parts()
    self.init(
      configuration, embedding: parts.embedding, positions: parts.positions, blocks: parts.blocks,
      norm: parts.norm, head: parts.head, isFrozen: storage != .float32)
  }
}

/// Reads a model's parts by name; that all are there, in their shapes, has been seen.
private struct WeightReader<Weights: ModelWeights> {
  let weights: Weights
  let storage: LanguageModel.WeightStorage
  let configuration: LanguageModelConfiguration

  struct Parts {
    let embedding: Projection
    let positions: Tensor?
    let blocks: [LanguageModelBlock]
    let norm: Normalization
    let head: Projection?
  }

  func parts() throws -> Parts {
    let c = configuration
    let embedding = try projection("model.embed_tokens", bias: false)
    let positions = c.rotary == nil ? try weights.tensor("model.embed_positions.weight") : nil
    var blocks: [LanguageModelBlock] = []
    for index in 0..<c.blockCount { blocks.append(try block(index)) }
    let norm = try norm("model.norm")
    let head = c.tiesHead ? nil : try projection("lm_head", bias: false)
    return Parts(
      embedding: embedding, positions: positions, blocks: blocks, norm: norm, head: head)
  }

  private func block(_ index: Int) throws -> LanguageModelBlock {
    let c = configuration
    let path = "model.layers.\(index)"
    func layer(_ target: LoRA.Target, _ bias: Bool) throws -> Projection {
      try projection("\(path).\(target.path)", bias: bias)
    }
    let query = try layer(.query, c.hasAttentionBias)
    let key = try layer(.key, c.hasAttentionBias)
    let value = try layer(.value, c.hasAttentionBias)
    let output = try layer(.output, c.hasOutputBias)
    let gate = c.isGated ? try layer(.gate, c.hasOutputBias) : nil
    let up = try layer(.up, c.hasOutputBias)
    let down = try layer(.down, c.hasOutputBias)
    let turnsHeads = c.normalizesQueriesAndKeys
    let queryNorm = turnsHeads ? try norm("\(path).self_attn.q_norm") : nil
    let keyNorm = turnsHeads ? try norm("\(path).self_attn.k_norm") : nil
    return LanguageModelBlock(
      attentionNorm: try norm("\(path).input_layernorm"), query: query, key: key,
      value: value, output: output, queryNorm: queryNorm, keyNorm: keyNorm,
      feedForwardNorm: try norm("\(path).post_attention_layernorm"), gate: gate, up: up,
      down: down, activation: c.activation, heads: c.headCount, kvHeads: c.kvHeadCount,
      headSize: c.headSize)
  }

  private func held(_ weight: Tensor, _ bias: Tensor?) -> Projection {
    Projection(weight: half.map { weight.converted(to: $0) } ?? weight, bias: bias)
  }

  private var half: NumberType? {
    switch storage {
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .float32, .stored: nil
    }
  }

  private func projection(_ path: String, bias: Bool) throws -> Projection {
    let name = "\(path).weight"
    let offset = bias ? try weights.tensor("\(path).bias") : nil
    if storage == .stored { return Projection(try weights.matrix(name), bias: offset) }
    return held(try weights.tensor(name), offset)
  }

  private func norm(_ path: String) throws -> Normalization {
    let c = configuration
    return Normalization(
      c.normalization, weight: try weights.tensor("\(path).weight"),
      bias: c.normalization == .layer ? try weights.tensor("\(path).bias") : nil,
      epsilon: c.normEpsilon)
  }
}
