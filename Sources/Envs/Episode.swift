import Foundation
import Runtime

/// What is stepped, forked and saved: an environment, its stream, its elapsed steps.
///
/// ```swift
/// var episode = Episode(CartPole(), seed: 42, timeLimit: 500)
/// let fork = episode              // replays as the original does
/// let result = episode.step(1)
/// print(result.reward, episode.observation())
/// ```
public struct Episode<E: Environment>: Codable, Sendable {
  public private(set) var environment: E
  /// The stream that the dynamics draw from.
  public private(set) var dynamics: PCG64
  /// Steps after which the episode is truncated.
  public let timeLimit: Int?
  public private(set) var elapsedSteps: Int
  /// The rewards since the reset, summed.
  public private(set) var returnSoFar: Double
  /// How the last step ended the episode; `.none` while it goes on.
  public private(set) var ending: Ending

  /// Begins an episode: the one that Gymnasium's `reset(seed=seed)` begins.
  public init(_ environment: E, seed: UInt64, timeLimit: Int? = nil) {
    self.init(environment, using: PCG64(seed: seed), timeLimit: timeLimit)
  }

  /// Begins an episode that draws from `stream`.
  public init(_ environment: E, using stream: PCG64, timeLimit: Int? = nil) {
    self.init(
      environment: environment, dynamics: stream, timeLimit: timeLimit, elapsedSteps: 0,
      returnSoFar: 0, ending: .none)
    reset()
  }

  init(
    environment: E, dynamics: PCG64, timeLimit: Int?, elapsedSteps: Int, returnSoFar: Double,
    ending: Ending
  ) {
    self.environment = environment
    self.dynamics = dynamics
    self.timeLimit = timeLimit
    self.elapsedSteps = elapsedSteps
    self.returnSoFar = returnSoFar
    self.ending = ending
  }

  /// Begins the next episode; the stream goes on, as in Gymnasium's `reset()`.
  public mutating func reset() {
    environment.reset(using: &dynamics)
    elapsedSteps = 0
    returnSoFar = 0
    ending = .none
  }

  /// Begins the episode that Gymnasium's `reset(seed=seed)` begins.
  public mutating func reset(seed: UInt64) {
    dynamics = PCG64(seed: seed)
    reset()
  }

  /// This episode where it stands, with what chance brings from here on drawn from another stream.
  ///
  /// A plain copy replays the original's future; this one has another of the same odds.
  public func continued(using stream: PCG64) -> Episode {
    var copy = self
    copy.dynamics = stream
    return copy
  }

  /// Takes one step; after an ending, call ``reset()`` first. The action is not checked, as
  /// ``AnyEpisode`` does.
  @discardableResult
  public mutating func step(_ action: E.Action) -> StepResult {
    if ending != .none {
      stop("Episode.step", "the episode has \(ending) after \(elapsedSteps) steps; reset it first")
    }
    var result = environment.step(action, using: &dynamics)
    elapsedSteps += 1
    returnSoFar += result.reward
    if result.ending == .none, elapsedSteps == timeLimit { result.ending = .truncated }
    ending = result.ending
    return result
  }

  /// The current observation, `[observationSpace.flatSize]`.
  public func observation() -> [E.Element] {
    var row = [E.Element](repeating: E.Element(0), count: environment.observationSpace.flatSize)
    var span = row.mutableSpan
    environment.observe(into: &span)
    return row
  }

  /// Which discrete actions are allowed now; empty if the environment has no mask.
  public func actionMask() -> [Bool] {
    var mask = [Bool](repeating: true, count: environment.maskSize)
    var span = mask.mutableSpan
    environment.actionMask(into: &span)
    return mask
  }

  /// The named readings of the environment.
  public func metrics() -> [(name: String, value: Float)] {
    var values = [Float](repeating: 0, count: E.metricNames.count)
    var span = values.mutableSpan
    environment.metrics(into: &span)
    return zip(E.metricNames, values).map { (name: $0, value: $1) }
  }
}

extension Episode {
  /// What the environment looks like now, without marks if it does not draw itself.
  ///
  /// - Parameter action: The last step's, which some pictures show.
  public func scene(after action: E.Action? = nil) -> Scene {
    var scene = Scene()
    environment.draw(into: &scene, after: action)
    return scene
  }
}

/// An ``Episode`` of any type of environment: rows of Float32 in and out.
public struct AnyEpisode: Sendable {
  private var base: any ErasedEpisode
  /// What the registry says of the environment, if it made it.
  public internal(set) var spec: EnvironmentSpec?

