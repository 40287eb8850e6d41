import Runtime
import Synchronization

/// Adds an environment to those that ``make(_:count:seed:timeLimit:options:)`` and the command know.
///
/// ```swift
/// try register(id: "Corridor-v0", maxEpisodeSteps: 100) { Corridor() }
/// ```
///
/// - Parameter page: What `swirl envs NAME` says of it beside its spaces, limits and options.
/// - Throws: ``EnvironmentError`` if the id is taken or not of the form `Name-v0`, or the limit is
///   not positive.
@inlinable
public func register<E: Environment>(
  id: String, maxEpisodeSteps: Int? = nil, rewardThreshold: Double? = nil,
  page: EnvironmentPage = EnvironmentPage(), makeEnvironment: @escaping @Sendable () -> E
) throws {
  try Registry.shared.add(
    Registration(
      id, maxEpisodeSteps: maxEpisodeSteps, rewardThreshold: rewardThreshold, page: page
    ) { _ in makeEnvironment() })
}

/// Adds an environment with options that can be chosen by keyword.
///
/// ```swift
/// try register(
///   id: "Corridor-v0", maxEpisodeSteps: 100,
///   options: [.integer("length", 9, in: 2...1000, "Cells of the corridor.")]
/// ) { options in Corridor(length: options["length"]) }
/// ```
///
/// - Parameters:
///   - page: What `swirl envs NAME` says of it beside its spaces, limits and options.
///   - adaptPage: Makes the page fit the options, where they change what is observed or done.
///   - replacing: Outdated ids that stand for this one, each with what differs, the end of a sentence.
///   - makeEnvironment: Called once for each vector or episode; a vector holds copies.
/// - Throws: ``EnvironmentError`` if an id is taken or not of the form `Name-v0`, two options share a
///   name, or the limit is not positive.
@inlinable
public func register<E: Environment>(
  id: String, maxEpisodeSteps: Int? = nil, rewardThreshold: Double? = nil,
  options: [EnvironmentOption], page: EnvironmentPage = EnvironmentPage(),
  adaptPage: (@Sendable (inout EnvironmentPage, OptionValues) -> Void)? = nil,
  replacing: [String: String] = [:],
  makeEnvironment: @escaping @Sendable (OptionValues) throws -> E
) throws {
  try Registry.shared.add(
    Registration(
      id, maxEpisodeSteps: maxEpisodeSteps, rewardThreshold: rewardThreshold, options: options,
      page: page, adaptPage: adaptPage, replacing: replacing, makeEnvironment: makeEnvironment))
}

/// Makes `count` registered environments, each with an episode begun, with streams spawned from the
/// seed.
///
/// ```swift
/// let environments = try make("Pendulum-v1", count: 8, seed: 1, options: ["g": 9.81])
/// ```
///
/// An outdated id makes the environment that took its place, and says so once on standard error.
///
/// - Throws: ``EnvironmentError`` naming the nearest ids if there is no such environment, the nearest
///   options if it has no such option, and what an option may be if it cannot be that.
public func make(
  _ id: String, count: Int = 1, seed: UInt64, timeLimit: Int? = nil,
  options: [String: OptionValue] = [:]
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
  let given = try registration.checked(options)
  var environments = try registration.making {
    try registration.makeVector(
      registration.resolved(given), count, seed, timeLimit ?? registration.spec.maxEpisodeSteps)
  }
  environments.spec = registration.spec(with: given)
  return environments
}

/// Begins an episode of a registered environment: the one that Gymnasium's `make(id)` and
/// `reset(seed=seed)` begin.
///
/// - Throws: ``EnvironmentError`` as ``make(_:count:seed:timeLimit:options:)`` does.
public func makeEpisode(
  _ id: String, seed: UInt64, options: [String: OptionValue] = [:]
) throws -> AnyEpisode {
  let registration = try Registry.shared.registration(id)
  let given = try registration.checked(options)
  var episode = try registration.making {
    try registration.makeEpisode(
      registration.resolved(given), seed, registration.spec.maxEpisodeSteps)
  }
  episode.spec = registration.spec(with: given)
  return episode
}

/// What is registered, sorted by id.
public func registeredEnvironments() -> [EnvironmentSpec] {
  Registry.shared.specs
}

