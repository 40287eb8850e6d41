import Foundation
import Runtime
import Tensors
import Testing

/// The largest distance between the numbers' empirical distribution and `distribution`, times √n: above
/// 1.95 in one case of a thousand when the numbers have that distribution (Kolmogorov and Smirnov).
private func kolmogorovSmirnov(_ numbers: [Float], _ distribution: (Double) -> Double) -> Double {
  let sorted = numbers.sorted()
  let n = Double(sorted.count)
  var largest = 0.0
  for (i, x) in sorted.enumerated() {
    let p = distribution(Double(x))
    largest = max(largest, p - Double(i) / n, Double(i + 1) / n - p)
  }
  return largest * n.squareRoot()
}

private func normalDistribution(_ z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }

private func checkNormal(_ x: Tensor, deviation: Double) {
  let n = Double(x.count)
  let scalars = x.scalars.map(Double.init)
  let mean = scalars.reduce(0, +) / n
  let variance = scalars.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
  #expect(abs(mean) < 4 * deviation / n.squareRoot())
  #expect(abs(variance / (deviation * deviation) - 1) < 4 * (2 / n).squareRoot())
  #expect(kolmogorovSmirnov(x.scalars) { normalDistribution($0 / deviation) } < 1.95)
}

private func checkUniform(_ x: Tensor, bound: Double) {
  let n = Double(x.count)
  let scalars = x.scalars.map(Double.init)
  #expect(scalars.allSatisfy { abs($0) <= bound * (1 + 1e-6) })
  #expect(abs(scalars.reduce(0, +) / n) < 4 * bound / (3 * n).squareRoot())
  let square = scalars.reduce(0) { $0 + $1 * $1 } / n
  #expect(abs(square / (bound * bound / 3) - 1) < 4 * (0.8 / n).squareRoot())
  #expect(
    kolmogorovSmirnov(x.scalars) { min(max(($0 + bound) / (2 * bound), 0), 1) } < 1.95)
}

@Test func fansOfMatricesAndKernels() {
  #expect(Fans(of: [3, 7]) == Fans(in: 3, out: 7))
  // PyTorch: fan_in = 4 · 3 · 5, fan_out = 8 · 3 · 5 of a kernel [8, 4, 3, 5].
  #expect(Fans(of: [8, 4, 3, 5]) == Fans(in: 60, out: 120))
  #expect(Activation.tanh.gain == 5 / 3 && Activation.identity.gain == 1)
  #expect(Activation.relu.gain == Float(2).squareRoot())
}

@Test func kaimingHasItsDistribution() {
  var random = PCG64(seed: 11)
  let shape: Shape = [50, 200]
  checkNormal(.kaimingNormal(shape, using: &random), deviation: (2.0 / 50).squareRoot())
  checkNormal(
    .kaimingNormal(shape, gain: 1, mode: .fanOut, using: &random),
    deviation: (1.0 / 200).squareRoot())
  checkUniform(.kaimingUniform(shape, using: &random), bound: (6.0 / 50).squareRoot())
  checkUniform(
    .kaimingUniform([32, 16, 3, 3], gain: 1, mode: .fanOut, using: &random),
    bound: (3.0 / 288).squareRoot())
  // PyTorch's default for a linear layer is this with a = √5.
  checkUniform(
    .kaimingUniform(shape, gain: Float(1.0 / 3).squareRoot(), using: &random),
    bound: (1.0 / 50).squareRoot())
  checkUniform(.uniformFanIn(shape, fanIn: 50, using: &random), bound: (1.0 / 50).squareRoot())
}

@Test func xavierHasItsDistribution() {
  var random = PCG64(seed: 12)
  let shape: Shape = [100, 60]
  checkNormal(.xavierNormal(shape, using: &random), deviation: (2.0 / 160).squareRoot())
  checkUniform(
    .xavierUniform(shape, gain: 5 / 3, using: &random), bound: 5.0 / 3 * (6.0 / 160).squareRoot())
  checkNormal(
    .xavierNormal(shape, fans: Fans(in: 1, out: 1), using: &random), deviation: 1)
}

/// Each way of drawing: normal, uniform and exponential proposals, on either side.
@Test(arguments: [
  (-2.0, 2.0), (-1, 0.5), (-0.3, 0.4), (-0.01, 9), (0.5, 1.5), (3, 3.2), (2, 50), (5, .infinity),
  (-7, -4), (-.infinity, 1),
])
func truncatedNormalsAreExact(low: Double, high: Double) {
  var random = PCG64(seed: 13)
  let (mean, deviation) = (0.25, 0.5)
  let range = mean + deviation * low...mean + deviation * high
  let x = Tensor.truncatedNormal(
    [20000], mean: mean, standardDeviation: deviation, in: range, using: &random)
  // From the tail that holds the range, where differences of small numbers are exact.
  let flipped = low > 0
  let (a, b) = flipped ? (-high, -low) : (low, high)
  let (first, last) = (normalDistribution(a), normalDistribution(b))
  let found = kolmogorovSmirnov(flipped ? x.scalars.map { -$0 } : x.scalars) { value in
    let z = flipped ? (value + mean) / deviation : (value - mean) / deviation
    return min(max((normalDistribution(z) - first) / (last - first), 0), 1)
  }
  #expect(found < 1.95)
  #expect(
    x.scalars.allSatisfy {
      Double($0) >= range.lowerBound - 1e-6 && Double($0) <= range.upperBound + 1e-6
    })
}

@Test func initializersDependOnTheStreamAlone() {
  var (a, b) = (PCG64(seed: 14), PCG64(seed: 14))
  #expect(
    Tensor.truncatedNormal([9], using: &a).scalars == Tensor.truncatedNormal([9], using: &b).scalars
  )
  #expect(
    Tensor.kaimingNormal([3, 3], using: &a).scalars
      == Tensor.kaimingNormal([3, 3], using: &b).scalars)
  #expect(a == b)
  #expect(Tensor.kaimingUniform([0, 3], using: &a).count == 0)
  #expect(a == b)
}
