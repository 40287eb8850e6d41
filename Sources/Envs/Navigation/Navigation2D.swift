import CLibm
import Runtime

/// A robot with a lidar in a room of convex and concave obstacles: drive to the goal and touch nothing.
///
/// ```swift
/// var episode = Episode(Navigation2D(obstacles: 12), seed: 1, timeLimit: 400)
/// episode.step([1, 0.5])          // ahead with 1 m/s, to the left with 0.5 rad/s
/// ```
///
/// The robot is a disc of 0.2 m that drives like a unicycle (two driven wheels do). A step takes 0.1 s: speed
/// and turn rate go towards what the action asks for, by 2 m/s² and 8 rad/s² at most, then the robot moves
/// along the direction it has in the middle of the step.
///
/// | observation | range |
/// |---|---|
/// | distance that the lidar sees along each ray, against the clock from straight ahead, in m | 0 … `lidarRange` |
/// | distance of the goal in m | 0 … `size` √2 |
/// | cosine and sine of the goal's direction, seen from the robot, positive to the left | −1 … 1 |
/// | speed in m/s | −0.5 … 1 |
/// | turn rate in rad/s | −2 … 2 |
///
/// Action: the speed and turn rate asked for, limited to the same ranges. Reward: the metres that the goal
/// has come nearer, −0.01 for the time, 5 for arriving and −5 for touching a wall or an obstacle. An episode
/// starts somewhere in the room at rest with a random heading, the goal at least four tenths of the room's
/// side away; it ends within 0.4 m of the goal or at a touch. The registered version ends after 400 steps.
///
/// Every episode draws obstacles anew: hulls of random points, stars and dead ends. Circles around them
/// keep 0.7 m apart and from the walls, so that there is always a way. The best return is a little below the
/// distance at the start plus 5.
///
/// Source: Swirl's own.
public struct Navigation2D: Environment {
  /// Obstacles that are drawn; fewer stand where there is no room for all.
  public let obstacles: Int
  /// Whether two thirds of them are concave.
  public let areConcave: Bool
  public var rays: Int { lidar.count }
  /// How far the lidar sees in m.
  public let lidarRange: Double
  /// The room's side in m.
  public var size: Double { map.size }

  /// The robot's place in m.
  public private(set) var position: Point
  /// Where the robot looks, in rad against the clock from the x axis, within ±π.
  public private(set) var heading = 0.0
  /// Speed in m/s.
  public private(set) var speed = 0.0
  /// Turn rate in rad/s.
  public private(set) var turnRate = 0.0
  /// Where to drive to.
  public private(set) var goal: Point
  private var hasArrived = false
  private var hasTouched = false
  private var map: NavigationMap
  private let lidar: Lidar

  static let robotRadius = 0.2
  static let goalRadius = 0.4
  static let speeds = -0.5...1.0
  static let turnRates = -2.0...2.0
  private static let seconds = 0.1
  private static let acceleration = 2.0
  private static let turnAcceleration = 8.0

  /// Creates a room.
  ///
  /// - Parameters:
  ///   - obstacles: 0 to 100.
  ///   - rays: of the lidar, 1 to 1024.
  ///   - lidarRange: in m, above 0.
  ///   - size: the room's side in m, 4 to 100.
  public init(
    obstacles: Int = 8, areConcave: Bool = true, rays: Int = 24, lidarRange: Double = 5,
    size: Double = 10
  ) {
    if !(0...100).contains(obstacles) {
      stop("Navigation2D", "there are \(obstacles) obstacles; there must be 0 to 100")
    }
    if !(1...1024).contains(rays) {
      stop("Navigation2D", "the lidar has \(rays) rays; it must have 1 to 1024")
    }
    if !(lidarRange > 0 && lidarRange <= 1000) {
      stop("Navigation2D", "the lidar's range is \(lidarRange) m; it must be above 0, at most 1000")
    }
    if !(4...100).contains(size) {
      stop("Navigation2D", "the room's side is \(size) m; it must be 4 to 100")
    }
    self.obstacles = obstacles
    self.areConcave = areConcave
    self.lidarRange = lidarRange
    map = NavigationMap(size: size)
    lidar = Lidar(rays)
    position = Point(size / 4, size / 2)
    goal = Point(size * 3 / 4, size / 2)
  }

