import Runtime
import Synchronization
import Testing

import Tensors

/// A small network and its input, for composing the two modes.
private func network() -> (MultilayerPerceptron, Tensor) {
  var random = PCG64(seed: 5)
  let model = MultilayerPerceptron(sizes: [3, 8, 2], orthogonal: false, using: &random)
  return (model, Tensor.normal([5, 3], using: &random))
}

private func loss(_ model: MultilayerPerceptron, _ x: Tensor) -> Tensor {
  model(x).logSoftmax().exp().squared().mean()
}

private func dot(_ a: [Tensor], _ b: [Tensor]) -> Float {
  zip(a, b).reduce(0) { $0 + ($1.0 * $1.1).sum().item }
}

private func directions(for model: MultilayerPerceptron) -> [Tensor] {
  model.parameters.enumerated().map { position, parameter in
    Tensor(shape: parameter.value.shape) {
      for i in $0.indices { $0[i] = Float((i * 3 + position) % 5) / 5 - 0.3 }
    }
  }
}

@Test func forwardModeAgreesWithReverseMode() {
  let (model, x) = network()
  let v = directions(for: model)
  let (value, gradients) = valueWithGradient(at: model) { loss($0, x) }
  let (same, move) = jacobianVectorProduct(at: model, tangents: v) { loss($0, x) }
  #expect((value.item - same.item).magnitude < 1e-6)
  #expect((move.item - dot(gradients, v)).magnitude < 1e-6)
}

@Test func forwardOverReverseGivesTheHessianTimesAVector() {
  let (model, x) = network()
  let v = directions(for: model)
  let values = model.parameters.map(\.value)
  func gradients(_ parameters: [Tensor]) -> [Tensor] {
    valueWithGradient(at: model.replacingParameters(parameters)) { loss($0, x) }.gradients
  }
  let (_, products) = jacobianVectorProducts(at: values, tangents: v, gradients)
  let h: Float = 1e-2
  let up = gradients(zip(values, v).map { $0 + h * $1 })
  let down = gradients(zip(values, v).map { $0 - h * $1 })
  for i in values.indices {
    let difference = (up[i] - down[i]) / (2 * h)
    #expect((products[i] - difference).magnitude().max().item < 2e-4)
  }
  // The last layer's parameters alone move: gradients of the first, whose ops stand still, must move too.
  var last = v
  for i in 0..<2 { last[i] = .zeros(v[i].shape) }
  let moving = jacobianVectorProducts(at: Array(values[2...]), tangents: Array(v[2...])) {
    gradients(Array(values[..<2]) + $0)
  }
  let whole = jacobianVectorProducts(at: values, tangents: last, gradients)
  for i in values.indices {
    #expect((moving.tangents[i] - whole.tangents[i]).magnitude().max().item < 1e-6)
  }
  #expect(moving.tangents[0].magnitude().max().item > 1e-4)
}

@Test func reverseOverForwardGivesTheSameProduct() {
  let (model, x) = network()
  let v = directions(for: model)
  let values = model.parameters.map(\.value)
  let (_, products) = jacobianVectorProducts(at: values, tangents: v) { parameters in
    valueWithGradient(at: model.replacingParameters(parameters)) { loss($0, x) }.gradients
  }
  let (_, transposed) = valueWithGradient(at: model) { model in
    jacobianVectorProduct(at: model, tangents: v) { loss($0, x) }.tangent
  }
  for (a, b) in zip(products, transposed) {
    #expect((a - b).magnitude().max().item < 1e-6)
  }
}

@Test func severalValuesHaveGradientsOfTheirOwn() {
  let (model, x) = network()
  let (values, gradients) = valuesWithGradients(at: model) { model in
    [loss(model, x), model(x).squared().sum()]
  }
  let first = valueWithGradient(at: model) { loss($0, x) }
  let second = valueWithGradient(at: model) { $0(x).squared().sum() }
  #expect(values.map(\.item) == [first.value.item, second.value.item])
  #expect(gradients[0].map(\.scalars) == first.gradients.map(\.scalars))
  #expect(gradients[1].map(\.scalars) == second.gradients.map(\.scalars))
  let (_, both) = vectorJacobianProducts(
    at: [x], cotangents: { $0.map { .ones($0.shape) } },
    { [$0[0].exp().sum(), $0[0].squared().sum()] })
  #expect((both[0] - (x.exp() + 2 * x)).magnitude().max().item < 1e-5)
}

