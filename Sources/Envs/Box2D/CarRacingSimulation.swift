#if Box2D
  import CBox2D
  import CLibm
  import Runtime

  /// The world of one race: the track's tiles as sensors, a hull, four wheels.
  struct CarRacingSimulation: Simulation, ~Copyable {
    typealias Setup = CarRacingOptions

    struct Input: SimulationInput {
      /// To the left, as Box2D's angles; gas and brake 0 through 1.
      var steer, gas, brake: Double
      var numbers: [Double] { [steer, gas, brake] }
    }

    struct Wheel {
      var body, hinge: Int32
      var gas = 0.0
      var brake = 0.0
      var steer = 0.0
      /// How far it has turned, and how fast it does.
      var phase = 0.0
      var omega = 0.0
      /// On how many tiles it is.
      var tiles = 0
    }

    /// Metres a unit of the car's drawing.
    static var size: Double { 0.02 }
    static var wheelRadius: Double { 27 }
    static var wheelHalfWidth: Double { 14 }
    static var playfield: Double { 2000 / CarRacingTrack.scale }
    private static var enginePower: Double { 100_000_000 * size * size }
    private static var wheelInertia: Double { 4000 * size * size }
    private static var gripLimit: Double { 1_000_000 * size * size }
    private static var stiffness: Double { 205_000 * size * size }
    private static var seconds: Double { 1.0 / 50 }

    private let options: CarRacingOptions
    let track: CarRacingTrack
    let colors: CarRacingColors
    private let world: Box2DWorld
    private let hull: Int32
    private var wheels: InlineArray<4, Wheel>
    /// Whether a wheel was on a tile, and whether anything touched it, which changes its shade.
    private var isVisited: [Bool]
    private var isTouched: [Bool]
    private var visited = 0
    private var hasFinished = false
    private var time = 0.0
    private var reward = 0.0
    private var lastReward = 0.0
    /// What the picture says has been earned.
    private var shownReward = 0.0
    private var picture = CarRacingPicture()

    init(_ options: CarRacingOptions, using random: inout PCG64) {
      self.options = options
      colors =
        options.keptColors
        ?? (options.randomizesColors ? CarRacingColors(using: &random) : CarRacingColors())
      track = CarRacingTrack(using: &random)
      isVisited = [Bool](repeating: false, count: track.tiles.count)
      isTouched = isVisited
      world = Box2DWorld(gravity: 0)
      for tile in track.tiles {
        let body = world.addBody(isDynamic: false)
        world.addPolygon(to: body, count: 4, box2d_material(isSensor: true)) {
          (tile.corners[$0].x, tile.corners[$0].y)
        }
      }
      let start = track.points[0]
      hull = world.addBody(
        isDynamic: true, at: (start.place.x, start.place.y), angle: start.beta)
      for part in CarRacingShapes.hull {
        world.addPolygon(to: hull, count: part.count, box2d_material(density: 1)) {
          (part[$0].x * Self.size, part[$0].y * Self.size)
        }
      }
      wheels = InlineArray(repeating: Wheel(body: 0, hinge: 0))
      for (index, at) in CarRacingShapes.wheels.enumerated() {
        let offset = (x: at.x * Self.size, y: at.y * Self.size)
        let body = world.addBody(
          isDynamic: true, at: (start.place.x + offset.x, start.place.y + offset.y),
          angle: start.beta)
        let corners = CarRacingShapes.wheel
        world.addPolygon(
          to: body, count: 4, box2d_material(density: 0.1, category: 0x20, mask: 1)
        ) { (corners[$0].x * Self.size, corners[$0].y * Self.size) }
        let hinge = world.addHinge(
          hull, at: offset, body, at: (0, 0), angles: (-0.4, 0.4), motorSpeed: 0,
          largestTorque: Self.steeringTorque)
        wheels[index] = Wheel(body: body, hinge: hinge)
      }
      // Gymnasium's reset ends with a step without an action.
      advance()
    }

    private static var steeringTorque: Double { 180 * 900 * size * size }

    mutating func step(_ input: Input) -> StepResult {
      wheels[0].steer = input.steer
      wheels[1].steer = input.steer
      let gas = max(0, min(1, input.gas))
      // Grows by a tenth a step, but falls at once.
      for index in 2..<4 { wheels[index].gas += min(0.1, gas - wheels[index].gas) }
      for index in 0..<4 { wheels[index].brake = input.brake }
      advance()
      reward -= 0.1
      let gained = reward - lastReward
      lastReward = reward
      let place = world.motion(hull).position
      if abs(Double(place.x)) > Self.playfield || abs(Double(place.y)) > Self.playfield {
        return StepResult(reward: -100, ending: .terminated)
      }
      let isDone = visited == track.tiles.count || hasFinished
      return StepResult(reward: gained, ending: isDone ? .terminated : .none)
    }

    private mutating func advance() {
      for index in 0..<4 { drive(index) }
      world.step()
      time += Self.seconds
      for index in 0..<world.contactCount { note(world.contact(index)) }
      shownReward = reward
    }

    private mutating func note(_ contact: box2d_contact) {
      let (tile, other) = (
        Int(min(contact.first, contact.second)), max(contact.first, contact.second)
      )
      // Tiles were added first, then the hull, then the wheels.
      guard tile < isVisited.count else { return }
      isTouched[tile] = true
      guard let wheel = wheels.indices.first(where: { wheels[$0].body == other }) else { return }
      wheels[wheel].tiles += contact.begins ? 1 : -1
      guard contact.begins, !isVisited[tile] else { return }
      isVisited[tile] = true
      reward += 1000 / Double(isVisited.count)
      visited += 1
      let share = Double(visited) / Double(isVisited.count)
      if tile == 0, share > options.lapCompletePercent { hasFinished = true }
    }

    /// Steers one wheel, turns it and pushes with what its tyre holds.
    private mutating func drive(_ index: Int) {
      let wheel = wheels[index]
      let angle = world.hingeAngle(wheel.hinge)
      let off = wheel.steer - angle
      let way: Double = off > 0 ? 1 : off < 0 ? -1 : 0
      world.setMotor(
        of: wheel.hinge, speed: way * min(50 * abs(off), 3), largestTorque: Self.steeringTorque)

      let motion = world.motion(wheel.body)
      let (sine, cosine) = (
        Double(Float(sin(Double(motion.angle)))), Double(Float(cos(Double(motion.angle))))
      )
      let (forward, side) = (SIMD2(-sine, cosine), SIMD2(cosine, sine))
      let velocity = SIMD2(Double(motion.velocity.x), Double(motion.velocity.y))
      let grip = Self.gripLimit * (wheel.tiles > 0 ? 1 : 0.6)

      var omega = wheel.omega
      omega +=
        Self.seconds * Self.enginePower * wheel.gas / Self.wheelInertia / (abs(omega) + 5)
      if wheel.brake >= 0.9 {
        omega = 0
      } else if wheel.brake > 0 {
        let slower = min(15 * wheel.brake, abs(omega))
        omega -= omega > 0 ? slower : -slower
      }
      wheels[index].phase += omega * Self.seconds

      let radius = Self.wheelRadius * Self.size
      var along = (-(forward * velocity).sum() + omega * radius) * Self.stiffness
      var across = -(side * velocity).sum() * Self.stiffness
      let force = (along * along + across * across).squareRoot()
      if force > grip {
        along = along / force * grip
        across = across / force * grip
      }
      omega -= Self.seconds * along * radius / Self.wheelInertia
      wheels[index].omega = omega
      let push = side * across + forward * along
      world.applyForce((push.x, push.y), to: wheel.body)
    }

    mutating func present() { picture.draw(scene()) }

    func copyPixels(to row: UnsafeMutableBufferPointer<UInt8>) { picture.copyPixels(to: row) }

    /// Place in m, angle in rad, velocities.
    var carMotion: box2d_motion { world.motion(hull) }

    /// All that a picture of the race shows.
    func scene() -> CarRacingScene {
      CarRacingScene(
        track: track, isTouched: isTouched, colors: colors, time: time, reward: shownReward,
        hull: world.motion(hull),
        wheels: InlineArray {
          .init(
            motion: world.motion(wheels[$0].body), phase: wheels[$0].phase, omega: wheels[$0].omega)
        }, steering: world.hingeAngle(wheels[0].hinge))
    }
  }
#endif
