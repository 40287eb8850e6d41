import Policy
import Runtime
import Tensors

/// A policy where it stands and the rollout it collected: objective, gradient, Fisher products, and what a
/// step would do. Vectors are all parameters in visit order, laid end to end: `[P]`.
struct TrustRegion {
  let actor: Actor
  let batch: RolloutBatch
  let advantages: Tensor
  let damping: Float
  let pool: WorkerPool

  /// The surrogate, mean r A, with its gradient, and the mean entropy.
  ///
  /// - Throws: `TrainingFailure` when the gradient is not finite.
  func objective() throws -> (surrogate: Double, entropy: Double, gradient: Tensor) {
    let (gradients, _, sums) = try GradientReducer(pool: pool).finiteSum(
      at: actor, rows: batch.count, "the policy's objective",
      hint: "a smaller target_kl or normalize_rewards",
      batch: { batch.rows(advantages: advantages) }
    ) { actor, chunk in
      let (surrogate, distribution) = Self.surrogate(actor, batch, advantages, chunk)
      let entropy = totalEntropy(distribution.entropy(), rows: chunk.count)
      return (
        surrogate * (1 / Float(batch.count)),
        [Double(surrogate.item), Double(entropy.item), 0, 0, 0]
      )
    }
    let rows = Double(batch.count)
    return (sums[0] / rows, sums[1] / rows, flat(gradients))
  }

  /// (F + damping) v, where F is the Fisher matrix, averaged over the rollout.
  func fisherProduct(_ vector: Tensor) -> Tensor {
    let direction = parts(vector)
    let (products, _) = GradientReducer(pool: pool).sum(at: actor, rows: batch.count) {
      actor, chunk in
      let product = actor.fisherProduct(
        along: direction, observations: batch.observations(chunk),
        mask: batch.masks?.sliced(chunk))
      return (product * (1 / Float(batch.count)), .init(repeating: 0))
    }
    return flat(products) + vector * damping
  }

  /// The policy a step away.
  func moved(by step: Tensor) -> Actor {
    actor.replacingParameters(
      zip(actor.parameters, parts(step)).map { ($0.value + $1).detached() })
  }

  /// The surrogate of another policy, and the mean KL divergence from this one to it.
  func measured(_ candidate: Actor) -> (surrogate: Double, divergence: Double) {
    let (_, sums) = GradientReducer(pool: pool).sum(at: NoParameters(), rows: batch.count) {
      _, chunk in
      let (surrogate, now) = Self.surrogate(candidate, batch, advantages, chunk)
      let before = actor.distribution(
        batch.observations(chunk), mask: batch.masks?.sliced(chunk))
      return (
        Tensor(0), [Double(surrogate.item), Double(before.divergence(to: now).sum().item), 0, 0, 0]
      )
    }
    return (sums[0] / Double(batch.count), sums[1] / Double(batch.count))
  }

  private static func surrogate(
    _ actor: Actor, _ batch: RolloutBatch, _ advantages: Tensor, _ rows: Range<Int>
  ) -> (sum: Tensor, distribution: ActionDistribution) {
    let distribution = actor.distribution(
      batch.observations(rows), mask: batch.masks?.sliced(rows))
    let logRatio =
      distribution.logProbability(of: batch.actions.sliced(rows))
      - batch.logProbabilities.sliced(rows)
    return ((logRatio.exp() * advantages.sliced(rows)).sum(), distribution)
  }

  private func flat(_ tensors: [Tensor]) -> Tensor {
    .concatenated(tensors.map { $0.reshaped([-1]) })
  }

  private func parts(_ vector: Tensor) -> [Tensor] {
    var start = 0
    return actor.parameters.map { _, parameter in
      defer { start += parameter.count }
      return vector.sliced(start..<start + parameter.count).reshaped(to: parameter.shape)
    }
  }
}
