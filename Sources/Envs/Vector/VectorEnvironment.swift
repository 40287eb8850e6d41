import Runtime

/// Many environments of one type, stepped together.
///
/// ```swift
/// var environments = VectorEnvironment(count: 4, seed: 1, timeLimit: 500) { CartPole() }
/// environments.reset(seed: 42)
/// environments.step([0, 1, 1, 0])
/// print(environments.rewards, environments.endings, environments.observation(2))
/// ```
///
/// A value: a copy is a fork of every episode. Agents step it in slices, through
/// ``withStepper(_:)``; people by hand, through ``step(_:)``.
public struct VectorEnvironment<E: Environment>: Sendable {
  public let count: Int
  /// Elements of an observation row.
  public let observationSize: Int
  /// Numbers of an action row.
  public let actionSize: Int
  /// Entries of an action mask; 0 if there is none.
  public let maskSize: Int
  /// Steps after which an episode is truncated.
  public let timeLimit: Int?
  /// What happens after an ending when steps are taken by hand.
  public let autoreset: Autoreset

  /// Returns and lengths of the episodes that ended while stepping by hand.
  public var statistics = EpisodeStatistics()

  @usableFromInline let metricSize: Int
  @usableFromInline let actions: E.ActionSpace
  @usableFromInline let operations: SliceOperations
  // Columns rather than an array of episodes: a step of most environments draws no random number,
  // and so touches a third of the memory.
  @usableFromInline var environments: [E]
  @usableFromInline var dynamics: [PCG64]
  @usableFromInline var sampling: [PCG64]
  @usableFromInline var elapsed: [Int32]
  @usableFromInline var returns: [Double]
  @usableFromInline var byHand = HandRows<E.Element>()

  /// Creates `count` environments, each with an episode begun.
  ///
  /// Environment i draws from streams of its own, spawned from the seed: the dynamics from the
  /// first child of `SeedSequence(seed).child(i)`, random actions from its second. For the episodes
  /// that Gymnasium gives for a seed, call ``reset(seed:)``.
  @inlinable
  public init(
    count: Int, seed: UInt64, autoreset: Autoreset = .sameStep, timeLimit: Int? = nil,
    makeEnvironment: () -> E
  ) {
    if count < 1 || count > Int(Int32.max) {
      stop("VectorEnvironment", "\(count) environments were asked for; the count must be positive")
    }
    var environments: [E] = []
    environments.reserveCapacity(count)
    for _ in 0..<count { environments.append(makeEnvironment()) }
    self.init(
      environments, seed: seed, autoreset: autoreset, timeLimit: timeLimit,
      operations: SliceOperations(for: E.self))
  }

  /// A vector of environments that may be configured each in its own way, an episode begun in each.
  ///
  /// ```swift
  /// let worlds = (0..<64).map { Pendulum(gravity: 8 + 0.1 * Double($0)) }
  /// var environments = VectorEnvironment(worlds, seed: 1, timeLimit: 200)
  /// ```
  ///
  /// All must have the same spaces.
  @inlinable
  public init(
    _ environments: [E], seed: UInt64, autoreset: Autoreset = .sameStep, timeLimit: Int? = nil
  ) {
    Self.requireEqualSpaces(environments)
    self.init(
      environments, seed: seed, autoreset: autoreset, timeLimit: timeLimit,
      operations: SliceOperations(for: E.self))
  }

  @usableFromInline
  static func requireEqualSpaces(_ environments: [E]) {
    guard let first = environments.first else {
      stop("VectorEnvironment", "no environments were given; give at least one")
    }
    let (observations, actions) = (first.observationSpace, first.actionSpace)
    for (n, environment) in environments.enumerated() {
      func complain(_ what: String, _ mine: String, _ others: String) {
        if mine != others {
          stop(
            "VectorEnvironment",
            "environment \(n) has the \(what) \(mine) and environment 0 has \(others); all must have "
              + "the same")
        }
      }
      if environment.observationSpace != observations {
        complain("observation space", "\(environment.observationSpace)", "\(observations)")
      }
      if environment.actionSpace != actions {
        complain("action space", "\(environment.actionSpace)", "\(actions)")
      }
      complain("mask size", "\(environment.maskSize)", "\(first.maskSize)")
    }
  }

