import Language
import Tensors

/// A batch of completions with their advantages, and the loss of any part of it under a variant of
/// GRPO.
struct GRPOBatch: Sendable {
  let trajectories: [Trajectory]
  /// Of each completion.
  let advantages: [Double]
  /// Of each chosen token of marked completions, where they differ within one; else nil.
  let tokenAdvantages: [[Double]]?
  /// log π of each chosen token when it was sampled.
  let old: [[Float]]
  /// The same under the reference, where the loss needs it.
  let reference: [[Float]]?
  let variant: GRPOVariant
  let clipRange: (low: Float, high: Float)
  let beta: Float
  let klEstimator: KLEstimator
  let limit: Int

  init(
    _ completions: [ScoredCompletion], advantages: [Double], reference: [[Float]]?,
    _ settings: GRPOSettings
  ) {
    trajectories = completions.map(\.trajectory)
    self.advantages = advantages
    self.reference = reference
    variant = settings.variant
    let own = variant.clipRange
    let low = settings.epsilon ?? own.low
    let high = settings.epsilonHigh ?? (settings.epsilon ?? own.high)
    clipRange = (Float(low), Float(high))
    beta = Float(settings.beta)
    klEstimator = settings.klEstimator
    limit = settings.maxCompletionLength
    let old: [[Float]] = trajectories.map(\.chosenLogProbabilities)
    self.old = old
    if variant == .reinforcePlusPlus, settings.beta > 0, let reference {
      let marked = completions.indices.filter { completions[$0].marks != nil }
      var rest = penalizedTokenAdvantages(
        marked.map { completions[$0].reward },
        divergences: marked.flatMap { zip(old[$0], reference[$0]).map { $0 - $1 } },
        lengths: marked.map { old[$0].count }, beta: settings.beta)[...]
      var found = old.map { _ in [Double]() }
      for place in marked {
        found[place] = Array(rest.prefix(old[place].count))
        rest = rest.dropFirst(old[place].count)
      }
      tokenAdvantages = found
    } else {
      tokenAdvantages = nil
    }
  }

  /// Whether anything can be learnt from a completion: it has an advantage, or a divergence counts.
  func teaches(_ place: Int) -> Bool { reference != nil || advantages[place] != 0 }

  /// The loss of the completions at `places`, its weights made from all of them.
  func weighted(_ places: [Int]) -> WeightedPart {
    var weights = [Float](repeating: 0, count: trajectories.count)
    var penaltyWeights = weights
    let lengths = places.map { old[$0].count }
    // A divergence is of tokens, also where the loss is of whole completions.
    let ofPenalty = variant.weights == .sum ? TokenWeights.sequence : variant.weights
    for (place, weight) in zip(places, variant.weights(lengths: lengths, limit: limit)) {
      weights[place] = weight
    }
    for (place, weight) in zip(places, ofPenalty(lengths: lengths, limit: limit)) {
      penaltyWeights[place] = weight
    }
    return WeightedPart(batch: self, weights: weights, penaltyWeights: penaltyWeights)
  }

  struct WeightedPart: Sendable {
    let batch: GRPOBatch
    /// What a token of each completion counts, or the completion where the loss is of whole ones.
    let weights: [Float]
    let penaltyWeights: [Float]

    /// The microbatch's part of the loss, and sums over its tokens: the loss, entropy, ratios cut
    /// below and above, the divergence from the reference.
    func loss(
      _ outcome: LanguageLearner.Outcome, _ part: Microbatch
    ) -> (Tensor, InlineArray<5, Double>) {
      let places = part.owner.map { part.members[$0] }
      func perToken(_ values: [[Float]]) -> Tensor { Tensor(part.members.flatMap { values[$0] }) }
      let advantages =
        batch.tokenAdvantages.map { values in
          Tensor(part.members.flatMap { values[$0].map { Float($0) } })
        } ?? Tensor(places.map { Float(batch.advantages[$0]) })
      var loss = batch.variant.loss(
        logProbabilities: outcome.logProbabilities, old: perToken(batch.old),
        advantages: advantages, owner: part.owner,
        lengths: part.members.map { batch.old[$0].count },
        weights: part.members.map { weights[$0] }, clipRange: batch.clipRange)
      var divergence = 0.0
      if let reference = batch.reference {
        let kl = batch.klEstimator(outcome.logProbabilities - perToken(reference))
        divergence = Double(kl.detached().sum().item)
        if batch.tokenAdvantages == nil {
          loss = loss + (kl * Tensor(places.map { penaltyWeights[$0] })).sum() * batch.beta
        }
      }
      let cut = batch.variant.cutRatios(
        logRatio: (outcome.logProbabilities - perToken(batch.old)).detached(),
        advantages: advantages, owner: part.owner,
        lengths: part.members.map { batch.old[$0].count }, clipRange: batch.clipRange)
      return (
        loss,
        [
          Double(loss.item), Double(outcome.entropies.sum().item), Double(cut.low),
          Double(cut.high), divergence,
        ]
      )
    }
  }
}