@Test func aCustomFunctionHasItsOwnDerivative() {
  let x = Tensor([-1.4, 0.2, 2.6])
  func rounded(_ x: Tensor) -> Tensor {
    customFunction(
      of: [x],
      { inputs in
        var y = inputs[0]
        y.mutate { for i in $0.indices { $0[i].round() } }
        return y
      },
      derivative: { _, _, dy in [dy] }, tangent: { _, _, tangents in tangents[0] })
  }
  let (value, gradient) = valueWithGradient(at: x) { rounded($0 * 2).squared().sum() }
  #expect(value.item == 9 + 0 + 25)
  // Straight through: d/dx round(2x)² = 2 · round(2x) · 2.
  #expect(gradient.scalars == [-12, 0, 20])
  let move = jacobianVectorProduct(at: [x], tangents: [.ones(x.shape)]) { rounded($0[0] * 2) }
  #expect(move.value.scalars == [-3, 0, 5])
  #expect(move.tangent.scalars == [2, 2, 2])
  #expect(
    checkTangent(at: [x]) { inputs in
      customFunction(
        of: inputs, { $0[0] * $0[0] * $0[0] },
        derivative: { inputs, _, dy in [3 * inputs[0].squared() * dy] },
        tangent: { inputs, _, moves in 3 * inputs[0].squared() * moves[0] })
    }.isEmpty)
}

@Test func recomputationKeepsEveryBit() {
  let (model, x) = network()
  let calls = Atomic(0)
  let plain = valueWithGradient(at: model) { loss($0, x) }
  let (value, gradients) = valueWithGradient(at: model) { model in
    recomputed(model, x) { model, x in
      calls.add(1, ordering: .relaxed)
      return loss(model, x)
    }
  }
  #expect(calls.load(ordering: .relaxed) == 2)
  #expect(value.item == plain.value.item)
  #expect(gradients.map(\.scalars) == plain.gradients.map(\.scalars))
  #expect(
    checkTangent(at: [x]) { inputs in
      recomputed(at: inputs) { $0[0].tanh().squared() }
    }.isEmpty)
}

@Test func anAnomalyNamesTheFirstOpThatMadeANaN() throws {
  let x = Tensor([1, -1])
  let forward = #expect(throws: Anomaly.self) {
    try detectingAnomalies { valueWithGradient(at: x) { ($0.log() + $0.exp()).sum() } }
  }
  #expect(forward?.op == "log")
  #expect(forward?.phase == .forward)
  let backward = #expect(throws: Anomaly.self) {
    try detectingAnomalies {
      valueWithGradient(at: Tensor([0, 4])) { ($0.squareRoot() * Tensor([0, 1])).sum() }
    }
  }
  #expect(backward?.op == "squareRoot")
  #expect(backward?.phase == .backward)
  #expect(backward?.description.contains("derivative of squareRoot") == true)
  let (value, _) = try detectingAnomalies { valueWithGradient(at: x) { $0.exp().sum() } }
  #expect(value.item > 3)
}

@Test func nothingFlowsThroughWhatIsDetached() {
  let x = Tensor([3])
  let (_, move) = jacobianVectorProduct(at: [x], tangents: [Tensor([1])]) { inputs in
    let x = inputs[0]
    var written = x * 2
    written[0] = 5
    return x.detached() * x + withoutGradient { x * x } + written
  }
  #expect(move.scalars == [3])
}

@Test func halvesAreReadAsFloats() {
  let x = Tensor([1.5, -2.25, 3], shape: [3])
  for type in [NumberType.float16, .bfloat16] {
    let half = x.converted(to: type)
    #expect(half.type == type)
    #expect(half.scalars == x.scalars)
    #expect((half + x).scalars == (x + x).scalars)
    #expect(half.reshaped([3, 1]).transposed().exp().scalars == x.exp().scalars)
    let (_, gradient) = valueWithGradient(at: x) { $0.converted(to: type).squared().sum() }
    #expect(gradient.scalars == [3, -4.5, 6])
  }
  #expect(Tensor([-3, 0.5, 1.5, 300, .nan]).converted(to: .uint8).scalars == [0, 0, 2, 255, 0])
  #expect(
    Tensor([-3e10, 7.4, 3e10]).converted(to: .int32).scalars == [-2_147_483_648, 7, 2_147_483_648])
}

@Test func accumulatedGradientsAreThoseOfTheWholeBatch() {
  let (model, x) = network()
  func loss(_ model: MultilayerPerceptron, _ x: Tensor) -> Tensor { model(x).squared().mean() }
  let whole = valueWithGradient(at: model) { loss($0, x) }.gradients
  var accumulator = GradientAccumulator()
  for rows in [0..<2, 2..<3, 3..<5] {
    let part = x.sliced(rows)
    accumulator.add(valueWithGradient(at: model) { loss($0, part) }.gradients, weight: rows.count)
  }
  #expect(accumulator.weight == 5)
  for (sum, expected) in zip(accumulator.takeMean(), whole) {
    #expect((sum - expected).magnitude().max().item < 1e-6)
  }
  #expect(accumulator.weight == 0)
}