/// What is registered under an id, or in place of an outdated one.
///
/// - Throws: ``EnvironmentError`` naming the nearest ids if there is no such environment.
public func environmentSpec(_ id: String) throws -> EnvironmentSpec {
  try Registry.shared.registration(id).spec
}

/// The options that a registered environment takes, in the order they are shown in.
///
/// - Throws: ``EnvironmentError`` naming the nearest ids if there is no such environment.
public func environmentOptions(of id: String) throws -> [EnvironmentOption] {
  try Registry.shared.registration(id).options
}

/// Reads options of the form `name=value` for a registered environment, such as `"g=9.81"`.
///
/// - Throws: ``EnvironmentError`` as ``make(_:count:seed:timeLimit:options:)`` does.
public func environmentOptions(
  _ assignments: [String], of id: String
) throws -> [String: OptionValue] {
  try Registry.shared.registration(id).options(of: assignments)
}

@usableFromInline
final class Registry: Sendable {
  @usableFromInline static let shared = Registry(builtIn: Registration.builtIn)

  private struct Entries {
    var registrations: [String: Registration] = [:]
    /// Outdated ids, each with the one that took its place.
    var replaced: [String: String] = [:]
    /// Outdated ids that somebody has been told of.
    var told: Set<String> = []
  }

  private let entries: Mutex<Entries>

  private init(builtIn: [Registration]) {
    entries = Mutex(Entries())
    for registration in builtIn {
      do { try add(registration) } catch { stop("Registry", "\(error)") }
    }
  }

  @usableFromInline
  func add(_ registration: Registration) throws {
    let spec = registration.spec
    for id in [spec.id] + registration.replaced.keys.sorted() where !Self.isWellFormed(id) {
      throw EnvironmentError(
        .usage,
        "'\(id)' is no environment id; an id is a name and a version, such as 'Corridor-v0'")
    }
    if let limit = spec.maxEpisodeSteps, limit < 1 || limit > Int(Int32.max) {
      throw EnvironmentError(
        .usage, "the time limit of '\(spec.id)' is \(limit) steps; it must be at least one")
    }
    let names = registration.options.flatMap { [$0.name] + $0.aliases }
    if let name = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
      throw EnvironmentError(
        .usage, "'\(spec.id)' declares the option '\(names[name])' twice; each needs its own name")
    }
    let taken = entries.withLock { entries -> String? in
      let ids = [spec.id] + registration.replaced.keys.sorted()
      if let id = ids.first(where: {
        entries.registrations[$0] != nil || entries.replaced[$0] != nil
      }) {
        return id
      }
      entries.registrations[spec.id] = registration
      for id in registration.replaced.keys { entries.replaced[id] = spec.id }
      return nil
    }
    if let taken {
      throw EnvironmentError(
        .usage, "the environment '\(taken)' is registered already; choose another name or version"
      )
    }
  }

  func registration(_ id: String) throws -> Registration {
    let (found, outdated) = entries.withLock { entries -> (Registration?, isNew: Bool) in
      if let found = entries.registrations[id] { return (found, false) }
      guard let current = entries.replaced[id] else { return (nil, false) }
      return (entries.registrations[current], entries.told.insert(id).inserted)
    }
    if let found {
      if outdated, let difference = found.replaced[id] {
        warn("\(id) is outdated and \(found.spec.id) takes its place: \(difference)")
      }
      return found
    }
    if let reason = Registration.leftOut(id) { throw EnvironmentError(.usage, reason) }
    if let reason = Registration.needsMuJoCo(id) { throw EnvironmentError(.usage, reason) }
    // A name is looked for among those without their package, too.
    let ids = specs.map(\.id)
    let names = id.contains("/") ? ids : ids.map { String($0.split(separator: "/").last ?? "") }
    let near = nearestNames(to: id, in: names).compactMap { name in
      names.firstIndex(of: name).map { "'\(ids[$0])'" }
    }
    throw EnvironmentError(
      .usage, "unknown environment '\(id)'; did you mean \(near.joined(separator: " or "))?")
  }

  var specs: [EnvironmentSpec] {
    entries.withLock { $0.registrations.values.map(\.spec) }.sorted { $0.id < $1.id }
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
