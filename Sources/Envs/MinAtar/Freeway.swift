import Runtime

/// MinAtar's Freeway: a chicken crosses a road of eight lanes.
///
/// Reward: 1 a crossing, after which the chicken starts again at the bottom and the cars get new speeds
/// and directions. A car that hits the chicken sends it back. The chicken moves every third step at
/// most, a car once in 2 to 6 steps. The game is watched for 2501 steps and then truncated: the road
/// goes on.
///
/// Observation: `[10, 10, 7]` bytes of 0 and 1: chicken, car, and five channels of trails behind the
/// cars, one a speed. Actions: none, up, down (minimal), or all six. Registered with sticky actions.
///
/// Rules: as ``Breakout``.
public struct Freeway: Environment {
  public typealias Element = UInt8

  @usableFromInline let actions: GameActions
  @usableFromInline var row = 9
  @usableFromInline var moveTimer = 3
  @usableFromInline var stepsLeft = 2500
  /// A lane each, four bits: column, speed (1 to 5) and timer; and a bit: whether it goes right.
  @usableFromInline var columns: UInt32 = 0
  @usableFromInline var speeds: UInt32 = 0
  @usableFromInline var timers: UInt32 = 0
  @usableFromInline var movesRight: UInt8 = 0

  @inlinable public init(actions: GameActions = .minimal) { self.actions = actions }

  public var observationSpace: Box { Box(shape: [10, 10, 7], in: 0...1, of: .uint8) }
  public var actionSpace: Discrete {
    @inlinable get { Discrete(actions == .all ? 6 : 3) }
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    self = Freeway(actions: actions)
    setCars(using: &random)
  }

  @inlinable
  mutating func setCars(using random: inout PCG64) {
    speeds = 0
    for lane in 0..<8 { speeds |= UInt32(random.integers(1..<6)) << UInt32(4 * lane) }
    timers = speeds
    movesRight = 0
    for lane in 0..<8 where random.random() > 0.5 { movesRight |= 1 << UInt8(lane) }
  }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    let move = Move.of(action, actions, minimal: StaticMoves(.none, .up, .down))
    if moveTimer == 0 && (move == .up || move == .down) {
      moveTimer = 3
      row = move == .up ? max(0, row - 1) : min(9, row + 1)
    }
    var reward = 0.0
    if row == 0 {
      reward = 1
      setCars(using: &random)
      row = 9
    }
    for lane in 0..<8 {
      let shift = UInt32(4 &* lane)
      var column = columns >> shift & 0xf
      if column == 4 && row == lane + 1 { row = 9 }
      if timers >> shift & 0xf == 0 {
        timers |= speeds & 0xf << shift
        column =
          movesRight >> UInt8(lane) & 1 == 1
          ? (column == 9 ? 0 : column + 1) : (column == 0 ? 9 : column - 1)
        columns = columns & ~(0xf << shift) | column << shift
        if column == 4 && row == lane + 1 { row = 9 }
      } else {
        timers -= 1 << shift
      }
    }
    if moveTimer > 0 { moveTimer -= 1 }
    stepsLeft -= 1
    return StepResult(reward: reward, ending: stepsLeft < 0 ? .truncated : .none)
  }

  public var stateFault: String? {
    for lane in 0..<8 {
      let shift = UInt32(4 * lane)
      let fault =
        firstFault(
          fault("column", columns >> shift & 0xf, in: 0...9),
          fault("speed", speeds >> shift & 0xf, in: 1...5),
          fault("timer", timers >> shift & 0xf, in: 0...5))
      if let fault { return fault }
    }
    return firstFault(
      fault("row", row, in: 0...9),
      fault("move timer", moveTimer, in: 0...3),
      fault("steps left", stepsLeft, in: -1...2500))
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<UInt8>) {
    observation.clear(channels: 7)
    observation.set(4, row, 0, of: 7)
    for lane in 0..<8 {
      let shift = UInt32(4 &* lane)
      let column = Int(columns >> shift & 0xf)
      observation.set(column, lane + 1, 1, of: 7)
      let back =
        movesRight >> UInt8(lane) & 1 == 1
        ? (column == 0 ? 9 : column - 1) : (column == 9 ? 0 : column + 1)
      observation.set(back, lane + 1, 1 + Int(speeds >> shift & 0xf), of: 7)
    }
  }
}
