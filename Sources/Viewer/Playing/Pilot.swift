import Agents
public import Envs
import Foundation
import Policy
import Runtime
import Tensors

/// Who chooses the actions of an episode that is watched: a value, so that going back in an episode goes back in
/// what its pilot remembers too.
public struct Pilot: Sendable {
  private enum Kind: Sendable {
    case chance(SpaceStreams)
    case policy(PolicyPilot)
  }
  private var kind: Kind
  /// Whether a policy's most probable action is taken, else one drawn from it.
  public var isDeterministic = true

  /// One that samples the action space.
  public static func chance(in space: any Space, seed: UInt64) -> Pilot {
    Pilot(kind: .chance(space.streams(seed: seed)))
  }

  /// A policy, with its value function if the file of its model holds one.
  ///
  /// - Throws: ``ViewerError`` if the policy was trained for other spaces.
  public static func policy(
    _ policy: WatchedPolicy, in episode: AnyEpisode, seed: UInt64, isDeterministic: Bool = true
  ) throws -> Pilot {
    try policy.requireFit(episode)
    return Pilot(
      kind: .policy(PolicyPilot(policy, seed: seed)), isDeterministic: isDeterministic)
  }

  /// Whether there is a policy that can act deterministically or not.
  public var hasPolicy: Bool { if case .policy = kind { true } else { false } }

  /// Has another policy act, with what this one remembers and draws from, where both remember as much.
  mutating func act(as other: Pilot) {
    if case .policy(var pilot) = kind, case .policy(let next) = other.kind {
      pilot.succeed(by: next)
      kind = .policy(pilot)
    } else {
      kind = other.kind
    }
  }

  /// Forgets the episode before.
  public mutating func begin(seed: UInt64, in space: any Space) {
    switch kind {
    case .chance: kind = .chance(space.streams(seed: seed))
    case .policy(var pilot):
      pilot.begin(seed: seed)
      kind = .policy(pilot)
    }
  }

  /// The next action and what it was chosen by.
  mutating func decide(_ episode: AnyEpisode) -> (action: [Float], decision: Decision?) {
    switch kind {
    case .chance(var streams):
      defer { kind = .chance(streams) }
      var action = episode.actionSpace.sampleRow(using: &streams)
      let mask = episode.actionMask
      if let space = episode.actionSpace as? Discrete, mask.count == space.n, mask.contains(true) {
        // Among the allowed ones, each as likely as before.
        while !mask[Int(action[0]) - space.start] {
          action = episode.actionSpace.sampleRow(using: &streams)
        }
      }
      return (action, nil)
    case .policy(var pilot):
      let result = pilot.decide(episode, isDeterministic: isDeterministic)
      kind = .policy(pilot)
      return result
    }
  }
}

/// A policy that can be looked into while it acts.
public struct WatchedPolicy: Sendable {
  let actor: Actor
  /// With a value function.
  let critic: ActorCritic?

  public init(_ actor: Actor) {
    self.actor = actor
    critic = nil
  }

  public init(_ model: ActorCritic) {
    actor = model.actor
    critic = model
  }

  /// The policy as it acts now, with its value function where the agent has one.
  init(of moment: TrainingMoment) {
    if let model = moment.model { self.init(model) } else { self.init(moment.policy) }
  }

  /// Reads a model file with its value function, if it holds one.
  ///
  /// - Throws: `SafetensorsError`, a sentence with the file and what is wrong.
  public init(decoding data: Data, file: String) throws {
    if let model = try? ActorCritic(decoding: data, file: file) {
      self.init(model)
    } else {
      self.init(try Actor(decoding: data, file: file))
    }
  }

  func requireFit(_ episode: AnyEpisode) throws {
    let encoder = try? ObservationEncoder(episode.observationSpace, bytes: actor.encoder.readsBytes)
    guard actor.head.acts(in: episode.actionSpace), encoder == actor.encoder else {
      throw ViewerError(
        .usage,
        "the policy was not trained for observations of \(episode.observationSpace) and actions of "
          + "\(episode.actionSpace)")
    }
  }
}

/// A policy, what it remembers, and the stream it draws from.
private struct PolicyPilot: Sendable {
  private var runner: Runner
  private var memory: [Float]
  private var stream: PCG64

  /// `@unchecked Sendable`: one thread watches at a time.
  private final class Runner: @unchecked Sendable {
    let runner: PolicyRunner
    let policy: WatchedPolicy

    init(_ policy: WatchedPolicy) {
      self.policy = policy
      runner =
        policy.critic.map { PolicyRunner($0, capacity: 1) }
        ?? PolicyRunner(policy.actor, capacity: 1)
    }
  }

  init(_ policy: WatchedPolicy, seed: UInt64) {
    runner = Runner(policy)
    memory = Array(repeating: 0, count: max(runner.runner.memorySize, 1))
    stream = PCG64(seed: seed)
  }

  mutating func succeed(by other: PolicyPilot) {
    runner = other.runner
    if memory.count != other.memory.count { memory = other.memory }
  }

  mutating func begin(seed: UInt64) {
    for i in memory.indices { memory[i] = 0 }
    stream = PCG64(seed: seed)
  }

  mutating func decide(_ episode: AnyEpisode, isDeterministic: Bool) -> ([Float], Decision?) {
    let (actor, runner) = (runner.policy.actor, runner.runner)
    let numbers = episode.observation
    let mask = episode.actionMask
    let size = episode.actionSpace.flatSize
    var action = [Float](repeating: 0, count: max(size, 1))
    func choose(_ observation: UnsafeRawPointer, _ mask: UnsafePointer<Bool>?) -> Decision {
      let decision = Decision(
        actor.head, runner.outlook(observation, mask: mask, memory: memory))
      var limited = action
      if isDeterministic {
        runner.best(rows: 1, observation, masks: mask, actions: &action, memory: &memory)
      } else {
        var (chosen, value): (Float, Float) = (0, 0)
        runner.sample(
          rows: 1, observation, masks: mask, streams: &stream, actions: &action,
          logProbabilities: &chosen, values: &value, memory: &memory)
      }
      runner.limited(rows: 1, action, into: &limited)
      action = limited
      return decision
    }
    func withMask(_ observation: UnsafeRawPointer) -> Decision {
      mask.isEmpty
        ? choose(observation, nil)
        : mask.withUnsafeBufferPointer { choose(observation, $0.baseAddress) }
    }
    let decision =
      if actor.encoder.readsBytes {
        numbers.map { UInt8(max(0, min(255, $0))) }.withUnsafeBytes { withMask($0.baseAddress!) }
      } else {
        numbers.withUnsafeBytes { bytes in bytes.baseAddress.map(withMask) ?? withMask([Float(0)]) }
      }
    return (Array(action.prefix(size)), decision)
  }
}
