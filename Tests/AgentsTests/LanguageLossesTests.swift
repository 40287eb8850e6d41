import Agents
import Foundation
import Tensors
import Testing

private func close(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-6) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }
}

private func close(_ a: Tensor, _ b: [Float], _ tolerance: Double = 1e-6) -> Bool {
  close(a.scalars.map(Double.init), b.map(Double.init), tolerance)
}

private let log2 = Float(log(2.0))

// MARK: - Advantages

@Test func groupRelativeAdvantages() {
  // Group 1: mean 0.5, deviation √(1/3) = 0.57735; group 2 has no variance.
  let groups = [[1.0, 0, 1, 0], [0.3, 0.3, 0.3, 0.3]]
  let expected = 0.5 / ((1.0 / 3).squareRoot() + 1e-4)
  #expect(
    close(
      groups.flatMap(standardizedAdvantages),
      [expected, -expected, expected, -expected, 0, 0, 0, 0]))
  #expect(
    close(groups.flatMap(centeredAdvantages), [0.5, -0.5, 0.5, -0.5, 0, 0, 0, 0], 1e-12))
  #expect(groups.map(isFlat) == [false, true])
  #expect(isFlat([]) && isFlat([0.5]))
}

/// Groups of which nobody could mark some members are smaller, and may be empty.
@Test func advantagesOfUnequalGroups() {
  let groups = [[1.0, 0], [], [0.5]]
  let expected = 0.5 / (0.5.squareRoot() + 1e-4)
  #expect(close(GRPOVariant.grpo.advantages(groups), [expected, -expected, 0]))
  #expect(close(GRPOVariant.drGRPO.advantages(groups), [0.5, -0.5, 0]))
  #expect(close(GRPOVariant.rloo.advantages(groups), [1, -1, 0]))
  #expect(close(GRPOVariant.reinforcePlusPlus.advantages(groups), [1 / 1.0002, -1 / 1.0002, 0]))
}

@Test func leaveOneOut() {
  // 3 − (1 + 2)/2, 1 − (3 + 2)/2, 2 − (3 + 1)/2.
  #expect(close(leaveOneOutAdvantages([3, 1, 2]), [1.5, -1.5, 0]))
  #expect(leaveOneOutAdvantages([5]) == [0])
}

@Test func batchNormalization() {
  // Mean 2, deviation √((1 + 0 + 1) / 2) = 1.
  #expect(close(batchAdvantages([1, 2, 3]), [-1 / 1.0001, 0, 1 / 1.0001]))
  #expect(batchAdvantages([2, 2]) == [0, 0])
}

@Test func penalizedAdvantagesOfTokens() {
  // β 0.5. Completion 1, reward 1, kl 0.2 and 0.4: 1 − 0.5·0.6 = 0.7, 1 − 0.5·0.4 = 0.8. Completion
  // 2, reward 0, kl 0: 0.
  let found = penalizedTokenAdvantages(
    [1, 0], divergences: [0.2, 0.4, 0], lengths: [2, 1], beta: 0.5)
  let (mean, values) = (0.5, [0.7, 0.8, 0.0])
  let squares: [Double] = values.map { ($0 - mean) * ($0 - mean) }
  let deviation = (squares.reduce(0, +) / 2).squareRoot()
  #expect(close(found, values.map { ($0 - mean) / (deviation + 1e-4) }))
}

@Test func advantagesOfTokens() {
  let rewards = tokenRewards(1, divergences: [0.5, -0.5, 0], beta: 0.1)
  #expect(close(rewards, [-0.05, 0.05, 1]))
  // γ 1, λ 0.5; V = 0.2, 0.4, 0.6. δ₂ = 1 − 0.6 = 0.4; δ₁ = 0.05 + 0.6 − 0.4 = 0.25, A₁ = 0.25 +
  // 0.2 = 0.45; δ₀ = −0.05 + 0.4 − 0.2 = 0.15, A₀ = 0.15 + 0.225 = 0.375.
  let (advantages, returns) = tokenAdvantages(
    rewards: rewards, values: [0.2, 0.4, 0.6] as [Float], gamma: 1, lambda: 0.5)
  #expect(close(advantages, [0.375, 0.45, 0.4]))
  #expect(close(returns, [0.575, 0.85, 1.0]))
}

