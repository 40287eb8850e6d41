/// Which of MinAtar's six actions (none, left, up, right, down, fire) an action space offers.
public enum GameActions: String, Codable, Sendable {
  /// All six, in every game: what MinAtar's `-v0` environments have.
  case all
  /// Those that do something in the game: what its `-v1` environments have.
  case minimal
}

/// What the player does in a step.
@usableFromInline
enum Move: UInt8, Codable, Sendable {
  case none, left, up, right, down, fire

  /// The move that action number `action` stands for.
  @inlinable
  static func of(_ action: Int, _ actions: GameActions, minimal: StaticMoves) -> Move {
    switch actions {
    case .all: Move(rawValue: UInt8(truncatingIfNeeded: action)) ?? .none
    case .minimal: minimal[action]
    }
  }
}

/// The moves of a minimal action set, packed four bits each, so that looking one up allocates nothing.
@usableFromInline
struct StaticMoves: Sendable {
  @usableFromInline let packed: UInt32
  @usableFromInline let count: Int

  @inlinable
  init(_ moves: Move...) {
    var packed: UInt32 = 0
    for (position, move) in moves.enumerated() { packed |= UInt32(move.rawValue) << (4 * position) }
    self.packed = packed
    count = moves.count
  }

  @inlinable subscript(action: Int) -> Move {
    Move(rawValue: UInt8(packed >> UInt32(4 &* (action & 7)) & 0xf)) ?? .none
  }
}
