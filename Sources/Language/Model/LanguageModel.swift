import Runtime
import Tensors

/// A causal language model: the Llama family (SmolLM2, Llama, Mistral, Qwen 2, 2.5 and 3) and GPT-2.
///
/// ```swift
/// let file = try Checkpoint.open("SmolLM2-135M-Instruct.Q4_1.gguf")
/// let model = try LanguageModel(file.configuration, weights: file, as: .stored)
/// let hidden = model.hidden(tokens, sequences: SequenceOffsets(lengths: [tokens.count]))
/// let logits = model.logits(hidden)   // [tokens, vocabulary]
/// ```
///
/// Parameters carry Hugging Face's names. Those of dense Float32 models are trained; halves and blocks
/// are frozen, and so is everything beside adapters. A token's numbers have the same bits alone, in a
/// batch, at any number of threads and from a cache.
public struct LanguageModel: Module {
  public let configuration: LanguageModelConfiguration
  /// The tokens' vectors, `[vocabulary, width]`; the head's weights too where they are tied.
  public internal(set) var embedding: Projection
  /// Learned positions, `[context, width]` (GPT-2).
  public internal(set) var positions: Tensor?
  public internal(set) var blocks: [LanguageModelBlock]
  public internal(set) var norm: Normalization
  /// `[vocabulary, width]`; nil where it is the embedding's.
  public internal(set) var head: Projection?
  /// The adapters that stand beside the layers.
  public internal(set) var lora: LoRA?
  public internal(set) var bottleneck: BottleneckAdapters?
  public internal(set) var prefixTuning: PrefixTuning?

  /// Whether everything but the adapters stays as it is: true of halves and blocks, and with adapters.
  public var isFrozen: Bool {
    didSet { for block in blocks.indices { blocks[block].isFrozen = isFrozen } }
  }

  init(
    _ configuration: LanguageModelConfiguration, embedding: Projection, positions: Tensor?,
    blocks: [LanguageModelBlock], norm: Normalization, head: Projection?, isFrozen: Bool
  ) {
    self.configuration = configuration
    self.embedding = embedding
    self.positions = positions
    self.blocks = blocks
    self.norm = norm
    self.head = head
    self.isFrozen = isFrozen
    for block in self.blocks.indices { self.blocks[block].isFrozen = isFrozen }
  }

  /// A model to train from scratch: normal weights of deviation 1/√inputs, those that write into the
  /// residual stream divided by √(2 · blocks) (Radford et al., 2019), embeddings of deviation 0.02.
  public init(_ configuration: LanguageModelConfiguration, using random: inout PCG64) {
    let c = configuration
    let residual = 1 / Double(max(2 * c.blockCount, 1)).squareRoot()
    func layer(_ inputs: Int, _ outputs: Int, bias: Bool, scale: Double = 1) -> Projection {
      let deviation = scale / Double(max(inputs, 1)).squareRoot()
      return Projection(
        weight: .normal([outputs, inputs], standardDeviation: deviation, using: &random),
        bias: bias ? .zeros([outputs]) : nil)
    }
    func table(_ rows: Int) -> Tensor {
      .normal([rows, c.width], standardDeviation: 0.02, using: &random)
    }
    func norm(_ width: Int) -> Normalization {
      Normalization(c.normalization, width: width, epsilon: c.normEpsilon)
    }
    let embedding = Projection(weight: table(c.vocabularySize))
    let positions = c.rotary == nil ? table(c.contextLength) : nil
    let (inner, shared) = (c.headCount * c.headSize, c.kvHeadCount * c.headSize)
    let blocks = (0..<c.blockCount).map { _ in
      LanguageModelBlock(
        attentionNorm: norm(c.width),
        query: layer(c.width, inner, bias: c.hasAttentionBias),
        key: layer(c.width, shared, bias: c.hasAttentionBias),
        value: layer(c.width, shared, bias: c.hasAttentionBias),
        output: layer(inner, c.width, bias: c.hasOutputBias, scale: residual),
        queryNorm: c.normalizesQueriesAndKeys ? norm(c.headSize) : nil,
        keyNorm: c.normalizesQueriesAndKeys ? norm(c.headSize) : nil,
        feedForwardNorm: norm(c.width),
        gate: c.isGated ? layer(c.width, c.hiddenSize, bias: c.hasOutputBias) : nil,
        up: layer(c.width, c.hiddenSize, bias: c.hasOutputBias),
        down: layer(c.hiddenSize, c.width, bias: c.hasOutputBias, scale: residual),
        activation: c.activation, heads: c.headCount, kvHeads: c.kvHeadCount, headSize: c.headSize)
    }
    self.init(
      c, embedding: embedding, positions: positions, blocks: blocks, norm: norm(c.width),
      head: c.tiesHead ? nil : layer(c.width, c.vocabularySize, bias: false), isFrozen: false)
  }

  // MARK: - Computing