  public init<E>(_ episode: Episode<E>, spec: EnvironmentSpec? = nil) {
    base = episode
    self.spec = spec
  }

  public var observationSpace: any Space { base.erasedObservationSpace }
  public var actionSpace: any Space { base.erasedActionSpace }
  /// Steps after which the episode is truncated.
  public var timeLimit: Int? { base.timeLimit }
  public var elapsedSteps: Int { base.elapsedSteps }
  public var returnSoFar: Double { base.returnSoFar }
  public var ending: Ending { base.ending }

  /// The current observation as Float32 numbers, pixels as 0 through 255.
  public var observation: [Float] { base.erasedObservation }

  /// Which discrete actions are allowed now; empty if the environment has no mask.
  public var actionMask: [Bool] { base.actionMask() }

  /// The named readings of the environment.
  public var metrics: [(name: String, value: Float)] { base.metrics() }

  /// What the environment looks like now, without marks if it does not draw itself.
  ///
  /// - Parameter action: The last step's row, which some pictures show.
  public func scene(after action: [Float]? = nil) -> Scene {
    base.erasedScene(after: action?.count == actionSpace.flatSize ? action : nil)
  }

  /// The episode mid-way with its stream, as JSON that reads back exactly.
  func encodedState() throws -> Data { try base.encodedState() }

  /// Begins the next episode; the stream goes on.
  public mutating func reset() { base.reset() }

  /// Begins the episode that Gymnasium's `reset(seed=seed)` begins.
  public mutating func reset(seed: UInt64) { base.reset(seed: seed) }

  /// Takes one step.
  ///
  /// - Throws: ``EnvironmentError`` if the action is not in the space or the episode has ended.
  @discardableResult
  public mutating func step(_ action: [Float]) throws -> StepResult {
    if base.ending != .none {
      throw EnvironmentError(
        .usage,
        "the episode has \(base.ending) after \(base.elapsedSteps) steps; reset it before stepping")
    }
    guard actionSpace.contains(row: action) else {
      throw EnvironmentError(
        .data, "the action \(action.rowText) is not in the action space \(actionSpace)")
    }
    return base.step(row: action)
  }
}

private protocol ErasedEpisode: Sendable {
  var erasedObservationSpace: any Space { get }
  var erasedActionSpace: any Space { get }
  var erasedObservation: [Float] { get }
  var timeLimit: Int? { get }
  var elapsedSteps: Int { get }
  var returnSoFar: Double { get }
  var ending: Ending { get }
  func erasedScene(after action: [Float]?) -> Scene
  mutating func reset()
  mutating func reset(seed: UInt64)
  mutating func step(row: [Float]) -> StepResult
  func actionMask() -> [Bool]
  func metrics() -> [(name: String, value: Float)]
  func encodedState() throws -> Data
}

extension Episode {
  /// - Throws: `DecodingError` if the environment could not go on from its state.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    environment = try container.decode(E.self, forKey: .environment)
    dynamics = try container.decode(PCG64.self, forKey: .dynamics)
    timeLimit = try container.decodeIfPresent(Int.self, forKey: .timeLimit)
    elapsedSteps = try container.decode(Int.self, forKey: .elapsedSteps)
    returnSoFar = try container.decode(Double.self, forKey: .returnSoFar)
    ending = try container.decode(Ending.self, forKey: .ending)
    let limit = timeLimit ?? countRange.upperBound
    let fault =
      environment.stateFault ?? fault("time limit", limit, in: 1...countRange.upperBound)
      ?? fault("elapsed steps", elapsedSteps, in: 0...limit)
    if let fault {
      throw DecodingError.dataCorrupted(
        .init(codingPath: container.codingPath, debugDescription: fault))
    }
  }
}

extension Episode: ErasedEpisode {
  fileprivate func encodedState() throws -> Data { try StateCoding.encode(self) }

  fileprivate var erasedObservationSpace: any Space { environment.observationSpace }
  fileprivate var erasedActionSpace: any Space { environment.actionSpace }
  fileprivate var erasedObservation: [Float] { observation().map(\.number) }

  fileprivate func erasedScene(after action: [Float]?) -> Scene {
    scene(after: action.map(Self.action))
  }

  fileprivate mutating func step(row: [Float]) -> StepResult { step(Self.action(row)) }

  private static func action(_ row: [Float]) -> E.Action {
    row.withUnsafeBufferPointer { row in
      // A space without numbers has an empty row, which has no address.
      guard let base = row.baseAddress else {
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: 1) {
          E.Action(row: $0.baseAddress!, count: 0)
        }
      }
      return E.Action(row: base, count: row.count)
    }
  }
}
