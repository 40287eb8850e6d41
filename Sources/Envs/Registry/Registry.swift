import Runtime
import Synchronization

/// Adds an environment to those that ``make(_:count:seed:)`` and the command know.
///
/// ```swift
/// try register(id: "Corridor-v0", maxEpisodeSteps: 100) { Corridor() }
/// ```
///
/// - Throws: ``EnvironmentError`` if the id is taken or not of the form `Name-v0`, or the limit is
///   not positive.
@inlinable
public func register<E: Environment>(
  id: String, maxEpisodeSteps: Int? = nil, rewardThreshold: Double? = nil,
  makeEnvironment: @escaping @Sendable () -> E
) throws {
  try Registry.shared.add(
    Registration(
      EnvironmentSpec(
        id: id, maxEpisodeSteps: maxEpisodeSteps, rewardThreshold: rewardThreshold),
      makeEnvironment: makeEnvironment))
}

/// Makes `count` registered environments, each with an episode begun, with streams spawned from the
/// seed.
///
/// - Throws: ``EnvironmentError`` naming the nearest ids if there is no such environment.
public func make(
  _ id: String, count: Int = 1, seed: UInt64, timeLimit: Int? = nil
) throws -> AnyVectorEnvironment {
  guard count > 0, count <= Int(Int32.max) else {
    throw EnvironmentError(
      .usage, "\(count) environments were asked for; there must be at least one")
  }
  if let timeLimit, timeLimit < 1 || timeLimit > Int(Int32.max) {
    throw EnvironmentError(
      .usage, "the time limit is \(timeLimit) steps; it must be at least one")
  }
  let registration = try Registry.shared.registration(id)
  var environments = registration.makeVector(
    count, seed, timeLimit ?? registration.spec.maxEpisodeSteps)
  environments.spec = registration.spec
  return environments
}

/// Begins an episode of a registered environment: the one that Gymnasium's `make(id)` and
/// `reset(seed=seed)` begin.
///
/// - Throws: ``EnvironmentError`` naming the nearest ids if there is no such environment.
public func makeEpisode(_ id: String, seed: UInt64) throws -> AnyEpisode {
  let registration = try Registry.shared.registration(id)
  var episode = registration.makeEpisode(seed, registration.spec.maxEpisodeSteps)
  episode.spec = registration.spec
  return episode
}

/// What is registered, sorted by id.
public func registeredEnvironments() -> [EnvironmentSpec] {
  Registry.shared.specs
}

/// How to make a registered environment; made where its type is known, so that what it makes is
/// compiled for that type.
@usableFromInline
struct Registration: Sendable {
  let spec: EnvironmentSpec
  let makeVector: @Sendable (_ count: Int, _ seed: UInt64, _ limit: Int?) -> AnyVectorEnvironment
  let makeEpisode: @Sendable (_ seed: UInt64, _ limit: Int?) -> AnyEpisode

  @inlinable
  init<E: Environment>(_ spec: EnvironmentSpec, makeEnvironment: @escaping @Sendable () -> E) {
    self.init(
      spec: spec,
      makeVector: { count, seed, limit in
        AnyVectorEnvironment(
          VectorEnvironment(
            count: count, seed: seed, timeLimit: limit, makeEnvironment: makeEnvironment))
      },
      makeEpisode: { seed, limit in
        AnyEpisode(Episode(makeEnvironment(), seed: seed, timeLimit: limit))
      })
  }

  @usableFromInline
  init(
    spec: EnvironmentSpec,
    makeVector: @escaping @Sendable (Int, UInt64, Int?) -> AnyVectorEnvironment,
    makeEpisode: @escaping @Sendable (UInt64, Int?) -> AnyEpisode
  ) {
    self.spec = spec
    self.makeVector = makeVector
    self.makeEpisode = makeEpisode
  }
}

@usableFromInline
final class Registry: Sendable {
  @usableFromInline static let shared = Registry(builtIn: Registration.builtIn)

  private let registrations: Mutex<[String: Registration]>

  private init(builtIn: [Registration]) {
    registrations = Mutex(Dictionary(uniqueKeysWithValues: builtIn.map { ($0.spec.id, $0) }))
  }

  @usableFromInline
  func add(_ registration: Registration) throws {
    let spec = registration.spec
    guard Self.isWellFormed(spec.id) else {
      throw EnvironmentError(
        .usage,
        "'\(spec.id)' is no environment id; an id is a name and a version, such as 'Corridor-v0'")
    }
    if let limit = spec.maxEpisodeSteps, limit < 1 || limit > Int(Int32.max) {
      throw EnvironmentError(
        .usage, "the time limit of '\(spec.id)' is \(limit) steps; it must be at least one")
    }
    let isNew = registrations.withLock { $0.updateIfAbsent(registration) }
    guard isNew else {
      throw EnvironmentError(
        .usage, "the environment '\(spec.id)' is registered already; choose another name or version"
      )
    }
  }

  func registration(_ id: String) throws -> Registration {
    if let found = registrations.withLock({ $0[id] }) { return found }
    let near = nearestNames(to: id, in: specs.map(\.id)).map { "'\($0)'" }
    throw EnvironmentError(
      .usage, "unknown environment '\(id)'; did you mean \(near.joined(separator: " or "))?")
  }

  var specs: [EnvironmentSpec] {
    registrations.withLock { $0.values.map(\.spec) }.sorted { $0.id < $1.id }
  }

  /// "Name-v0" or "package/Name-v0".
  private static func isWellFormed(_ id: String) -> Bool {
    let parts = id.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let name = parts.last, let dash = name.range(ofLast: "-v") else {
      return false
    }
    let letters = parts.dropLast() + [name[..<dash.lowerBound]]
    let version = name[dash.upperBound...]
    return !version.isEmpty && version.utf8.allSatisfy { (48...57).contains($0) }
      && letters.allSatisfy { part in
        !part.isEmpty
          && part.allSatisfy { $0.isLetter || $0.isNumber || "_-.:".contains($0) }
      }
  }
}

extension [String: Registration] {
  fileprivate mutating func updateIfAbsent(_ registration: Registration) -> Bool {
    if self[registration.spec.id] != nil { return false }
    self[registration.spec.id] = registration
    return true
  }
}

extension Substring {
  fileprivate func range(ofLast text: String) -> Range<Index>? {
    var index = endIndex
    while index > startIndex {
      index = self.index(before: index)
      if self[index...].hasPrefix(text) {
        return index..<self.index(index, offsetBy: text.count)
      }
    }
    return nil
  }
}
