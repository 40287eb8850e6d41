import Foundation
import Tensors

// Losses of tokens or of whole completions, each to be minimised. What they share: d = log π_θ −
// log π_old, whose exponential is the ratio r, and the advantage A. None of them averages:
// `TokenWeights` says what a token counts.

/// −min(r A, clip(r, 1 − ε_low, 1 + ε_high) A), PPO's clipped surrogate with two bounds
/// (clip-higher of DAPO, Yu et al., 2025, https://arxiv.org/abs/2503.14476, equation 8).
///
/// - Parameters:
///   - logRatio: d, `[n]`
///   - advantages: A, `[n]`
/// - Returns: `[n]`
public func clippedLoss(
  logRatio: Tensor, advantages: Tensor, low: Float, high: Float
) -> Tensor {
  clippedSurrogate(logRatio.exp(), advantages: advantages, range: 1 - low...1 + high)
}

/// −sg[min(r, 1 + ε_high)] A log π: a ratio that is too large is cut, and no token loses its
/// gradient (CISPO, MiniMax-M1, Chen et al., 2025, https://arxiv.org/abs/2506.13585, equations 4
/// and 5, without a lower bound).
///
/// - Parameter logProbabilities: log π_θ, `[n]`
/// - Returns: `[n]`
public func truncatedWeightLoss(
  logProbabilities: Tensor, logRatio: Tensor, advantages: Tensor, high: Float
) -> Tensor {
  let weight = logRatio.detached().exp().clamped(to: 0...1 + high)
  return -(weight * advantages * logProbabilities)
}

/// The log ratios of whole completions, the sum over their tokens or the mean
/// (GSPO, Zheng et al., 2025, https://arxiv.org/abs/2507.18071, equation 7).
///
/// - Parameters:
///   - tokens: `[n]`, completion after completion.
///   - owner: Which completion each token belongs to.
///   - lengths: Tokens of each completion; for the mean.
/// - Returns: `[lengths.count]`
public func completionLogRatios(
  _ tokens: Tensor, owner: [Int], lengths: [Int], mean: Bool
) -> Tensor {
  let sums = Tensor.zeros(Shape(lengths.count)).scatterAdding(
    tokens, at: Indices(owner.map(Int32.init)), axis: 0)
  if !mean { return sums }
  return sums * Tensor(lengths.map { 1 / Float(max($0, 1)) })
}

/// Kimi k1.5's online mirror descent for whole completions: −(A d − τ/2 d²), whose gradient at the
/// policy that sampled is the policy gradient and which pulls back to it afterwards (Kimi Team,
/// 2025, https://arxiv.org/abs/2501.12599, equation 3). It is (A − τ d)² / 2τ but for a constant.
///
/// - Parameters:
///   - logRatio: d of whole completions, sums over their tokens, `[n]`
///   - advantages: A = r − τ log Z, `[n]`; see `mirrorDescentBaseline`.
/// - Returns: `[n]`
public func mirrorDescentLoss(logRatio: Tensor, advantages: Tensor, tau: Float) -> Tensor {
  logRatio.squared() * (tau / 2) - advantages * logRatio
}

/// τ log Z ≈ τ log mean exp(r / τ) of a group's rewards, which tends to their mean as τ grows; the
/// paper finds the mean itself as good.
public func mirrorDescentBaseline(_ rewards: some Collection<Double>, tau: Double) -> Double {
  // The largest is taken out, so that no exponential overflows.
  let largest = rewards.max() ?? 0
  let sum = rewards.reduce(0) { $0 + exp(($1 - largest) / tau) }
  return largest + tau * log(sum / Double(max(rewards.count, 1)))
}

/// An estimate of KL(π ‖ π_ref) for each token, from d = log π − log π_ref
/// (Schulman, 2020, http://joschu.net/blog/kl-approx.html).
public enum KLEstimator: String, Choice {
  /// d: unbiased, may be negative.
  case k1
  /// d² / 2: never negative; the one whose gradient as a loss is that of the divergence.
  case k2
  /// e^−d + d − 1: unbiased and never negative; GRPO's and TRL's.
  case k3

  /// - Parameter logRatio: log π − log π_ref, `[n]`; kept within ±20, beyond which an exponential
  ///   says nothing.
  /// - Returns: `[n]`
  public func callAsFunction(_ logRatio: Tensor) -> Tensor {
    let d = logRatio.clamped(to: -20...20)
    return switch self {
    case .k1: d
    case .k2: d.squared() * 0.5
    case .k3: (-d).exp() + d - 1
    }
  }
}

/// What each token counts in a loss that is a sum. The weights are made from the whole batch before
/// it is cut into microbatches, so that the cut changes nothing.
public enum TokenWeights: String, Choice {
  /// 1 / (N |oᵢ|): the mean of each completion's mean (GRPO).
  case sequence
  /// 1 / Σ |oᵢ|: the mean over all tokens, in which long completions count more (DAPO).
  case token
  /// 1 / (N L) with the longest length allowed: no completion's length changes what its tokens
  /// count (Dr. GRPO).
  case constant
  /// 1 / N: the sum over each completion's tokens, for losses of whole completions (RLOO).
  case sum

  /// - Parameters:
  ///   - lengths: Tokens that count, of each completion of the whole batch.
  ///   - limit: L, the longest a completion may be.
  /// - Returns: The weight of each token of completion i.
  public func callAsFunction(lengths: [Int], limit: Int) -> [Float] {
    let count = lengths.count { $0 > 0 }
    let (n, total) = (Double(max(count, 1)), Double(max(lengths.reduce(0, +), 1)))
    return lengths.map { length in
      switch self {
      case .sequence: Float(1 / (n * Double(max(length, 1))))
      case .token: Float(1 / total)
      case .constant: Float(1 / (n * Double(max(limit, 1))))
      case .sum: Float(1 / n)
      }
    }
  }
}
