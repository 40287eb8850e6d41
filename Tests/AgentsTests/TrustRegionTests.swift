import Agents
import Envs
import Foundation
import Policy
import Runtime
import Tensors
import Testing

/// What a step of TRPO is made of: Fisher products, divergences, conjugate gradients, and the region it stays in.
@Suite struct TrustRegionTests {
  /// - Parameter byState: Whether noise depends on the state, which then no layer stands before: what the last
  ///   one reads is a constant to the gradient, and so would not be to its differences.
  private func actor(_ head: ActionHead, inputs: Int, byState: Bool = false) -> Actor {
    var random = PCG64(seed: 3)
    var model = ActorCritic(
      encoder: .numbers(inputs), head: head,
      architecture: .init(
        network: .init(hidden: byState ? [] : [5]), orthogonal: false, logStdInit: -0.4,
        exploresByState: byState), using: &random)
    // Away from the nearly uniform policy of the first weights.
    for i in model.actor.policy.perceptron.layers.indices {
      model.actor.policy.perceptron.layers[i].weight =
        model.actor.policy.perceptron.layers[i].weight * 3
    }
    return model.actor
  }

  private static let heads: [ActionHead] = [
    .categorical(count: 3, start: 0), .gaussian(low: [-1, -1], high: [1, 1]),
    .multiCategorical(counts: [2, 3], start: [0, 0]),
  ]

  /// Fisher · v is the directional derivative of the gradient of KL(π ‖ π_θ) at θ = π.
  @Test(arguments: 0..<4, [false, true])
  func fisherProductsAreDifferencesOfTheGradientOfTheDivergence(_ head: Int, masked: Bool) {
    if masked && head != 0 { return }
    let actor =
      head == 3
      ? actor(Self.heads[1], inputs: 4, byState: true) : actor(Self.heads[head], inputs: 4)
    var random = PCG64(seed: 9)
    let x = Tensor.normal([11, 4], using: &random)
    var mask: Tensor?
    if masked {
      mask = Tensor(shape: [11, 3]) { for i in $0.indices { $0[i] = i % 4 == 1 ? 0 : 1 } }
    }
    let direction = actor.parameters.map { Tensor.normal($0.value.shape, using: &random) }
    let (_, product) = valueWithGradient(at: actor) {
      $0.fisherProduct(along: direction, observations: x, mask: mask)
    }
    let fixed = actor.distribution(x, mask: mask)
    func gradient(_ length: Float) -> [Tensor] {
      let moved = actor.replacingParameters(
        zip(actor.parameters, direction).map { $0.value + $1 * length })
      return valueWithGradient(at: moved) {
        fixed.divergence(to: $0.distribution(x, mask: mask)).sum()
      }.gradients
    }
    let step: Float = 2e-3
    let (after, before) = (gradient(step), gradient(-step))
    for i in product.indices {
      let difference = (after[i] - before[i]) * (1 / (2 * step))
      let scale = 1 + product[i].magnitude().max().item
      #expect((difference - product[i]).magnitude().max().item / scale < 5e-3, "parameter \(i)")
    }
    #expect(product.contains { $0.magnitude().max().item > 0.1 })
  }

