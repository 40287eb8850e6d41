/// All there is to say of a registered environment: its page, with the spaces, limits and options that the
/// environment itself has.
///
/// ```swift
/// let description = try describeEnvironment("CartPole-v1")
/// for row in description.observations { print(row.place, row.name, row.low ?? 0, row.high ?? 0) }
/// ```
public struct EnvironmentDescription: Sendable {
  /// A number of an observation or action, or several alike; a value of a discrete space; a channel of
  /// pictures; a part of a tuple or dictionary.
  public struct Row: Sendable, Hashable {
    /// Where it stands: "3", "3–10", the key of a dictionary.
    public let place: String
    public let name: String
    public let unit: String?
    /// Bounds, for numbers.
    public let low: Double?
    public let high: Double?
    /// The space of a part.
    public let space: String?

    public init(
      place: String, name: String, unit: String?, low: Double?, high: Double?, space: String?
    ) {
      self.place = place
      self.name = name
      self.unit = unit
      self.low = low
      self.high = high
      self.space = space
    }
  }

  public let spec: EnvironmentSpec
  public let page: EnvironmentPage
  public let options: [EnvironmentOption]
  /// Outdated ids that stand for this one, each with what differs.
  public let replaced: [(id: String, difference: String)]
  public let observationSpace: any Space
  public let actionSpace: any Space
  /// Entries of the action mask; 0 if there is none.
  public let maskSize: Int
  public let metricNames: [String]

  /// What an observation holds, in order.
  public var observations: [Row] { Self.rows(of: observationSpace, page.observations) }

  /// What an action holds or may be, in order.
  public var actions: [Row] { Self.rows(of: actionSpace, page.actions) }
}

/// Describes a registered environment, made with some options.
///
/// - Throws: ``EnvironmentError`` as ``make(_:count:seed:timeLimit:options:)`` does.
public func describeEnvironment(
  _ id: String, options: [String: OptionValue] = [:]
) throws -> EnvironmentDescription {
  let registration = try Registry.shared.registration(id)
  let made = try make(registration.spec.id, seed: 0, options: options)
  var page = registration.page
  registration.adaptPage?(&page, registration.resolved(made.spec?.options ?? [:]))
  return EnvironmentDescription(
    spec: made.spec ?? registration.spec, page: page, options: registration.options,
    replaced: registration.replaced.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
    observationSpace: made.observationSpace, actionSpace: made.actionSpace, maskSize: made.maskSize,
    metricNames: made.metricNames)
}

extension EnvironmentDescription {
  /// Describes what an episode is of, without a page where it is not registered.
  public init(of episode: AnyEpisode) {
    if let spec = episode.spec,
      let description = try? describeEnvironment(spec.id, options: spec.options)
    {
      self = description
      return
    }
    self.init(
      spec: episode.spec
        ?? EnvironmentSpec(id: "environment", maxEpisodeSteps: episode.timeLimit),
      page: EnvironmentPage(), options: [], replaced: [],
      observationSpace: episode.observationSpace, actionSpace: episode.actionSpace,
      maskSize: episode.actionMask.count, metricNames: episode.metrics.map(\.name))
  }

  /// A part of a space that a page has a name for.
  private struct Part {
    var place: String
    var low: Double?
    var high: Double?
    var space: String?
  }

  private static func parts(of space: any Space) -> [Part] {
    switch space {
    case let space as Discrete:
      return (0..<space.n).map { Part(place: "\($0 + space.start)") }
    case let box as Box where box.shape.count == 3:
      let (channels, low, high) = (box.shape[2], box.low, box.high)
      return (0..<channels).map { channel in
        let places = stride(from: channel, to: low.count, by: channels)
        return Part(
          place: "channel \(channel)", low: places.lazy.map { low[$0] }.min(),
          high: places.lazy.map { high[$0] }.max())
      }
    case let box as Box:
      let (low, high) = (box.low, box.high)
      return low.indices.map { Part(place: "\($0)", low: low[$0], high: high[$0]) }
    case let space as MultiBinary:
      return (0..<space.flatSize).map { Part(place: "\($0)", low: 0, high: 1) }
    case let space as MultiDiscrete:
      return space.counts.indices.map {
        Part(
          place: "\($0)", low: Double(space.start[$0]),
          high: Double(space.start[$0] + space.counts[$0] - 1))
      }
    case let space as Tuple:
      return space.spaces.enumerated().map { Part(place: "\($0)", space: "\($1)") }
    case let space as Dict:
      return zip(space.keys, space.spaces).map { Part(place: $0, space: "\($1)") }
    default: return [Part(place: "all", space: "\(space)")]
    }
  }

  /// Names what a space holds; what there are no names for, because options changed the space, is one
  /// row without.
  private static func rows(of space: any Space, _ names: [EnvironmentPage.Quantity]) -> [Row] {
    let parts = parts(of: space)
    let named = names.reduce(0) { $0 + $1.count }
    let quantities: [EnvironmentPage.Quantity] =
      if named == parts.count {
        names
      } else if names.count == 1 {
        [.init(names[0].name, unit: names[0].unit, count: parts.count)]
      } else {
        [.init("", count: parts.count)]
      }
    var rest = parts[...]
    return quantities.compactMap { quantity in
      let covered = rest.prefix(quantity.count)
      rest = rest.dropFirst(quantity.count)
      guard let first = covered.first, let last = covered.last else { return nil }
      return Row(
        place: covered.count == 1 ? first.place : "\(first.place)–\(last.place)",
        name: quantity.name, unit: quantity.unit, low: covered.compactMap(\.low).min(),
        high: covered.compactMap(\.high).max(),
        space: covered.count == 1 ? first.space : nil)
    }
  }
}
