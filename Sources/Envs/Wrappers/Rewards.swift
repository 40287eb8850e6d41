import Runtime

/// Limits rewards to a range, either end of which may be left open, as Gymnasium's `ClipReward`.
///
/// ```swift
/// let clipped = ClipReward(Pendulum(), to: -1...1)
/// ```
public struct ClipReward<Base: Environment>: Wrapper {
  public typealias Element = Base.Element
  public typealias Action = Base.Action
  public typealias ObservationSpace = Base.ObservationSpace
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  @usableFromInline let low: Double
  @usableFromInline let high: Double

  public init(_ base: Base, to range: ClosedRange<Double>) {
    self.init(base, range.lowerBound, range.upperBound)
  }

  /// Only a lower limit.
  public init(_ base: Base, to range: PartialRangeFrom<Double>) {
    self.init(base, range.lowerBound, .infinity)
  }

  /// Only an upper limit.
  public init(_ base: Base, to range: PartialRangeThrough<Double>) {
    self.init(base, -.infinity, range.upperBound)
  }

  private init(_ base: Base, _ low: Double, _ high: Double) {
    self.base = base
    self.low = low
    self.high = high
  }

  @inlinable
  public mutating func step(_ action: Base.Action, using random: inout PCG64) -> StepResult {
    var result = base.step(action, using: &random)
    // This order keeps nan.
    result.reward = min(max(result.reward, low), high)
    return result
  }
}

/// Scales rewards so that their discounted sum has a variance near one, with statistics that each
/// environment gathers for itself, as Gymnasium's `NormalizeReward`.
///
/// The statistics outlive episodes and are saved with the environment. Agents of this package
/// normalise rewards themselves, over all their environments (`norm_reward`): use one or the other.
///
/// Source: Gymnasium 1.4; the running variance is Chan's (T. F. Chan, G. H. Golub and R. J. LeVeque,
/// "Updating formulae and a pairwise algorithm for computing sample variances", 1979).
public struct NormalizeReward<Base: Environment>: Wrapper {
  public typealias Element = Base.Element
  public typealias Action = Base.Action
  public typealias ObservationSpace = Base.ObservationSpace
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  public let gamma: Double
  /// Added to the variance.
  public let epsilon: Double
  /// Whether rewards go into the statistics; switch it off to evaluate.
  public var updatesStatistics = true
  /// Of the discounted sums.
  @usableFromInline var moments = RunningMoments()
  /// The rewards so far, each discounted once a step.
  @usableFromInline var discounted = 0.0

  public init(_ base: Base, gamma: Double = 0.99, epsilon: Double = 1e-8) {
    if !(0...1).contains(gamma) {
      stop("NormalizeReward", "gamma is \(gamma); it must lie in 0 ... 1")
    }
    if !(epsilon > 0) { stop("NormalizeReward", "epsilon is \(epsilon); it must be positive") }
    self.base = base
    self.gamma = gamma
    self.epsilon = epsilon
  }

  @inlinable
  public mutating func step(_ action: Base.Action, using random: inout PCG64) -> StepResult {
    var result = base.step(action, using: &random)
    // Gymnasium forgets the sum in the step that terminates, before it adds its reward, and keeps
    // it through truncations.
    discounted = discounted * gamma * (result.ending == .terminated ? 0 : 1) + result.reward
    if updatesStatistics { moments.add(discounted) }
    result.reward /= (moments.variance + epsilon).squareRoot()
    return result
  }
}

/// A mean and a variance that samples are added to one by one, Gymnasium's `RunningMeanStd`.
@usableFromInline
struct RunningMoments: Codable, Sendable {
  @usableFromInline var mean = 0.0
  @usableFromInline var variance = 1.0
  @usableFromInline var count = 1e-4

  @inlinable
  mutating func add(_ sample: Double) {
    let delta = sample - mean
    let total = count + 1
    mean += delta / total
    variance = (variance * count + delta * delta * count / total) / total
    count = total
  }
}
