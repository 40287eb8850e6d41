/// Generalised advantage estimation (Schulman et al., 2016, https://arxiv.org/abs/1506.02438).
///
/// For each environment n, backwards in time:
///
///     δₜ = rₜ + γ V′ₜ − V(sₜ),   Aₜ = δₜ + γ λ Aₜ₊₁,   returnₜ = Aₜ + V(sₜ)
///
/// V′ₜ is V(sₜ₊₁) inside an episode, 0 where it terminated, and V(final observation) where it was
/// truncated; at either ending nothing flows back from the next episode.
///
/// - Parameters:
///   - rewards: `[T, N]`
///   - values: `[T + 1, N]`, the last row holding the values of the observations after the rollout
///   - endings: `[T, N]`, 0 none, 1 terminated, 2 truncated
///   - finalValues: `[T, N]`, read where an episode was truncated
///   - advantages: `[T, N]`, written
///   - returns: `[T, N]`, written
public func generalizedAdvantages(
  steps: Int, environments: Int, rewards: UnsafePointer<Float>, values: UnsafePointer<Float>,
  endings: UnsafePointer<UInt8>, finalValues: UnsafePointer<Float>, gamma: Float, lambda: Float,
  advantages: UnsafeMutablePointer<Float>, returns: UnsafeMutablePointer<Float>
) {
  for t in stride(from: steps - 1, through: 0, by: -1) {
    for n in 0..<environments {
      let cell = t * environments + n
      let nextValue: Float
      let carried: Float
      switch endings[cell] {
      case 0:
        nextValue = values[cell + environments]
        carried = t == steps - 1 ? 0 : advantages[cell + environments]
      case 1: (nextValue, carried) = (0, 0)
      default: (nextValue, carried) = (finalValues[cell], 0)
      }
      let delta = rewards[cell] + gamma * nextValue - values[cell]
      advantages[cell] = delta + gamma * lambda * carried
      returns[cell] = advantages[cell] + values[cell]
    }
  }
}

extension RolloutBuffer {
  /// Fills `advantages` and `returns` from `scaledRewards` by generalised advantage estimation.
  public func computeAdvantages(gamma: Float, lambda: Float) {
    generalizedAdvantages(
      steps: stepCount, environments: environmentCount, rewards: scaledRewards, values: values,
      endings: endings, finalValues: finalValues, gamma: gamma, lambda: lambda,
      advantages: advantages, returns: returns)
  }

  /// 1 − Var(returns − values) / Var(returns): 1 is a perfect value function, 0 no better than a
  /// constant. NaN where the returns do not vary.
  public var explainedVariance: Double {
    var (sum, squares, errorSum, errorSquares) = (0.0, 0.0, 0.0, 0.0)
    for i in 0..<count {
      let target = Double(returns[i])
      let error = target - Double(values[i])
      sum += target
      squares += target * target
      errorSum += error
      errorSquares += error * error
    }
    let n = Double(count)
    let variance = squares / n - (sum / n) * (sum / n)
    let errorVariance = errorSquares / n - (errorSum / n) * (errorSum / n)
    return variance <= 0 ? .nan : 1 - errorVariance / variance
  }
}