  /// The divergence against its definition, Σ p log(p / q), and the closed form of normal distributions.
  @Test func divergencesAreThoseOfTheDefinition() {
    let p = MultiCategorical(logits: Tensor([1, 2, 0.5], shape: [1, 3]), counts: [3])
    let q = MultiCategorical(logits: Tensor([0, 0, 1], shape: [1, 3]), counts: [3])
    let (a, b) = (p.parts[0].logProbabilities.scalars, q.parts[0].logProbabilities.scalars)
    let expected = (0..<3).reduce(0) { $0 + exp(Double(a[$1])) * Double(a[$1] - b[$1]) }
    let found = ActionDistribution.categorical(p, start: [0]).divergence(
      to: .categorical(q, start: [0]))
    #expect(abs(Double(found.scalars[0]) - expected) < 1e-6)
    let n = DiagonalGaussian(mean: Tensor([1, 0], shape: [1, 2]), logStd: Tensor([0.2, -0.3]))
    let m = DiagonalGaussian(mean: Tensor([0, 2], shape: [1, 2]), logStd: Tensor([-0.1, 0.4]))
    let closed = zip([(1.0, 0.2, 0.0, -0.1), (0.0, -0.3, 2.0, 0.4)], 0...).reduce(0.0) {
      sum, item in
      let (mean, logStd, otherMean, otherLogStd) = item.0
      let variance = exp(2 * logStd)
      let distance = (mean - otherMean) * (mean - otherMean)
      return sum + otherLogStd - logStd + (variance + distance) / (2 * exp(2 * otherLogStd)) - 0.5
    }
    let divergence = ActionDistribution.gaussian(n).divergence(to: .gaussian(m)).scalars[0]
    #expect(abs(Double(divergence) - closed) < 1e-5)
  }

  /// Conjugate gradient solves what elimination solves, with the Fisher matrix of a small policy.
  @Test(arguments: 0..<3)
  func conjugateGradientAgreesWithADenseSolve(_ head: Int) {
    let actor = actor(Self.heads[head], inputs: 3)
    var random = PCG64(seed: 4)
    let x = Tensor.normal([40, 3], using: &random)
    let sizes = actor.parameters.map(\.value.count)
    let count = sizes.reduce(0, +)
    func product(_ vector: Tensor) -> Tensor {
      var start = 0
      let direction = actor.parameters.map { _, parameter in
        defer { start += parameter.count }
        return vector.sliced(start..<start + parameter.count).reshaped(to: parameter.shape)
      }
      let (_, gradients) = valueWithGradient(at: actor) {
        $0.fisherProduct(along: direction, observations: x)
      }
      return .concatenated(gradients.map { $0.reshaped([-1]) }) * (1 / 40) + vector * 0.1
    }
    var matrix = (0..<count).map { column in
      product(Tensor((0..<count).map { $0 == column ? 1 : 0 })).scalars.map(Double.init)
    }
    for i in 0..<count {
      for j in 0..<i { #expect(abs(matrix[i][j] - matrix[j][i]) < 1e-5, "symmetric") }
    }
    let b = Tensor.normal([count], using: &random)
    var right = b.scalars.map(Double.init)
    for i in 0..<count {
      for j in i + 1..<count {
        let factor = matrix[j][i] / matrix[i][i]
        for k in i..<count { matrix[j][k] -= factor * matrix[i][k] }
        right[j] -= factor * right[i]
      }
    }
    for i in (0..<count).reversed() {
      for k in i + 1..<count { right[i] -= matrix[i][k] * right[k] }
      right[i] /= matrix[i][i]
    }
    let (solution, residual) = conjugateGradient(b, steps: 2 * count, product: product)
    #expect(residual < 1e-8)
    for (found, expected) in zip(solution.scalars, right) {
      #expect(abs(Double(found) - expected) < 1e-3 * (1 + abs(expected)))
    }
  }

  /// A step stays within its trust region and improves what it set out to improve.
  @Test func stepsOfTRPOStayInTheirRegion() throws {
    var environments = try make("CartPole-v1", count: 4, seed: 2)
    var settings = TRPOConfiguration()
    settings.stepsPerRollout = 128
    settings.batchSize = 150
    settings.criticUpdates = 2
    settings.normalizeObservations = true
    var agent = try TRPO(for: environments, settings, seed: 2)
    var accepted = 0
    for _ in 0..<10 {
      let report = try agent.iterate(on: &environments, pool: WorkerPool(threads: 1))
      let found = Dictionary(uniqueKeysWithValues: report.losses.map { ($0.name, $0.value) })
      #expect(found["kl"]! >= 0 && found["kl"]! < 0.01)
      if found["line_search_success"] == 1 {
        accepted += 1
        #expect(found["improvement"]! > 0 && found["predicted_improvement"]! > 0)
        #expect(found["kl"]! > 1e-4)
      }
    }
    #expect(accepted >= 8)
  }
}
