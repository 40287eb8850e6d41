/// Rewards of a completion's tokens for PPO: −β (log π_old − log π_ref) for each, and the
/// completion's reward at the last (Ziegler et al., 2019, https://arxiv.org/abs/1909.08593,
/// equation 2).
///
/// - Parameter divergences: log π_old − log π_ref for each token of one completion.
public func tokenRewards(_ reward: Double, divergences: some Collection<Float>, beta: Double)
  -> [Double]
{
  var rewards = divergences.map { -beta * Double($0) }
  if !rewards.isEmpty { rewards[rewards.count - 1] += reward }
  return rewards
}

/// Generalised advantage estimation over one completion's tokens; after the last nothing follows
/// (Schulman et al., 2016, https://arxiv.org/abs/1506.02438).
///
/// - Parameters:
///   - rewards: Of each token.
///   - values: V of the state each token was chosen in.
/// - Returns: Advantages, and the returns A + V that values are fitted to.
public func tokenAdvantages(
  rewards: [Double], values: some Collection<Float>, gamma: Double, lambda: Double
) -> (advantages: [Double], returns: [Double]) {
  let values = values.map(Double.init)
  var advantages = [Double](repeating: 0, count: rewards.count)
  var carried = 0.0
  for t in rewards.indices.reversed() {
    let next = t + 1 < values.count ? values[t + 1] : 0
    carried = rewards[t] + gamma * next - values[t] + gamma * lambda * carried
    advantages[t] = carried
  }
  return (advantages, zip(advantages, values).map { $0 + $1 })
}
