import Policy
import Replay

/// Rewards divided by the standard deviation of the running discounted return and clipped, the mean
/// left alone, as OpenAI baselines' `VecNormalize`.
///
/// Replayed in (t, n) order after a rollout, so that it does not depend on the number of workers.
struct RewardScaling: Sendable, Codable, Equatable {
  let gamma: Double
  let clip: Double
  private(set) var moments = RunningMoments(size: 1)
  /// The running discounted return of each environment.
  private(set) var returns: [Double]

  init(environments: Int, gamma: Double, clip: Double) {
    self.gamma = gamma
    self.clip = clip
    returns = [Double](repeating: 0, count: environments)
  }

  /// Writes the scaled rewards of a rollout.
  mutating func scale(_ buffer: RolloutBuffer) {
    let count = buffer.environmentCount
    for t in 0..<buffer.stepCount {
      for n in 0..<count {
        returns[n] = returns[n] * gamma + buffer.rewards[t * count + n]
      }
      moments.merge(returns)
      let deviation = (moments.variance[0] + 1e-8).squareRoot()
      for n in 0..<count {
        let cell = t * count + n
        buffer.scaledRewards[cell] = Float(min(max(buffer.rewards[cell] / deviation, -clip), clip))
        if buffer.endings[cell] != 0 { returns[n] = 0 }
      }
    }
  }
}
