import Tensors
import Testing

/// Beside the same loss in small ops, values and gradients, on a view with gaps.
@Test func clippedSurrogateAndSquaredErrorAreTheirFormulas() {
  let table = Tensor([0.5, 9, 0.81, 9, 1, 9, 1.19, 9, 1.5, 9, 3, 9], shape: [6, 2])
  let weights = Tensor([2, -1, 0.5, 3, -2, 0])
  func column(_ x: Tensor) -> Tensor { x.sliced(0..<1, axis: 1).reshaped(to: [6]) }
  func formula(_ x: Tensor) -> Tensor {
    -Tensor.minimum(x * weights, x.clamped(to: 0.8...1.2) * weights)
  }
  let (loss, slope) = valueWithGradient(at: table) {
    clippedSurrogate(column($0), advantages: weights, range: 0.8...1.2).sum()
  }
  let (expected, expectedSlope) = valueWithGradient(at: table) { formula(column($0)).sum() }
  #expect(loss.item == expected.item)
  #expect(slope.scalars == expectedSlope.scalars)

  let (error, errorSlope) = valueWithGradient(at: table) {
    squaredError(column($0), targets: weights).sum()
  }
  let (square, squareSlope) = valueWithGradient(at: table) {
    (column($0) - weights).squared().sum()
  }
  #expect(error.item == square.item)
  #expect(errorSlope.scalars == squareSlope.scalars)
}

@Test func constantTargetsMoveWithTheirOperand() {
  let (x, targets) = (Tensor([0.5, 0.9, 1.1, 1.5]), Tensor([1, -2, 0.5, -1]))
  #expect(checkGradient(at: [x]) { squaredError($0[0], targets: targets) }.isEmpty)
  #expect(checkTangent(at: [x]) { squaredError($0[0], targets: targets) }.isEmpty)
  func clipped(_ inputs: [Tensor]) -> Tensor {
    clippedSurrogate(inputs[0], advantages: targets, range: 0.8...1.2)
  }
  #expect(checkGradient(at: [x], clipped).isEmpty)
  #expect(checkTangent(at: [x], clipped).isEmpty)
}

/// What is not a number stays visible, in the loss and in the gradient.
@Test func constantTargetsKeepNaN() {
  let x = Tensor([Float.nan, 1])
  let (loss, gradient) = valueWithGradient(at: x) {
    clippedSurrogate($0, advantages: Tensor([1, 1]), range: 0.8...1.2).sum()
  }
  #expect(loss.item.isNaN)
  #expect(gradient.scalars[0].isNaN)
  #expect(gradient.scalars[1] == -1)
}
