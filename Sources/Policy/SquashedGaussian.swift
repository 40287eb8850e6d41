import Foundation
import Tensors

/// The tanh of independent normal numbers, A a row, each with a mean and a deviation of its own
/// (Haarnoja et al., 2018, https://arxiv.org/abs/1812.05905, appendix C). Actions lie in −1…1.
public struct SquashedGaussian: Sendable {
  /// `[R, A]`
  public let mean: Tensor
  /// `[R, A]`, limited to −20…2, as the common implementations have it.
  public let logStd: Tensor

  private static let range: ClosedRange<Float> = -20...2

  /// - Parameter outputs: `[R, 2 A]`: the means, then log σ.
  public init(outputs: Tensor) {
    let width = outputs.shape[1] / 2
    mean = outputs.sliced(0..<width, axis: 1)
    logStd = outputs.sliced(width..<2 * width, axis: 1).clamped(to: Self.range)
  }

  package static func limited(_ logStd: Float) -> Float {
    min(max(logStd, range.lowerBound), range.upperBound)
  }

  /// The actions tanh(mean + σ ε), `[R, A]`, and their log-probabilities, `[R]`, through which gradients flow to
  /// the mean and to log σ.
  ///
  /// log π = Σ log N(u; mean, σ) − log(1 − tanh² u), the last term as 2 (log 2 − u − softplus(−2 u)), which does
  /// not lose its digits where tanh is near ±1.
  ///
  /// - Parameter noise: ε, `[R, A]`, standard normal.
  public func sample(noise: Tensor) -> (actions: Tensor, logProbabilities: Tensor) {
    let u = mean + logStd.exp() * noise
    let (halfLogTwoPi, logTwo): (Float, Float) = (0.918_938_533, 0.693_147_18)
    let normal = noise.squared() * -0.5 - logStd - halfLogTwoPi
    let slope = (logTwo - u - (u * -2).softplus()) * 2
    return (u.tanh(), (normal - slope).sum(axes: [1]))
  }
}

/// Values of actions as distributions over equally spaced numbers (Bellemare et al., 2017,
/// https://arxiv.org/abs/1707.06887).
package enum DistributionalValues {
  /// Writes the mean of each of `count` distributions, given by `atoms` logits each, over the first of them.
  package static func means(
    _ count: Int, atoms: Int, low: Float, high: Float, _ logits: UnsafeMutablePointer<Float>
  ) {
    let step = (high - low) / Float(max(atoms - 1, 1))
    for action in 0..<count {
      let row = logits + action * atoms
      var largest = row[0]
      for i in 1..<atoms { largest = max(largest, row[i]) }
      var (sum, mean): (Float, Float) = (0, 0)
      for i in 0..<atoms {
        let weight = exp(row[i] - largest)
        sum += weight
        mean += weight * (low + Float(i) * step)
      }
      logits[action] = mean / sum
    }
  }
}
