import Runtime

/// MinAtar's Space Invaders: a cannon shoots at a block of aliens that comes down and shoots back.
///
/// Reward: 1 an alien. The aliens move sideways, turn and come down a row at the edges, and speed up as
/// they become fewer; with `ramping` each new wave starts a little faster. The nearest alien shoots
/// every eleventh step. The episode ends when an alien or a bullet reaches the cannon, or an alien
/// would leave the bottom row.
///
/// Observation: `[10, 10, 6]` bytes of 0 and 1: cannon, alien, alien going left, alien going right,
/// own bullet, alien's bullet. Actions: none, left, right, fire (minimal), or all six. Registered with
/// sticky actions.
///
/// Rules: as ``Breakout``.
public struct SpaceInvaders: Environment {
  public typealias Element = UInt8

  @usableFromInline let actions: GameActions
  @usableFromInline let ramping: Bool
  @usableFromInline var cannon = 5
  @usableFromInline var aliens = Cells()
  @usableFromInline var bullets = Cells()
  @usableFromInline var alienBullets = Cells()
  @usableFromInline var aliensMoveRight = false
  @usableFromInline var moveInterval = 12
  @usableFromInline var moveTimer = 12
  @usableFromInline var alienShotTimer = 10
  @usableFromInline var shotTimer = 0
  @usableFromInline var rampIndex = 0

  @inlinable
  public init(actions: GameActions = .minimal, ramping: Bool = true) {
    self.actions = actions
    self.ramping = ramping
  }

  public var observationSpace: Box { Box(shape: [10, 10, 6], in: 0...1, of: .uint8) }
  public var actionSpace: Discrete {
    @inlinable get { Discrete(actions == .all ? 6 : 4) }
  }

  @inlinable static var wave: Cells { Cells(rows: 0..<4, columns: 2..<8) }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    self = SpaceInvaders(actions: actions, ramping: ramping)
    aliens = Self.wave
  }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    var result = StepResult(reward: 0)
    switch Move.of(action, actions, minimal: StaticMoves(.none, .left, .right, .fire)) {
    case .fire where shotTimer == 0:
      bullets.insert(cannon, 9)
      shotTimer = 5
    case .left: cannon = max(0, cannon - 1)
    case .right: cannon = min(9, cannon + 1)
    default: break
    }
    bullets.moveUp()
    alienBullets.moveDown()
    if alienBullets.contains(cannon, 9) || aliens.contains(cannon, 9) {
      result.ending = .terminated
    }
    if moveTimer == 0 { moveAliens(&result) }
    if alienShotTimer == 0 {
      alienShotTimer = 10
      let column = nearestColumn
      alienBullets.insert(column, aliens.lowest(inColumn: column))
    }
    let hits = aliens.bits & bullets.bits
    result.reward = Double(hits.nonzeroBitCount)
    aliens.bits &= ~hits
    bullets.bits &= ~hits

    if shotTimer > 0 { shotTimer -= 1 }
    moveTimer -= 1
    alienShotTimer -= 1
    if aliens.isEmpty {
      if ramping && moveInterval > 6 {
        moveInterval -= 1
        rampIndex += 1
      }
      aliens = Self.wave
    }
    return result
  }

  @inlinable
  mutating func moveAliens(_ result: inout StepResult) {
    moveTimer = min(aliens.count, moveInterval)
    if aliens.hasColumn(aliensMoveRight ? 9 : 0) {
      aliensMoveRight.toggle()
      let last = aliens.row(9)
      if last != 0 { result.ending = .terminated }
      aliens.moveDown()
      // The episode is over, but its last picture shows the row at the top, as MinAtar's does.
      aliens.bits |= last
    } else {
      aliens.moveSideways(right: aliensMoveRight)
    }
    if aliens.contains(cannon, 9) { result.ending = .terminated }
  }

  /// The column with an alien that is nearest to the cannon, the left one of two.
  @inlinable
  var nearestColumn: Int {
    for distance in 0..<10 {
      if cannon - distance >= 0 && aliens.hasColumn(cannon - distance) { return cannon - distance }
      if cannon + distance <= 9 && aliens.hasColumn(cannon + distance) { return cannon + distance }
    }
    return cannon
  }

  public var stateFault: String? {
    firstFault(
      fault("cannon", cannon, in: 0...9),
      fault("move interval", moveInterval, in: 1...12),
      fault("move timer", moveTimer, in: -1...12),
      fault("alien shot timer", alienShotTimer, in: -1...10),
      fault("shot timer", shotTimer, in: 0...5),
      fault("ramp index", rampIndex, in: countRange))
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<UInt8>) {
    observation.clear(channels: 6)
    observation.set(cannon, 9, 0, of: 6)
    observation.set(aliens, 1, of: 6)
    observation.set(aliens, aliensMoveRight ? 3 : 2, of: 6)
    observation.set(bullets, 4, of: 6)
    observation.set(alienBullets, 5, of: 6)
  }

  @inlinable public static var metricNames: [String] { ["difficulty"] }
  @inlinable public func metrics(into metrics: inout MutableSpan<Float>) {
    metrics[0] = Float(rampIndex)
  }
}
