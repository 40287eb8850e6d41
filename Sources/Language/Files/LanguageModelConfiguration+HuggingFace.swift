import Tensors

extension LanguageModelConfiguration {
  /// The text of a `config.json` for this configuration.
  ///
  /// - Throws: `ModelError` where no family of Hugging Face's has it.
  func huggingFaceConfig(
    _ tokenizer: Tokenizer?, type: NumberType
  ) throws(ModelError) -> String {
    var fields: [(key: String, value: String)] = []
    func add(_ key: String, _ value: some CustomStringConvertible) {
      fields.append((key, value.description))
    }
    func add(text key: String, _ value: String) { fields.append((key, JSONValue.quoted(value))) }
    guard let rotary else {
      try gpt2Config { fields.append(($0, $1)) }
      return Self.config(fields, self, tokenizer, type)
    }
    guard normalization == .rms, isGated, activation == .silu else {
      throw ModelError(
        "no family of Hugging Face's folders has a rotary model with \(normalization.rawValue) "
          + "normalisation and \(isGated ? "gated " : "")\(activation.rawValue)")
    }
    let family: String
    switch (normalizesQueriesAndKeys, hasAttentionBias, hasOutputBias, slidingWindow) {
    case (true, false, false, nil): family = "qwen3"
    case (false, true, false, nil): family = "qwen2"
    case (false, false, false, .some): family = "mistral"
    case (false, false, false, nil), (false, true, true, nil): family = "llama"
    default:
      throw ModelError(
        "no family of Hugging Face's folders has this mixture of biases, norms and sliding window")
    }
    let name = ["qwen3": "Qwen3", "qwen2": "Qwen2", "mistral": "Mistral"][family] ?? "Llama"
    fields.append(("architectures", "[\"\(name)ForCausalLM\"]"))
    add(text: "model_type", family)
    add("hidden_size", width)
    add("intermediate_size", hiddenSize)
    add("num_hidden_layers", blockCount)
    add("num_attention_heads", headCount)
    add("num_key_value_heads", kvHeadCount)
    add("head_dim", headSize)
    add("max_position_embeddings", contextLength)
    add("rms_norm_eps", Double(normEpsilon.description) ?? Double(normEpsilon))
    add(text: "hidden_act", "silu")
    if family != "qwen2" { add("attention_bias", hasAttentionBias) }
    if family == "llama" { add("mlp_bias", hasOutputBias) }
    if let slidingWindow { add("sliding_window", slidingWindow) }
    if family == "mistral" || family == "llama" { add("attention_dropout", 0.0) }
    if rotary.dim != headSize {
      add("partial_rotary_factor", Double(rotary.dim) / Double(headSize))
    }
    add("rope_theta", rotary.base)
    fields.append(("rope_scaling", rotary.scaling.huggingFaceJSON))
    return Self.config(fields, self, tokenizer, type)
  }

  private func gpt2Config(_ add: (String, String) -> Void) throws(ModelError) {
    guard normalization == .layer, !isGated, hasAttentionBias, hasOutputBias,
      kvHeadCount == headCount, headSize * headCount == width, slidingWindow == nil
    else { throw ModelError("no family of Hugging Face's folders has this configuration") }
    let activations: [FeedForward.Activation: String] = [
      .geluTanh: "gelu_new", .gelu: "gelu", .relu: "relu", .silu: "silu",
    ]
    add("architectures", "[\"GPT2LMHeadModel\"]")
    add("model_type", "\"gpt2\"")
    add("n_embd", "\(width)")
    add("n_inner", "\(hiddenSize)")
    add("n_layer", "\(blockCount)")
    add("n_head", "\(headCount)")
    add("n_positions", "\(contextLength)")
    add("n_ctx", "\(contextLength)")
    add("layer_norm_epsilon", "\(normEpsilon)")
    add("activation_function", JSONValue.quoted(activations[activation] ?? "gelu_new"))
  }

  private static func config(
    _ fields: [(key: String, value: String)], _ configuration: LanguageModelConfiguration,
    _ tokenizer: Tokenizer?, _ type: NumberType
  ) -> String {
    var fields = fields
    fields.append(("vocab_size", "\(configuration.vocabularySize)"))
    fields.append(("tie_word_embeddings", "\(configuration.tiesHead)"))
    fields.append(("torch_dtype", JSONValue.quoted(type.description)))
    fields.append(("bos_token_id", tokenizer?.beginToken.map(String.init) ?? "null"))
    fields.append(("eos_token_id", tokenizer?.endToken.map(String.init) ?? "null"))
    let lines = fields.map { "  \(JSONValue.quoted($0.key)): \($0.value)" }
    return "{\n\(lines.joined(separator: ",\n"))\n}\n"
  }
}

extension RotaryEmbedding.Scaling {
  /// The `rope_scaling` of a `config.json`.
  fileprivate var huggingFaceJSON: String {
    switch self {
    case .none: return "null"
    case .linear(let factor): return #"{"rope_type": "linear", "factor": \#(factor)}"#
    case .dynamicNTK(let factor, let context):
      return """
        {"rope_type": "dynamic", "factor": \(factor), "original_max_position_embeddings": \(context)}
        """
    case .llama3(let factor, let low, let high, let context):
      return """
        {"rope_type": "llama3", "factor": \(factor), "low_freq_factor": \(low), \
        "high_freq_factor": \(high), "original_max_position_embeddings": \(context)}
        """
    case .yarn(let yarn):
      var fields = [
        "\"rope_type\": \"yarn\"", "\"factor\": \(yarn.factor)",
        "\"original_max_position_embeddings\": \(yarn.originalContext)",
        "\"beta_fast\": \(yarn.betaFast)", "\"beta_slow\": \(yarn.betaSlow)",
        "\"truncate\": \(yarn.truncate)",
      ]
      for (key, value) in [
        ("attention_factor", yarn.attentionFactor), ("mscale", yarn.mscale),
        ("mscale_all_dim", yarn.mscaleAllDim),
      ] {
        if let value { fields.append("\"\(key)\": \(value)") }
      }
      return "{\(fields.joined(separator: ", "))}"
    case .longRoPE(let short, let long, let factor, let context):
      return """
        {"rope_type": "longrope", "short_factor": \(short), "long_factor": \(long), \
        "factor": \(factor), "original_max_position_embeddings": \(context)}
        """
    }
  }
}
