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
      let (ratios, ofCompletion) = ofCompletions(
        logRatio, advantages, owner: owner, lengths: lengths)
      let losses = clippedLoss(
        logRatio: ratios, advantages: ofCompletion, low: clipRange.low, high: clipRange.high)
      return (losses * Tensor(weights)).sum()
    }
  }

  /// Whether there is one ratio a completion, not one a token.
  public var isOfCompletions: Bool { self == .gspo || self == .rloo }

  /// How many of the variant's own ratios the clip range takes the gradient from: those below it
  /// whose advantage is negative, and those above it whose advantage is positive.
  ///
  /// - Parameters: As those of the loss; `logRatio` is log π_θ − log π_old of each chosen token.
  public func cutRatios(
    logRatio: Tensor, advantages: Tensor, owner: [Int], lengths: [Int],
    clipRange: (low: Float, high: Float)
  ) -> (low: Int, high: Int) {
    let (logRatios, ofEach) =
      isOfCompletions
      ? ofCompletions(logRatio, advantages, owner: owner, lengths: lengths)
      : (logRatio, advantages)
    let ratio = logRatios.exp()
    let low = (ratio .< (1 - clipRange.low)) * (ofEach .< 0)
    let high = (ratio .> (1 + clipRange.high)) * (ofEach .> 0)
    return (Int(low.sum().item), Int(high.sum().item))
  }

  private func ofCompletions(
    _ logRatio: Tensor, _ advantages: Tensor, owner: [Int], lengths: [Int]
  ) -> (logRatios: Tensor, advantages: Tensor) {
    // A completion's advantage is that of any of its tokens: their mean.
    (
      completionLogRatios(logRatio, owner: owner, lengths: lengths, mean: self == .gspo),
      completionLogRatios(advantages.detached(), owner: owner, lengths: lengths, mean: true)
    )
  }
}
