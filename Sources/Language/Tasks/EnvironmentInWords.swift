import Envs
import Runtime

/// A registered environment of a few actions, told in words: CartPole as a prompt.
///
/// What is observed is written with the names and units that `swirl envs NAME` shows, an action is
/// named by its word or its number.
public struct EnvironmentInWords: TextEnvironment {
  public let id: String
  public let turnLimit: Int
  /// The returns that are worth 0 and 1.
  public let returns: ClosedRange<Double>
  /// Decimals of the numbers that are observed.
  public let decimals: Int

  private let description: EnvironmentDescription
  private let names: [String]
  private let first: Int
  private var episode: AnyEpisode
  private var messages = 0
  private var understood = 0

  /// - Parameters:
  ///   - returns: The returns that are worth 0 and 1; from 0 to the environment's threshold or what
  ///     can be reached in the turns when nil.
  /// - Throws: `EnvironmentError` for an unknown environment, `ModelError` for one whose actions
  ///   are not a few.
  public init(
    _ id: String, turnLimit: Int = 20, returns: ClosedRange<Double>? = nil, decimals: Int = 2
  ) throws {
    let description = try describeEnvironment(id)
    guard let actions = description.actionSpace as? Discrete, actions.n <= 100 else {
      throw ModelError(
        "\(id) cannot be told in words: its actions are \(description.actionSpace), not a few that have "
          + "names", kind: .usage)
    }
    self.id = description.spec.id
    self.description = description
    self.decimals = min(max(decimals, 0), 9)
    let turns = min(max(turnLimit, 1), description.spec.maxEpisodeSteps ?? .max)
    self.turnLimit = turns
    first = actions.start
    names = Self.labels(description.page.actions, actions.n).enumerated().map { place, label in
      label.name.isEmpty ? "\(actions.start + place)" : label.name
    }
    let threshold = description.spec.rewardThreshold ?? Double(turns)
    self.returns =
      returns ?? (threshold > 0 ? 0...min(threshold, Double(turns)) : -Double(turns)...0)
    episode = try makeEpisode(id, seed: 0)
  }

  public var components: [RewardComponent] {
    [RewardComponent("return", weight: 0.9), RewardComponent("format", weight: 0.1)]
  }

  public mutating func begin(_ index: Int, of split: TaskSplit, seed: UInt64) -> String {
    episode.reset(seed: split.sequence(index, seed: seed).generateState64(1)[0])
    (messages, understood) = (0, 0)
    let task = description.page.summary
    return (task.isEmpty ? "You control \(id). " : task + " ")
      + "Answer each message with one of: \(names.joined(separator: ", ")). \(view)"
  }

  private var view: String {
    let row = episode.observation
    if let space = episode.observationSpace as? Discrete, let value = row.first {
      let place = Int(value) - space.start
      let labels = Self.labels(description.page.observations, space.n)
      let name = labels.indices.contains(place) ? labels[place].name : ""
      return name.isEmpty ? "Observation: \(Int(value))." : "Observation: \(name)."
    }
    let labels = Self.labels(description.page.observations, row.count)
    let parts = row.enumerated().map { place, number in
      let text = Self.text(number, decimals)
      let (name, unit) = labels[place]
      return name.isEmpty ? text : "\(name) \(text)" + (unit.map { " \($0)" } ?? "")
    }
    return "Observation: \(parts.joined(separator: ", "))."
  }

  /// The name and unit of each of `count` numbers or values, empty for one that shares its name.
  private static func labels(
    _ quantities: [EnvironmentPage.Quantity], _ count: Int
  ) -> [(name: String, unit: String?)] {
    let labels = quantities.flatMap { quantity -> [(name: String, unit: String?)] in
      quantity.count == 1
        ? [(quantity.name, quantity.unit)]
        : Array(repeating: (name: "", unit: nil), count: quantity.count)
    }
    return labels.count == count ? labels : Array(repeating: (name: "", unit: nil), count: count)
  }

  static func text(_ number: Float, _ decimals: Int) -> String {
    guard number.isFinite, number.magnitude < 1e9 else { return "\(number)" }
    let power = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
    let scaled = (Double(number) * power).rounded()
    let whole = Int(scaled.magnitude)
    let digits = String(whole % Int(power))
    let fraction =
      decimals == 0
      ? "" : "." + String(repeating: "0", count: decimals - digits.count) + digits
    return (scaled < 0 ? "-" : "") + "\(whole / Int(power))" + fraction
  }

  public mutating func respond(to message: String) -> TextTurn {
    messages += 1
    let word = message.trimmingWhitespace.lowercased()
    let bare = word.hasSuffix(".") ? String(word.dropLast()) : word
    let named = names.firstIndex { $0.lowercased() == bare }
    guard let action = named.map({ $0 + first }) ?? bare.asNumber,
      let result = try? episode.step([Float(action)])
    else {
      return TextTurn(
        "Answer with one of: \(names.joined(separator: ", ")). \(view)",
        ending: messages >= turnLimit ? .truncated : .none)
    }
    understood += 1
    let ending = result.ending == .none && messages >= turnLimit ? .truncated : result.ending
    return TextTurn(ending == .none ? view : "The episode has ended.", ending: ending)
  }

  public var marks: [Double] {
    let width = returns.upperBound - returns.lowerBound
    let share = width > 0 ? (episode.returnSoFar - returns.lowerBound) / width : 0
    return [min(max(share, 0), 1), Double(understood) / Double(max(messages, 1))]
  }
}