// MARK: - Losses

@Test func clipHigher() {
  // Ratios 2, 0.5, 2, 0.5; bounds 0.8 and 1.28.
  let logRatio = Tensor([log2, -log2, log2, -log2])
  let advantages = Tensor([1, 1, -1, -1])
  let loss = clippedLoss(logRatio: logRatio, advantages: advantages, low: 0.2, high: 0.28)
  #expect(close(loss, [-1.28, -0.5, 2, 0.8]))
  let (_, gradient) = valueWithGradient(at: logRatio) {
    clippedLoss(logRatio: $0, advantages: advantages, low: 0.2, high: 0.28).sum()
  }
  // Where the clipped branch holds, nothing flows: −r A elsewhere.
  #expect(close(gradient, [0, -0.5, 2, 0]))
}

@Test func truncatedWeights() {
  let old = Tensor([-1, -1])
  let (loss, gradient) = valueWithGradient(at: Tensor([-1 + log2, -1 - log2])) { logs in
    truncatedWeightLoss(
      logProbabilities: logs, logRatio: logs - old, advantages: Tensor([1, -2]), high: 0.5
    ).sum()
  }
  // Weights min(2, 1.5) and 0.5: −1.5·(−1 + log 2) − 0.5·(−2)·(−1 − log 2) = 1.5 − 1.5 log 2 − 1 −
  // log 2.
  let expected: Float = 0.5 - 2.5 * log2
  #expect(abs(loss.item - expected) < 1e-6)
  #expect(close(gradient, [-1.5, 1]))
}

@Test func ratiosOfCompletions() {
  let tokens = Tensor([0.2, 0.4, -0.3])
  let (owner, lengths) = ([0, 0, 1], [2, 1])
  #expect(
    close(completionLogRatios(tokens, owner: owner, lengths: lengths, mean: true), [0.3, -0.3]))
  let (_, gradient) = valueWithGradient(at: tokens) { tokens in
    let ratios = completionLogRatios(tokens, owner: owner, lengths: lengths, mean: true)
    return clippedLoss(logRatio: ratios, advantages: Tensor([1, 1]), low: 1, high: 1).sum()
  }
  // GSPO: the gradient of a token is −s A / |y|.
  let (up, down) = (Float(exp(0.3)), Float(exp(-0.3)))
  #expect(close(gradient, [-up / 2, -up / 2, -down]))
}

/// Two completions: tokens 1 and 2 with A = 1 and ratios 2 and ½, token 3 with A = −1 and ratio 2.
@Test(arguments: [
  // (−1.2 − 0.5) / (2·2) + 2 / 2
  (GRPOVariant.grpo, 0.575),
  // (−1.2 − 0.5 + 2) / (2·4), 4 tokens being the limit
  (.drGRPO, 0.0375),
  // (−1.28 − 0.5 + 2) / 3
  (.dapo, 0.22 / 3),
  // s₁ = √(2·½) = 1 and s₂ = 2: (−1 + 2) / 2
  (.gspo, 0.5),
  // The sum of log r is the same here: (−1 + 2) / 2
  (.rloo, 0.5),
  // (−1.2 − 0.5 + 2) / 3
  (.reinforcePlusPlus, 0.1),
  // −r A log π with log π = log r − 1, no ratio above 5: (−2 (l − 1) + ½ (l + 1) + 2 (l − 1)) / 3, l = log 2
  (.cispo, 0.2821911),
])
func lossOfEachVariant(variant: GRPOVariant, expected: Double) {
  let old = Tensor([-1, -1, -1])
  let new = Tensor([-1 + log2, -1 - log2, -1 + log2])
  let (low, high) = variant.clipRange
  let loss = variant.loss(
    logProbabilities: new, old: old, advantages: Tensor([1, 1, -1]), owner: [0, 0, 1],
    lengths: [2, 1], weights: variant.weights(lengths: [2, 1], limit: 4),
    clipRange: (Float(low), Float(high)))
  #expect(abs(Double(loss.item) - expected) < 1e-5)
}

