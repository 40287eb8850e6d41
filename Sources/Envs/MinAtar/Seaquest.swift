import Runtime

/// MinAtar's Seaquest: a submarine shoots enemies and brings divers to the surface before its oxygen
/// runs out.
///
/// Reward: 1 an enemy shot, and, for surfacing with six divers, one for each tenth of the oxygen left.
/// Surfacing with one to five costs one of them and refills the oxygen; surfacing without any ends the
/// episode, as do an enemy, its bullet and a lack of oxygen. With `ramping`, each surfacing makes
/// enemies more frequent, and every second one faster.
///
/// Observation: `[10, 10, 10]` bytes of 0 and 1: submarine's front, its back, own bullet, trail, enemy's
/// bullet, fish, enemy submarine, oxygen gauge, diver gauge, diver. Actions: all six. Registered with
/// sticky actions.
///
/// Rules: as ``Breakout``. The program's corners are kept: after surfacing with six divers the count is
/// −1, so that the next diver only makes it 0.
public struct Seaquest: Environment {
  public typealias Element = UInt8

  @usableFromInline let ramping: Bool
  @usableFromInline var x = 5
  @usableFromInline var y = 0
  @usableFromInline var facesRight = false
  @usableFromInline var oxygen = 200
  @usableFromInline var divers = 0
  @usableFromInline var isSurfaced = true
  @usableFromInline var bullets = Swimmers()
  @usableFromInline var enemyBullets = Swimmers()
  @usableFromInline var fish = Swimmers()
  @usableFromInline var submarines = Swimmers()
  @usableFromInline var swimmingDivers = Swimmers()
  @usableFromInline var spawnSpeed = 20
  @usableFromInline var spawnTimer = 20
  @usableFromInline var diverTimer = 30
  @usableFromInline var moveSpeed = 5
  @usableFromInline var shotTimer = 0
  @usableFromInline var rampIndex = 0

  @inlinable public init(ramping: Bool = true) { self.ramping = ramping }

  public var observationSpace: Box { Box(shape: [10, 10, 10], in: 0...1, of: .uint8) }
  public var actionSpace: Discrete {
    @inlinable get { Discrete(6) }
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) { self = Seaquest(ramping: ramping) }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    var result = StepResult(reward: 0)
    if spawnTimer == 0 {
      spawnEnemy(using: &random)
      spawnTimer = spawnSpeed
    }
    if diverTimer == 0 {
      let right = random.random() < 0.5
      let row = random.integers(1..<9)
      swimmingDivers.append(SeaSwimmer(right ? 0 : 9, row, right: right, moveTimer: 5))
      diverTimer = 30
    }
    steer(Move(rawValue: UInt8(truncatingIfNeeded: action)) ?? .none)
    moveBullets(&result)
    moveDivers()
    moveSubmarines(&result)
    moveEnemyBullets(&result)
    moveFish(&result)

