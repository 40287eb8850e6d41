#if Box2D
  import CBox2D
  import CLibm
  import Runtime

  /// The world of one walk.
  struct BipedalWalkerSimulation: Simulation, ~Copyable {
    /// Whether there are obstacles.
    struct Setup: Codable, Sendable { var hardcore: Bool }
    /// The motors' drives: hip and knee of each leg, −1 through 1.
    typealias Input = BipedalWalkerDrives

    typealias Terrain = BipedalWalkerTerrain
    static var legHeight: Double { 34 / Terrain.scale }
    static var legWidth: Double { 8 / Terrain.scale }
    private static var largestTorque: Double { 80 }
    private static var hipSpeed: Double { 4 }
    private static var kneeSpeed: Double { 6 }
    static var lidarRange: Double { 160 / Terrain.scale }

    let world: Box2DWorld
    let hull: Int32
    /// The lower legs.
    let feet: (Int32, Int32)
    private var hasFallen = false
    private(set) var feetTouch = (false, false)
    private var lastShaping: Double?
    /// The ground's heights in m.
    let ground: InlineArray<200, Double>
    /// Hull, first leg, second leg, lidar.
    let obstacles: [BipedalWalkerTerrain.Obstacle]
    private(set) var state = InlineArray<24, Double>(repeating: 0)

    static var outline: InlineArray<5, (Double, Double)> {
      [(-30, 9), (6, 9), (34, 1), (34, -8), (-30, -8)]
    }

    init(_ setup: Setup, using random: inout PCG64) {
      world = Box2DWorld(gravity: -10)
      (ground, obstacles) = Terrain.build(isHardcore: setup.hardcore, in: world, using: &random)

      let start = (
        x: Terrain.stepLength * Double(Terrain.startPad) / 2,
        y: Terrain.height + 2 * Self.legHeight
      )
      let legDown = -8 / Terrain.scale
      let outline = Self.outline
      hull = world.addBody(isDynamic: true, at: start)
      world.addPolygon(
        to: hull, count: 5, box2d_material(density: 5, friction: 0.1, category: 0x20, mask: 1)
      ) { (outline[$0].0 / Terrain.scale, outline[$0].1 / Terrain.scale) }
      world.applyForce((random.uniform(-5, 5), 0), to: hull)

      let leg = box2d_material(density: 1, category: 0x20, mask: 1)
      var feet = InlineArray<2, Int32>(repeating: 0)
      for (index, side) in [-1.0, 1].enumerated() {
        let upper = world.addBody(
          isDynamic: true, at: (start.x, start.y - Self.legHeight / 2 - legDown),
          angle: side * 0.05)
        world.addBox(to: upper, halfSize: (Self.legWidth / 2, Self.legHeight / 2), leg)
        world.addHinge(
          hull, at: (0, legDown), upper, at: (0, Self.legHeight / 2), angles: (-0.8, 1.1),
          motorSpeed: side, largestTorque: Self.largestTorque)
        let lower = world.addBody(
          isDynamic: true, at: (start.x, start.y - Self.legHeight * 3 / 2 - legDown),
          angle: side * 0.05)
        world.addBox(to: lower, halfSize: (0.8 * Self.legWidth / 2, Self.legHeight / 2), leg)
        world.addHinge(
          upper, at: (0, -Self.legHeight / 2), lower, at: (0, Self.legHeight / 2),
          angles: (-1.6, -0.1), motorSpeed: 1, largestTorque: Self.largestTorque)
        feet[index] = lower
      }
      self.feet = (feet[0], feet[1])
      // Gymnasium's reset ends with a step without drive.
      _ = step(Input(hips: (0, 0), knees: (0, 0)))
    }

    mutating func step(_ drives: Input) -> StepResult {
      drive(0, drives.firstHip, speed: Self.hipSpeed)
      drive(1, drives.firstKnee, speed: Self.kneeSpeed)
      drive(2, drives.secondHip, speed: Self.hipSpeed)
      drive(3, drives.secondKnee, speed: Self.kneeSpeed)
      world.step()
      for index in 0..<world.contactCount {
        let contact = world.contact(index)
        if contact.begins, contact.involves(hull) { hasFallen = true }
        // A foot whose one contact ends counts as lifted even if it has another.
        if contact.involves(feet.0) { feetTouch.0 = contact.begins }
        if contact.involves(feet.1) { feetTouch.1 = contact.begins }
      }

      let motion = world.motion(hull)
      look(motion)
      let x = Double(motion.position.x)
      let shaping = 130 * x / Terrain.scale - 5 * abs(state[0])
      // From here on in Float32, as NumPy computes with a Float32 action.
      var reward = Float(lastShaping.map { shaping - $0 } ?? 0)
      lastShaping = shaping
      let price = Float(0.00035 * Self.largestTorque)
      reward -= price * min(1, abs(drives.firstHip))
      reward -= price * min(1, abs(drives.firstKnee))
      reward -= price * min(1, abs(drives.secondHip))
      reward -= price * min(1, abs(drives.secondKnee))
      if hasFallen || x < 0 { return StepResult(reward: -100, ending: .terminated) }
      let hasArrived = x > Double(Terrain.length - Terrain.grass) * Terrain.stepLength
      return StepResult(reward: Double(reward), ending: hasArrived ? .terminated : .none)
    }

    private func drive(_ hinge: Int32, _ drive: Float, speed: Double) {
      world.setMotor(
        of: hinge, speed: drive > 0 ? speed : drive < 0 ? -speed : 0,
        largestTorque: Double(Float(Self.largestTorque) * min(1, abs(drive))))
    }

    private mutating func look(_ motion: box2d_motion) {
      state[0] = Double(motion.angle)
      state[1] = 2 * Double(motion.angular_velocity) / 50
      state[2] = 0.3 * Double(motion.velocity.x) * (600 / Terrain.scale) / 50
      state[3] = 0.3 * Double(motion.velocity.y) * (400 / Terrain.scale) / 50
      for leg in 0..<2 {
        let (hip, first) = (Int32(2 * leg), 4 + 5 * leg)
        state[first] = world.hingeAngle(hip)
        state[first + 1] = world.hingeSpeed(hip) / Self.hipSpeed
        state[first + 2] = world.hingeAngle(hip + 1) + 1
        state[first + 3] = world.hingeSpeed(hip + 1) / Self.kneeSpeed
      }
      state[8] = feetTouch.0 ? 1 : 0
      state[13] = feetTouch.1 ? 1 : 0
      let (x, y) = (Double(motion.position.x), Double(motion.position.y))
      for ray in 0..<10 {
        let angle = 1.5 * Double(ray) / 10
        let end = (x + sin(angle) * Self.lidarRange, y - cos(angle) * Self.lidarRange)
        state[14 + ray] = Double(world.castRay(from: (x, y), to: end, category: 1))
      }
    }
  }

  /// What the four motors of a walker are given.
  struct BipedalWalkerDrives: SimulationInput {
    var firstHip, firstKnee, secondHip, secondKnee: Float
    var numbers: [Double] { [firstHip, firstKnee, secondHip, secondKnee].map { Double($0) } }

    init(hips: (Float, Float), knees: (Float, Float)) {
      (firstHip, secondHip) = hips
      (firstKnee, secondKnee) = knees
    }
  }
#endif
