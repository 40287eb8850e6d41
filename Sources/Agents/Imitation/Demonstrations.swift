import Envs
import Foundation
import Policy
import Replay
import Tensors

/// Episodes that somebody played, for agents that learn by imitation.
///
/// ```swift
/// let (episodes, result) = try demonstrations(of: agent.policy, in: make("CartPole-v1", count: 20, seed: 9), seed: 9)
/// try episodes.encoded().write(to: URL(filePath: "cartpole.safetensors"))
/// let again = try Demonstrations(reading: "cartpole.safetensors")
/// ```
///
/// The file is safetensors: `observations` `[T, n]` and `actions` `[T, m]` (Float32, rows as the environment
/// gives and takes them, episode after episode), `rewards` `[T]` (Float32), `endings` `[T]` (UInt8: 0 none, 1
/// terminated, 2 truncated), `final_observations` `[E, n]`, one for each ending. Steps after the last ending
/// belong to an episode that was broken off. The metadata entry `swirl.demonstrations` is a JSON object with
/// the form of `Origin`.
public struct Demonstrations: Sendable {
  /// Where the episodes come from.
  public struct Origin: Codable, Sendable, Equatable {
    /// The environment's id, nil where it is not registered.
    public var environment: String?
    /// Its options, those that differ from the defaults.
    public var options: [String: OptionValue]
    /// The spaces as they print.
    public var observationSpace: String
    public var actionSpace: String
    /// Who played, such as `ppo` or `person`.
    public var player: String
    /// What the episodes were made from, where it was one seed.
    public var seed: UInt64?

    public init(
      environment: String?, options: [String: OptionValue], observationSpace: String,
      actionSpace: String, player: String, seed: UInt64?
    ) {
      self.environment = environment
      self.options = options
      self.observationSpace = observationSpace
      self.actionSpace = actionSpace
      self.player = player
      self.seed = seed
    }

    enum CodingKeys: String, CodingKey {
      case environment, options, player, seed
      case observationSpace = "observation_space"
      case actionSpace = "action_space"
    }
  }

  public let origin: Origin
  /// `[T, n]`, as the environment gave them.
  public let observations: Tensor
  /// `[T, m]`, as the environment was given them.
  public let actions: Tensor
  public let rewards: [Float]
  public let endings: [Ending]
  /// `[E, n]`
  public let finalObservations: Tensor

  /// Steps in all.
  public var count: Int { endings.count }
  /// Episodes that came to an end.
  public var episodes: Int { endings.count { $0 != .none } }

  /// The undiscounted returns of the episodes that came to an end.
  public var returns: [Double] {
    var (returns, sum): ([Double], Double) = ([], 0)
    for (reward, ending) in zip(rewards, endings) {
      sum += Double(reward)
      if ending != .none {
        returns.append(sum)
        sum = 0
      }
    }
    return returns
  }

  /// - Throws: `SafetensorsError` where the parts do not fit each other.
  public init(
    origin: Origin, observations: Tensor, actions: Tensor, rewards: [Float], endings: [Ending],
    finalObservations: Tensor
  ) throws {
    self.origin = origin
    self.observations = observations
    self.actions = actions
    self.rewards = rewards
    self.endings = endings
    self.finalObservations = finalObservations
    try check("these demonstrations")
  }

  private func check(_ file: String) throws {
    func require(_ isSo: Bool, _ sentence: String) throws {
      if !isSo { throw SafetensorsError("\(file): \(sentence)") }
    }
    try require(count > 0, "there is no step in it")
    for (name, tensor, rows) in [
      ("observations", observations, count), ("actions", actions, count),
      ("final_observations", finalObservations, episodes),
    ] {
      try require(
        tensor.rank == 2 && tensor.shape[0] == rows,
        "\(name) has the shape \(tensor.shape), but there are \(rows) rows to hold")
      try require(
        tensor.scalars.allSatisfy(\.isFinite), "\(name) holds a number that is not finite")
    }
    try require(
      finalObservations.shape[1] == observations.shape[1],
      "a final observation has \(finalObservations.shape[1]) numbers, another \(observations.shape[1])"
    )
    try require(rewards.count == count, "there are \(rewards.count) rewards of \(count) steps")
  }

  // MARK: - Files

  private static var key: String { "swirl.demonstrations" }

