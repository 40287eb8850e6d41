import Runtime

/// One of the two normalisations of transformers over the last axis: `layerNorm`, or `rmsNorm` without
/// mean and bias.
public struct Normalization: Layer {
  public enum Kind: String, Sendable, Codable { case layer, rms }

  public var kind: Kind
  /// `[width]`
  public var weight: Tensor
  public var bias: Tensor?
  public var epsilon: Float

  public init(_ kind: Kind, weight: Tensor, bias: Tensor? = nil, epsilon: Float = 1e-5) {
    self.kind = kind
    self.weight = weight
    self.bias = bias
    self.epsilon = epsilon
  }

  /// Weights of 1, and for layer normalisation biases of 0.
  public init(_ kind: Kind, width: Int, epsilon: Float = 1e-5) {
    self.init(
      kind, weight: .ones([width]), bias: kind == .layer ? .zeros([width]) : nil,
      epsilon: epsilon)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    switch kind {
    case .layer: layerNorm(x, weight: weight, bias: bias, epsilon: epsilon)
    case .rms: rmsNorm(x, weight: weight, epsilon: epsilon)
    }
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    body("weight", &weight)
    visit("bias", &bias, body)
  }
}

/// The part of a transformer block that acts on each token alone: down(act(up(x))), or gated,
/// down(act(gate(x)) · up(x)) (Shazeer, 2020).
public struct FeedForward: Layer {
  public enum Activation: String, Sendable, Codable {
    case relu, gelu, geluTanh, silu

    func callAsFunction(_ x: Tensor) -> Tensor {
      switch self {
      case .relu: x.relu()
      case .gelu: x.gelu()
      case .geluTanh: x.gelu(approximate: true)
      case .silu: x.silu()
      }
    }
  }

  /// Nil where the activation is not gated.
  public var gate: Linear?
  public var up: Linear
  public var down: Linear
  public var activation: Activation

  public init(gate: Linear? = nil, up: Linear, down: Linear, activation: Activation) {
    self.gate = gate
    self.up = up
    self.down = down
    self.activation = activation
  }

  /// Uniform weights on ±1/√(inputs) and, where wanted, zero biases. `.silu` gated is SwiGLU.
  public init(
    width: Int, hidden: Int, activation: Activation, gated: Bool, bias: Bool = false,
    using random: inout PCG64
  ) {
    func layer(_ inputs: Int, _ outputs: Int) -> Linear {
      Linear(
        weight: .uniformFanIn([inputs, outputs], fanIn: inputs, using: &random),
        bias: bias ? .zeros([outputs]) : nil)
    }
    self.init(
      gate: gated ? layer(width, hidden) : nil, up: layer(width, hidden),
      down: layer(hidden, width), activation: activation)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    guard let gate else { return down(activation(up(x))) }
    if activation == .silu { return down(gatedSilu(gate(x), up(x))) }
    return down(activation(gate(x)) * up(x))
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    if var gate {
      self.gate = nil
      gate.visitParameters { body("gate.\($0)", &$1) }
      self.gate = gate
    }
    up.visitParameters { body("up.\($0)", &$1) }
    down.visitParameters { body("down.\($0)", &$1) }
  }
}

/// A transformer block with its normalisations before its parts (pre-norm):
/// x + attention(norm(x)), and to that + feedForward(norm(·)).
///
/// ```swift
/// let block = TransformerBlock(width: 576, heads: 9, kvHeads: 3, hidden: 1536, using: &random)
/// let y = block(x, mask: .causal, rotation: table)   // x: [B, tokens, 576]
/// ```
public struct TransformerBlock: Module {
  public var attentionNorm: Normalization
  public var attention: MultiHeadAttention
  public var feedForwardNorm: Normalization
  public var feedForward: FeedForward

  public init(
    attentionNorm: Normalization, attention: MultiHeadAttention, feedForwardNorm: Normalization,
    feedForward: FeedForward
  ) {
    self.attentionNorm = attentionNorm
    self.attention = attention
    self.feedForwardNorm = feedForwardNorm
    self.feedForward = feedForward
  }

  /// As Llama has it where nothing else is said: RMS normalisation and SwiGLU without biases. As GPT-2:
  /// `norm: .layer, activation: .geluTanh, gated: false, bias: true`.
  public init(
    width: Int, heads: Int, kvHeads: Int? = nil, dim: Int? = nil, hidden: Int,
    norm: Normalization.Kind = .rms, activation: FeedForward.Activation = .silu,
    gated: Bool = true, bias: Bool = false, using random: inout PCG64
  ) {
    self.init(
      attentionNorm: Normalization(norm, width: width),
      attention: MultiHeadAttention(
        width: width, heads: heads, kvHeads: kvHeads, dim: dim, bias: bias, using: &random),
      feedForwardNorm: Normalization(norm, width: width),
      feedForward: FeedForward(
        width: width, hidden: hidden, activation: activation, gated: gated, bias: bias,
        using: &random))
  }

  /// `x`: `[B, tokens, width]`; the others as in `MultiHeadAttention`.
  public func callAsFunction(
    _ x: Tensor, mask: AttentionMask = .full, rotation: RotaryTable? = nil,
    slopes: Tensor? = nil, bias: Tensor? = nil
  ) -> Tensor {
    finish(
      x,
      attention(attentionNorm(x), mask: mask, rotation: rotation, slopes: slopes, bias: bias))
  }

  /// As above for packed sequences: `x` is `[tokens, width]`.
  public func callAsFunction(
    _ x: Tensor, sequences: SequenceOffsets, mask: AttentionMask = .full,
    rotation: RotaryTable? = nil, slopes: Tensor? = nil, bias: Tensor? = nil
  ) -> Tensor {
    finish(
      x,
      attention(
        attentionNorm(x), sequences: sequences, mask: mask, rotation: rotation, slopes: slopes,
        bias: bias))
  }

  /// As above for the next tokens of one sequence: `x` is `[tokens, width]`.
  public func callAsFunction(
    _ x: Tensor, cache: inout KeyValueCache, mask: AttentionMask = .causal,
    rotation: RotaryTable? = nil, slopes: Tensor? = nil, bias: Tensor? = nil
  ) -> Tensor {
    finish(
      x,
      attention(
        attentionNorm(x), cache: &cache, mask: mask, rotation: rotation, slopes: slopes,
        bias: bias))
  }

  private func finish(_ x: Tensor, _ attended: Tensor) -> Tensor {
    let h = x + attended
    return h + feedForward(feedForwardNorm(h))
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    attentionNorm.visitParameters { body("attentionNorm.\($0)", &$1) }
    attention.visitParameters { body("attention.\($0)", &$1) }
    feedForwardNorm.visitParameters { body("feedForwardNorm.\($0)", &$1) }
    feedForward.visitParameters { body("feedForward.\($0)", &$1) }
  }
}
