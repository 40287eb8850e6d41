import Foundation
import Runtime
import Tensors
import Testing

/// Three spirals in the plane, and which of them each point is on.
private func spirals(_ count: Int, _ random: inout PCG64) -> (Tensor, Indices) {
  var points: [Float] = []
  var labels: [Int32] = []
  for i in 0..<count {
    let arm = i % 3
    let t = random.uniform(0.1, 1)
    let angle = 4 * t + 2.094 * Double(arm) + random.uniform(-0.12, 0.12)
    points += [Float(2 * t * cos(angle)), Float(2 * t * sin(angle))]
    labels.append(Int32(arm))
  }
  return (Tensor(points, shape: [count, 2]), Indices(labels))
}

private func accuracy(_ model: MultilayerPerceptron, _ x: Tensor, _ labels: Indices) -> Double {
  let logits = model(x).scalars
  let hits = (0..<labels.count).count { i in
    let row = logits[i * 3..<i * 3 + 3]
    return row.max() == row[row.startIndex + Int(labels[i])]
  }
  return Double(hits) / Double(labels.count)
}

/// Accuracy on points not trained on, after the same training in each type, for three seeds.
@Test(arguments: [1, 2, 3] as [UInt64])
func accuracyHoldsInEitherHalf(_ seed: UInt64) {
  var random = PCG64(seed: seed)
  let (x, labels) = spirals(300, &random)
  let (held, heldLabels) = spirals(300, &random)
  let start = MultilayerPerceptron(sizes: [2, 48, 48, 3], using: &random)
  var found: [NumberType: Double] = [:]
  for type in [NumberType.float32, .bfloat16, .float16] {
    var model = start
    var optimizer = Adam(learningRate: 1e-2)
    var precision = MixedPrecision(type)
    for _ in 0..<250 {
      precision.step(&model, &optimizer, maximumNorm: 5) { model in
        -model(x).logSoftmax().gather(labels).mean()
      }
    }
    #expect(model.parameters.allSatisfy { $0.value.type == .float32 })
    found[type] = accuracy(model, held, heldLabels)
  }
  #expect(found[.float32]! > 0.95, "\(found)")
  #expect(found[.bfloat16]! > found[.float32]! - 0.02, "\(found)")
  #expect(found[.float16]! > found[.float32]! - 0.02, "\(found)")
}

@Test func theTapeAndTheWorkingCopyTakeHalfTheMemory() {
  var random = PCG64(seed: 4)
  let model = MultilayerPerceptron(sizes: [64, 256, 256, 256, 256, 8], using: &random)
  let x = Tensor.normal([512, 64], using: &random)
  func bytesOnTape(_ type: NumberType) -> Int {
    let working = MixedPrecision(type).workingCopy(of: model)
    let before = BufferPool.bytesInUseOfThisThread
    return withStoragePrecision(type) {
      valueWithGradient(at: working) { model in
        let loss = model(x).squared().mean()
        return (loss, BufferPool.bytesInUseOfThisThread - before)
      }.extra
    }
  }
  func bytesOfWeights(_ type: NumberType) -> Int {
    let before = BufferPool.bytesInUseOfThisThread
    let copy =
      type == .float32
      ? model.replacingParameters(model.parameters.map { $0.value + 0 })
      : MixedPrecision(type).workingCopy(of: model)
    return withExtendedLifetime(copy) { BufferPool.bytesInUseOfThisThread - before }
  }
  for type in [NumberType.bfloat16, .float16] {
    let tape = Double(bytesOnTape(type)) / Double(bytesOnTape(.float32))
    let weights = Double(bytesOfWeights(type)) / Double(bytesOfWeights(.float32))
    #expect(tape < 0.55 && tape > 0.4, "the tape takes \(tape) of Float32's")
    #expect(weights < 0.55 && weights > 0.4, "the weights take \(weights) of Float32's")
  }
  BufferPool.resetPeakOfThisThread()
  let resting = BufferPool.peakBytesOfThisThread
  _ = Tensor.zeros([1 << 20])
  #expect(BufferPool.peakBytesOfThisThread - resting >= 4 << 20)
  #expect(BufferPool.bytesInUseOfThisThread == resting)
}

/// What a tape saves is rounded, and nothing else: values keep their bits, gradients come close.
@Test func narrowStorageChangesGradientsOnlySlightly() {
  var random = PCG64(seed: 5)
  let x = Tensor.normal([40, 30], using: &random)
  let w = Tensor.normal([30, 20], using: &random)
  func all() -> (Float, [Tensor]) {
    let (value, gradients) = vectorJacobianProduct(at: [x, w], cotangent: { _ in Tensor(1) }) {
      let y = $0[0].exp().matmul($0[1]).tanh()
      return (y.squared() * y.sigmoid() + $0[0].tanh().sum()).sum()
    }
    return (value.item, gradients)
  }
  let plain = all()
  for (type, bound) in [(NumberType.bfloat16, 2e-2), (.float16, 3e-3)] as [(NumberType, Float)] {
    let narrow = withStoragePrecision(type) { all() }
    #expect(narrow.0 == plain.0)
    for (a, b) in zip(narrow.1, plain.1) {
      let error = (a - b).squared().sum().item.squareRoot() / b.squared().sum().item.squareRoot()
      #expect(error < bound && error > 0, "\(type): \(error)")
    }
  }
  #expect(all().1.map(\.scalars) == plain.1.map(\.scalars))
  let nested = withStoragePrecision(.bfloat16) { withStoragePrecision(.float32) { all() } }
  #expect(nested.1.map(\.scalars) == plain.1.map(\.scalars))
}

@Test func overflowedStepsAreSkippedAndReported() {
  var random = PCG64(seed: 6)
  var model = MultilayerPerceptron(sizes: [2, 3, 1], using: &random)
  var optimizer = Adam(learningRate: 0.1)
  var precision = MixedPrecision(
    .float16, scaler: LossScaler(scale: 1024, growthInterval: 2))
  let x = Tensor([1, 2], shape: [1, 2])
  let before = model.parameters.map(\.value.scalars)
  let bad = precision.step(&model, &optimizer) { $0(x).sum() * .infinity }
  #expect(bad.wasSkipped && precision.skippedSteps == 1 && precision.scaler.scale == 512)
  #expect(model.parameters.map(\.value.scalars) == before && optimizer.step == 0)
  let good = precision.step(&model, &optimizer) { $0(x).sum() }
  #expect(!good.wasSkipped && good.scale == 512 && precision.scaler.goodSteps == 1)
  #expect(optimizer.step == 1 && good.gradientNorm.isFinite)
  precision.step(&model, &optimizer) { $0(x).sum() }
  #expect(precision.scaler.scale == 1024 && precision.scaler.goodSteps == 0)
  // A factor of two is exact: the scale changes no bit of the update.
  var plain = model
  var (first, second) = (optimizer, optimizer)
  var unscaled = MixedPrecision(.float16, scaler: .constant(1))
  precision.step(&model, &first) { $0(x).sum() }
  unscaled.step(&plain, &second) { $0(x).sum() }
  #expect(model.parameters.map(\.value.scalars) == plain.parameters.map(\.value.scalars))
}
