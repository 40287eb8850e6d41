import Tensors

/// What the value of an action is learnt from: y = r + discount · Q′ for each row, the discount being γⁿ, or 0
/// where the episode terminated. Where it was truncated it goes on, and so the discount is γⁿ.
///
/// - Parameters:
///   - rewards: r, `[B]`
///   - discounts: `[B]`
///   - values: Q′ of what came next, `[B]`
/// - Returns: `[B]`
public func temporalDifferenceTarget(
  rewards: Tensor, discounts: Tensor, values: Tensor
) -> Tensor {
  if rewards.shape != values.shape || discounts.shape != values.shape {
    fail(
      "temporalDifferenceTarget",
      "shapes \(rewards.shape), \(discounts.shape) and \(values.shape) differ")
  }
  return rewards + discounts * values
}

/// The least of several estimates of one value, row by row (Fujimoto et al., 2018, equation 10).
public func smallest(_ values: [Tensor]) -> Tensor {
  values.dropFirst().reduce(values[0]) { .minimum($0, $1) }
}

/// The distribution over equally spaced numbers from `low` to `high` that comes nearest to that of
/// r + discount · z, z being distributed as given: each shifted number's share goes to its two neighbours, the
/// nearer the more (Bellemare et al., 2017, https://arxiv.org/abs/1707.06887, algorithm 1).
///
/// - Parameters:
///   - probabilities: `[B, atoms]`
///   - rewards: r, `[B]`
///   - discounts: `[B]`
/// - Returns: `[B, atoms]`, a constant.
public func projectedDistribution(
  _ probabilities: Tensor, rewards: Tensor, discounts: Tensor, low: Float, high: Float
) -> Tensor {
  let (rows, atoms) = (probabilities.shape[0], probabilities.shape[1])
  if rewards.shape != Shape(rows) || discounts.shape != Shape(rows) || atoms < 2 {
    fail(
      "projectedDistribution",
      "shapes \(probabilities.shape), \(rewards.shape) and \(discounts.shape) do not fit")
  }
  let step = (high - low) / Float(atoms - 1)
  return probabilities.withUnsafeBuffer { p in
    rewards.withUnsafeBuffer { r in
      discounts.withUnsafeBuffer { discount in
        Tensor(shape: probabilities.shape) { target in
          target.update(repeating: 0)
          for row in 0..<rows {
            for atom in 0..<atoms {
              let moved = r[row] + discount[row] * (low + Float(atom) * step)
              let place = (min(max(moved, low), high) - low) / step
              // Infinite rewards of both signs make a sum that is no number, and so a loss that is none.
              let below = place > 0 ? min(Int(place), atoms - 1) : 0
              let share = place - Float(below)
              target[row * atoms + below] += p[row * atoms + atom] * (1 - share)
              if below + 1 < atoms {
                target[row * atoms + below + 1] += p[row * atoms + atom] * share
              }
            }
          }
        }
      }
    }
  }
}
