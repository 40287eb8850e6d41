import Runtime

/// MinAtar's Breakout: a paddle bounces a ball that breaks three rows of bricks.
///
/// Reward: 1 a brick. When all are gone and the ball comes down, three new rows appear. The ball moves
/// along diagonals only; a wall or a brick reflects it, the paddle sends it back the way it came or on,
/// by the side it hits. The episode ends when the ball passes the paddle. Difficulty does not ramp.
///
/// Observation: `[10, 10, 4]` bytes of 0 and 1: paddle, ball, trail (where the ball was), brick.
/// Actions: none, left, right (minimal), or all six. Registered with sticky actions: with probability
/// 0.1 the last action is repeated.
///
/// Rules: K. Young and T. Tian, "MinAtar: An Atari-Inspired Testbed for Thorough and Reproducible
/// Reinforcement Learning Experiments", 2019, and their program, version 1.0.15.
public struct Breakout: Environment {
  public typealias Element = UInt8

  @usableFromInline let actions: GameActions
  @usableFromInline var paddle = 4
  @usableFromInline var ballX = 0
  @usableFromInline var ballY = 3
  @usableFromInline var lastX = 0
  @usableFromInline var lastY = 3
  @usableFromInline var movesRight = true
  @usableFromInline var movesDown = true
  @usableFromInline var hasStruck = false
  @usableFromInline var bricks = Cells()

  @inlinable public init(actions: GameActions = .minimal) { self.actions = actions }

  public var observationSpace: Box { Box(shape: [10, 10, 4], in: 0...1, of: .uint8) }
  public var actionSpace: Discrete {
    @inlinable get { Discrete(actions == .all ? 6 : 3) }
  }

  @inlinable static var wall: Cells { Cells(rows: 1..<4, columns: 0..<10) }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    let startsRight = random.integers(0..<2) == 1
    (ballX, ballY) = (startsRight ? 9 : 0, 3)
    (lastX, lastY) = (ballX, ballY)
    (movesRight, movesDown) = (!startsRight, true)
    paddle = 4
    bricks = Self.wall
    hasStruck = false
  }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    switch Move.of(action, actions, minimal: StaticMoves(.none, .left, .right)) {
    case .left: paddle = max(0, paddle - 1)
    case .right: paddle = min(9, paddle + 1)
    default: break
    }
    (lastX, lastY) = (ballX, ballY)
    var x = ballX + (movesRight ? 1 : -1)
    // A ball that has passed the paddle falls no further.
    var y = min(9, ballY + (movesDown ? 1 : -1))
    var reward = 0.0
    var ending = Ending.none
    var isOnBrick = false
    if x < 0 || x > 9 {
      x = x < 0 ? 0 : 9
      movesRight.toggle()
    }
    if y < 0 {
      y = 0
      movesDown.toggle()
    } else if bricks.contains(x, y) {
      isOnBrick = true
      // A ball still within the wall after a strike passes through.
      if !hasStruck {
        reward = 1
        hasStruck = true
        bricks.remove(x, y)
        y = lastY
        movesDown.toggle()
      }
    } else if y == 9 {
      if bricks.isEmpty { bricks = Self.wall }
      if ballX == paddle {
        movesDown.toggle()
        y = lastY
      } else if x == paddle {
        movesRight.toggle()
        movesDown.toggle()
        y = lastY
      } else {
        ending = .terminated
      }
    }
    if !isOnBrick { hasStruck = false }
    (ballX, ballY) = (x, y)
    return StepResult(reward: reward, ending: ending)
  }

  public var stateFault: String? {
    firstFault(
      fault("paddle", paddle, in: 0...9),
      fault("ball x", ballX, in: 0...9),
      fault("ball y", ballY, in: 0...9),
      fault("last x", lastX, in: 0...9),
      fault("last y", lastY, in: 0...9))
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<UInt8>) {
    observation.clear(channels: 4)
    observation.set(paddle, 9, 0, of: 4)
    observation.set(ballX, ballY, 1, of: 4)
    observation.set(lastX, lastY, 2, of: 4)
    observation.set(bricks, 3, of: 4)
  }
}
