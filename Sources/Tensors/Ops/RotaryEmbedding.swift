import Foundation

/// Rotary position embedding (RoPE; Su et al., 2021): pairs of a head's numbers are turned by angles
/// that grow with the position, so that q · k depends on the distance of the two tokens.
///
/// ```swift
/// let rotary = RotaryEmbedding(dim: 64, base: 500_000)
/// let table = rotary.table(positions: 0..<512)     // once for all layers
/// let y = attention(q.rotated(by: table), k.rotated(by: table), v, mask: .causal)
/// ```
public struct RotaryEmbedding: Sendable, Hashable {
  /// Which numbers make a pair.
  public enum Layout: String, Sendable, Codable {
    /// i and i + dim / 2, as GPT-NeoX and the Llama checkpoints of transformers have it.
    case halves
    /// 2 i and 2 i + 1, as the paper, GPT-J and Meta's own Llama files have it.
    case interleaved
  }

  /// How a checkpoint stretches the positions it was trained with; names and numbers as in the
  /// `rope_scaling` of its configuration file.
  public enum Scaling: Sendable, Hashable {
    case none
    /// Positions divided by `factor` (Chen et al., 2023).
    case linear(factor: Double)
    /// A larger base once a sequence is longer than `originalContext`. A token's result then depends on
    /// the length of its sequence.
    case dynamicNTK(factor: Double, originalContext: Int)
    /// Llama 3.1: low frequencies divided by `factor`, high ones kept, those between interpolated.
    case llama3(
      factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContext: Int)
    /// YaRN (Peng et al., 2023).
    case yarn(YaRN)
    /// LongRoPE (Ding et al., 2024), as Phi-3: a divisor for each pair, other ones beyond
    /// `originalContext`; `factor` is the extended context over the original one.
    case longRoPE(short: [Double], long: [Double], factor: Double, originalContext: Int)
  }

  /// The numbers of YaRN; those that are nil are inferred as transformers does.
  public struct YaRN: Sendable, Hashable {
    public var factor: Double
    public var originalContext: Int
    public var betaFast: Double
    public var betaSlow: Double
    public var attentionFactor: Double?
    public var mscale: Double?
    public var mscaleAllDim: Double?
    public var truncate: Bool

    public init(
      factor: Double, originalContext: Int, betaFast: Double = 32, betaSlow: Double = 1,
      attentionFactor: Double? = nil, mscale: Double? = nil, mscaleAllDim: Double? = nil,
      truncate: Bool = true
    ) {
      self.factor = factor
      self.originalContext = originalContext
      self.betaFast = betaFast
      self.betaSlow = betaSlow
      self.attentionFactor = attentionFactor
      self.mscale = mscale
      self.mscaleAllDim = mscaleAllDim
      self.truncate = truncate
    }
  }

  /// How many of a head's numbers are turned: all, or fewer with a partial rotary factor.
  public var dim: Int
  public var base: Double
  public var layout: Layout
  public var scaling: Scaling

  public init(
    dim: Int, base: Double = 10_000, layout: Layout = .halves, scaling: Scaling = .none
  ) {
    if dim < 0 || dim % 2 != 0 { fail("RotaryEmbedding", "cannot turn \(dim) numbers in pairs") }
    if case .longRoPE(let short, let long, _, _) = scaling,
      short.count != dim / 2 || long.count != dim / 2
    {
      fail(
        "RotaryEmbedding",
        "\(short.count) short and \(long.count) long factors for \(dim / 2) pairs")
    }
    self.dim = dim
    self.base = base
    self.layout = layout
    self.scaling = scaling
  }

  /// The table for a run of positions.
  ///
  /// - Parameter length: How long the sequence is where the scaling depends on it; one past the last
  ///   position where nil.
  public func table(positions: Range<Int>, length: Int? = nil) -> RotaryTable {
    table(positions: Array(positions), length: length)
  }

