import Foundation
import Runtime

/// How many numbers flow into and out of one unit of a weight.
public struct Fans: Sendable, Equatable {
  public var `in`: Int
  public var out: Int

  public init(in: Int, out: Int) {
    self.in = `in`
    self.out = out
  }

  /// Of a matrix `[in, out]` as in `Linear`, or of a kernel `[out, in, …]` as in convolutions.
  public init(of shape: Shape) {
    switch shape.count {
    case 0, 1: fail("Fans", "a weight of shape \(shape) has no fans; give them by number")
    case 2: self.init(in: shape[0], out: shape[1])
    default:
      let field = shape.dropFirst(2).reduce(1, *)
      self.init(in: shape[1] * field, out: shape[0] * field)
    }
  }
}

/// Which side of a weight keeps its variance: activations going forward, or gradients going back.
public enum FanMode: Sendable { case fanIn, fanOut }

extension Activation {
  /// What weights before this activation are scaled by so that variances stay as they are: PyTorch's
  /// `calculate_gain`. Activations near the rectifier for large inputs count as the rectifier.
  public var gain: Float {
    switch self {
    case .identity, .sigmoid: 1
    case .tanh: 5 / 3
    default: Float(2).squareRoot()
    }
  }
}

extension Tensor {
  /// Normal numbers of standard deviation gain / √fan (He et al., 2015), as PyTorch's `kaiming_normal_`.
  ///
  /// - Parameter fans: Of the shape, where left out: `[in, out]` for matrices, `[out, in, …]` for kernels.
  public static func kaimingNormal(
    _ shape: Shape, gain: Float = Activation.relu.gain, mode: FanMode = .fanIn, fans: Fans? = nil,
    using random: inout PCG64
  ) -> Tensor {
    .normal(shape, standardDeviation: kaiming(shape, gain, mode, fans), using: &random)
  }

  /// Uniform numbers of standard deviation gain / √fan (He et al., 2015), as PyTorch's
  /// `kaiming_uniform_`.
  public static func kaimingUniform(
    _ shape: Shape, gain: Float = Activation.relu.gain, mode: FanMode = .fanIn, fans: Fans? = nil,
    using random: inout PCG64
  ) -> Tensor {
    let bound = Double(3).squareRoot() * kaiming(shape, gain, mode, fans)
    return .uniform(shape, -bound..<bound, using: &random)
  }

  private static func kaiming(_ shape: Shape, _ gain: Float, _ mode: FanMode, _ fans: Fans?)
    -> Double
  {
    let fans = fans ?? Fans(of: shape)
    return Double(gain) / Double(Swift.max(mode == .fanIn ? fans.in : fans.out, 1)).squareRoot()
  }

  /// Normal numbers of variance gain² · 2 / (in + out) (Glorot and Bengio, 2010), as PyTorch's
  /// `xavier_normal_`.
  public static func xavierNormal(
    _ shape: Shape, gain: Float = 1, fans: Fans? = nil, using random: inout PCG64
  ) -> Tensor {
    .normal(shape, standardDeviation: xavier(shape, gain, fans), using: &random)
  }

  /// Uniform numbers of variance gain² · 2 / (in + out) (Glorot and Bengio, 2010), as PyTorch's
  /// `xavier_uniform_`.
  public static func xavierUniform(
    _ shape: Shape, gain: Float = 1, fans: Fans? = nil, using random: inout PCG64
  ) -> Tensor {
    let bound = Double(3).squareRoot() * xavier(shape, gain, fans)
    return .uniform(shape, -bound..<bound, using: &random)
  }

  private static func xavier(_ shape: Shape, _ gain: Float, _ fans: Fans?) -> Double {
    let fans = fans ?? Fans(of: shape)
    return Double(gain) * (2 / Double(Swift.max(fans.in + fans.out, 1))).squareRoot()
  }

  /// Uniform on ±1/√fanIn: what PyTorch's `nn.Linear` starts with.
  public static func uniformFanIn(_ shape: Shape, fanIn: Int, using random: inout PCG64) -> Tensor {
    let bound = 1 / Double(Swift.max(fanIn, 1)).squareRoot()
    return .uniform(shape, -bound..<bound, using: &random)
  }

  /// Independent numbers, uniform on `range`.
  public static func uniform(
    _ shape: Shape, _ range: Range<Double> = 0..<1, using random: inout PCG64
  ) -> Tensor {
    Tensor(shape: shape) { out in
      for i in out.indices { out[i] = Float(random.uniform(range.lowerBound, range.upperBound)) }
    }
  }

  /// Independent normal numbers.
  public static func normal(
    _ shape: Shape, mean: Double = 0, standardDeviation: Double = 1, using random: inout PCG64
  ) -> Tensor {
    Tensor(shape: shape) { out in
      for i in out.indices { out[i] = Float(random.normal(mean, standardDeviation)) }
    }
  }

  /// Normal numbers given that they lie in `range` (by default ±2 standard deviations of 1), exactly: by
  /// rejection, never by clipping. `range` is in units of the result, as PyTorch's `trunc_normal_` has it.
  public static func truncatedNormal(
    _ shape: Shape, mean: Double = 0, standardDeviation: Double = 1,
    in range: ClosedRange<Double> = -2...2, using random: inout PCG64
  ) -> Tensor {
    if !(standardDeviation > 0) {
      fail("truncatedNormal", "the standard deviation is \(standardDeviation), not above 0")
    }
    let low = (range.lowerBound - mean) / standardDeviation
    let high = (range.upperBound - mean) / standardDeviation
    return Tensor(shape: shape) { out in
      for i in out.indices {
        let z = random.truncatedNormal(low, high)
        out[i] = Float(mean + standardDeviation * z)
      }
    }
  }
}

extension PCG64 {
  /// A standard normal number given that it lies in low ... high (Robert, 1995).
  ///
  /// Proposals are normal where the range holds a good part of the distribution, uniform where it is
  /// narrow, and exponential in a tail: no range makes it wait long.
  mutating func truncatedNormal(_ low: Double, _ high: Double) -> Double {
    if low > 0 || high < 0 {
      let isLeft = high < 0
      let z = isLeft ? truncatedTail(-high, -low) : truncatedTail(low, high)
      return isLeft ? -z : z
    }
    if high - low > 1.5 {
      while true {
        let z = standardNormal()
        if z >= low && z <= high { return z }
      }
    }
    while true {
      let z = uniform(low, high)
      if random() <= exp(-z * z / 2) { return z }
    }
  }

  /// As above for 0 < low ≤ high.
  private mutating func truncatedTail(_ low: Double, _ high: Double) -> Double {
    // The density falls by e over about 1/low: narrower ranges are nearly uniform.
    if (high - low) * (high + low) < 4 {
      while true {
        let z = uniform(low, high)
        if random() <= exp((low * low - z * z) / 2) { return z }
      }
    }
    let rate = (low + (low * low + 4).squareRoot()) / 2
    while true {
      let z = low + standardExponential() / rate
      if z <= high && random() <= exp(-(z - rate) * (z - rate) / 2) { return z }
    }
  }
}
