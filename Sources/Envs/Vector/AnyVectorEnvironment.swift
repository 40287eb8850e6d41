public import Foundation
public import Runtime

/// What a vector of environments offers whatever its type: ``VectorEnvironment`` and
/// ``AnyVectorEnvironment``.
public protocol VectorizedEnvironments: Sendable {
  /// How many environments there are.
  var count: Int { get }
  /// What the registry says of them, if it made them.
  var spec: EnvironmentSpec? { get }
  var observationSpace: any Space { get }
  var actionSpace: any Space { get }
  /// Elements of an observation row.
  var observationSize: Int { get }
  /// Whether observation rows hold bytes rather than Float32.
  var observesBytes: Bool { get }
  /// Numbers of an action row.
  var actionSize: Int { get }
  /// Entries of an action mask; 0 if there is none.
  var maskSize: Int { get }
  /// The names of what ``StepRows/finalMetrics`` holds, in order.
  var metricNames: [String] { get }
  /// Steps after which an episode is truncated.
  var timeLimit: Int? { get }

  /// Where observations hold their goals, if these are ``GoalEnvironment``s.
  var goals: GoalColumns? { get }

  /// Gives the body what steps the environments.
  mutating func withStepper<R>(_ body: (VectorStepper) throws -> R) rethrows -> R

  /// Begins the episodes that Gymnasium's vector of environments begins with this seed.
  mutating func reset(seed: UInt64)

  /// Begins new episodes everywhere, environment i's drawing from stream i.
  mutating func reset(using streams: [PCG64])

  /// `count` new environments made as these were, in turn, with streams spawned from another seed.
  func fresh(count: Int, seed: UInt64) -> Self

  /// What environment n looks like now, without marks if it does not draw itself.
  func scene(of n: Int) -> Scene

  /// Environment n as an episode of its own, a fork.
  func episode(_ n: Int) -> AnyEpisode

  /// Every episode mid-way and every stream, as JSON that reads back exactly.
  func encodedState() throws -> Data

  /// Goes on from a saved state.
  ///
  /// - Throws: ``EnvironmentError`` if it was saved from other environments.
  mutating func restoreState(_ data: Data) throws

  /// Checks that observations fill their rows and no more, before a training run relies on it.
  ///
  /// - Throws: ``EnvironmentError`` naming what is wrong.
  func checkRows() throws

  /// Runs ``checkEnvironment(_:seed:steps:episodesAreIndependent:countingAllocations:)`` on the first
  /// of these environments.
  ///
  /// - Throws: ``EnvironmentError`` naming the first thing wrong.
  func check(
    seed: UInt64, steps: Int, episodesAreIndependent: Bool, countingAllocations: (() -> Int)?
  ) throws(EnvironmentError)

  /// Lends these environments with their type erased.
  mutating func withErased<R>(_ body: (inout AnyVectorEnvironment) throws -> R) rethrows -> R
}

/// A vector of environments whose type only running tells: what the registry hands out and agents
/// train on.
///
/// Erasure costs one dynamic call a slice and step.
public struct AnyVectorEnvironment: VectorizedEnvironments {
  private var base: any VectorizedEnvironments
  public internal(set) var spec: EnvironmentSpec?
  /// What times the steps, if anything does.
  public var clock: StepClock?

  public init<E>(_ environments: VectorEnvironment<E>) {
    base = environments
  }

  public var count: Int { base.count }
  public var observationSpace: any Space { base.observationSpace }
  public var actionSpace: any Space { base.actionSpace }
  public var observationSize: Int { base.observationSize }
  public var observesBytes: Bool { base.observesBytes }
  public var actionSize: Int { base.actionSize }
  public var maskSize: Int { base.maskSize }
  public var metricNames: [String] { base.metricNames }
  public var timeLimit: Int? { base.timeLimit }
  public var goals: GoalColumns? { base.goals }

  public mutating func withStepper<R>(_ body: (VectorStepper) throws -> R) rethrows -> R {
    guard let clock else { return try base.withStepper(body) }
    return try withExtendedLifetime(clock) {
      try base.withStepper { stepper in
        var stepper = stepper
        stepper.clock = UnsafeMutableRawPointer(clock.counters)
        return try body(stepper)
      }
    }
  }

  public mutating func reset(seed: UInt64) { base.reset(seed: seed) }

  public mutating func reset(using streams: [PCG64]) { base.reset(using: streams) }

  public func fresh(count: Int, seed: UInt64) -> AnyVectorEnvironment {
    var result = self
    result.base = base.fresh(count: count, seed: seed)
    result.clock = nil
    return result
  }

  public func scene(of n: Int) -> Scene { base.scene(of: n) }

  public func episode(_ n: Int) -> AnyEpisode {
    var episode = base.episode(n)
    episode.spec = spec
    return episode
  }

  public func encodedState() throws -> Data { try base.encodedState() }

  public mutating func restoreState(_ data: Data) throws { try base.restoreState(data) }

  public func checkRows() throws { try base.checkRows() }

  public func check(
    seed: UInt64 = 123, steps: Int = 1_000, episodesAreIndependent: Bool = true,
    countingAllocations allocations: (() -> Int)? = nil
  ) throws(EnvironmentError) {
    try base.check(
      seed: seed, steps: steps, episodesAreIndependent: episodesAreIndependent,
      countingAllocations: allocations)
  }

  public mutating func withErased<R>(
    _ body: (inout AnyVectorEnvironment) throws -> R
  ) rethrows -> R {
    try body(&self)
  }

  /// The environments with their type, if it is this one.
  public func typed<E>(as type: E.Type = E.self) -> VectorEnvironment<E>? {
    base as? VectorEnvironment<E>
  }
}

extension VectorEnvironment: VectorizedEnvironments {
  public var spec: EnvironmentSpec? { nil }
  public var observationSpace: any Space { environments[0].observationSpace }
  public var actionSpace: any Space { actions }
  public var observesBytes: Bool { E.Element.self == UInt8.self }
  public var metricNames: [String] { E.metricNames }
  public var goals: GoalColumns? { (environments[0] as? any GoalEnvironment)?.goalColumns }

  public func scene(of n: Int) -> Scene { self[n].scene() }

  public func episode(_ n: Int) -> AnyEpisode { AnyEpisode(self[n]) }

  /// These environments with their type erased, a fork.
  public var erased: AnyVectorEnvironment { AnyVectorEnvironment(self) }

  public mutating func withErased<R>(
    _ body: (inout AnyVectorEnvironment) throws -> R
  ) rethrows -> R {
    var erased = AnyVectorEnvironment(self)
    defer { if let typed = erased.typed(as: E.self) { self = typed } }
    return try body(&erased)
  }
}
