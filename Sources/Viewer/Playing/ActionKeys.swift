public import Envs
import Foundation

/// Which keys act in an environment: found by what its page calls its actions, and changed by whoever plays.
public struct ActionKeys: Sendable {
  /// What happens while no key is down.
  public enum Idle: Sendable, Equatable {
    /// Time stands still until one is.
    case waits
    case action([Float])
    /// Two that cancel each other, in turn.
    case alternates([Float], [Float])
  }

  public enum Effect: Sendable, Equatable {
    /// The whole action.
    case action([Float])
    /// One of its numbers.
    case number(Int, Float)
  }

  public struct Binding: Sendable, Equatable {
    /// As SDL names it, in lower case: "left", "space", "a".
    public var key: String
    public var effect: Effect
    public var meaning: String
  }

  public private(set) var bindings: [Binding] = []
  public internal(set) var idle = Idle.waits
  /// The middle of each number's range, from which keys push it.
  private var neutral: [Float] = []
  private var limits: [(low: Float, high: Float)] = []
  private let space: any Space

  /// "left push to the left, right push to the right".
  public var summary: String {
    bindings.prefix(6).map { "\($0.key) \($0.meaning)" }.joined(separator: ", ")
  }

  /// The keys that suit an environment.
  public static func standard(for description: EnvironmentDescription) -> ActionKeys {
    var keys = ActionKeys(space: description.actionSpace)
    let names = Panel.names(description.actions).map { $0.lowercased() }
    if let discrete = description.actionSpace as? Discrete {
      keys.bind(discrete, names, isTable: !(description.observationSpace is Box))
    } else if let box = description.actionSpace as? Box {
      keys.bind(box, names)
    }
    return keys
  }

  private init(space: any Space) { self.space = space }

  // MARK: - Choices

  private static let words: [(key: String, words: [String])] = [
    ("a", ["ahead to the left"]), ("d", ["ahead to the right"]),
    ("left", ["left", "west", "−1"]), ("right", ["right", "east", "torque of 1"]),
    ("up", ["up", "north", "main", "gas", "forward", "ahead", "hit", "draw"]),
    ("down", ["down", "south", "brake", "back", "stick"]), ("space", ["fire", "pick"]),
    ("return", ["drop"]),
  ]
  private static let idleWords = [
    "none", "nothing", "no ", "do not", "coast", "stay", "stand", "stop", "idle",
  ]

  private mutating func bind(_ space: Discrete, _ names: [String], isTable: Bool) {
    var used: Set<String> = []
    for option in 0..<min(space.n, 1000) {
      let name = option < names.count ? names[option] : ""
      let row = [Float(option + space.start)]
      if names.count == space.n, idle == .waits,
        Self.idleWords.contains(where: { name.hasPrefix($0) })
      {
        idle = .action(row)
        continue
      }
      let key =
        Self.words.first { entry in
          !used.contains(entry.key)
            && entry.words.contains { name.contains($0) && !name.contains("pick up \($0)") }
        }?.key ?? Self.letters.first { !used.contains($0) }
      guard let key else { break }
      used.insert(key)
      bindings.append(
        Binding(key: key, effect: .action(row), meaning: name.isEmpty ? "\(option)" : name))
    }
    // Two actions that push apart hold the middle in turn; tables wait.
    if idle == .waits, !isTable, space.n == 2 {
      idle = .alternates([Float(space.start)], [Float(space.start + 1)])
    }
  }

  private static let letters = (1...9).map { "\($0)" } + "abcefjklmouvwxyz".map { "\($0)" }

  // MARK: - Numbers

  private static let pairs = [
    ("left", "right"), ("down", "up"), ("a", "d"), ("s", "w"), ("j", "l"), ("k", "i"), ("f", "h"),
    ("g", "y"), ("z", "x"), ("c", "v"), ("b", "m"), ("e", "u"), ("1", "2"), ("3", "4"), ("5", "6"),
    ("7", "8"), ("9", "0"),
  ]