/// Completion 1: tokens with ratios 2 and ½; completion 2: one token with ratio ½.
@Test(arguments: [
  // A = 1 and −1: the 2 is above, the last ½ below; the ½ of completion 1 keeps its gradient.
  (GRPOVariant.grpo, [Float(1), 1, -1], 1, 1),
  // A = −1 and 1: the ½ of completion 1 alone.
  (.dapo, [-1, -1, 1], 1, 0),
  // One ratio a completion, √(2·½) = 1 and ½.
  (.gspo, [1, 1, -1], 1, 0), (.rloo, [1, 1, 1], 0, 0),
])
func ratiosThatAreCut(variant: GRPOVariant, advantages: [Float], low: Int, high: Int) {
  let cut = variant.cutRatios(
    logRatio: Tensor([log2, -log2, -log2]), advantages: Tensor(advantages), owner: [0, 0, 1],
    lengths: [2, 1], clipRange: (0.2, 0.2))
  #expect(cut.low == low && cut.high == high)
}

@Test func mirrorDescent() {
  // τ 0.5: 0.25 d² − A d.
  let d = Tensor([0, 0.4, -0.2])
  let advantages = Tensor([1, -0.5, 0.5])
  #expect(
    close(mirrorDescentLoss(logRatio: d, advantages: advantages, tau: 0.5), [0, 0.24, 0.11]))
  let (_, gradient) = valueWithGradient(at: d) {
    mirrorDescentLoss(logRatio: $0, advantages: advantages, tau: 0.5).sum()
  }
  // τ d − A: at the policy that sampled it is the policy gradient.
  #expect(close(gradient, [-1, 0.7, -0.6]))
  // The squared error of the paper is this one but for a constant and a factor: (A − τ d)² / 2τ −
  // A² / 2τ.
  let squares = (advantages - d * 0.5).squared() - advantages.squared()
  #expect(close(squares, [0, 0.24, 0.11]))
}

@Test func mirrorDescentBaselines() {
  // log mean e^r with τ 1 over {0, log 3}: log 2.
  #expect(abs(mirrorDescentBaseline([0, log(3.0)], tau: 1) - log(2.0)) < 1e-12)
  #expect(abs(mirrorDescentBaseline([0, 1], tau: 1e6) - 0.5) < 1e-6)
  #expect(abs(mirrorDescentBaseline([0, 1], tau: 1e-3) - (1 + 1e-3 * log(0.5))) < 1e-12)
}

@Test func divergenceEstimators() {
  let d = Tensor([0, log2, -log2])
  #expect(close(KLEstimator.k1(d), [0, log2, -log2]))
  let half: Float = log2 * log2 / 2
  #expect(close(KLEstimator.k2(d), [0, half, half]))
  let (above, below): (Float, Float) = (0.5 + log2 - 1, 2 - log2 - 1)
  #expect(close(KLEstimator.k3(d), [0, above, below]))
  #expect(KLEstimator.k3(Tensor([-1e4])).item.isFinite)
}

@Test func weightsOfTokens() {
  let lengths = [2, 4, 0]
  #expect(TokenWeights.sequence(lengths: lengths, limit: 8) == [0.25, 0.125, 0.5])
  #expect(TokenWeights.token(lengths: lengths, limit: 8)[0] == Float(1.0 / 6))
  #expect(TokenWeights.constant(lengths: lengths, limit: 8)[1] == 1.0 / 16)
  #expect(TokenWeights.sum(lengths: lengths, limit: 8)[0] == 0.5)
}

@Test func rewardsForLength() {
  #expect([6, 8, 10].map { overlongReward(length: $0, limit: 10, buffer: 4) } == [0, -0.5, -1])
  #expect(overlongReward(length: 9, limit: 10, buffer: 4, factor: 0.2) == -0.75 * 0.2)
  #expect(
    lengthRewards(lengths: [10, 20, 30, 10], areRight: [true, true, true, false])
      == [0.5, 0, -0.5, 0])
  #expect(lengthRewards(lengths: [10, 30], areRight: [true, false]) == [0.5, -0.5])
  #expect(lengthRewards(lengths: [7, 7], areRight: [true, false]) == [0, 0])
}