  /// The table for tokens at the given positions, such as those of packed sequences.
  public func table(positions: [Int], length: Int? = nil) -> RotaryTable {
    let (frequencies, factor) = frequencies(length: length ?? (positions.max() ?? -1) + 1)
    // Products in Float, as transformers computes them, so that distant positions agree too.
    let angles = positions.map { position in frequencies.map { Float(position) * $0 } }
    return RotaryTable(angles: angles, dim: dim, layout: layout, factor: factor)
  }

  /// The table for packed sequences, each of whose positions begin at 0.
  public func table(_ sequences: SequenceOffsets) -> RotaryTable {
    table(positions: (0..<sequences.count).flatMap { Array(0..<sequences[$0].count) })
  }

  /// Radians a position for each pair, and what the rotated numbers are multiplied by besides.
  public func frequencies(length: Int = 0) -> (frequencies: [Float], factor: Float) {
    switch scaling {
    case .none: return (plain(base), 1)
    case .linear(let factor): return (plain(base).map { $0 / Float(factor) }, 1)
    case .dynamicNTK(let factor, let originalContext):
      let context = Double(originalContext)
      let growth = factor * Double(Swift.max(length, originalContext)) / context - (factor - 1)
      return (plain(base * pow(growth, Double(dim) / Double(dim - 2))), 1)
    case .llama3(let factor, let low, let high, let originalContext):
      return (plain(base).map { llama3($0, factor, low, high, Double(originalContext)) }, 1)
    case .yarn(let yarn): return self.yarn(yarn)
    case .longRoPE(let short, let long, let factor, let originalContext):
      let divisors = length > originalContext ? long : short
      let gain = factor <= 1 ? 1 : (1 + log(factor) / log(Double(originalContext))).squareRoot()
      return (zip(divisors, powers(base)).map { 1 / (Float($0) * $1) }, Float(gain))
    }
  }

  /// base^(2i / dim), in Float as transformers computes it.
  private func powers(_ base: Double) -> [Float] {
    (0..<dim / 2).map { Float(pow(base, Double(Float(2 * $0) / Float(dim)))) }
  }

  private func plain(_ base: Double) -> [Float] { powers(base).map { 1 / $0 } }

  private func llama3(
    _ frequency: Float, _ factor: Double, _ low: Double, _ high: Double, _ context: Double
  ) -> Float {
    let wavelength = 2 * Float.pi / frequency
    if wavelength < Float(context / high) { return frequency }
    let divided = frequency / Float(factor)
    if wavelength > Float(context / low) { return divided }
    let smooth = (Float(context) / wavelength - Float(low)) / Float(high - low)
    return (1 - smooth) * divided + smooth * frequency
  }

  private func yarn(_ yarn: YaRN) -> (frequencies: [Float], factor: Float) {
    func gain(_ scale: Double, _ mscale: Double = 1) -> Double {
      scale <= 1 ? 1 : 0.1 * mscale * log(scale) + 1
    }
    var factor = yarn.attentionFactor ?? gain(yarn.factor)
    if yarn.attentionFactor == nil, let mscale = yarn.mscale, let all = yarn.mscaleAllDim,
      mscale != 0, all != 0
    {
      factor = gain(yarn.factor, mscale) / gain(yarn.factor, all)
    }
    /// The pair that turns so many times within the original context.
    func pair(_ turns: Double) -> Double {
      Double(dim) * log(Double(yarn.originalContext) / (turns * 2 * .pi)) / (2 * log(base))
    }
    var (low, high) = (pair(yarn.betaFast), pair(yarn.betaSlow))
    if yarn.truncate { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    (low, high) = (Swift.max(low, 0), Swift.min(high, Double(dim - 1)))
    if low == high { high += 0.001 }
    let frequencies = powers(base).enumerated().map { i, power in
      let ramp = Swift.min(Swift.max((Float(i) - Float(low)) / Float(high - low), 0), 1)
      let kept = 1 - ramp
      return 1 / (Float(yarn.factor) * power) * (1 - kept) + 1 / power * kept
    }
    return (frequencies, Float(factor))
  }
}

extension RotaryTable {
  static func cosine(_ angle: Float) -> Float { Float(cos(Double(angle))) }
  static func sine(_ angle: Float) -> Float { Float(sin(Double(angle))) }
}
