import Runtime

/// Maps observations to bounds of one's own, as Gymnasium's `RescaleObservation`.
///
/// ```swift
/// let car = RescaleObservation(MountainCar(), to: -1...1)
/// ```
public struct RescaleObservation<Base: Environment>: Wrapper
where Base.Element == Float, Base.ObservationSpace == Box {
  public typealias Element = Float
  public typealias Action = Base.Action
  public typealias ObservationSpace = Box
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  @usableFromInline let scale: AffineScale

  public init(_ base: Base, to range: ClosedRange<Double>) {
    let count = base.observationSpace.flatSize
    self.init(
      base, low: Array(repeating: range.lowerBound, count: count),
      high: Array(repeating: range.upperBound, count: count))
  }

  /// With bounds for each number; an infinite one must be the environment's own.
  public init(_ base: Base, low: [Double], high: [Double]) {
    scale = AffineScale("RescaleObservation", from: base.observationSpace, low: low, high: high)
    self.base = base
  }

  public var observationSpace: Box { scale.box(like: base.observationSpace) }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    base.observe(into: &observation)
    for index in scale.gradient.indices {
      observation[index] = scale.gradient[index] * observation[index] + scale.intercept[index]
    }
  }

  public var stateFault: String? { base.stateFault ?? scale.fault(for: base.observationSpace) }
}

/// Shifts and scales each number of the observation to mean zero and variance one, with statistics
/// that each environment gathers for itself, in Float32, as Gymnasium's `NormalizeObservation`.
///
/// The statistics outlive episodes and are saved with the environment. Agents of this package
/// normalise observations themselves, over all their environments (`norm_obs`): use one or the
/// other.
///
/// Source: Gymnasium 1.4.
public struct NormalizeObservation<Base: Environment>: Wrapper
where Base.Element == Float, Base.ObservationSpace == Box {
  public typealias Element = Float
  public typealias Action = Base.Action
  public typealias ObservationSpace = Box
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  /// Added to the variance.
  public let epsilon: Float
  /// Whether observations go into the statistics; switch it off to evaluate.
  public var updatesStatistics = true
  /// Of each number, `[observationSpace.flatSize]`.
  @inlinable public var mean: [Float] { means }
  @inlinable public var variance: [Float] { variances }

  @usableFromInline var means: [Float]
  @usableFromInline var variances: [Float]
  @usableFromInline var count = 1e-4

  public init(_ base: Base, epsilon: Float = 1e-8) {
    if !(epsilon > 0) { stop("NormalizeObservation", "epsilon is \(epsilon); it must be positive") }
    self.base = base
    self.epsilon = epsilon
    means = Array(repeating: 0, count: base.observationSpace.flatSize)
    variances = Array(repeating: 1, count: means.count)
  }

  public var observationSpace: Box {
    Box(shape: base.observationSpace.shape, in: -Double.infinity...Double.infinity)
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    base.reset(using: &random)
    if updatesStatistics { update() }
  }

  @inlinable
  public mutating func step(_ action: Base.Action, using random: inout PCG64) -> StepResult {
    let result = base.step(action, using: &random)
    if updatesStatistics { update() }
    return result
  }

  @inlinable
  mutating func update() {
    let total = count + 1
    let (old, new) = (Float(count), Float(total))
    Self.add(base, to: &means, &variances, old, new)
    count = total
  }

  @inlinable
  static func add(
    _ base: Base, to mean: inout [Float], _ variance: inout [Float], _ old: Float, _ new: Float
  ) {
    base.withObservation(count: mean.count) { row in
      for index in row.indices {
        let delta = row[index] - mean[index]
        mean[index] += delta / new
        variance[index] = (variance[index] * old + delta * delta * old / new) / new
      }
    }
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    base.observe(into: &observation)
    for index in means.indices {
      observation[index] =
        (observation[index] - means[index]) / (variances[index] + epsilon).squareRoot()
    }
  }

  public var stateFault: String? {
    if let fault = base.stateFault { return fault }
    let size = base.observationSpace.flatSize
    return fault("means", count: means.count, for: size)
      ?? fault("variances", count: variances.count, for: size)
  }
}

