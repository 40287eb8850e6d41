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
    let reader = WeightReader(weights: weights, storage: storage, configuration: configuration)
    let parts = try reader.parts()
    self.init(
      configuration, embedding: parts.embedding, positions: parts.positions, blocks: parts.blocks,
      norm: parts.norm, head: parts.head, isFrozen: storage != .float32)
  }
}

/// Reads a model's parts by name.
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
    try checkSizes()
    let embedding = try projection("model.embed_tokens", c.width, c.vocabularySize, bias: false)
    let positions =
      c.rotary == nil
      ? try tensor("model.embed_positions.weight", [c.contextLength, c.width]) : nil
    var blocks: [LanguageModelBlock] = []
    for index in 0..<c.blockCount { blocks.append(try block(index)) }
    let norm = try norm("model.norm", c.width)
    let head =
      c.tiesHead ? nil : try projection("lm_head", c.width, c.vocabularySize, bias: false)
    return Parts(
      embedding: embedding, positions: positions, blocks: blocks, norm: norm, head: head)
  }

  private func checkSizes() throws {
    let c = configuration
    let sizes = [
      c.vocabularySize, c.width, c.headCount, c.kvHeadCount, c.headSize, c.hiddenSize,
      c.contextLength,
    ]
    guard sizes.allSatisfy({ $0 > 0 && $0 <= 1 << 24 }), c.blockCount >= 0 else {
      throw ModelError("a model needs sizes above 0, but its configuration says \(sizes)")
    }
    guard c.headCount % c.kvHeadCount == 0 else {
      throw ModelError(
        "\(c.headCount) query heads cannot share \(c.kvHeadCount) key heads: it must divide them")
    }
    if let rotary = c.rotary, rotary.dim > c.headSize {
      throw ModelError("heads of \(c.headSize) numbers cannot be turned in \(rotary.dim)")
    }
  }

  private func block(_ index: Int) throws -> LanguageModelBlock {
    let c = configuration
    let path = "model.layers.\(index)"
    let (inner, shared) = (c.headCount * c.headSize, c.kvHeadCount * c.headSize)
    func layer(
      _ target: LoRA.Target, _ inputs: Int, _ outputs: Int, _ bias: Bool
    ) throws -> Projection {
      try projection("\(path).\(target.path)", inputs, outputs, bias: bias)
    }
    let query = try layer(.query, c.width, inner, c.hasAttentionBias)
    let key = try layer(.key, c.width, shared, c.hasAttentionBias)
    let value = try layer(.value, c.width, shared, c.hasAttentionBias)
    let output = try layer(.output, inner, c.width, c.hasOutputBias)
    let gate = c.isGated ? try layer(.gate, c.width, c.hiddenSize, c.hasOutputBias) : nil
    let up = try layer(.up, c.width, c.hiddenSize, c.hasOutputBias)
    let down = try layer(.down, c.hiddenSize, c.width, c.hasOutputBias)
    let turnsHeads = c.normalizesQueriesAndKeys
    let queryNorm = turnsHeads ? try norm("\(path).self_attn.q_norm", c.headSize) : nil
    let keyNorm = turnsHeads ? try norm("\(path).self_attn.k_norm", c.headSize) : nil
    return LanguageModelBlock(
      attentionNorm: try norm("\(path).input_layernorm", c.width), query: query, key: key,
      value: value, output: output, queryNorm: queryNorm, keyNorm: keyNorm,
      feedForwardNorm: try norm("\(path).post_attention_layernorm", c.width), gate: gate, up: up,
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

  private func projection(
    _ path: String, _ inputs: Int, _ outputs: Int, bias: Bool
  ) throws -> Projection {
    let name = "\(path).weight"
    try check(name, [outputs, inputs])
    let offset = bias ? try tensor("\(path).bias", [outputs]) : nil
    if storage == .stored { return Projection(try weights.matrix(name), bias: offset) }
    return held(try weights.tensor(name), offset)
  }

  private func norm(_ path: String, _ width: Int) throws -> Normalization {
    let c = configuration
    return Normalization(
      c.normalization, weight: try tensor("\(path).weight", [width]),
      bias: c.normalization == .layer ? try tensor("\(path).bias", [width]) : nil,
      epsilon: c.normEpsilon)
  }

  private func tensor(_ name: String, _ shape: Shape) throws -> Tensor {
    try check(name, shape)
    return try weights.tensor(name)
  }

  private func check(_ name: String, _ expected: Shape) throws {
    guard let found = weights.shape(of: name) else {
      throw ModelError("the model lacks \(name), which its configuration calls for")
    }
    if found != expected {
      throw ModelError(
        "\(name) has shape \(found), but the model's configuration calls for \(expected)")
    }
  }
}
