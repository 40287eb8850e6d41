import Swirl

/// One row of the engine's table. Benchmarks/peers/engine_speed.py does the same work in PyTorch.
struct EngineWorkload: Sendable {
  let name: String
  let work: EngineWork
  /// How many of what the row counts a call does.
  var repetitions = 1.0
  /// Makes the inputs and returns what is timed.
  let prepare: @Sendable () -> () -> Void
}

let engineWorkloads: [EngineWorkload] =
  [
    product("gemm_64", 64, 64, 64),
    product("gemm_256x64x64", 256, 64, 64),
    product("gemm_1x64x64", 1, 64, 64),
    product("gemm_512x576x1536", 512, 576, 1536),
    product("gemm_2048", 2048, 2048, 2048),
    perceptronTraining(rows: 64),
    perceptronTraining(rows: 256),
    perceptronTraining(rows: 2048),
    deterministicPolicyTraining,
    natureTraining,
    recurrentTraining,
    attentionOfTwoThousand,
    transformerBlock,
    elementwise("exp_1m") { $0.exp() },
    elementwise("tanh_1m") { $0.tanh() },
    elementwise("gelu_1m") { $0.gelu() },
    operationOverhead,
  ]

/// C[m, n] = A[m, k] · B[k, n], named m×k×n, into storage that is there already, as OpenBLAS does.
private func product(_ name: String, _ m: Int, _ k: Int, _ n: Int) -> EngineWorkload {
  EngineWorkload(name: name, work: .operations(2 * Double(m * n * k))) {
    var random = PCG64(seed: 0)
    let a = Tensor.normal([m, k], using: &random)
    let b = Tensor.normal([k, n], using: &random)
    let c = Product(m, n)
    return { c.value.setToProduct(of: a, b) }
  }
}

/// Where a product goes: a class with a final property, so that the time holds no check of exclusive access.
private final class Product {
  @exclusivity(unchecked) var value: Tensor
  init(_ m: Int, _ n: Int) { value = .zeros([m, n]) }
}

/// Operations of a perceptron's forward and backward pass; the input needs no gradient.
private func operations(_ rows: Int, _ sizes: [Int]) -> Double {
  let products = zip(sizes, sizes.dropFirst()).map { Double(2 * rows * $0 * $1) }
  return 3 * products.reduce(0, +) - products[0]
}

/// One training step of the perceptron 4-64-64-2 with tanh: forward, squared error, backward, Adam.
private func perceptronTraining(rows: Int) -> EngineWorkload {
  let sizes = [4, 64, 64, 2]
  return EngineWorkload(
    name: "mlp_train_b\(rows)", work: .operations(operations(rows, sizes))
  ) {
    var random = PCG64(seed: 0)
    var model = MultilayerPerceptron(sizes: sizes, activation: .tanh, using: &random)
    var optimizer = Adam(learningRate: 1e-3)
    let x = Tensor.normal([rows, 4], using: &random)
    let y = Tensor.normal([rows, 2], using: &random)
    return {
      let (_, gradients) = valueWithGradient(at: model) { ($0(x) - y).squared().mean() }
      optimizer.update(&model, gradients)
    }
  }
}

/// DDPG's networks on 17 observed numbers and 6 actions: forward, squared error, backward and Adam of an
/// actor 17-400-300-6 that ends in tanh and a critic 23-400-300-1, ReLU between, 256 rows.
private let deterministicPolicyTraining = EngineWorkload(
  name: "ddpg_nets_train_b256",
  work: .operations(operations(256, [17, 400, 300, 6]) + operations(256, [23, 400, 300, 1]))
) {
  var random = PCG64(seed: 0)
  var actor = MultilayerPerceptron(sizes: [17, 400, 300, 6], activation: .relu, using: &random)
  actor.layers[2].activation = .tanh
  var critic = MultilayerPerceptron(sizes: [23, 400, 300, 1], activation: .relu, using: &random)
  var (actorOptimizer, criticOptimizer) = (Adam(learningRate: 1e-3), Adam(learningRate: 1e-3))
  let observations = Tensor.normal([256, 17], using: &random)
  let actions = Tensor.normal([256, 6], using: &random)
  let inputs = Tensor.concatenated([observations, actions], axis: 1)
  let returns = Tensor.normal([256, 1], using: &random)
  return {
    let ofCritic = valueWithGradient(at: critic) { ($0(inputs) - returns).squared().mean() }
    criticOptimizer.update(&critic, ofCritic.gradients)
    let ofActor = valueWithGradient(at: actor) { ($0(observations) - actions).squared().mean() }
    actorOptimizer.update(&actor, ofActor.gradients)
  }
}

/// An op over a million numbers, forward.
private func elementwise(_ name: String, _ op: @escaping @Sendable (Tensor) -> Tensor)
  -> EngineWorkload
{
  EngineWorkload(name: name, work: .bytes(8e6)) {
    var random = PCG64(seed: 0)
    let x = Tensor.normal([1_000_000], using: &random)
    return { blackHole(op(x)) }
  }
}

/// A chain of a thousand additions of one number, forward and backward, per addition.
private let operationOverhead = EngineWorkload(
  name: "op_overhead", work: .overhead, repetitions: 1000
) {
  let one = Tensor(1)
  return {
    blackHole(
      valueWithGradient(at: one) { x in
        var sum = x
        for _ in 0..<1000 { sum = sum + x }
        return sum
      })
  }
}