  /// The bytes of a file.
  public func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let endings = Tensor(self.endings.map { Float($0.rawValue) }).converted(to: .uint8)
    return Safetensors.encode(
      [
        ("observations", observations), ("actions", actions), ("rewards", Tensor(rewards)),
        ("endings", endings), ("final_observations", finalObservations),
      ],
      metadata: [Self.key: String(decoding: try encoder.encode(origin), as: UTF8.self)])
  }

  /// - Throws: `RunError` of kind `missing` or `SafetensorsError`, a sentence with the file and what is wrong.
  public init(reading path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw RunError(.missing, "there is no readable file \(path) of demonstrations")
    }
    try self.init(decoding: data, file: path)
  }

  /// Reads what `encoded` wrote.
  public init(decoding data: Data, file: String) throws {
    let (tensors, metadata) = try Safetensors.decode(data, file: file)
    guard let text = metadata[Self.key],
      let origin = try? JSONDecoder().decode(Origin.self, from: Data(text.utf8))
    else {
      throw SafetensorsError(
        "\(file) does not say where its episodes come from; it is no file of demonstrations")
    }
    func tensor(_ name: String) throws -> Tensor {
      guard let tensor = tensors[name] else { throw SafetensorsError("\(file) lacks \(name)") }
      return tensor.converted(to: .float32)
    }
    self.origin = origin
    observations = try tensor("observations")
    actions = try tensor("actions")
    rewards = try tensor("rewards").scalars
    endings = try tensor("endings").scalars.map {
      guard let ending = Ending(rawValue: UInt8(exactly: $0) ?? .max) else {
        throw SafetensorsError("\(file): an ending is \($0), but must be 0, 1 or 2")
      }
      return ending
    }
    finalObservations = try tensor("final_observations")
    try check(file)
  }

  /// - Throws: `RunError` where an agent in such an environment cannot imitate them.
  func requireFit(_ environments: some VectorizedEnvironments, file: String) throws {
    let (observed, acted) = ("\(environments.observationSpace)", "\(environments.actionSpace)")
    guard origin.observationSpace == observed, origin.actionSpace == acted,
      observations.shape[1] == environments.observationSize,
      actions.shape[1] == environments.actionSize
    else {
      throw RunError(
        .usage,
        "\(file) shows actions in \(origin.actionSpace) for observations of \(origin.observationSpace), "
          + "but the environment acts in \(acted) and gives \(observed)")
    }
    let (numbers, width) = (actions.scalars, actions.shape[1])
    let space = environments.actionSpace
    let areMembers = (0..<count).allSatisfy { row in
      space.contains(row: Array(numbers[row * width..<(row + 1) * width]).span)
    }
    if !areMembers { throw RunError(.data, "\(file) shows an action that is not in \(acted)") }
    // Numbers of a box may leave their bounds a little; what is a choice is one of its options.
    let encoder = try ObservationEncoder(for: environments)
    if !encoder.readsBytes,
      let stray = encoder.firstStray(in: observations.scalars)
        ?? encoder.firstStray(in: finalObservations.scalars)
    {
      throw RunError(
        .data, "\(file) shows an observation with \(stray), which is not in \(observed)")
    }
  }
}

/// Has a policy play whole episodes and keeps every step, as `evaluate` plays them.
///
/// - Parameters:
///   - environments: As many fresh environments as there are to be episodes, made with `seed`.
///   - player: Who plays, for the file.
/// - Throws: `RunError` when the policy does not fit the environments.
public func demonstrations(
  of policy: Actor, in environments: AnyVectorEnvironment, seed: UInt64,
  deterministic: Bool = true, player: String = "policy"
) throws -> (demonstrations: Demonstrations, result: EvaluationResult) {
  let columns = (0..<environments.count).map { _ in RecordedEpisode() }
  let result = try evaluate(
    policy, in: environments, seed: seed, deterministic: deterministic, recording: columns)
  let (width, actionWidth) = (environments.observationSize, environments.actionSize)
  func rows(_ path: KeyPath<RecordedEpisode, [Float]>, _ width: Int) -> Tensor {
    let numbers = columns.flatMap { $0[keyPath: path] }
    return Tensor(numbers, shape: Shape(width == 0 ? 0 : numbers.count / width, width))
  }
  return (
    try Demonstrations(
      origin: .init(
        environment: environments.spec?.id, options: environments.spec?.options ?? [:],
        observationSpace: "\(environments.observationSpace)",
        actionSpace: "\(environments.actionSpace)", player: player, seed: seed),
      observations: rows(\.observations, width), actions: rows(\.actions, actionWidth),
      rewards: columns.flatMap(\.rewards), endings: columns.flatMap(\.endings),
      finalObservations: rows(\.finalObservation, width)), result
  )
}

/// One episode as it is played.
final class RecordedEpisode {
  var observations: [Float] = []
  var actions: [Float] = []
  var rewards: [Float] = []
  var endings: [Ending] = []
  var finalObservation: [Float] = []

  /// Takes what environment n's action was chosen for, and the action as the environment is given it.
  func append(_ rows: RolloutBuffer, _ n: Int) {
    let actionWidth = rows.actionSize
    observations += rows.numbers(at: rows.observation(at: n))
    actions += UnsafeBufferPointer(
      start: rows.limitedActions + n * actionWidth, count: actionWidth)
  }

  /// Takes what came of it.
  func close(_ rows: RolloutBuffer, _ n: Int, _ ending: Ending) {
    rewards.append(Float(rows.rewards[n]))
    endings.append(ending)
    if ending != .none { finalObservation = rows.numbers(at: rows.finalObservation(of: n)) }
  }
}

extension RolloutBuffer {
  /// A raw observation as numbers, bytes as 0 through 255.
  fileprivate func numbers(at row: UnsafeMutableRawPointer) -> [Float] {
    elementSize == 1
      ? (0..<observationSize).map { Float(row.assumingMemoryBound(to: UInt8.self)[$0]) }
      : Array(
        UnsafeBufferPointer(
          start: row.assumingMemoryBound(to: Float.self), count: observationSize))
  }
}
