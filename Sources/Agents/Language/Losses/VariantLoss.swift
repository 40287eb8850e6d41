import Tensors

extension GRPOVariant {
  /// The loss of packed completions under this variant: a sum, whose weights are made from the
  /// whole batch.
  ///
  /// - Parameters:
  ///   - logProbabilities: log π_θ of each chosen token, `[n]`
  ///   - old: The same when it was sampled, `[n]`
  ///   - advantages: Of each token, `[n]`; the same for all of a completion where it counts whole.
  ///   - owner: Which completion each token belongs to.
  ///   - lengths: Chosen tokens of each completion.
  ///   - weights: What a token of each completion counts, or the completion where it counts whole;
  ///     see `weights`.
  /// - Returns: `[]`
  public func loss(
    logProbabilities: Tensor, old: Tensor, advantages: Tensor, owner: [Int], lengths: [Int],
    weights: [Float], clipRange: (low: Float, high: Float)
  ) -> Tensor {
    let logRatio = logProbabilities - old
    let ofToken = Tensor(owner.map { weights[$0] })
    switch self {
    case .grpo, .drGRPO, .dapo, .reinforcePlusPlus:
      let losses = clippedLoss(
        logRatio: logRatio, advantages: advantages, low: clipRange.low, high: clipRange.high)
      return (losses * ofToken).sum()
    case .cispo:
      let losses = truncatedWeightLoss(
        logProbabilities: logProbabilities, logRatio: logRatio, advantages: advantages,
        high: clipRange.high)
      return (losses * ofToken).sum()
    case .gspo, .rloo:
      let ratios = completionLogRatios(
        logRatio, owner: owner, lengths: lengths, mean: self == .gspo)
      // A completion's advantage is that of any of its tokens: their mean.
      let ofCompletion = completionLogRatios(
        advantages.detached(), owner: owner, lengths: lengths, mean: true)
      let losses = clippedLoss(
        logRatio: ratios, advantages: ofCompletion, low: clipRange.low, high: clipRange.high)
      return (losses * Tensor(weights)).sum()
    }
  }
}