  @usableFromInline
  init(
    _ environments: [E], seed: UInt64, autoreset: Autoreset, timeLimit: Int?,
    operations: SliceOperations
  ) {
    if let timeLimit, timeLimit < 1 || timeLimit > Int(Int32.max) {
      stop("VectorEnvironment", "the time limit is \(timeLimit) steps; it must be positive")
    }
    let count = environments.count
    self.count = count
    self.timeLimit = timeLimit
    self.autoreset = autoreset
    self.operations = operations
    self.environments = environments
    let first = environments[0]
    actions = first.actionSpace
    observationSize = first.observationSpace.flatSize
    actionSize = actions.flatSize
    maskSize = first.maskSize
    metricSize = E.metricNames.count
    let streams = SeedSequence(seed)
    dynamics = (0..<count).map { PCG64(streams.child($0).child(0)) }
    sampling = (0..<count).map { PCG64(streams.child($0).child(1)) }
    elapsed = Array(repeating: 0, count: count)
    returns = Array(repeating: 0, count: count)
    if let complaint = RowCheck.action(of: E.self, in: actions) {
      stop("VectorEnvironment", complaint)
    }
    for n in 0..<count { self.environments[n].reset(using: &dynamics[n]) }
  }

  /// `count` new environments made as these were, in turn, with streams spawned from another seed.
  public func fresh(count: Int, seed: UInt64) -> Self {
    // The operations are passed on, since here the type may be known at run time only.
    Self(
      (0..<count).map { environments[$0 % self.count] }, seed: seed, autoreset: autoreset,
      timeLimit: timeLimit, operations: operations)
  }

  /// Environment n as an episode of its own, a fork.
  public subscript(n: Int) -> Episode<E> {
    Episode(
      environment: environments[n], dynamics: dynamics[n], timeLimit: timeLimit,
      elapsedSteps: Int(elapsed[n]), returnSoFar: returns[n], ending: byHand.ending(n))
  }

  /// Gives the body what steps the environments in slices, with resets in the same step, and on
  /// several threads if the slices do not overlap.
  @inlinable
  public mutating func withStepper<R>(_ body: (VectorStepper) throws -> R) rethrows -> R {
    let (count, limit) = (count, timeLimit.map { Int32($0) } ?? -1)
    let (observationSize, actionSize, maskSize) = (observationSize, actionSize, maskSize)
    let metricSize = metricSize
    let operations = operations
    return try withUnsafePointer(to: actions) { actions in
      try environments.withUnsafeMutableBufferPointer { environments in
        try dynamics.withUnsafeMutableBufferPointer { dynamics in
          try sampling.withUnsafeMutableBufferPointer { sampling in
            try elapsed.withUnsafeMutableBufferPointer { elapsed in
              try returns.withUnsafeMutableBufferPointer { returns in
                let columns = EnvironmentColumns(
                  count: count, environments: UnsafeMutableRawPointer(environments.baseAddress!),
                  actionSpace: UnsafeRawPointer(actions), dynamics: dynamics.baseAddress!,
                  sampling: sampling.baseAddress!, elapsed: elapsed.baseAddress!,
                  returns: returns.baseAddress!, timeLimit: limit,
                  observationSize: observationSize, actionSize: actionSize, maskSize: maskSize,
                  metricSize: metricSize)
                return try body(VectorStepper(columns: columns, operations: operations))
              }
            }
          }
        }
      }
    }
  }
}

/// What a vector of environments does with an environment whose episode has ended, when it is
/// stepped by hand.
public enum Autoreset: String, Sendable, Hashable, Codable, CaseIterable {
  /// The ending step resets too: its observation is the new episode's first, the last one is kept
  /// as the final observation.
  case sameStep = "same_step"
  /// The step after the ending ignores its action and resets; its reward is 0.
  case nextStep = "next_step"
  /// Nothing: stepping it again before a reset is an error.
  case disabled
}
