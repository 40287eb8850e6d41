import Agents
import Tensors
import Testing

/// Worked by hand with ε = 0.2: an increase that helps is cut at 1.2, one that hurts is not, and so on.
@Test func clippedSurrogate() {
  let ratio = Tensor([1.5, 1.5, 0.5, 0.5, 1])
  let advantages = Tensor([2, -2, 2, -2, 3])
  let loss = clippedSurrogateLoss(ratio: ratio, advantages: advantages, clipRange: 0.2)
  for (found, expected) in zip(loss.scalars, [-2.4, 3, -1, 1.6, -3] as [Float]) {
    #expect((found - expected).magnitude < 1e-6)
  }
}

/// No gradient reaches a ratio that is cut.
@Test func clippedSurrogateGradient() {
  let (_, gradient) = valueWithGradient(at: Tensor([1.5, 1.5, 0.5, 0.5])) { ratio in
    clippedSurrogateLoss(ratio: ratio, advantages: Tensor([2, -2, 2, -2]), clipRange: 0.2).sum()
  }
  #expect(gradient.scalars == [0, 2, -2, 0])
}

@Test func valueLosses() {
  let (values, returns) = (Tensor([1, 2, 3]), Tensor([0, 2, 5]))
  #expect(valueLoss(values: values, returns: returns).scalars == [1, 0, 4])
  // Old values 0: V is held at ±0.5 of them, which is never better than V itself under the maximum.
  let clipped = clippedValueLoss(
    values: values, oldValues: Tensor([0, 0, 0]), returns: returns, clipRange: 0.5)
  #expect(clipped.scalars == [1, 2.25, 20.25])
}

@Test func approximateKLIsZeroAtEqualityAndPositiveElsewhere() {
  let kl = approximateKL(logRatio: Tensor([0, 0.1, -0.1])).scalars
  #expect(kl[0] == 0)
  #expect((kl[1] - 0.005170918).magnitude < 1e-6)
  #expect((kl[2] - 0.004837418).magnitude < 1e-6)
}
