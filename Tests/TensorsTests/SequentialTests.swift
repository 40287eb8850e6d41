import Runtime
import Tensors
import Testing

/// A layer that is random in training alone.
private struct Noise: Layer {
  func callAsFunction(_ x: Tensor) -> Tensor { x }
  func callAsFunction(_ x: Tensor, using random: inout PCG64) -> Tensor {
    x + .normal(x.shape, using: &random)
  }
  mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {}
}

private func network(depth: Int, withNoise: Bool, using random: inout PCG64) -> Sequential {
  Sequential {
    Flatten()
    Linear(inputs: 6, outputs: 5, using: &random)
    Activation.tanh
    for _ in 0..<depth { Linear(inputs: 5, outputs: 5, activation: .relu, using: &random) }
    if withNoise { Noise() }
    Apply { $0 * 2 }
    if depth > 1 { Sequential([Linear(inputs: 5, outputs: 1, using: &random)]) } else { Flatten() }
  }
}

@Test func sequentialRunsItsLayersInOrder() {
  var random = PCG64(seed: 1)
  let model = network(depth: 2, withNoise: false, using: &random)
  let layers = model.layers
  #expect(
    model.parameters.map(\.name)
      == ["1", "3", "4", "6.0"].flatMap { ["\($0).weight", "\($0).bias"] })
  #expect(checkModule(model).isEmpty)
  let x = Tensor.normal([7, 2, 3], using: &random)
  // Layer 2 is the tanh, and an activation as a layer is that op.
  let second = layers[4](layers[3](layers[1](x.reshaped([7, 6])).tanh()))
  #expect(model(x).scalars == layers[6](second * 2).scalars)
  #expect(model(x).shape == [7, 1])
  #expect(network(depth: 0, withNoise: false, using: &random)(x).shape == [7, 5])
  #expect(Sequential([])(x).scalars == x.scalars)
  #expect(Flatten(from: 0)(x).shape == [42] && Flatten(from: 3)(x).shape == [7, 2, 3, 1])
}

@Test func sequentialIsAValueThatTrainsInPlace() {
  var random = PCG64(seed: 2)
  var model = network(depth: 2, withNoise: true, using: &random)
  let x = Tensor.normal([16, 2, 3], using: &random)
  let snapshot = model
  let before = model(x).scalars
  var optimizer = Adam(learningRate: 1e-2)
  var losses: [Float] = []
  for _ in 0..<50 {
    let (loss, gradients) = valueWithGradient(at: model) { ($0(x) - 1).squared().mean() }
    optimizer.update(&model, gradients)
    losses.append(loss.item)
  }
  #expect(losses.last! < losses.first! / 4)
  #expect(snapshot(x).scalars == before)
  #expect(model(x).scalars != before)
  // A visit reaches storage that nobody else holds, so that an update copies nothing.
  var refused = 0
  var alone = model.replacingParameters(
    model.parameters.map { Tensor($0.value.scalars, shape: $0.value.shape) })
  model = snapshot
  alone.visitParameters { _, parameter in
    do { try parameter.withUnsafeMutableStorage { _ in } } catch { refused += 1 }
  }
  #expect(refused == 0)
}

@Test func sequentialPassesTheGeneratorOn() {
  var random = PCG64(seed: 3)
  let model = network(depth: 1, withNoise: true, using: &random)
  let x = Tensor.normal([4, 2, 3], using: &random)
  var (first, second) = (PCG64(seed: 4), PCG64(seed: 4))
  let noisy = model(x, using: &first)
  #expect(noisy.scalars == model(x, using: &second).scalars)
  #expect(noisy.scalars != model(x, using: &first).scalars)
  #expect(noisy.scalars != model(x).scalars)
  #expect(model(x).scalars == model(x).scalars)
  let dropping = Sequential {
    Dropout(0.5)
    RMSNorm(size: 6)
  }
  let y = Tensor.normal([8, 6], using: &random)
  #expect(dropping(y).scalars == RMSNorm(size: 6)(y).scalars)
  #expect(dropping(y, using: &random).scalars != dropping(y).scalars)
}

@Test func imagesGoThroughASequenceOfLayers() {
  var random = PCG64(seed: 3)
  let first = Conv2D(inputs: 2, outputs: 4, kernel: 3, activation: .relu, using: &random)
  let last = Linear(inputs: 16, outputs: 3, using: &random)
  let model = Sequential {
    first
    MaxPool2D(kernel: 2)
    Flatten()
    last
  }
  let x = Tensor.normal([5, 2, 6, 6], using: &random)
  #expect(
    model(x).scalars == last(maxPool2d(first(x), kernel: 2).reshaped([5, 16])).scalars)
}
