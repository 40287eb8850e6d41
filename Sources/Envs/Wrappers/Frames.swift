import Runtime

/// Shows the last observations one after the other, oldest first, as Gymnasium's
/// `FrameStackObservation`; a box of shape `[count] + shape`.
///
/// ```swift
/// let car = FrameStack(MountainCar(), count: 4)   // Box(…, (4, 2), float32)
/// ```
public struct FrameStack<Base: Environment>: Wrapper where Base.ObservationSpace == Box {
  public typealias Element = Base.Element
  public typealias Action = Base.Action
  public typealias ObservationSpace = Box
  public typealias ActionSpace = Base.ActionSpace

  /// What stands in for the observations before an episode's first.
  public enum Padding: String, Sendable, Hashable, Codable {
    /// The first observation.
    case reset
    /// Zeros, or the bounds nearest to zero.
    case zero
  }

  public var base: Base
  /// Observations shown.
  public let count: Int
  public let padding: Padding
  @usableFromInline var frames: FrameRing<Base.Element>

  public init(_ base: Base, count: Int, padding: Padding = .reset) {
    if count < 1 { stop("FrameStack", "\(count) observations cannot be shown; at least one can") }
    self.base = base
    self.count = count
    self.padding = padding
    frames = FrameRing(of: base.observationSpace, count: count)
  }

  public var observationSpace: Box {
    let space = base.observationSpace
    return Box(
      low: Array(repeating: space.low, count: count).flatMap { $0 },
      high: Array(repeating: space.high, count: count).flatMap { $0 },
      shape: [count] + space.shape, of: space.elementType)
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    base.reset(using: &random)
    frames.fillWithZeros()
    frames.push(base)
    if padding == .reset { frames.fillWithNewest() }
  }

  @inlinable
  public mutating func step(_ action: Base.Action, using random: inout PCG64) -> StepResult {
    let result = base.step(action, using: &random)
    frames.push(base)
    return result
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Base.Element>) {
    for age in 0..<count {
      frames.write(age: count - 1 - age, into: &observation, at: age * frames.size)
    }
  }

  public var stateFault: String? {
    base.stateFault ?? frames.fault(of: base.observationSpace, count: count)
  }
}

/// Shows the observation of some steps ago, and zeros before there is one, as Gymnasium's
/// `DelayObservation`.
public struct Delay<Base: Environment>: Wrapper {
  public typealias Element = Base.Element
  public typealias Action = Base.Action
  public typealias ObservationSpace = Base.ObservationSpace
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  /// How many steps late an observation is shown.
  public let steps: Int
  @usableFromInline var frames: FrameRing<Base.Element>

  public init(_ base: Base, steps: Int) {
    if steps < 0 { stop("Delay", "the delay is \(steps) steps; it must not be negative") }
    self.base = base
    self.steps = steps
    frames = FrameRing(of: base.observationSpace, count: steps + 1)
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    base.reset(using: &random)
    frames.fillWithZeros()
    frames.push(base)
  }

  @inlinable
  public mutating func step(_ action: Base.Action, using random: inout PCG64) -> StepResult {
    let result = base.step(action, using: &random)
    frames.push(base)
    return result
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Base.Element>) {
    frames.write(age: steps, into: &observation, at: 0)
  }

  public var stateFault: String? {
    base.stateFault ?? fault("delay", steps, in: countRange)
      ?? frames.fault(of: base.observationSpace, count: steps + 1)
  }
}

/// Takes each action several times, adds up the rewards and shows the larger of the last two
/// observations number by number, since old consoles drew some things only in every other frame; as
/// Gymnasium's `MaxAndSkipObservation`.
///
/// An episode that ends early shows its last observation alone, where Gymnasium shows frames of an
/// earlier step. Source: V. Mnih et al., "Human-level control through deep reinforcement learning",
/// 2015.
public struct MaxAndSkip<Base: Environment>: Wrapper where Base.ObservationSpace == Box {
  public typealias Element = Base.Element
  public typealias Action = Base.Action
  public typealias ObservationSpace = Box
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  /// How often an action is taken.
  public let skip: Int
  /// The last observation but one.
  @usableFromInline var before: [Base.Element]
  /// Whether it counts.
  @usableFromInline var hasBefore = false

