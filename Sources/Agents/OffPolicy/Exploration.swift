import Foundation
import Runtime

/// How the outputs of a network become the action that is tried.
enum Exploration: Sendable {
  /// The tanh of the outputs, disturbed.
  case noisy(ActionNoise)
  /// The tanh of normal numbers whose means and log σ are the outputs, disturbed.
  case squashedGaussian(ActionNoise)
  /// The best of the outputs, or with probability `epsilon` any.
  case epsilonGreedy(EpsilonSchedule, atoms: Int, low: Float, high: Float)
}

/// ε on its way from its first to its last value, over the first `steps` steps.
struct EpsilonSchedule: Sendable {
  let first: Double
  let last: Double
  let steps: Double

  func value(at step: Int) -> Double {
    steps <= 0 || Double(step) >= steps ? last : first + (last - first) * Double(step) / steps
  }
}

/// Noise on actions that span −1 to 1.
struct ActionNoise: Sendable {
  let type: NoiseType
  let deviation: Double

  /// The next noise of one number, `state` being the last: independent normal numbers, or the process of
  /// Ornstein and Uhlenbeck, x ← x − θ x dt + σ √dt N(0, 1) with θ = 0.15 and dt = 0.01, as in
  /// Stable-Baselines3 (Lillicrap et al., 2016, section 7).
  func next(_ state: inout Float, using random: inout PCG64) -> Float {
    if deviation == 0 { return 0 }
    let normal = random.standardNormal()
    switch type {
    case .normal: return Float(deviation * normal)
    case .ornsteinUhlenbeck:
      let (theta, dt) = (0.15, 0.01)
      let x = Double(state)
      state = Float(x - theta * x * dt + deviation * dt.squareRoot() * normal)
      return state
    }
  }
}

/// The bounds of actions, and how numbers from −1 to 1 lie between them: a · (high − low) / 2 + (high + low) / 2.
struct ActionScale: Sendable {
  let low: [Float]
  let high: [Float]

  var size: Int { low.count }

  func toEnvironment(
    _ rows: Int, _ scaled: UnsafePointer<Float>, into actions: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<rows {
      for i in 0..<size {
        let half = 0.5 * (high[i] - low[i])
        let action = scaled[row * size + i] * half + 0.5 * (high[i] + low[i])
        actions[row * size + i] = min(max(action, low[i]), high[i])
      }
    }
  }

  func fromEnvironment(
    _ rows: Int, _ actions: UnsafePointer<Float>, into scaled: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<rows {
      for i in 0..<size {
        let half = 0.5 * (high[i] - low[i])
        let middle = 0.5 * (high[i] + low[i])
        // A number that cannot vary says nothing.
        scaled[row * size + i] = half == 0 ? 0 : (actions[row * size + i] - middle) / half
      }
    }
  }
}
