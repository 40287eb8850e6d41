/// Where a step of a vector of environments reads its actions and writes what happened: pointers to
/// rows that the caller owns, row n for environment n.
public struct StepRows: @unchecked Sendable {
  /// `[N, actionSize]`.
  public var actions: UnsafePointer<Float>
  /// `[N, observationSize]` of the environment's `Element`: the next observation, after a same-step
  /// reset the new episode's first.
  public var observations: UnsafeMutableRawPointer
  /// `[N, observationSize]`: written only where an episode ended, with its last observation.
  public var finalObservations: UnsafeMutableRawPointer?
  /// `[N]`.
  public var rewards: UnsafeMutablePointer<Double>
  /// `[N]`.
  public var endings: UnsafeMutablePointer<Ending>
  /// `[N]`: written where an episode ended, with the sum of its rewards.
  public var episodeReturns: UnsafeMutablePointer<Double>?
  /// `[N]`: written where an episode ended, with its steps.
  public var episodeLengths: UnsafeMutablePointer<Int32>?
  /// `[N, maskSize]`: the action masks that go with `observations`, if the environment has them.
  public var masks: UnsafeMutablePointer<Bool>?
  /// `[N, metricNames.count]`: written where an episode ended, with its last readings.
  public var finalMetrics: UnsafeMutablePointer<Float>?

  public init(
    actions: UnsafePointer<Float>, observations: UnsafeMutableRawPointer,
    finalObservations: UnsafeMutableRawPointer? = nil, rewards: UnsafeMutablePointer<Double>,
    endings: UnsafeMutablePointer<Ending>, episodeReturns: UnsafeMutablePointer<Double>? = nil,
    episodeLengths: UnsafeMutablePointer<Int32>? = nil,
    masks: UnsafeMutablePointer<Bool>? = nil, finalMetrics: UnsafeMutablePointer<Float>? = nil
  ) {
    self.actions = actions
    self.observations = observations
    self.finalObservations = finalObservations
    self.rewards = rewards
    self.endings = endings
    self.episodeReturns = episodeReturns
    self.episodeLengths = episodeLengths
    self.masks = masks
    self.finalMetrics = finalMetrics
  }
}
