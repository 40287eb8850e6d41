import Runtime

/// A learned vector for each token. Owns the table and calls the function `embedding`; use the function
/// where the table lives elsewhere.
public struct Embedding: Module {
  /// `[count, dim]`
  public var weight: Tensor
  /// A row that starts at 0 and receives no gradient.
  public var paddingIndex: Int?

  public init(weight: Tensor, paddingIndex: Int? = nil) {
    self.weight = weight
    self.paddingIndex = paddingIndex
  }

  public init(
    count: Int, dim: Int, standardDeviation: Double = 1, paddingIndex: Int? = nil,
    using random: inout PCG64
  ) {
    weight = .normal([count, dim], standardDeviation: standardDeviation, using: &random)
    self.paddingIndex = paddingIndex
    if let row = paddingIndex {
      if row < 0 || row >= count {
        fail(
          "Embedding", "the padding index \(row) is not a row of a table of shape \(weight.shape)")
      }
      weight.mutate { $0[row * dim..<(row + 1) * dim].update(repeating: 0) }
    }
  }

  /// The vectors of the tokens, `[tokens, dim]`.
  public func callAsFunction(_ tokens: Indices) -> Tensor {
    embedding(tokens, weight: weight, paddingIndex: paddingIndex)
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    body("weight", &weight)
  }
}
