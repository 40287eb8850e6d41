import Runtime
import Tensors
import Testing

@Test func aCopyIsASnapshot() {
  var x = Tensor([1, 2, 3])
  let copy = x
  x[1] = 20
  x.mutate { $0[0] = 10 }
  #expect(copy.scalars == [1, 2, 3])
  #expect(x.scalars == [10, 20, 3])
}

@Test func aWriteToABroadcastCopiesFirst() {
  let row = Tensor([1, 2, 3])
  var expanded = row.broadcast(to: [2, 3])
  expanded[0, 1] = 50
  #expect(expanded.scalars == [1, 50, 3, 1, 2, 3])
  #expect(row.scalars == [1, 2, 3])
}

@Test func aWriteToAViewCopiesFirst() {
  let matrix = Tensor([1, 2, 3, 4], shape: [2, 2])
  var row = matrix.sliced(1..<2)
  row[0, 0] = 30
  var transposed = matrix.transposed()
  transposed[0, 1] = 99
  #expect(matrix.scalars == [1, 2, 3, 4])
  #expect(transposed.scalars == [1, 99, 2, 4])
}

@Test func aWriteToWhatTheTapeNeedsDoesNotChangeTheGradient() {
  let (_, gradient) = valueWithGradient(at: Tensor([1, 2, 3])) { x in
    var y = x.exp()
    let sum = y.sum()
    // The derivative of exp reads y: without the copy it would read zeros.
    y.mutate { $0.update(repeating: 0) }
    return sum
  }
  #expect(gradient.scalars == Tensor([1, 2, 3]).exp().scalars)
}

@Test func aWrittenTensorIsAConstant() {
  let (_, gradient) = valueWithGradient(at: Tensor([1, 2])) { x in
    var y = x * 3
    y[0] = 5
    return y.sum() + x.sum()
  }
  #expect(gradient.scalars == [1, 1])
}

@Test func unsafeAccessToSharedStorageIsRefused() throws {
  var x = Tensor([1, 2, 3])
  try x.withUnsafeMutableStorage { $0[0] = 7 }
  #expect(x[0] == 7)
  let copy = x
  #expect(throws: SharedStorage.self) { try x.withUnsafeMutableStorage { $0[0] = 8 } }
  #expect(copy[0] == 7)
  var expanded = Tensor([1]).broadcast(to: [4])
  let refusal = #expect(throws: SharedStorage.self) {
    try expanded.withUnsafeMutableStorage { _ in }
  }
  #expect(refusal?.description.contains("copy") == true)
}

@Test func aModelCopyIsATargetNetwork() {
  var random = PCG64(seed: 1)
  var model = MultilayerPerceptron(sizes: [2, 3, 1], using: &random)
  let target = model
  let before = target.parameters.map(\.value.scalars)
  var optimizer = Adam(learningRate: 0.1)
  let (_, gradients) = valueWithGradient(at: model) { $0(Tensor([1, 2], shape: [1, 2])).sum() }
  optimizer.update(&model, gradients)
  #expect(target.parameters.map(\.value.scalars) == before)
  #expect(model.parameters.map(\.value.scalars) != before)
}

@Test func noGradientFlowsThroughDetachedOrUnrecordedValues() {
  let (_, gradient) = valueWithGradient(at: Tensor([3])) { x in
    (x.detached() * x + withoutGradient { x * x }).sum()
  }
  #expect(gradient.scalars == [3])
}

@Test func regionsNest() {
  let (_, outer) = valueWithGradient(at: Tensor([2])) { x in
    let (_, inner) = valueWithGradient(at: x.detached()) { ($0 * $0 * $0).sum() }
    return (inner * x).sum()
  }
  #expect(outer.scalars == [12])
}
