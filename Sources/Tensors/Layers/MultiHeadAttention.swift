import Runtime

/// Multi-head attention with its projections (Vaswani et al., 2017), with grouped key and value heads
/// (Ainslie et al., 2023) where there are fewer of them.
///
/// Owns the four projections and calls the function `attention`; use the function where queries, keys and
/// values come from elsewhere, such as a cache.
///
/// ```swift
/// let layer = MultiHeadAttention(width: 576, heads: 9, kvHeads: 3, using: &random)
/// let table = RotaryEmbedding(dim: 64).table(positions: 0..<512)
/// let y = layer(x, mask: .causal, rotation: table)   // x: [B, 512, 576]
/// ```
public struct MultiHeadAttention: Module {
  /// `[width, heads · dim]`
  public var query: Linear
  /// `[context width, kvHeads · dim]`; `value` likewise.
  public var key: Linear
  public var value: Linear
  /// `[heads · dim, width]`
  public var output: Linear
  public var heads: Int
  public var kvHeads: Int
  /// What scores are multiplied by; 1/√dim where nil.
  public var scale: Float?
  public var softcap: Float?

  public init(
    query: Linear, key: Linear, value: Linear, output: Linear, heads: Int, kvHeads: Int? = nil,
    scale: Float? = nil, softcap: Float? = nil
  ) {
    let kvHeads = kvHeads ?? heads
    if heads < 1 || kvHeads < 1 || heads % kvHeads != 0 {
      fail(
        "MultiHeadAttention", "\(heads) query heads are not a multiple of \(kvHeads) key heads")
    }
    let dim = query.weight.shape[1] / heads
    if query.weight.shape[1] != heads * dim || key.weight.shape[1] != kvHeads * dim
      || value.weight.shape[1] != kvHeads * dim || output.weight.shape[0] != heads * dim
    {
      fail(
        "MultiHeadAttention",
        "weights of shapes \(query.weight.shape), \(key.weight.shape), \(value.weight.shape) and "
          + "\(output.weight.shape) do not make \(heads) heads over \(kvHeads)")
    }
    self.query = query
    self.key = key
    self.value = value
    self.output = output
    self.heads = heads
    self.kvHeads = kvHeads
    self.scale = scale
    self.softcap = softcap
  }

  /// Projections with uniform weights on ±1/√(inputs) and, where wanted, zero biases.
  ///
  /// - Parameters:
  ///   - dim: Of one head; `width / heads` where nil.
  ///   - contextWidth: The width of what keys and values are made of; `width` where nil.
  public init(
    width: Int, heads: Int, kvHeads: Int? = nil, dim: Int? = nil, contextWidth: Int? = nil,
    bias: Bool = false, using random: inout PCG64
  ) {
    let dim = dim ?? width / Swift.max(heads, 1)
    let (inner, shared) = (heads * dim, (kvHeads ?? heads) * dim)
    let context = contextWidth ?? width
    func layer(_ inputs: Int, _ outputs: Int) -> Linear {
      Linear(
        weight: .uniformFanIn([inputs, outputs], fanIn: inputs, using: &random),
        bias: bias ? .zeros([outputs]) : nil)
    }
    self.init(
      query: layer(width, inner), key: layer(context, shared), value: layer(context, shared),
      output: layer(inner, width), heads: heads, kvHeads: kvHeads)
  }

  /// - Parameters:
  ///   - x: `[B, tokens, width]`.
  ///   - context: What is attended to, `[B, keys, context width]`; `x` itself where nil.
  ///   - rotation: A row for each token of `x`; turns queries and keys.
  ///   - slopes: See `attention`; `bias` likewise.
  /// - Returns: `[B, tokens, width]`.
  public func callAsFunction(
    _ x: Tensor, context: Tensor? = nil, mask: AttentionMask = .full,
    rotation: RotaryTable? = nil, slopes: Tensor? = nil, bias: Tensor? = nil
  ) -> Tensor {
    if x.rank != 3 { fail("MultiHeadAttention", "an input of shape \(x.shape) has no three axes") }
    let (q, k, v) = project(x, context ?? x, rotation)
    return join(
      attention(q, k, v, mask: mask, scale: scale, softcap: softcap, slopes: slopes, bias: bias))
  }

  /// As above for packed sequences: `x` is `[tokens, width]`.
  public func callAsFunction(
    _ x: Tensor, sequences: SequenceOffsets, mask: AttentionMask = .full,
    rotation: RotaryTable? = nil, slopes: Tensor? = nil, bias: Tensor? = nil
  ) -> Tensor {
    if x.rank != 2 { fail("MultiHeadAttention", "an input of shape \(x.shape) has no two axes") }
    let (q, k, v) = project(x, x, rotation)
    return join(
      attention(
        q, k, v, queries: sequences, mask: mask, scale: scale, softcap: softcap, slopes: slopes,
        bias: bias))
  }

  /// As above for the next tokens of one sequence, whose keys and values so far are in `cache` and join
  /// it: `x` is `[tokens, width]`. The bits are those of the whole sequence at once.
  public func callAsFunction(
    _ x: Tensor, cache: inout KeyValueCache, mask: AttentionMask = .causal,
    rotation: RotaryTable? = nil, slopes: Tensor? = nil, bias: Tensor? = nil
  ) -> Tensor {
    if x.rank != 2 { fail("MultiHeadAttention", "an input of shape \(x.shape) has no two axes") }
    let (q, k, v) = project(x, x, rotation)
    cache.append(k, v)
    return join(
      attention(
        q, cache.keys, cache.values, queries: SequenceOffsets(lengths: [x.shape[0]]),
        keys: SequenceOffsets(lengths: [cache.count]), mask: mask, scale: scale, softcap: softcap,
        slopes: slopes, bias: bias))
  }

  /// Queries, keys and values, `[…, heads, dim]`.
  public func project(
    _ x: Tensor, _ context: Tensor, _ rotation: RotaryTable? = nil
  ) -> (Tensor, Tensor, Tensor) {
    func split(_ y: Tensor, _ heads: Int) -> Tensor {
      y.reshaped(Array(y.shape.dropLast()) + [heads, y.shape[y.rank - 1] / heads])
    }
    let q = split(query(x), heads)
    let k = split(key(context), kvHeads)
    let v = split(value(context), kvHeads)
    guard let rotation else { return (q, k, v) }
    return (q.rotated(by: rotation), k.rotated(by: rotation), v)
  }

  /// The heads side by side and through `output`.
  private func join(_ y: Tensor) -> Tensor {
    output(y.reshaped(Array(y.shape.dropLast(2)) + [-1]))
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    query.visitParameters { body("query.\($0)", &$1) }
    key.visitParameters { body("key.\($0)", &$1) }
    value.visitParameters { body("value.\($0)", &$1) }
    output.visitParameters { body("output.\($0)", &$1) }
  }
}
