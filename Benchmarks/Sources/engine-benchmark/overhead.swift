import Swirl

/// A chain of a thousand additions of one number, forward and backward: nanoseconds an addition.
func operationOverhead() -> Double {
  func chain() {
    _ = valueWithGradient(at: Tensor(1)) { x in
      var sum = x
      for _ in 0..<1000 { sum = sum + x }
      return sum
    }
  }
  for _ in 0..<50 { chain() }
  let times = (0..<15).map { _ in
    ContinuousClock().measure { for _ in 0..<50 { chain() } } / .nanoseconds(1) / 50_000
  }
  return times.sorted()[7]
}