    if spawnTimer > 0 { spawnTimer -= 1 }
    if diverTimer > 0 { diverTimer -= 1 }
    if shotTimer > 0 { shotTimer -= 1 }
    if oxygen < 0 { result.ending = .terminated }
    if y > 0 {
      oxygen -= 1
      isSurfaced = false
    } else if !isSurfaced {
      if divers == 0 { result.ending = .terminated } else { surface(&result) }
    }
    return result
  }

  @inlinable
  mutating func steer(_ move: Move) {
    switch move {
    case .fire where shotTimer == 0:
      bullets.append(SeaSwimmer(x, y, right: facesRight))
      shotTimer = 5
    case .left:
      x = max(0, x - 1)
      facesRight = false
    case .right:
      x = min(9, x + 1)
      facesRight = true
    case .up: y = max(0, y - 1)
    case .down: y = min(8, y + 1)
    default: break
    }
  }

  // Lists are walked from their ends, so that removing an element leaves those to come in place.

  @inlinable
  mutating func moveBullets(_ result: inout StepResult) {
    var index = bullets.count - 1
    while index >= 0 {
      bullets[index].move()
      let bullet = bullets[index]
      if !bullet.isOnBoard {
        bullets.remove(at: index)
      } else if fish.removeFirst(at: bullet) || submarines.removeFirst(at: bullet) {
        bullets.remove(at: index)
        result.reward += 1
      }
      index -= 1
    }
  }

  @inlinable
  mutating func moveDivers() {
    var index = swimmingDivers.count - 1
    while index >= 0 {
      var isGone = takeDiver(at: index)
      if !isGone {
        if swimmingDivers[index].moveTimer == 0 {
          swimmingDivers[index].moveTimer = 5
          swimmingDivers[index].move()
          if swimmingDivers[index].isOnBoard {
            isGone = takeDiver(at: index)
          } else {
            isGone = true
          }
        } else {
          swimmingDivers[index].moveTimer -= 1
        }
      }
      if isGone { swimmingDivers.remove(at: index) }
      index -= 1
    }
  }

  /// Whether the submarine meets this diver and has room.
  @inlinable
  mutating func takeDiver(at index: Int) -> Bool {
    guard swimmingDivers[index].isAt(x, y), divers < 6 else { return false }
    divers += 1
    return true
  }

  @inlinable
  mutating func moveSubmarines(_ result: inout StepResult) {
    var index = submarines.count - 1
    while index >= 0 {
      var enemy = submarines[index]
      let isGone = move(&enemy, &result)
      submarines[index] = enemy
      // One that is hit or leaves may fire a last time.
      if submarines[index].shotTimer == 0 {
        submarines[index].shotTimer = 10
        let gun = submarines[index]
        enemyBullets.append(SeaSwimmer(Int(gun.x), Int(gun.y), right: gun.movesRight))
      } else {
        submarines[index].shotTimer -= 1
      }
      if isGone { submarines.remove(at: index) }
      index -= 1
    }
  }

  @inlinable
  mutating func moveFish(_ result: inout StepResult) {
    var index = fish.count - 1
    while index >= 0 {
      var enemy = fish[index]
      let isGone = move(&enemy, &result)
      fish[index] = enemy
      if isGone { fish.remove(at: index) }
      index -= 1
    }
  }

  /// Moves an enemy when its time has come; true when it has left or swum into a bullet.
  @inlinable
  mutating func move(_ enemy: inout SeaSwimmer, _ result: inout StepResult) -> Bool {
    if enemy.isAt(x, y) { result.ending = .terminated }
    if enemy.moveTimer > 0 {
      enemy.moveTimer -= 1
      return false
    }
    enemy.moveTimer = Int8(moveSpeed)
    enemy.move()
    if !enemy.isOnBoard { return true }
    if enemy.isAt(x, y) {
      result.ending = .terminated
    } else if bullets.removeFirst(at: enemy) {
      result.reward += 1
      return true
    }
    return false
  }

  @inlinable
  mutating func moveEnemyBullets(_ result: inout StepResult) {
    var index = enemyBullets.count - 1
    while index >= 0 {
      if enemyBullets[index].isAt(x, y) { result.ending = .terminated }
      enemyBullets[index].move()
      if !enemyBullets[index].isOnBoard {
        enemyBullets.remove(at: index)
      } else if enemyBullets[index].isAt(x, y) {
        result.ending = .terminated
      }
      index -= 1
    }
  }

  @inlinable
  mutating func surface(_ result: inout StepResult) {
    isSurfaced = true
    if divers == 6 {
      divers = 0
      result.reward += Double(tenths)
    }
    oxygen = 200
    divers -= 1
    if ramping && (spawnSpeed > 1 || moveSpeed > 2) {
      if moveSpeed > 2 && rampIndex % 2 == 1 { moveSpeed -= 1 }
      if spawnSpeed > 1 { spawnSpeed -= 1 }
      rampIndex += 1
    }
  }

  /// The oxygen in tenths of a full tank, rounded down.
  @inlinable var tenths: Int { oxygen < 0 ? -1 : oxygen * 10 / 200 }

  /// Lets a fish or, one time in three, a submarine in, unless one swims the other way in its row.
  @inlinable
  mutating func spawnEnemy(using random: inout PCG64) {
    let right = random.random() < 0.5
    let isSubmarine = random.random() < 1.0 / 3
    let row = random.integers(1..<9)
    for index in 0..<submarines.count
    where submarines[index].y == row && submarines[index].movesRight != right { return }
    for index in 0..<fish.count where fish[index].y == row && fish[index].movesRight != right {
      return
    }
    let edge = right ? 0 : 9
    if isSubmarine {
      submarines.append(SeaSwimmer(edge, row, right: right, moveTimer: moveSpeed, shotTimer: 10))
    } else {
      fish.append(SeaSwimmer(edge, row, right: right, moveTimer: moveSpeed))
    }
  }

  public var stateFault: String? {
    firstFault(
      fault("x", x, in: 0...9),
      fault("y", y, in: 0...8),
      fault("the submarine's back", facesRight ? x &- 1 : x &+ 1, in: 0...9),
      fault("oxygen", oxygen, in: -9...200),
      fault("divers", divers, in: -countRange.upperBound...6),
      fault("spawn speed", spawnSpeed, in: 1...20),
      fault("spawn timer", spawnTimer, in: 0...20),
      fault("diver timer", diverTimer, in: 0...30),
      fault("move speed", moveSpeed, in: 2...5),
      fault("shot timer", shotTimer, in: 0...5),
      fault("ramp index", rampIndex, in: countRange))
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<UInt8>) {
    observation.clear(channels: 10)
    observation.set(x, y, 0, of: 10)
    observation.set(facesRight ? x - 1 : x + 1, y, 1, of: 10)
    // With no oxygen left the program's gauge shows nine cells.
    for column in 0..<(tenths < 0 ? 9 : tenths) { observation.set(column, 9, 7, of: 10) }
    for column in (9 - max(divers, 0))..<9 { observation.set(column, 9, 8, of: 10) }
    show(bullets, 2, trail: false, &observation)
    show(enemyBullets, 4, trail: false, &observation)
    show(fish, 5, trail: true, &observation)
    show(submarines, 6, trail: true, &observation)
    show(swimmingDivers, 9, trail: true, &observation)
  }

  @inlinable
  func show(
    _ swimmers: borrowing Swimmers, _ channel: Int, trail: Bool,
    _ observation: inout MutableSpan<UInt8>
  ) {
    for index in 0..<swimmers.count {
      let swimmer = swimmers.elements[index]
      observation.set(Int(swimmer.x), Int(swimmer.y), channel, of: 10)
      if trail, let back = swimmer.back { observation.set(back, Int(swimmer.y), 3, of: 10) }
    }
  }

  @inlinable public static var metricNames: [String] { ["difficulty"] }
  @inlinable public func metrics(into metrics: inout MutableSpan<Float>) {
    metrics[0] = Float(rampIndex)
  }
}
