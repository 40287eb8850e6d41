import Tensors

extension ModelJSON {
  /// The configuration that a `config.json` names; what it leaves out is what transformers takes.
  func languageModelConfiguration() throws -> LanguageModelConfiguration {
    guard let kind = try text("model_type") else { throw bad("it lacks model_type") }
    if self["quantization_config"] != nil {
      throw bad("its weights are quantised, and plain weights or GGUF files can be read")
    }
    let configuration: LanguageModelConfiguration
    switch kind {
    case "gpt2": configuration = try gpt2()
    case "llama", "mistral", "qwen2", "qwen3": configuration = try llama(kind)
    default:
      throw bad("its model_type is \(kind), and llama, mistral, qwen2, qwen3 and gpt2 can be read")
    }
    try configuration.checkSizes(file: file)
    return configuration
  }

  private func size(_ key: String) throws -> Int {
    guard let size = try integer(key) else { throw bad("it lacks \(key)") }
    return size
  }

  private func activation(_ key: String, otherwise: String) throws
    -> FeedForward.Activation
  {
    let name = try text(key) ?? otherwise
    switch name {
    case "silu", "swish": return .silu
    case "gelu": return .gelu
    case "gelu_new", "gelu_pytorch_tanh": return .geluTanh
    case "relu": return .relu
    default:
      throw bad(
        "its \(key) is \(name), and silu, gelu, gelu_new, gelu_pytorch_tanh and relu are known")
    }
  }

  private func gpt2() throws -> LanguageModelConfiguration {
    let width = try size("n_embd")
    if try boolean("scale_attn_by_inverse_layer_idx") == true
      || boolean("scale_attn_weights") == false
    {
      throw bad("its attention is scaled in an unusual way, which cannot be computed")
    }
    let heads = try size("n_head")
    guard heads > 0, width > 0, width % heads == 0 else {
      throw bad("its \(heads) heads do not divide the width \(width)")
    }
    let (inner, overflow) = width.multipliedReportingOverflow(by: 4)
    let hidden = try integer("n_inner") ?? (overflow ? .max : inner)
    return LanguageModelConfiguration(
      vocabularySize: try size("vocab_size"), width: width, blockCount: try size("n_layer"),
      headCount: heads, hiddenSize: hidden, contextLength: try size("n_positions"),
      normalization: .layer, normEpsilon: Float(try number("layer_norm_epsilon") ?? 1e-5),
      activation: try activation("activation_function", otherwise: "gelu_new"), isGated: false,
      rotary: nil, hasAttentionBias: true, hasOutputBias: true,
      tiesHead: try boolean("tie_word_embeddings") ?? true)
  }

  private func llama(_ kind: String) throws -> LanguageModelConfiguration {
    let (width, heads) = (try size("hidden_size"), try size("num_attention_heads"))
    guard heads > 0, width > 0 else { throw bad("it has \(heads) heads and the width \(width)") }
    let head = try integer("head_dim") ?? width / heads
    guard head > 0, head <= 1 << 16 else { throw bad("its heads have \(head) numbers") }
    let hasBias = try boolean("attention_bias") ?? false
    let hasOutputBias = try boolean("mlp_bias") ?? false
    // transformers' Qwen 2 always has the biases of queries, keys and values, and never that of the output.
    if kind != "qwen2", hasBias != hasOutputBias {
      throw bad("attention_bias and mlp_bias differ, and both or neither can be read")
    }
    let context = try size("max_position_embeddings")
    return LanguageModelConfiguration(
      vocabularySize: try size("vocab_size"), width: width,
      blockCount: try size("num_hidden_layers"), headCount: heads,
      kvHeadCount: try integer("num_key_value_heads") ?? (kind == "mistral" ? 8 : heads),
      headSize: head, hiddenSize: try size("intermediate_size"), contextLength: context,
      normEpsilon: Float(try number("rms_norm_eps") ?? 1e-6),
      activation: try activation("hidden_act", otherwise: "silu"),
      rotary: try rotary(head: head, context: context),
      hasAttentionBias: kind == "qwen2" || hasBias,
      hasOutputBias: kind != "qwen2" && hasOutputBias,
      normalizesQueriesAndKeys: kind == "qwen3",
      tiesHead: try boolean("tie_word_embeddings") ?? false,
      slidingWindow: try slidingWindow(kind))
  }

