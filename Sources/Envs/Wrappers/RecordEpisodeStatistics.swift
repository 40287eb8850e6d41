import Runtime

/// Keeps the returns and lengths of the last episodes, as Gymnasium's wrapper of this name, without
/// the seconds they took, which would differ from run to run.
///
/// ```swift
/// var episode = Episode(RecordEpisodeStatistics(TimeLimit(CartPole(), steps: 500)), seed: 1)
/// while episode.environment.statistics.episodes < 10 {
///   if episode.step(1).ending != .none { episode.reset() }
/// }
/// print(episode.environment.statistics.meanReturn ?? 0)
/// ```
///
/// The return and the length so far are also the last two of its metrics, so that a vector writes them
/// into rows where an episode ends. An episode counts if the environment inside ends it: put a
/// ``TimeLimit`` inside, since the limit of a vector is not seen here.
public struct RecordEpisodeStatistics<Base: Environment>: Wrapper {
  public typealias Element = Base.Element
  public typealias Action = Base.Action
  public typealias ObservationSpace = Base.ObservationSpace
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  /// Of the episodes that ended.
  public var statistics: EpisodeStatistics
  /// The rewards since the reset, summed.
  @inlinable public var returnSoFar: Double { sum }
  /// The steps since the reset.
  @inlinable public var length: Int { elapsed }

  @usableFromInline var sum = 0.0
  @usableFromInline var elapsed = 0
  @usableFromInline let innerMetrics: Int

  /// Creates the wrapper; means are over the last `window` episodes.
  public init(_ base: Base, window: Int = 100) {
    self.base = base
    innerMetrics = Base.metricNames.count
    statistics = EpisodeStatistics(window: window)
  }

  public static var metricNames: [String] {
    Base.metricNames + ["episode_return", "episode_length"]
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    (sum, elapsed) = (0, 0)
    base.reset(using: &random)
  }

  @inlinable
  public mutating func step(_ action: Base.Action, using random: inout PCG64) -> StepResult {
    let result = base.step(action, using: &random)
    sum += result.reward
    elapsed += 1
    if result.ending != .none { statistics.add(return: sum, length: elapsed) }
    return result
  }

  @inlinable
  public func metrics(into metrics: inout MutableSpan<Float>) {
    let size = innerMetrics
    metrics.withUnsafeMutableBufferPointer { all in
      var inner = UnsafeMutableBufferPointer(start: all.baseAddress, count: size).mutableSpan
      base.metrics(into: &inner)
    }
    metrics[size] = Float(sum)
    metrics[size + 1] = Float(elapsed)
  }

  public var stateFault: String? {
    base.stateFault ?? statistics.fault
      ?? fault("metrics", count: innerMetrics, for: Base.metricNames.count)
      ?? fault("elapsed steps", elapsed, in: countRange)
  }
}
