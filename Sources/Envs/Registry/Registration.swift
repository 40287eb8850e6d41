public import Foundation
import Runtime

/// How to make a registered environment; made where its type is known, so that what it makes is
/// compiled for that type.
@usableFromInline
struct Registration: Sendable {
  let spec: EnvironmentSpec
  let options: [EnvironmentOption]
  let page: EnvironmentPage
  /// Makes the page fit the options, where they change what is observed or done.
  let adaptPage: (@Sendable (inout EnvironmentPage, OptionValues) -> Void)?
  /// Outdated ids that this one stands for, each with what differs: the end of a sentence.
  let replaced: [String: String]
  let makeVector:
    @Sendable (OptionValues, _ count: Int, _ seed: UInt64, _ limit: Int?) throws ->
      AnyVectorEnvironment
  let makeEpisode: @Sendable (OptionValues, _ seed: UInt64, _ limit: Int?) throws -> AnyEpisode
  let restoreEpisode: @Sendable (Data) throws -> AnyEpisode

  /// - Parameters:
  ///   - page: What `swirl envs NAME` says of it.
  ///   - adaptPage: Makes the page fit the options, where they change what is observed or done.
  ///   - replacing: Outdated ids, each with what differs, such as "a red dress is drawn as well".
  ///   - makeEnvironment: Called once; a vector holds copies.
  @inlinable
  init<E: Environment>(
    _ id: String, maxEpisodeSteps: Int? = nil, rewardThreshold: Double? = nil,
    options: [EnvironmentOption] = [], page: EnvironmentPage = EnvironmentPage(),
    adaptPage: (@Sendable (inout EnvironmentPage, OptionValues) -> Void)? = nil,
    replacing: [String: String] = [:],
    makeEnvironment: @escaping @Sendable (OptionValues) throws -> E
  ) {
    self.init(
      spec: EnvironmentSpec(
        id: id, maxEpisodeSteps: maxEpisodeSteps, rewardThreshold: rewardThreshold),
      options: options, page: page, adaptPage: adaptPage, replaced: replacing,
      makeVector: { options, count, seed, limit in
        let environment = try makeEnvironment(options)
        return AnyVectorEnvironment(
          VectorEnvironment(count: count, seed: seed, timeLimit: limit) { environment })
      },
      makeEpisode: { options, seed, limit in
        AnyEpisode(Episode(try makeEnvironment(options), seed: seed, timeLimit: limit))
      },
      restoreEpisode: { try restoredEpisode(of: E.self, from: $0) })
  }

  @usableFromInline
  init(
    spec: EnvironmentSpec, options: [EnvironmentOption], page: EnvironmentPage,
    adaptPage: (@Sendable (inout EnvironmentPage, OptionValues) -> Void)?,
    replaced: [String: String],
    makeVector:
      @escaping @Sendable (OptionValues, Int, UInt64, Int?) throws -> AnyVectorEnvironment,
    makeEpisode: @escaping @Sendable (OptionValues, UInt64, Int?) throws -> AnyEpisode,
    restoreEpisode: @escaping @Sendable (Data) throws -> AnyEpisode
  ) {
    self.spec = spec
    self.options = options
    self.page = page
    self.adaptPage = adaptPage
    self.replaced = replaced
    self.makeVector = makeVector
    self.makeEpisode = makeEpisode
    self.restoreEpisode = restoreEpisode
  }
}

extension Registration {
  /// What is known of the environment when it is made with these options.
  func spec(with given: [String: OptionValue]) -> EnvironmentSpec {
    var spec = spec
    spec.options = given
    return spec
  }

  /// The options that were given under the names they are declared by, each checked.
  ///
  /// - Throws: ``EnvironmentError`` for an option that is unknown, out of range or given twice.
  func checked(_ given: [String: OptionValue]) throws(EnvironmentError) -> [String: OptionValue] {
    var result: [String: OptionValue] = [:]
    for (name, value) in given.sorted(by: { $0.key < $1.key }) {
      let option = try option(name)
      guard let value = option.checked(value) else { throw refusal(of: option, "\(value)") }
      guard result.updateValue(value, forKey: option.name) == nil else {
        throw EnvironmentError(
          .usage,
          "option \(option.name) of \(spec.id) is given twice, once as \(name); give it once"
        )
      }
    }
    return result
  }

  /// Every option, those that were not given by their defaults.
  func resolved(_ checked: [String: OptionValue]) -> OptionValues {
    var values: [String: OptionValue] = [:]
    for option in options { values[option.name] = checked[option.name] ?? option.defaultValue }
    return OptionValues(values: values)
  }

  /// Reads options of the form `name=value`, as the command line has them.
  func options(of assignments: [String]) throws(EnvironmentError) -> [String: OptionValue] {
    var result: [String: OptionValue] = [:]
    for assignment in assignments {
      guard let equals = assignment.firstIndex(of: "="), equals > assignment.startIndex else {
        throw EnvironmentError(
          .usage, "the option '\(assignment.prefix(60))' is not of the form name=value")
      }
      let option = try option(String(assignment[..<equals]))
      let text = String(assignment[assignment.index(after: equals)...])
      guard let value = option.value(of: text) else {
        throw refusal(of: option, "'\(text.prefix(60))'")
      }
      guard result.updateValue(value, forKey: option.name) == nil else {
        throw EnvironmentError(
          .usage, "option \(option.name) of \(spec.id) is given twice; give it once")
      }
    }
    return result
  }

  private func option(_ name: String) throws(EnvironmentError) -> EnvironmentOption {
    if let found = options.first(where: { $0.name == name || $0.aliases.contains(name) }) {
      return found
    }
    if options.isEmpty {
      throw EnvironmentError(
        .usage, "\(spec.id) has no option '\(name.prefix(60))'; it takes none")
    }
    let near = nearestNames(to: name, in: options.map(\.name)).map { "'\($0)'" }
    throw EnvironmentError(
      .usage,
      "\(spec.id) has no option '\(name.prefix(60))'; did you mean "
        + "\(near.joined(separator: " or "))?")
  }

  private func refusal(of option: EnvironmentOption, _ value: String) -> EnvironmentError {
    EnvironmentError(
      .usage, "option \(option.name) of \(spec.id) is \(value); it must be \(option.allowed)")
  }

  /// Runs what makes the environment; what that refuses is told with the environment's id.
  func making<R>(_ body: () throws -> R) throws -> R {
    do { return try body() } catch let error as EnvironmentError {
      throw EnvironmentError(error.kind, "\(spec.id): \(error.description)")
    }
  }
}
