import Runtime
import Tensors

/// Low-rank adapters (Hu et al., 2021): beside a frozen matrix W a trained product of two thin ones,
/// y = x Wᵀ + (alpha / rank) · (x Aᵀ) Bᵀ. A starts random and B at 0, so that nothing changes at first.
///
/// ```swift
/// model.add(LoRA(rank: 8, alpha: 16), using: &random)   // now only the adapters are parameters
/// let reference = model.withoutAdapters
/// ```
public struct LoRA: Sendable, Hashable, Codable {
  /// The linear layers of a block, by the names of Hugging Face's Llama.
  public enum Target: String, Sendable, Codable, CaseIterable {
    case query = "q_proj"
    case key = "k_proj"
    case value = "v_proj"
    case output = "o_proj"
    case gate = "gate_proj"
    case up = "up_proj"
    case down = "down_proj"
  }

  public var rank: Int
  /// What the product is scaled by is alpha / rank.
  public var alpha: Double
  /// The share of inputs that an adapter does not see in training.
  public var dropout: Double
  /// Which layers of each block get an adapter.
  public var targets: [Target]

  public init(
    rank: Int = 8, alpha: Double? = nil, dropout: Double = 0, targets: [Target] = Target.allCases
  ) {
    self.rank = rank
    self.alpha = alpha ?? Double(2 * rank)
    self.dropout = dropout
    self.targets = targets
  }

  /// The two thin matrices beside one layer.
  public struct Pair: Sendable {
    /// `[rank, in]`
    public var a: Tensor
    /// `[out, rank]`
    public var b: Tensor
    public var scale: Float
    public var dropout: Double

    public init(a: Tensor, b: Tensor, scale: Float, dropout: Double = 0) {
      self.a = a
      self.b = b
      self.scale = scale
      self.dropout = dropout
    }

    func callAsFunction(_ x: Tensor, dropout seeds: DropoutSeeds?) -> Tensor {
      let input = dropout > 0 ? seeds?(x, probability: dropout) ?? x : x
      let inner = linear(input, weight: a.transposed()) * scale
      return linear(inner, weight: b.transposed())
    }
  }

  func pair(for shape: Shape, using random: inout PCG64) -> Pair {
    // As PEFT: Kaiming uniform with gain √(1/3), that is ±1/√in.
    Pair(
      a: .uniformFanIn([rank, shape[1]], fanIn: shape[1], using: &random),
      b: .zeros([shape[0], rank]), scale: Float(alpha / Double(rank)), dropout: dropout)
  }
}

extension LanguageModel {
  /// Puts adapters beside the target layers of every block and freezes everything else.
  ///
  /// - Throws: `ModelError` where the rank does not fit a layer or nothing would be adapted.
  public mutating func add(_ lora: LoRA, using random: inout PCG64) throws {
    try check(lora)
    for block in blocks.indices {
      blocks[block].visitProjections { target, projection in
        guard lora.targets.contains(target) else { return }
        projection.lora = lora.pair(for: projection.shape, using: &random)
      }
    }
    self.lora = lora
    isFrozen = true
  }

  /// Refuses adapters that the model's layers cannot have.
  func check(_ lora: LoRA) throws(ModelError) {
    guard let least = targetLayers(of: lora).map({ min($0.shape[0], $0.shape[1]) }).min() else {
      throw ModelError("a LoRA needs at least one target layer that the model has")
    }
    guard lora.rank >= 1, lora.rank <= least else {
      throw ModelError(
        "a LoRA rank of \(lora.rank) does not fit this model: it must be from 1 to \(least)",
        kind: .usage)
    }
    guard lora.dropout >= 0, lora.dropout < 1, lora.alpha.isFinite else {
      throw ModelError(
        "a LoRA with alpha \(lora.alpha) and dropout \(lora.dropout) is none: the dropout must be "
          + "at least 0 and below 1")
    }
  }

  /// The layers that adapters would stand beside, with their weights' shapes.
  func targetLayers(of lora: LoRA) -> [(path: String, shape: Shape)] {
    var layers: [(path: String, shape: Shape)] = []
    for (index, block) in blocks.enumerated() {
      var copy = block
      copy.visitProjections { target, projection in
        guard lora.targets.contains(target) else { return }
        layers.append(("model.layers.\(index).\(target.path)", projection.shape))
      }
    }
    return layers
  }

  /// Whether any adapter is there.
  public var hasAdapters: Bool { lora != nil || bottleneck != nil || prefixTuning != nil }

  /// The frozen model under the adapters: what training measures its distance from.
  public var withoutAdapters: LanguageModel {
    var model = self
    for block in model.blocks.indices {
      model.blocks[block].visitProjections { $1.lora = nil }
      model.blocks[block].attentionAdapter = nil
      model.blocks[block].feedForwardAdapter = nil
      model.blocks[block].prefix = nil
    }
    (model.lora, model.bottleneck, model.prefixTuning) = (nil, nil, nil)
    return model
  }

  /// Low-rank adapters added into dense Float32 weights: a model without them that gives the same logits but
  /// for rounding. Frozen as this one is.
  public func merged() -> LanguageModel {
    var model = self
    for block in model.blocks.indices {
      model.blocks[block].visitProjections { _, projection in
        if projection.lora == nil { return }
        projection = Projection(weight: projection.mergedWeight(), bias: projection.bias)
      }
    }
    model.lora = nil
    return model
  }
}
