import Tensors

extension LanguageModelConfiguration {
  /// The parameters of a model of this configuration, by the names every loader gives them, GPT-2's among
  /// them: `model.embed_tokens.weight`, `model.embed_positions.weight`, and in block N of
  /// `model.layers.N.`: `input_layernorm`, `self_attn.{q,k,v,o}_proj`, `self_attn.{q,k}_norm`,
  /// `post_attention_layernorm` and `mlp.{gate,up,down}_proj`; then `model.norm` and, where the head is
  /// not the embedding, `lm_head.weight`. Matrices are `[out, in]`.
  public var parameterShapes: [(name: String, shape: Shape)] {
    var shapes: [(name: String, shape: Shape)] = []
    func add(_ name: String, _ sizes: Shape, bias: Bool = false) {
      shapes.append(("\(name).weight", sizes))
      if bias { shapes.append(("\(name).bias", [sizes[0]])) }
    }
    let normBias = normalization == .layer
    add("model.embed_tokens", [vocabularySize, width])
    if rotary == nil { add("model.embed_positions", [contextLength, width]) }
    for block in 0..<blockCount {
      let prefix = "model.layers.\(block)."
      add(prefix + "input_layernorm", [width], bias: normBias)
      add(prefix + "self_attn.q_proj", [headCount * headSize, width], bias: hasAttentionBias)
      add(prefix + "self_attn.k_proj", [kvHeadCount * headSize, width], bias: hasAttentionBias)
      add(prefix + "self_attn.v_proj", [kvHeadCount * headSize, width], bias: hasAttentionBias)
      add(prefix + "self_attn.o_proj", [width, headCount * headSize], bias: hasOutputBias)
      if normalizesQueriesAndKeys {
        add(prefix + "self_attn.q_norm", [headSize])
        add(prefix + "self_attn.k_norm", [headSize])
      }
      add(prefix + "post_attention_layernorm", [width], bias: normBias)
      if isGated { add(prefix + "mlp.gate_proj", [hiddenSize, width], bias: hasOutputBias) }
      add(prefix + "mlp.up_proj", [hiddenSize, width], bias: hasOutputBias)
      add(prefix + "mlp.down_proj", [width, hiddenSize], bias: hasOutputBias)
    }
    add("model.norm", [width], bias: normBias)
    if !tiesHead { add("lm_head", [vocabularySize, width]) }
    return shapes
  }

  /// Refuses sizes that no model has, before anything is computed from them.
  func checkSizes(file: String) throws(ModelError) {
    func check(_ what: String, _ size: Int, _ limit: Int) throws(ModelError) {
      guard size >= 1, size <= limit else {
        throw ModelError(
          "\(file) does not describe a model that can be read: its \(what) is \(size), not 1 to "
            + "\(limit)")
      }
    }
    try check("vocabulary size", vocabularySize, 1 << 24)
    try check("width", width, 1 << 20)
    try check("number of blocks", blockCount, 4096)
    try check("number of heads", headCount, 4096)
    try check("number of key heads", kvHeadCount, headCount)
    try check("head size", headSize, 1 << 16)
    try check("hidden size", hiddenSize, 1 << 24)
    try check("context length", contextLength, Int(Int32.max))
    if let slidingWindow { try check("sliding window", slidingWindow, Int(Int32.max)) }
    guard headCount % kvHeadCount == 0 else {
      throw ModelError(
        "\(file) does not describe a model that can be read: \(headCount) heads cannot share "
          + "\(kvHeadCount) key heads evenly")
    }
    guard headSize % 2 == 0 || rotary == nil else {
      throw ModelError(
        "\(file) does not describe a model that can be read: its heads of \(headSize) numbers cannot "
          + "be turned in pairs")
    }
    if let rotary, rotary.dim > headSize {
      throw ModelError(
        "\(file) does not describe a model that can be read: its heads of \(headSize) numbers cannot "
          + "be turned in \(rotary.dim)")
    }
    guard normEpsilon.isFinite, normEpsilon >= 0 else {
      throw ModelError(
        "\(file) does not describe a model that can be read: its norms' epsilon is \(normEpsilon)")
    }
  }

  /// Refuses weights that lack a parameter of this configuration or hold one in another shape.
  func check(_ weights: some ModelWeights, file: String) throws(ModelError) {
    guard blockCount <= weights.names.count else {
      throw ModelError(
        "\(file) does not describe a model that can be read: it has \(blockCount) blocks but "
          + "\(weights.names.count) parameters")
    }
    for (name, shape) in parameterShapes {
      guard let found = weights.shape(of: name) else {
        throw ModelError("\(file) lacks the parameter \(name) of shape \(shape)")
      }
      guard found == shape else {
        throw ModelError(
          "\(file) holds the parameter \(name) with shape \(found), but its configuration needs \(shape)"
        )
      }
    }
  }
}