  /// The obstacles of this episode, a polygon each.
  public var obstaclePolygons: [[Point]] { map.obstacles }

  public var observationSpace: Box {
    let far = size * 2.0.squareRoot()
    return Box(
      low: Array(repeating: 0, count: rays)
        + [0, -1, -1, Self.speeds.lowerBound, Self.turnRates.lowerBound],
      high: Array(repeating: lidarRange, count: rays)
        + [far, 1, 1, Self.speeds.upperBound, Self.turnRates.upperBound])
  }

  public var actionSpace: Box {
    Box(
      low: [Self.speeds.lowerBound, Self.turnRates.lowerBound],
      high: [Self.speeds.upperBound, Self.turnRates.upperBound])
  }

  public mutating func reset(using random: inout PCG64) {
    let margin = Self.robotRadius + 0.3
    func place(_ random: inout PCG64) -> Point {
      Point(random.uniform(margin, size - margin), random.uniform(margin, size - margin))
    }
    position = place(&random)
    // Nearly half of all places are far enough; the corner across from the start always is.
    goal = Point(
      position.x < size / 2 ? size - margin : margin,
      position.y < size / 2 ? size - margin : margin)
    for _ in 0..<64 {
      let candidate = place(&random)
      if Geometry.length(candidate - position) >= 0.4 * size {
        goal = candidate
        break
      }
    }
    heading = random.uniform(-.pi, .pi)
    (speed, turnRate) = (0, 0)
    (hasArrived, hasTouched) = (false, false)
    map.draw(
      obstacles: obstacles, areConcave: areConcave, awayFrom: position, goal, using: &random)
  }

  public mutating func step(
    _ action: InlineArray<2, Float>, using random: inout PCG64
  ) -> StepResult {
    let asked = (
      speed: Double(action[0]).limited(to: Self.speeds),
      turnRate: Double(action[1]).limited(to: Self.turnRates)
    )
    let gain = Self.acceleration * Self.seconds
    let turnGain = Self.turnAcceleration * Self.seconds
    speed += (asked.speed - speed).limited(to: -gain...gain)
    turnRate += (asked.turnRate - turnRate).limited(to: -turnGain...turnGain)

    let before = Geometry.length(goal - position)
    let middle = sine_and_cosine(heading + turnRate * Self.seconds / 2)
    position += speed * Self.seconds * Point(middle.cosine, middle.sine)
    heading += turnRate * Self.seconds
    if heading > .pi { heading -= 2 * .pi } else if heading < -.pi { heading += 2 * .pi }

    let after = Geometry.length(goal - position)
    var result = StepResult(reward: before - after - 0.01)
    hasTouched = map.touches(position, radius: Self.robotRadius)
    hasArrived = !hasTouched && after <= Self.goalRadius
    if hasTouched {
      result.reward -= 5
      result.ending = .terminated
    } else if hasArrived {
      result.reward += 5
      result.ending = .terminated
    }
    return result
  }

  public var stateFault: String? {
    let place = -1.0...size + 1
    return firstFault(
      fault("obstacles", obstacles, in: 0...100),
      fault("range", lidarRange, in: 0...1000),
      fault("x", position.x, in: place),
      fault("y", position.y, in: place),
      fault("goal's x", goal.x, in: place),
      fault("goal's y", goal.y, in: place),
      fault("heading", heading, in: -4...4),
      fault("speed", speed, in: Self.speeds),
      fault("turn rate", turnRate, in: Self.turnRates))
  }

