import Runtime
import Tensors

/// One block of a language model: x + attention(norm(x)), and to that + feedForward(norm(·)).
public struct LanguageModelBlock: Module {
  public internal(set) var attentionNorm: Normalization
  public internal(set) var query: Projection
  public internal(set) var key: Projection
  public internal(set) var value: Projection
  public internal(set) var output: Projection
  /// Norms of each head's queries and keys (Qwen 3).
  public internal(set) var queryNorm: Normalization?
  public internal(set) var keyNorm: Normalization?
  public internal(set) var feedForwardNorm: Normalization
  public internal(set) var gate: Projection?
  public internal(set) var up: Projection
  public internal(set) var down: Projection
  public internal(set) var attentionAdapter: BottleneckAdapters.Adapter?
  public internal(set) var feedForwardAdapter: BottleneckAdapters.Adapter?
  public internal(set) var prefix: PrefixTuning.Prefix?
  let activation: FeedForward.Activation
  let heads: Int
  let kvHeads: Int
  let headSize: Int
  var isFrozen = false

  /// - Parameters:
  ///   - x: `[tokens, width]`
  ///   - attend: Makes the heads' results of queries `[tokens, heads, dim]` and of the tokens' own keys and
  ///     values `[tokens, kvHeads, dim]`, which it may put into a cache.
  func callAsFunction(
    _ x: Tensor, rotation: RotaryTable?, dropout: DropoutSeeds?,
    attend: (_ q: Tensor, _ k: Tensor, _ v: Tensor) -> Tensor
  ) -> Tensor {
    let tokens = x.shape[0]
    let input = attentionNorm(x)
    var q = query(input, dropout: dropout?.child(0)).reshaped([tokens, heads, headSize])
    var k = key(input, dropout: dropout?.child(1)).reshaped([tokens, kvHeads, headSize])
    let v = value(input, dropout: dropout?.child(2)).reshaped([tokens, kvHeads, headSize])
    if let queryNorm { q = queryNorm(q) }
    if let keyNorm { k = keyNorm(k) }
    if let rotation { (q, k) = (q.rotated(by: rotation), k.rotated(by: rotation)) }
    let attended = attend(q, k, v).reshaped([tokens, heads * headSize])
    let attention = output(attended, dropout: dropout?.child(3))
    let h = x + (attentionAdapter?(attention) ?? attention)
    let inner = feedForward(feedForwardNorm(h), dropout)
    return h + (feedForwardAdapter?(inner) ?? inner)
  }

  private func feedForward(_ x: Tensor, _ dropout: DropoutSeeds?) -> Tensor {
    let inner = up(x, dropout: dropout?.child(5))
    let activated: Tensor
    if let gate {
      let gated = gate(x, dropout: dropout?.child(4))
      activated = activation == .silu ? gatedSilu(gated, inner) : activate(gated) * inner
    } else {
      activated = activate(inner)
    }
    return down(activated, dropout: dropout?.child(6))
  }

  private func activate(_ x: Tensor) -> Tensor {
    switch activation {
    case .relu: x.relu()
    case .gelu: x.gelu()
    case .geluTanh: x.gelu(approximate: true)
    case .silu: x.silu()
    }
  }

  mutating func visitProjections(_ body: (LoRA.Target, inout Projection) -> Void) {
    body(.query, &query)
    body(.key, &key)
    body(.value, &value)
    body(.output, &output)
    if gate != nil { body(.gate, &gate!) }
    body(.up, &up)
    body(.down, &down)
  }

  /// The adapters, and unless they are frozen the weights, in the order and under the names of Hugging
  /// Face's Llama.
  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    if !isFrozen { visitBase(body) }
    visitProjections { target, projection in
      projection.visitAdapters { body("\(target.path).\($0)", &$1) }
    }
    if attentionAdapter != nil {
      attentionAdapter!.visit { body("self_attn.\($0)", &$1) }
    }
    if feedForwardAdapter != nil { feedForwardAdapter!.visit { body("mlp.\($0)", &$1) } }
    if prefix != nil { prefix!.visit(body) }
  }

  /// Every stored tensor but the adapters' and quantised ones.
  mutating func visitBase(_ body: (String, inout Tensor) -> Void) {
    attentionNorm.visitParameters { body("input_layernorm.\($0)", &$1) }
    if queryNorm != nil { queryNorm!.visitParameters { body("self_attn.q_norm.\($0)", &$1) } }
    if keyNorm != nil { keyNorm!.visitParameters { body("self_attn.k_norm.\($0)", &$1) } }
    feedForwardNorm.visitParameters { body("post_attention_layernorm.\($0)", &$1) }
    visitProjections { target, projection in
      projection.visitBase { body("\(target.path).\($0)", &$1) }
    }
  }
}

extension LoRA.Target {
  /// Where the layer stands in a block of Hugging Face's Llama.
  package var path: String {
    switch self {
    case .query, .key, .value, .output: "self_attn.\(rawValue)"
    case .gate, .up, .down: "mlp.\(rawValue)"
    }
  }
}
