import Runtime

/// MinAtar's Asterix: gather treasure and avoid enemies, both of which cross the board in eight rows.
///
/// Reward: 1 a treasure. The episode ends when the player and an enemy meet. With `ramping`, things
/// appear and move faster every 101 steps.
///
/// Observation: `[10, 10, 4]` bytes of 0 and 1: player, enemy, trail (behind each thing), gold.
/// Actions: none, left, up, right, down (minimal), or all six. Registered with sticky actions.
///
/// Rules: as ``Breakout``.
public struct Asterix: Environment {
  public typealias Element = UInt8

  @usableFromInline let actions: GameActions
  @usableFromInline let ramping: Bool
  @usableFromInline var x = 5
  @usableFromInline var y = 5
  /// What is in row i + 1, four bits each: whether there is something, and if it moves right and is gold.
  @usableFromInline var present: UInt8 = 0
  @usableFromInline var movesRight: UInt8 = 0
  @usableFromInline var isGold: UInt8 = 0
  /// The column of each row's thing, four bits each.
  @usableFromInline var columns: UInt32 = 0
  @usableFromInline var spawnSpeed = 10
  @usableFromInline var spawnTimer = 10
  @usableFromInline var moveSpeed = 5
  @usableFromInline var moveTimer = 5
  @usableFromInline var rampTimer = 100
  @usableFromInline var rampIndex = 0

  @inlinable
  public init(actions: GameActions = .minimal, ramping: Bool = true) {
    self.actions = actions
    self.ramping = ramping
  }

  public var observationSpace: Box { Box(shape: [10, 10, 4], in: 0...1, of: .uint8) }
  public var actionSpace: Discrete {
    @inlinable get { Discrete(actions == .all ? 6 : 5) }
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    self = Asterix(actions: actions, ramping: ramping)
  }

  @inlinable func column(_ slot: Int) -> Int { Int(columns >> UInt32(4 &* slot) & 0xf) }

  @inlinable
  mutating func setColumn(_ slot: Int, _ column: Int) {
    columns = columns & ~(0xf << UInt32(4 &* slot)) | UInt32(column) << UInt32(4 &* slot)
  }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    var result = StepResult(reward: 0)
    if spawnTimer == 0 {
      spawn(using: &random)
      spawnTimer = spawnSpeed
    }
    switch Move.of(action, actions, minimal: StaticMoves(.none, .left, .up, .right, .down)) {
    case .left: x = max(0, x - 1)
    case .right: x = min(9, x + 1)
    case .up: y = max(1, y - 1)
    case .down: y = min(8, y + 1)
    default: break
    }
    meet(&result)
    if moveTimer == 0 {
      moveTimer = moveSpeed
      for slot in 0..<8 where present >> slot & 1 == 1 {
        let next = column(slot) + (movesRight >> slot & 1 == 1 ? 1 : -1)
        if next < 0 || next > 9 { present &= ~(1 << slot) } else { setColumn(slot, next) }
      }
      meet(&result)
    }
    spawnTimer -= 1
    moveTimer -= 1
    if ramping && (spawnSpeed > 1 || moveSpeed > 1) { ramp() }
    return result
  }

  /// Takes the treasure where the player stands, or ends the episode if an enemy stands there.
  @inlinable
  mutating func meet(_ result: inout StepResult) {
    let slot = y - 1
    guard present >> slot & 1 == 1, column(slot) == x else { return }
    if isGold >> slot & 1 == 1 {
      present &= ~(1 << slot)
      result.reward += 1
    } else {
      result.ending = .terminated
    }
  }

  @inlinable
  mutating func ramp() {
    if rampTimer >= 0 {
      rampTimer -= 1
    } else {
      if moveSpeed > 1 && rampIndex % 2 == 1 { moveSpeed -= 1 }
      if spawnSpeed > 1 { spawnSpeed -= 1 }
      rampIndex += 1
      rampTimer = 100
    }
  }

  /// Puts an enemy or, one time in three, a treasure at the edge of a free row.
  @inlinable
  mutating func spawn(using random: inout PCG64) {
    let right = random.random() < 0.5
    let gold = random.random() < 1.0 / 3
    if present == 0xff { return }
    var skip = random.integers(0..<(8 - present.nonzeroBitCount))
    var slot = 0
    while present >> slot & 1 == 1 || skip > 0 {
      if present >> slot & 1 == 0 { skip -= 1 }
      slot += 1
    }
    let bit: UInt8 = 1 << slot
    present |= bit
    movesRight = right ? movesRight | bit : movesRight & ~bit
    isGold = gold ? isGold | bit : isGold & ~bit
    setColumn(slot, right ? 0 : 9)
  }

  public var stateFault: String? {
    for slot in 0..<8 where present >> slot & 1 == 1 {
      if let fault = fault("column", column(slot), in: 0...9) { return fault }
    }
    return firstFault(
      fault("x", x, in: 0...9),
      fault("y", y, in: 1...8),
      fault("spawn timer", spawnTimer, in: 0...10),
      fault("move timer", moveTimer, in: 0...5),
      fault("spawn speed", spawnSpeed, in: 1...10),
      fault("move speed", moveSpeed, in: 1...5),
      fault("ramp timer", rampTimer, in: -1...100),
      fault("ramp index", rampIndex, in: countRange))
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<UInt8>) {
    observation.clear(channels: 4)
    observation.set(x, y, 0, of: 4)
    for slot in 0..<8 where present >> slot & 1 == 1 {
      let column = column(slot)
      observation.set(column, slot + 1, isGold >> slot & 1 == 1 ? 3 : 1, of: 4)
      let back = column - (movesRight >> slot & 1 == 1 ? 1 : -1)
      if back >= 0 && back <= 9 { observation.set(back, slot + 1, 2, of: 4) }
    }
  }

  @inlinable public static var metricNames: [String] { ["difficulty"] }
  @inlinable public func metrics(into metrics: inout MutableSpan<Float>) {
    metrics[0] = Float(rampIndex)
  }
}