  /// The last norm's output for every token of packed sequences, `[tokens, width]`, differentiable.
  ///
  /// - Parameters:
  ///   - tokens: The sequences one after another; positions begin at 0 in each.
  ///   - recomputing: Keep each block's input alone and compute the rest again in the backward pass.
  ///   - dropout: Where adapters with dropout draw from; nil, as in evaluation, drops nothing.
  public func hidden(
    _ tokens: [Int], sequences: SequenceOffsets, recomputing: Bool = false,
    dropout: SeedSequence? = nil
  ) -> Tensor {
    if sequences.end != tokens.count {
      fail("hidden", "sequences of \(sequences.end) tokens for \(tokens.count) tokens")
    }
    let first = prefixCount
    let positions = (0..<sequences.count).flatMap { Array(first..<first + sequences[$0].count) }
    let keys = first == 0 ? sequences : sequences.lengthened(by: first)
    let rotation = rotation(at: positions)
    let mask = mask
    let seeds = dropout.map { seed in
      DropoutSeeds(
        stretches: (0..<sequences.count).map { (seed.child($0), sequences[$0].count) })
    }
    var x = embed(tokens, at: positions)
    for (index, block) in blocks.enumerated() {
      let seeds = seeds?.child(index)
      let apply: @Sendable (LanguageModelBlock, Tensor) -> Tensor = { block, x in
        block(x, rotation: rotation, dropout: seeds) { q, k, v in
          guard let prefix = block.prefix else {
            return attention(q, k, v, queries: sequences, mask: mask)
          }
          return attention(
            q, PrefixTuning.Prefix.joined(prefix.keys, k, sequences),
            PrefixTuning.Prefix.joined(prefix.values, v, sequences), queries: sequences,
            keys: keys, mask: mask)
        }
      }
      x = recomputing ? recomputed(block, x, apply) : apply(block, x)
    }
    return norm(x)
  }

  /// The scores of every token of the vocabulary, `[n, vocabulary]`, of `hidden`, `[n, width]`.
  public func logits(_ hidden: Tensor) -> Tensor { (head ?? embedding)(hidden) }

  var mask: AttentionMask { configuration.slidingWindow.map { .slidingWindow($0) } ?? .causal }

  func rotation(at positions: [Int]) -> RotaryTable? {
    // A token's angles must not depend on how long its sequence grows.
    configuration.rotary?.table(positions: positions, length: 0)
  }

  func embed(_ tokens: [Int], at places: [Int]) -> Tensor {
    for token in tokens where token < 0 || token >= configuration.vocabularySize {
      fail("LanguageModel", "\(token) is not one of \(configuration.vocabularySize) tokens")
    }
    let indices = Indices(tokens.map { Int32($0) })
    let x = embedding.quantized?.selectingRows(indices) ?? embedding.dense!.selectingRows(indices)
    guard let positions else { return x }
    if let last = places.max(), last >= positions.shape[0] {
      fail("LanguageModel", "position \(last) is beyond the \(positions.shape[0]) learned ones")
    }
    return x + positions.selectingRows(Indices(places.map { Int32($0) }))
  }

  // MARK: - Parameters

  /// What is trained: the adapters, and everything dense unless it is frozen.
  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    if !isFrozen {
      embedding.visitBase { body("model.embed_tokens.\($0)", &$1) }
      visit("model.embed_positions.weight", &positions, body)
    }
    for block in blocks.indices {
      blocks[block].visitParameters { body("model.layers.\(block).\($0)", &$1) }
    }
    if !isFrozen {
      norm.visitParameters { body("model.norm.\($0)", &$1) }
      if head != nil { head!.visitBase { body("lm_head.\($0)", &$1) } }
    }
  }

  /// Every weight in Float32 without adapters, `[out, in]`, under the names of Hugging Face's Llama; what
  /// was quantised is dequantised.
  public func denseWeights() -> StateDictionary {
    var all: [(name: String, value: Tensor)] = []
    func add(_ path: String, _ projection: Projection) {
      all.append(("\(path).weight", projection.denseWeight()))
      if let bias = projection.bias { all.append(("\(path).bias", bias)) }
    }
    func add(_ path: String, _ norm: Normalization?) {
      guard let norm else { return }
      all.append(("\(path).weight", norm.weight))
      if let bias = norm.bias { all.append(("\(path).bias", bias)) }
    }
    add("model.embed_tokens", embedding)
    if let positions { all.append(("model.embed_positions.weight", positions)) }
    for (index, block) in blocks.enumerated() {
      let path = "model.layers.\(index)"
      var copy = block
      add("\(path).input_layernorm", block.attentionNorm)
      copy.visitProjections { add("\(path).\($0.path)", $1) }
      add("\(path).self_attn.q_norm", block.queryNorm)
      add("\(path).self_attn.k_norm", block.keyNorm)
      add("\(path).post_attention_layernorm", block.feedForwardNorm)
    }
    add("model.norm", norm)
    if let head { add("lm_head", head) }
    return StateDictionary(all)
  }
}