  public init(_ base: Base, skip: Int = 4) {
    if skip < 2 {
      stop("MaxAndSkip", "actions are taken \(skip) times; it must be at least twice")
    }
    self.base = base
    self.skip = skip
    before = Array(repeating: Base.Element(0), count: base.observationSpace.flatSize)
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    hasBefore = false
    base.reset(using: &random)
  }

  @inlinable
  public mutating func step(_ action: Base.Action, using random: inout PCG64) -> StepResult {
    var sum = StepResult(reward: 0)
    hasBefore = false
    for index in 0..<skip {
      let result = base.step(action, using: &random)
      sum.reward += result.reward
      sum.ending = result.ending
      if result.ending != .none { break }
      if index == skip - 2 {
        base.observe(into: &before, at: 0, count: before.count)
        hasBefore = true
      }
    }
    return sum
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Base.Element>) {
    base.observe(into: &observation)
    if !hasBefore { return }
    for index in before.indices where before[index].number > observation[index].number {
      observation[index] = before[index]
    }
  }

  public var stateFault: String? {
    base.stateFault ?? fault("skip", skip, in: 2...countRange.upperBound)
      ?? fault("numbers observed", count: before.count, for: base.observationSpace.flatSize)
  }
}

/// The last observations, in a ring of rows.
@usableFromInline
struct FrameRing<Element: ObservationElement>: Codable, Sendable {
  /// Elements of an observation.
  @usableFromInline let size: Int
  @usableFromInline let count: Int
  /// An observation of zeros, or of what is nearest to zero in its space.
  @usableFromInline let zero: [Element]
  /// `[count, size]`.
  @usableFromInline var rows: [Element]
  /// The row written last.
  @usableFromInline var newest = 0

  init(of space: some Space, count: Int) {
    zero = space.zeroRow().map { Element($0) }
    size = zero.count
    self.count = count
    rows = []
    rows.reserveCapacity(size * count)
    for _ in 0..<count { rows += zero }
  }

  func fault(of space: some Space, count: Int) -> String? {
    if self.count < 1 { return "there are \(self.count) frames; there must be at least one" }
    let (total, overflows) = size.multipliedReportingOverflow(by: self.count)
    if overflows { return "\(self.count) frames of \(size) numbers are too many" }
    return firstFault(
      Envs.fault("frames", count: self.count, for: count),
      Envs.fault("numbers observed", count: size, for: space.flatSize),
      Envs.fault("zeros", count: zero.count, for: size),
      Envs.fault("numbers kept", count: rows.count, for: total),
      Envs.fault("newest frame", newest, in: 0...self.count - 1))
  }

  @inlinable
  mutating func push<E: Environment>(_ environment: E) where E.Element == Element {
    newest = newest + 1 == count ? 0 : newest + 1
    environment.observe(into: &rows, at: newest * size, count: size)
  }

  @inlinable
  mutating func fillWithZeros() {
    for row in 0..<count {
      for index in 0..<size { rows[row * size + index] = zero[index] }
    }
  }

  @inlinable
  mutating func fillWithNewest() {
    for row in 0..<count where row != newest {
      for index in 0..<size { rows[row * size + index] = rows[newest * size + index] }
    }
  }

  /// Writes the row that was written `age` rows before the last.
  @inlinable
  func write(age: Int, into observation: inout MutableSpan<Element>, at offset: Int) {
    let row = newest >= age ? newest - age : newest - age + count
    rows.withUnsafeBufferPointer { rows in
      for index in 0..<size { observation[offset + index] = rows[row * size + index] }
    }
  }
}

extension Space {
  /// The member nearest to zero, as Gymnasium's `create_zero_array`.
  func zeroRow() -> [Float] {
    switch self {
    case let space as Box: zip(space.low, space.high).map { Float(min(max(0, $0), $1)) }
    case let space as Discrete: [Float(space.start)]
    case let space as MultiDiscrete: space.start.map { Float($0) }
    case let space as Tuple: space.spaces.flatMap { $0.zeroRow() }
    case let space as Dict: space.spaces.flatMap { $0.zeroRow() }
    case let space as Text:
      (0..<flatSize).map { $0 < space.minLength ? 0 : Float(space.characters.count) }
    default: Array(repeating: 0, count: flatSize)
    }
  }
}
