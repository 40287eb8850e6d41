import Foundation
import Runtime
import Tensors
import Testing

@Test func modulesVisitEveryParameter() {
  var random = PCG64(seed: 1)
  #expect(checkModule(MultilayerPerceptron(sizes: [2, 3, 1], using: &random)).isEmpty)
  struct Forgetful: Module {
    var seen = Tensor([1])
    var forgotten = Tensor([2])
    mutating func visitParameters(_ body: (String, inout Tensor) -> Void) { body("seen", &seen) }
  }
  #expect(checkModule(Forgetful()) == ["Forgetful does not visit its tensor forgotten"])
}

@Test func orthogonalWeightsAreOrthonormal() {
  var random = PCG64(seed: 2)
  for (rows, columns) in [(4, 64), (64, 4), (64, 64), (1, 3)] {
    let w = Tensor.orthogonal([rows, columns], gain: 2, using: &random)
    let gram = (rows <= columns ? w.matmul(w.transposed()) : w.transposed().matmul(w)).scalars
    let n = min(rows, columns)
    for i in 0..<n * n {
      #expect((gram[i] - (i / n == i % n ? 4 : 0)).magnitude < 1e-5)
    }
  }
}

/// torch.optim.Adam on the same numbers (torch 2.15.0): three steps of lr 0.1, eps 1e-5 from
/// [1, -2, 3] with gradients x², clipped to a global norm of 2.
@Test func adamAndClippingFollowPyTorch() throws {
  struct Vector: Module {
    var x: Tensor
    mutating func visitParameters(_ body: (String, inout Tensor) -> Void) { body("x", &x) }
  }
  let file = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "References/adam.json")
  let expected = try JSONDecoder().decode([[Float]].self, from: Data(contentsOf: file))
  var model = Vector(x: Tensor([1, -2, 3]))
  var optimizer = Adam(learningRate: 0.1, epsilon: 1e-5)
  for row in expected {
    let (_, gradients) = valueWithGradient(at: model) { ($0.x * $0.x * $0.x).sum() }
    optimizer.update(&model, gradients, scale: clipScale(norm: globalNorm(gradients), maximum: 2))
    #expect(distance(model.x.scalars, row) < 2e-6)
  }
}

@Test func adamStateContinuesExactly() throws {
  var random = PCG64(seed: 3)
  var model = MultilayerPerceptron(sizes: [3, 8, 2], using: &random)
  let x = Tensor.normal([16, 3], using: &random)
  func step(_ model: inout MultilayerPerceptron, _ optimizer: inout Adam) {
    let (_, gradients) = valueWithGradient(at: model) { $0(x).squared().mean() }
    optimizer.update(&model, gradients)
  }
  var optimizer = Adam()
  for _ in 0..<3 { step(&model, &optimizer) }
  var resumed = model
  var restored = Adam()
  try restored.restore(
    Dictionary(uniqueKeysWithValues: optimizer.state.map { ($0.name, $0.value) }),
    step: optimizer.step, for: model)
  for _ in 0..<3 {
    step(&model, &optimizer)
    step(&resumed, &restored)
  }
  #expect(model.parameters.map(\.value.scalars) == resumed.parameters.map(\.value.scalars))
  #expect(throws: SafetensorsError.self) {
    try restored.restore(["m.0": Tensor([1])], step: 3, for: model)
  }
}

/// Law 5: once warm, a training step takes every buffer from the pool.
@Test func aWarmStepTakesNoBufferFromTheSystem() {
  var random = PCG64(seed: 4)
  expectWarm(
    MultilayerPerceptron(sizes: [4, 64, 64, 2], using: &random),
    at: .normal([100, 4], using: &random))
  expectWarm(
    Sequential {
      Conv2D(inputs: 2, outputs: 6, kernel: 3, padding: 1, activation: .relu, using: &random)
      MaxPool2D(kernel: 2)
      Conv2D(inputs: 6, outputs: 4, kernel: 3, stride: 2, using: &random)
      AveragePool2D(kernel: 2)
      Flatten()
      LayerNorm(size: 16)
    }, at: .normal([9, 2, 20, 20], using: &random))
}

private func expectWarm(_ initial: some Layer, at x: Tensor) {
  var model = initial
  var optimizer = Adam()
  func step() {
    let (_, gradients) = valueWithGradient(at: model) { $0(x).logSoftmax().exp().squared().mean() }
    optimizer.update(&model, gradients)
  }
  for _ in 0..<5 { step() }
  let misses = BufferPool.missesOfThisThread
  for _ in 0..<20 { step() }
  #expect(BufferPool.missesOfThisThread == misses)
}

@Test func replicasReadTheSameWeights() {
  var random = PCG64(seed: 5)
  let model = MultilayerPerceptron(sizes: [4, 16, 2], using: &random)
  let x = Tensor.normal([9, 4], using: &random)
  model.withReplicas(count: 2) { replicas in
    for replica in replicas { #expect(replica(x).scalars == model(x).scalars) }
  }
}
