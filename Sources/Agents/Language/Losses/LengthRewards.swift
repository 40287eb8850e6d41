// Rewards for how long a completion is, beside what its answer is worth.

/// DAPO's soft punishment of completions near the longest length allowed: 0 up to L − B tokens,
/// then falling evenly to −`factor` at L (Yu et al., 2025, https://arxiv.org/abs/2503.14476,
/// equation 13).
///
/// - Parameters:
///   - limit: L, the longest a completion may be.
///   - buffer: B, the tokens before it over which the punishment grows.
public func overlongReward(length: Int, limit: Int, buffer: Int, factor: Double = 1) -> Double {
  guard buffer > 0 else { return length > limit ? -factor : 0 }
  let excess = Double(length - (limit - buffer))
  return -min(max(excess / Double(buffer), 0), 1) * factor
}

/// Kimi k1.5's length reward within a group: λᵢ = 1/2 − (lenᵢ − min) / (max − min) for right
/// answers, min(0, λᵢ) for wrong ones, 0 where all are equally long (Kimi Team, 2025,
/// https://arxiv.org/abs/2501.12599, section 2.3.3).
///
/// - Returns: A reward for each member, to be added with a small weight after a warm-up.
public func lengthRewards(lengths: [Int], areRight: [Bool]) -> [Double] {
  guard let least = lengths.min(), let most = lengths.max(), most > least else {
    return [Double](repeating: 0, count: lengths.count)
  }
  return zip(lengths, areRight).map { length, isRight in
    let lambda = 0.5 - Double(length - least) / Double(most - least)
    return isRight ? lambda : min(0, lambda)
  }
}