  private func slidingWindow(_ kind: String) throws -> Int? {
    if case .array(let kinds)? = self["layer_types"] {
      let names = Set(kinds.map { $0.string ?? "" })
      guard names.count <= 1 else {
        throw bad("its blocks differ in attention (layer_types), and one kind for all can be read")
      }
      if names == ["full_attention"] { return nil }
    }
    if kind == "mistral" { return try integer("sliding_window") }
    guard kind != "llama", try boolean("use_sliding_window") ?? false else { return nil }
    guard try (integer("max_window_layers") ?? 0) <= 0 else {
      throw bad("only some of its blocks have a sliding window, and one for all can be read")
    }
    return try integer("sliding_window")
  }

  private func rotary(head: Int, context: Int) throws -> RotaryEmbedding {
    let parameters = try object("rope_parameters") ?? object("rope_scaling")
    let base = try number("rope_theta") ?? parameters?.number("rope_theta") ?? 10_000
    guard base.isFinite, base > 0 else { throw bad("its rope_theta is \(base)") }
    let part = try number("partial_rotary_factor") ?? 1
    guard part > 0, part <= 1 else { throw bad("its partial_rotary_factor is \(part)") }
    let dim = Int(Double(head) * part)
    guard dim > 0, dim % 2 == 0 else {
      throw bad("\(dim) of its heads' \(head) numbers cannot be turned in pairs")
    }
    let scaling = try parameters?.scaling(dim: dim, context: context) ?? .none
    return RotaryEmbedding(dim: dim, base: base, scaling: scaling)
  }

  /// The scaling that a `rope_scaling` names.
  private func scaling(dim: Int, context: Int) throws -> RotaryEmbedding.Scaling {
    let kind = try text("rope_type") ?? text("type") ?? "default"
    if kind == "default" { return .none }
    func positive(_ key: String, otherwise: Double? = nil) throws -> Double {
      guard let value = try number(key) ?? otherwise, value.isFinite, value > 0 else {
        throw bad("its \(key) is missing or not above 0")
      }
      return value
    }
    /// What transformers takes 0 and a missing number alike for.
    func positiveOrNone(_ key: String) throws -> Double? {
      guard let value = try number(key), value != 0 else { return nil }
      return try positive(key)
    }
    let original = try integer("original_max_position_embeddings") ?? context
    guard original > 0, original <= Int(Int32.max) else {
      throw bad("its original_max_position_embeddings is \(original)")
    }
    switch kind {
    case "linear": return .linear(factor: try positive("factor"))
    case "dynamic":
      return .dynamicNTK(factor: try positive("factor"), originalContext: original)
    case "llama3":
      let (low, high) = (try positive("low_freq_factor"), try positive("high_freq_factor"))
      guard high > low else { throw bad("its high_freq_factor is not above its low_freq_factor") }
      return .llama3(
        factor: try positive("factor"), lowFrequencyFactor: low, highFrequencyFactor: high,
        originalContext: original)
    case "yarn":
      return .yarn(
        .init(
          factor: try positive("factor"), originalContext: original,
          betaFast: try positive("beta_fast", otherwise: 32),
          betaSlow: try positive("beta_slow", otherwise: 1),
          attentionFactor: try self["attention_factor"].map { _ in try positive("attention_factor")
          },
          mscale: try positiveOrNone("mscale"), mscaleAllDim: try positiveOrNone("mscale_all_dim"),
          truncate: try boolean("truncate") ?? true))
    case "longrope", "su":
      guard let short = try numbers("short_factor"), let long = try numbers("long_factor"),
        short.count == dim / 2, long.count == dim / 2,
        (short + long).allSatisfy({ $0.isFinite && $0 > 0 })
      else { throw bad("its short_factor and long_factor are not \(dim / 2) numbers above 0") }
      // Its numbers are multiplied by a quotient of logarithms.
      guard original > 1 else {
        throw bad(
          "its original_max_position_embeddings is \(original), and longrope needs 2 or more")
      }
      let factor = try positive("factor", otherwise: Double(context) / Double(original))
      return .longRoPE(short: short, long: long, factor: factor, originalContext: original)
    default:
      throw bad(
        "its rotary scaling is \(kind), and linear, dynamic, llama3, yarn and longrope are known")
    }
  }
}