  private mutating func bind(_ box: Box, _ names: [String]) {
    let (low, high) = (box.low.map(Float.init), box.high.map(Float.init))
    neutral = zip(low, high).map { low, high in
      low.isFinite && high.isFinite ? max(low, min(high, 0)) : 0
    }
    idle = .action(neutral)
    var used: Set<String> = []
    limits = zip(low, high).map { ($0, $1) }
    for i in low.indices.prefix(Self.pairs.count) {
      let name = i < names.count ? names[i] : "number \(i)"
      let (least, most) = (low[i].isFinite ? low[i] : -1, high[i].isFinite ? high[i] : 1)
      func bind(_ key: String, _ value: Float, _ sign: String) {
        guard !used.contains(key) else { return }
        used.insert(key)
        bindings.append(
          Binding(key: key, effect: .number(i, value), meaning: "\(name) \(sign)"))
      }
      let isTurn = ["steer", "turn", "side"].contains { name.contains($0) }
      if least >= 0 {
        // A pedal goes one way.
        let key = name.contains("brake") ? "down" : "up"
        bind(used.contains(key) ? Self.pairs.last!.1 : key, most, "+")
      } else if name.contains("main") || name.contains("speed") {
        bind("up", most, "+")
        bind("down", least, "−")
      } else if isTurn {
        // A positive rate of turning is to the left.
        let isLeft = name.contains("turn")
        bind("left", isLeft ? most : least, isLeft ? "+" : "−")
        bind("right", isLeft ? least : most, isLeft ? "−" : "+")
      } else if let pair = Self.pairs.first(where: { !used.contains($0.0) && !used.contains($0.1) })
      {
        bind(pair.0, least, "−")
        bind(pair.1, most, "+")
      }
    }
  }

  // MARK: - Acting

  /// The action of the keys that are down.
  ///
  /// - Parameters:
  ///   - sticks: How far a controller's sticks are pushed towards a key, from 0 to 1.
  ///   - step: Counts the steps, for actions that alternate.
  /// - Returns: Nil where the world waits.
  public func action(
    pressed: Set<String>, sticks: [String: Double] = [:], step: Int
  ) -> [Float]? {
    var numbers: [Float]?
    for binding in bindings {
      let push = pressed.contains(binding.key) ? 1 : sticks[binding.key] ?? 0
      guard push > 0 else { continue }
      switch binding.effect {
      case .action(let row):
        if push >= 0.5 { return row }
      case .number(let i, let value):
        var row = numbers ?? neutral
        row[i] += (value - neutral[i]) * Float(push)
        numbers = row
      }
    }
    if let numbers {
      // Two keys that push the same way push no farther than there is room.
      return zip(numbers, limits).map { number, limit in max(limit.low, min(limit.high, number)) }
    }
    switch idle {
    case .waits: return nil
    case .action(let row): return row
    case .alternates(let a, let b): return step % 2 == 0 ? a : b
    }
  }

  /// Has a key do something else: "a=0" takes an action, "a=1:-0.5" sets its second number, "none=2" is what happens
  /// without a key.
  ///
  /// - Throws: ``ViewerError`` for a text of another form or an action that is not in the space.
  public mutating func rebind(_ text: String) throws {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    func bad(_ why: String) -> ViewerError {
      ViewerError(
        .usage,
        "the key '\(text.prefix(60))' \(why); give key=action, such as left=0, or key=number:value")
    }
    guard parts.count == 2, !parts[0].isEmpty else { throw bad("has no action") }
    let key = parts[0].lowercased()
    let effect: Effect
    if let colon = parts[1].firstIndex(of: ":") {
      let size = neutral.count
      guard let i = Int(parts[1][..<colon]), let box = space as? Box, (0..<size).contains(i),
        let value = Float(parts[1][parts[1].index(after: colon)...]),
        Double(value) >= box.low[i], Double(value) <= box.high[i]
      else { throw bad("sets no number of \(space)") }
      effect = .number(i, value)
    } else {
      let numbers = parts[1].split(separator: ",", omittingEmptySubsequences: false).map {
        Float($0)
      }
      let row = numbers.compactMap(\.self)
      guard row.count == numbers.count, row.count == space.flatSize, space.contains(row: row) else {
        throw bad("is no action of \(space)")
      }
      effect = .action(row)
    }
    if key == "none" {
      guard case .action(let row) = effect else { throw bad("is no whole action") }
      idle = .action(row)
      return
    }
    bindings.removeAll { $0.key == key }
    bindings.append(Binding(key: key, effect: effect, meaning: "action \(parts[1])"))
  }
}
