#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

// Not inlinable: a caller in another module would reach the tables through an accessor anyway, and
// one call costs less than that.
extension PCG64 {
  /// A number of the standard normal distribution, NumPy's `Generator.standard_normal()`.
  ///
  /// Equal bit for bit where the C library's `exp` and `log1p` equal those NumPy was built with:
  /// about one draw in a hundred calls them, and all but those in the tail (0.03 %) only compare.
  ///
  /// Source: G. Marsaglia and W. W. Tsang, "The Ziggurat Method for Generating Random Variables",
  /// 2000.
  public mutating func standardNormal() -> Double {
    while true {
      let bits = next()
      let layer = Int(bits & 0xff)
      let magnitude = bits >> 9 & 0xf_ffff_ffff_ffff
      let distance = Double(magnitude) * Ziggurat.normalScales[layer]
      // The sign without a branch, which would be mispredicted every other time.
      let sample = Double(bitPattern: distance.bitPattern | (bits & 0x100) << 55)
      if magnitude < Ziggurat.normalLimits[layer] { return sample }
      if layer == 0 {
        let tail = normalTail()
        return magnitude >> 8 & 1 == 1 ? -tail : tail
      }
      let height = Ziggurat.normalHeights[layer]
      let rise = Ziggurat.normalHeights[layer - 1] - height
      if rise * random() + height < exp(-0.5 * sample * sample) { return sample }
    }
  }

  /// A number of the normal distribution, NumPy's `Generator.normal(mean, standardDeviation)`.
  public mutating func normal(_ mean: Double, _ standardDeviation: Double) -> Double {
    mean + standardDeviation * standardNormal()
  }

  /// A number of the exponential distribution with mean 1, NumPy's
  /// `Generator.standard_exponential()`.
  public mutating func standardExponential() -> Double {
    while true {
      let bits = next() >> 3
      let layer = Int(bits & 0xff)
      let magnitude = bits >> 8
      let sample = Double(magnitude) * Ziggurat.exponentialScales[layer]
      if magnitude < Ziggurat.exponentialLimits[layer] { return sample }
      if layer == 0 { return 7.69711747013104972 - log1p(-random()) }
      let height = Ziggurat.exponentialHeights[layer]
      let rise = Ziggurat.exponentialHeights[layer - 1] - height
      if rise * random() + height < exp(-sample) { return sample }
    }
  }

  /// A number of the exponential distribution with mean `scale`, NumPy's
  /// `Generator.exponential(scale)`.
  public mutating func exponential(_ scale: Double) -> Double {
    scale * standardExponential()
  }

  /// The distance from zero of a normal number past the last layer.
  private mutating func normalTail() -> Double {
    let edge = 3.6541528853610088
    let inverseEdge = 0.27366123732975828
    while true {
      let past = -inverseEdge * log1p(-random())
      let acceptance = -log1p(-random())
      if acceptance + acceptance > past * past { return edge + past }
    }
  }
}