/// Shows the steps since the reset as one more number at the end of the observation, as Gymnasium's
/// `TimeAwareObservation` does when it flattens.
///
/// Without it a task with a time limit hides part of its state. Source: F. Pardo et al., "Time
/// Limits in Reinforcement Learning", 2018.
public struct TimeAware<Base: Environment>: Wrapper
where Base.Element == Float, Base.ObservationSpace == Box {
  public typealias Element = Float
  public typealias Action = Base.Action
  public typealias ObservationSpace = Box
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  /// The steps that an episode can have.
  public let limit: Int
  /// Whether the time is shown as a share of the limit, from 0 to 1.
  public let isNormalized: Bool
  @usableFromInline var elapsed = 0
  /// Numbers that the environment observes.
  @usableFromInline let size: Int

  public init(_ base: Base, limit: Int, normalized: Bool = false) {
    if limit < 1 { stop("TimeAware", "the limit is \(limit) steps; it must be at least one") }
    self.base = base
    self.limit = limit
    isNormalized = normalized
    size = base.observationSpace.flatSize
  }

  /// With the limit of the ``TimeLimit`` inside.
  public init<Inner>(_ base: Base, normalized: Bool = false) where Base == TimeLimit<Inner> {
    self.init(base, limit: base.steps, normalized: normalized)
  }

  public var observationSpace: Box {
    let space = base.observationSpace
    return Box(
      low: space.low + [0], high: space.high + [isNormalized ? 1 : Double(limit)],
      of: .common([space.elementType, isNormalized ? .float32 : .int32]))
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    elapsed = 0
    base.reset(using: &random)
  }

  @inlinable
  public mutating func step(_ action: Base.Action, using random: inout PCG64) -> StepResult {
    elapsed += 1
    return base.step(action, using: &random)
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    base.observe(into: &observation, count: size)
    observation[size] = isNormalized ? Float(Double(elapsed) / Double(limit)) : Float(elapsed)
  }

  public var stateFault: String? {
    base.stateFault ?? fault("time limit", limit, in: 1...countRange.upperBound)
      ?? fault("elapsed steps", elapsed, in: countRange)
      ?? fault("numbers observed", count: size, for: base.observationSpace.flatSize)
  }
}

/// Adds normally distributed noise to each number of the observation, drawn from the environment's
/// own stream when it steps, so that looking twice shows the same.
///
/// Bounds do not hold any more: the space is unbounded.
public struct AddNoise<Base: Environment>: Wrapper
where Base.Element == Float, Base.ObservationSpace == Box {
  public typealias Element = Float
  public typealias Action = Base.Action
  public typealias ObservationSpace = Box
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  /// Of each number, in its own unit.
  public let standardDeviations: [Float]
  @usableFromInline var noise: [Float]

  public init(_ base: Base, standardDeviation: Float) {
    let count = base.observationSpace.flatSize
    self.init(base, standardDeviations: Array(repeating: standardDeviation, count: count))
  }

  public init(_ base: Base, standardDeviations: [Float]) {
    let count = base.observationSpace.flatSize
    if standardDeviations.count != count {
      stop(
        "AddNoise",
        "\(standardDeviations.count) standard deviations were given for \(count) numbers; there must "
          + "be one each")
    }
    if let bad = standardDeviations.first(where: { !($0 >= 0 && $0.isFinite) }) {
      stop("AddNoise", "a standard deviation is \(bad); it must be finite and not negative")
    }
    self.base = base
    self.standardDeviations = standardDeviations
    noise = Array(repeating: 0, count: count)
  }

  public var observationSpace: Box {
    Box(shape: base.observationSpace.shape, in: -Double.infinity...Double.infinity)
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    base.reset(using: &random)
    draw(using: &random)
  }

  @inlinable
  public mutating func step(_ action: Base.Action, using random: inout PCG64) -> StepResult {
    let result = base.step(action, using: &random)
    draw(using: &random)
    return result
  }

  @inlinable
  mutating func draw(using random: inout PCG64) {
    for index in noise.indices {
      noise[index] = Float(random.standardNormal()) * standardDeviations[index]
    }
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    base.observe(into: &observation)
    for index in noise.indices { observation[index] += noise[index] }
  }

  public var stateFault: String? {
    if let fault = base.stateFault { return fault }
    let size = base.observationSpace.flatSize
    return fault("standard deviations", count: standardDeviations.count, for: size)
      ?? fault("numbers of noise", count: noise.count, for: size)
  }
}