  public func observe(into observation: inout MutableSpan<Float>) {
    let both = sine_and_cosine(heading)
    let ahead = SIMD2<Float>(Float(both.cosine), Float(both.sine))
    // So many that their directions fit the stack.
    let most = 64
    withUnsafeTemporaryAllocation(of: SIMD2<Float>.self, capacity: most) { directions in
      for first in stride(from: 0, to: rays, by: most) {
        let count = min(most, rays - first)
        for ray in 0..<count {
          let turn = lidar.directions[first + ray]
          directions.initializeElement(
            at: ray,
            to: SIMD2(ahead.x * turn.x - ahead.y * turn.y, ahead.x * turn.y + ahead.y * turn.x))
        }
        observation.withUnsafeMutableBufferPointer { row in
          map.caster.cast(
            from: SIMD2(position), along: UnsafeBufferPointer(rebasing: directions[..<count]),
            range: Float(lidarRange), into: row.baseAddress! + first)
        }
      }
    }
    let way = goal - position
    let distance = Geometry.length(way)
    let unit = distance > 0 ? way / distance : Point(both.cosine, both.sine)
    observation[rays] = Float(min(distance, size * 2.0.squareRoot()))
    observation[rays + 1] = Float(
      (unit.x * both.cosine + unit.y * both.sine).limited(to: -1...1))
    observation[rays + 2] = Float(
      (unit.y * both.cosine - unit.x * both.sine).limited(to: -1...1))
    observation[rays + 3] = Float(speed)
    observation[rays + 4] = Float(turnRate)
  }

  /// Whether the robot has arrived, whether it has touched something, and how far the goal is in m.
  public static var metricNames: [String] { ["arrived", "touched", "goal_distance"] }

  public func metrics(into metrics: inout MutableSpan<Float>) {
    metrics[0] = hasArrived ? 1 : 0
    metrics[1] = hasTouched ? 1 : 0
    metrics[2] = Float(Geometry.length(goal - position))
  }
}

/// The directions of a lidar's rays, seen from the robot; made from their number.
private struct Lidar: Codable, Sendable {
  let directions: [SIMD2<Float>]
  var count: Int { directions.count }

  init(_ count: Int) {
    directions = (0..<count).map { ray in
      let both = sine_and_cosine(2 * .pi * Double(ray) / Double(count))
      return SIMD2(Float(both.cosine), Float(both.sine))
    }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let count = try container.decode(Int.self)
    guard (1...1024).contains(count) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "A lidar has 1 to 1024 rays, not \(count).")
    }
    self.init(count)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(count)
  }
}

extension Double {
  fileprivate func limited(to range: ClosedRange<Double>) -> Double {
    Swift.max(range.lowerBound, Swift.min(range.upperBound, self))
  }
}

/// ``Navigation2D`` with six actions: 0 stop, 1 ahead, 2 ahead to the left, 3 ahead to the right, 4 left on
/// the spot, 5 right on the spot; all else is the same.
public struct Navigation2DDiscrete: Environment {
  public var base: Navigation2D

  /// Creates the room of a ``Navigation2D``.
  public init(_ base: Navigation2D = Navigation2D()) { self.base = base }

  public var observationSpace: Box { base.observationSpace }

  public var actionSpace: Discrete {
    @inlinable get { Discrete(6) }
  }

  public mutating func reset(using random: inout PCG64) { base.reset(using: &random) }

  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    let asked: InlineArray<2, Float> =
      switch action {
      case 1: [1, 0]
      case 2: [1, 1.5]
      case 3: [1, -1.5]
      case 4: [0, 1.5]
      case 5: [0, -1.5]
      default: [0, 0]
      }
    return base.step(asked, using: &random)
  }

  public var stateFault: String? { base.stateFault }

  public func observe(into observation: inout MutableSpan<Float>) {
    base.observe(into: &observation)
  }

  public static var metricNames: [String] { Navigation2D.metricNames }

  public func metrics(into metrics: inout MutableSpan<Float>) { base.metrics(into: &metrics) }
}
