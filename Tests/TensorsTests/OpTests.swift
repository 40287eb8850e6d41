import Foundation
import Tensors
import Testing

/// The largest distance between two lists, relative to 1 + the expected magnitude; equal infinities and
/// NaNs are at distance 0.
func distance(_ found: [Float], _ expected: [Float]) -> Float {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).map { x, y in
    if x == y || (x.isNaN && y.isNaN) { return 0 }
    let d = (x - y).magnitude / (1 + y.magnitude)
    return d.isNaN ? .infinity : d
  }.max() ?? 0
}

@Test(arguments: GoldenCase.all)
func opAgreesWithPyTorchAndDifferences(_ golden: GoldenCase) {
  let inputs = golden.inputs.map(\.tensor)
  let (value, gradients) = vectorJacobianProduct(
    at: inputs, cotangent: { Tensor(golden.cotangent.map(\.value), shape: $0.shape) },
    golden.function)
  #expect(Array(value.shape) == golden.value.shape)
  #expect(distance(value.scalars, golden.value.values.map(\.value)) < 2e-6)
  for (found, expected) in zip(gradients, golden.gradients) {
    #expect(distance(found.scalars, expected.map(\.value)) < 4e-6)
  }
  let isSmall = inputs.allSatisfy { $0.count <= 128 }
  if golden.isSmooth && isSmall {
    #expect(checkGradient(at: inputs, golden.function).isEmpty)
  }
  if golden.isFinite && isSmall {
    // Where differences of gradients say nothing, forward mode must still agree with reverse mode.
    #expect(
      checkTangent(
        at: inputs, hessianTolerance: golden.isSmooth ? 2e-2 : .infinity, golden.function
      ).isEmpty)
  }
  // The same numbers with gaps between them give the same bits.
  let strided = inputs.map { $0.rank < 2 ? $0 : $0.transposed().contiguous().transposed() }
  let (again, gradientsAgain) = vectorJacobianProduct(
    at: strided, cotangent: { Tensor(golden.cotangent.map(\.value), shape: $0.shape) },
    golden.function)
  #expect(bits(again) == bits(value))
  #expect(gradientsAgain.map(bits) == gradients.map(bits))
}

private func bits(_ tensor: Tensor) -> [UInt32] { tensor.scalars.map(\.bitPattern) }

@Test func checkGradientFindsAWrongDerivative() {
  // detached() hides a factor from the tape, which makes the derivative of x · x come out as x.
  let findings = checkGradient(at: [Tensor([1, 2, 3])]) { $0[0] * $0[0].detached() }
  #expect(findings.count == 3)
}

@Test func nonContiguousInputsGiveTheSameValues() {
  let x = Tensor((0..<24).map { Float($0) / 7 - 1 }, shape: [4, 6])
  let view = x.transposed()
  let dense = Tensor(view.scalars, shape: [6, 4])
  #expect((view.exp() - dense.exp()).magnitude().max().item == 0)
  #expect((view + dense).scalars == (dense + dense).scalars)
  #expect(view.sum(axes: [0]).scalars == dense.sum(axes: [0]).scalars)
  #expect(view.matmul(x).scalars == dense.matmul(x).scalars)
  #expect(view.logSoftmax().scalars == dense.logSoftmax().scalars)
  #expect(
    x.sliced(1..<3, axis: 1).scalars == [1, 2, 7, 8, 13, 14, 19, 20].map { Float($0) / 7 - 1 })
}
