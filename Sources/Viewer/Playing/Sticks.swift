/// The sticks and triggers of a controller, as keys that are pushed so far.
public struct Sticks: Sendable {
  public enum Axis: Sendable, Hashable, CaseIterable {
    case leftX, leftY, rightX, rightY, leftTrigger, rightTrigger

    /// The keys that its negative and its positive side stand for.
    var keys: (negative: String?, positive: String) {
      switch self {
      case .leftX: ("left", "right")
      case .leftY: ("up", "down")
      case .rightX: ("a", "d")
      case .rightY: ("w", "s")
      case .leftTrigger: (nil, "down")
      case .rightTrigger: (nil, "up")
      }
    }
  }

  /// How far each key is pushed, above 0 to 1; the farthest where a stick and a trigger stand for one.
  public private(set) var pushes: [String: Double] = [:]
  private var positions: [Axis: Double] = [:]
  /// Keys that have come to be pushed half way since the last look.
  private var fresh: Set<String> = []
  /// Seconds since a key that is pushed half way was last a press.
  private var held: [String: Double] = [:]
  /// What a stick rests at is seldom 0.
  private static let rest = 0.15
  private static let press = 0.5

  public init() {}

  /// Says where an axis stands, from -1 to 1, upwards and to the left being negative.
  public mutating func move(_ axis: Axis, to position: Double) {
    positions[axis] = position.magnitude < Self.rest ? nil : max(-1, min(1, position))
    pushes = [:]
    for (axis, position) in positions {
      guard let key = position < 0 ? axis.keys.negative : axis.keys.positive else { continue }
      pushes[key] = max(pushes[key] ?? 0, position.magnitude)
    }
    for (key, push) in pushes where push >= Self.press && held[key] == nil {
      fresh.insert(key)
      held[key] = 0
    }
    held = held.filter { pushes[$0.key] ?? 0 >= Self.press }
  }

  /// Lets go of everything, as when the controller has gone.
  public mutating func release() { self = Sticks() }

  /// Keys that are pressed where the world waits for one: once when a stick is pushed half way, then `pace`
  /// times a second as long as it is held.
  public mutating func presses(after seconds: Double, pace: Double) -> Set<String> {
    var keys = fresh
    fresh = []
    for key in held.keys where !keys.contains(key) {
      held[key, default: 0] += seconds
      guard held[key, default: 0] * pace >= 1 else { continue }
      held[key] = 0
      keys.insert(key)
    }
    return keys
  }

  /// Forgets what nobody has looked at.
  mutating func forgetPresses() { fresh = [] }
}
