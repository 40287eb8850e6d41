import Runtime

/// A learned vector for each position, added to the embeddings of the tokens (as GPT-2's `wpe`).
public struct LearnedPositions: Module {
  /// `[positions, dim]`
  public var weight: Tensor

  public init(weight: Tensor) { self.weight = weight }

  public init(
    count: Int, dim: Int, standardDeviation: Double = 0.02, using random: inout PCG64
  ) {
    weight = .normal([count, dim], standardDeviation: standardDeviation, using: &random)
  }

  /// The vectors of a run of positions, `[positions, dim]`: a view.
  public func callAsFunction(_ positions: Range<Int>) -> Tensor { weight.sliced(positions) }

  /// The vectors of the tokens of packed sequences, each of which begins at position 0.
  public func callAsFunction(_ sequences: SequenceOffsets) -> Tensor {
    weight.selectingRows(
      Indices((0..<sequences.count).flatMap { (0..<sequences[$0].count).map { Int32($0) } }))
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    body("weight", &weight)
  }
}

/// T5's relative position bias: a learned number for each head and bucket of distances, which
/// `attention` takes as its `bias`.
///
/// Owns the table and calls `relativePositionBuckets`; T5 shares one among the layers of a stack.
public struct RelativePositionBias: Module {
  /// `[buckets, heads]`
  public var weight: Tensor
  public var maximumDistance: Int
  public var isBidirectional: Bool

  public init(weight: Tensor, maximumDistance: Int = 128, isBidirectional: Bool) {
    self.weight = weight
    self.maximumDistance = maximumDistance
    self.isBidirectional = isBidirectional
  }

  /// The bias of the last `queries` of `keys` tokens: `[heads, queries, keys]`.
  public func callAsFunction(queries: Int, keys: Int) -> Tensor {
    let buckets = relativePositionBuckets(
      queries: queries, keys: keys, count: weight.shape[0], maximumDistance: maximumDistance,
      bidirectional: isBidirectional)
    return weight.selectingRows(buckets).reshaped([queries, keys, -1]).permuted([2, 0, 1])
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    body("weight", &weight)
  }
}
