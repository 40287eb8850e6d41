import Tensors

/// The clipped surrogate of proximal policy optimisation, negated so that it is minimised:
/// −min(r A, clip(r, 1 − ε, 1 + ε) A) for each row, with r = π(a|s) / π_old(a|s)
/// (Schulman et al., 2017, https://arxiv.org/abs/1707.06347, equation 7).
///
/// - Parameters:
///   - ratio: r, `[R]`
///   - advantages: A, `[R]`
///   - clipRange: ε
/// - Returns: `[R]`
public func clippedSurrogateLoss(ratio: Tensor, advantages: Tensor, clipRange: Float) -> Tensor {
  clippedSurrogate(ratio, advantages: advantages, range: 1 - clipRange...1 + clipRange)
}

/// The surrogate with a penalty on how far the policy moved, negated: −(r A − β k₃) for each row, where k₃ is
/// `approximateKL` (Schulman et al., 2017, equation 8, with a sampled divergence).
///
/// - Parameters:
///   - logRatio: log r, `[R]`
///   - advantages: A, `[R]`
///   - coefficient: β
/// - Returns: `[R]`
public func penalizedSurrogateLoss(
  logRatio: Tensor, advantages: Tensor, coefficient: Float
) -> Tensor {
  requireEqualShapes("penalizedSurrogateLoss", logRatio, advantages)
  return approximateKL(logRatio: logRatio) * coefficient - logRatio.exp() * advantages
}

/// β after an update: doubled where the policy went further than 1.5 times the target, halved where it stayed
/// below the target / 1.5 (Schulman et al., 2017, section 4).
public func adaptedPenalty(_ coefficient: Double, divergence: Double, target: Double) -> Double {
  if divergence > 1.5 * target { return min(coefficient * 2, 1e6) }
  return divergence < target / 1.5 ? max(coefficient / 2, 1e-6) : coefficient
}

/// The squared error of the value function for each row: (V − R)².
///
/// - Parameters:
///   - values: V, `[R]`
///   - returns: R, `[R]`
/// - Returns: `[R]`
public func valueLoss(values: Tensor, returns: Tensor) -> Tensor {
  squaredError(values, targets: returns)
}

/// The value error with V kept near what it was: max((V − R)², (V_old + clip(V − V_old, ±ε) − R)²), as in
/// OpenAI baselines' `ppo2`.
///
/// - Parameter oldValues: V_old, `[R]`
/// - Returns: `[R]`
public func clippedValueLoss(
  values: Tensor, oldValues: Tensor, returns: Tensor, clipRange: Float
) -> Tensor {
  requireEqualShapes("clippedValueLoss", values, oldValues)
  let near = oldValues + (values - oldValues).clamped(to: -clipRange...clipRange)
  return Tensor.maximum(
    valueLoss(values: values, returns: returns), valueLoss(values: near, returns: returns))
}

/// An estimate of KL(π_old ‖ π) for each row that is never negative: (r − 1) − log r
/// (Schulman, 2020, http://joschu.net/blog/kl-approx.html, estimator k₃).
///
/// - Parameter logRatio: log r, `[R]`
/// - Returns: `[R]`
public func approximateKL(logRatio: Tensor) -> Tensor { (logRatio.exp() - 1) - logRatio }

/// What is reported of an update: `approximateKL` summed over the rows, and how many ratios left 1 ± ε. A ratio
/// that is not a number counts as inside.
func movement(
  ratio: Tensor, logRatio: Tensor, clipRange: Float
) -> (divergence: Double, clipped: Double) {
  ratio.withUnsafeBuffer { ratios in
    logRatio.withUnsafeBuffer { logRatios in
      var (divergence, clipped) = (0.0, 0.0)
      for (ratio, logRatio) in zip(ratios, logRatios) {
        divergence += Double((ratio - 1) - logRatio)
        if abs(ratio - 1) > clipRange { clipped += 1 }
      }
      return (divergence, clipped)
    }
  }
}

/// The entropies of `rows` rows added up: a Gaussian's is one number for all of them.
func totalEntropy(_ entropy: Tensor, rows: Int) -> Tensor {
  entropy.rank == 0 ? entropy * Float(rows) : entropy.sum()
}

private func requireEqualShapes(_ name: StaticString, _ a: Tensor, _ b: Tensor) {
  if a.shape != b.shape { fail("\(name)", "shapes \(a.shape) and \(b.shape) differ") }
}
