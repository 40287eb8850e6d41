public import Envs

/// An episode that is watched: it can be played on, gone back in, taken over in its middle and handed back.
///
/// ```swift
/// var playback = try Playback(of: "CartPole-v1", seed: 1)
/// while try playback.advance() {}              // to the end of the episode
/// try playback.seek(to: 10)                    // and back to its tenth step
/// let layout = Layout(playback.scene, width: 600, height: 400)
/// ```
///
/// Going back uses the snapshots that environments are: one is kept every 64 steps, and the recorded actions lead
/// from it to the step that is shown, exactly as the episode went.
public struct Playback: Sendable {
  /// A step and what came of it; the first is the reset.
  public struct Step: Sendable {
    /// Nil for the reset.
    public var action: [Float]?
    public var reward = 0.0
    public var returnSoFar = 0.0
    public var ending = Ending.none
    /// What the policy thought, before this step.
    public var decision: Decision?
    /// Whether a person chose the action.
    public var isByHand = false
    /// After the step; empty for one that is too large to be kept.
    public var observation: [Float]
    /// Who goes on from here.
    fileprivate var pilot: Pilot
  }

  /// Its options and what its numbers are called.
  public let description: EnvironmentDescription
  public private(set) var steps: [Step] = []
  /// The step that is shown, from 0, the reset.
  public private(set) var position = 0
  /// The seed that the episode began from.
  public private(set) var seed: UInt64
  /// Episodes since that seed was set.
  public private(set) var episodeNumber = 0
  /// Whether every observation is kept, however large.
  public var keepsObservations = false
  /// The episode where it is shown.
  public private(set) var episode: AnyEpisode
  private var snapshots: [AnyEpisode] = []
  private var pilot: Pilot
  /// Who takes over from the pilot at the next step that nobody has taken yet.
  private var successor: Pilot?
  /// Steps from one snapshot to the next.
  private static let interval = 64
  private static let largestObservation = 4096

  /// Begins the episode of a registered environment that Gymnasium's `reset(seed=seed)` begins.
  ///
  /// - Parameter policy: Who acts; random actions when nil.
  /// - Throws: `EnvironmentError` for an unknown environment, ``ViewerError`` for a policy of another.
  public init(
    of environment: String, options: [String: OptionValue] = [:], seed: UInt64,
    policy: WatchedPolicy? = nil, isDeterministic: Bool = true
  ) throws {
    try self.init(
      makeEpisode(environment, seed: seed, options: options), seed: seed, policy: policy,
      isDeterministic: isDeterministic)
  }

  /// Goes on from an episode, of an environment that need not be registered.
  ///
  /// - Parameter seed: What random actions and those drawn from a policy come from.
  /// - Throws: ``ViewerError`` for a policy of another environment, or if what is to render it is not there.
  public init(
    _ episode: AnyEpisode, seed: UInt64, policy: WatchedPolicy? = nil, isDeterministic: Bool = true
  ) throws {
    do { try episode.scene(after: nil).prepare() } catch let error as EnvironmentError {
      throw ViewerError(.usage, error.description)
    }
    description = EnvironmentDescription(of: episode)
    self.seed = seed
    self.episode = episode
    pilot = .chance(in: episode.actionSpace, seed: seed)
    if let policy {
      pilot = try .policy(policy, in: episode, seed: seed, isDeterministic: isDeterministic)
    }
    begin()
  }

  /// Whether the shown step is the last that was taken.
  public var isAtTip: Bool { position == steps.count - 1 }
  /// The step that is shown.
  public var shown: Step { steps[position] }
  /// How the episode ended, as far as it was played.
  public var ending: Ending { steps[steps.count - 1].ending }
  /// Whether a policy acts, and deterministically.
  public var hasPolicy: Bool { pilot.hasPolicy || successor != nil }
  public var isDeterministic: Bool { pilot.isDeterministic }

  /// What the environment looks like at the shown step.
  public var scene: Scene { episode.scene(after: shown.action) }

  private func kept(_ episode: AnyEpisode) -> [Float] {
    keepsObservations || episode.observationSpace.flatSize <= Self.largestObservation
      ? episode.observation : []
  }

  private mutating func begin() {
    steps = [Step(observation: kept(episode), pilot: pilot)]
    snapshots = [episode]
    position = 0
  }

  // MARK: - Moving

  /// Shows the next step, which is taken if it was not yet.
  ///
  /// - Parameter action: A person's; the pilot's when nil. Given in the middle, what came after is forgotten.
  /// - Returns: Whether there was one: not after an ending.
  /// - Throws: `EnvironmentError` if the action is not in the space.
  @discardableResult
  public mutating func advance(_ action: [Float]? = nil) throws -> Bool {
    if let action, !episode.actionSpace.contains(row: action) {
      throw EnvironmentError(.data, "the action \(action) is not in \(episode.actionSpace)")
    }
    if action != nil { forgetFuture() }
    if !isAtTip {
      position += 1
      if let action = steps[position].action { try episode.step(action) }
      return true
    }
    guard ending == .none else { return false }
    if let successor { pilot.act(as: successor) }
    let (choice, decision) = pilot.decide(episode)
    let result = try episode.step(action ?? choice)
    steps.append(
      Step(
        action: action ?? choice, reward: result.reward, returnSoFar: episode.returnSoFar,
        ending: result.ending, decision: decision, isByHand: action != nil,
        observation: kept(episode), pilot: pilot))
    position += 1
    if position % Self.interval == 0 { snapshots.append(episode) }
    return true
  }

  /// Shows a step that was taken.
  public mutating func seek(to step: Int) throws {
    let step = max(0, min(step, steps.count - 1))
    if step == position { return }
    let nearest = min(step / Self.interval, snapshots.count - 1)
    if step < position || nearest * Self.interval > position {
      episode = snapshots[nearest]
      position = nearest * Self.interval
    }
    while position < step { try advance() }
  }

  /// Forgets the steps after the shown one, so that the episode goes another way.
  public mutating func forgetFuture() {
    guard !isAtTip else { return }
    steps.removeSubrange((position + 1)...)
    snapshots.removeSubrange((position / Self.interval + 1)...)
    pilot = withMode(of: pilot, steps[position].pilot)
  }

  private func withMode(of mode: Pilot, _ pilot: Pilot) -> Pilot {
    var pilot = pilot
    pilot.isDeterministic = mode.isDeterministic
    return pilot
  }

  /// Draws actions from the policy or takes its most probable ones, from the shown step on.
  public mutating func act(deterministically: Bool) {
    forgetFuture()
    pilot.isDeterministic = deterministically
  }

  /// Begins the next episode of the same stream.
  public mutating func nextEpisode() {
    try? seek(to: steps.count - 1)
    episodeNumber += 1
    episode.reset()
    begin(seed: seed &+ UInt64(episodeNumber))
  }

  /// Begins the first episode of a seed.
  public mutating func restart(seed: UInt64) {
    self.seed = seed
    episodeNumber = 0
    episode.reset(seed: seed)
    begin(seed: seed)
  }

  private mutating func begin(seed: UInt64) {
    pilot.begin(seed: seed, in: episode.actionSpace)
    successor?.begin(seed: seed, in: episode.actionSpace)
    begin()
  }

  /// Has another policy act from the next step on that was not taken yet: no step is forgotten, and what the
  /// one before remembers and draws from is gone on with.
  ///
  /// - Throws: ``ViewerError`` if it was trained for other spaces.
  public mutating func hand(to policy: WatchedPolicy) throws {
    successor = try .policy(policy, in: episode, seed: seed &+ UInt64(episodeNumber))
  }
}
