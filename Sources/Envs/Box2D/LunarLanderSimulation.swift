#if Box2D
  import CBox2D
  import CLibm
  import Runtime

  /// The world of one landing.
  ///
  /// Every number is computed as Gymnasium's Python does it, in Double from Box2D's Float32, and drawn
  /// from the stream in its order.
  struct LunarLanderSimulation: Simulation, ~Copyable {
    typealias Setup = LunarLanderOptions

    /// What the engines do in one step, and their jitter.
    struct Input: SimulationInput {
      /// Power of the main engine: 0, or 0.5 through 1.
      var main: Double
      /// Power of the side engines, 0 or 0.5 through 1, negative for the left one.
      var side: Double
      /// Two draws from ±1.
      var jitterAlong, jitterAcross: Double
      var numbers: [Double] { [main, side, jitterAlong, jitterAcross] }

      init(main: Double, side: Double, using random: inout PCG64) {
        self.main = main
        self.side = side
        jitterAlong = random.uniform(-1, 1)
        jitterAcross = random.uniform(-1, 1)
      }
    }

    static var scale: Double { 30 }
    static var width: Double { 600 / scale }
    static var height: Double { 400 / scale }
    private static var chunks: Int { 11 }
    static var padHeight: Double { height / 4 }

    let options: LunarLanderOptions
    let world: Box2DWorld
    let lander: Int32
    let legs: (Int32, Int32)
    private var windIndex = 0
    private var torqueIndex = 0
    private var hasCrashed = false
    private(set) var legsTouch = (false, false)
    private var lastShaping: Double?
    /// The smoothed heights of the ground at its eleven corners.
    private(set) var ground: InlineArray<11, Double>
    /// x, y, velocities, angle, angular velocity, and whether each leg touches the ground.
    private(set) var state = InlineArray<8, Double>(repeating: 0)

    init(_ options: LunarLanderOptions, using random: inout PCG64) {
      self.options = options
      world = Box2DWorld(gravity: options.gravity)
      ground = Self.drawGround(using: &random)
      let moon = world.addBody(isDynamic: false)
      world.addEdge(to: moon, from: (0, 0), to: (Self.width, 0), box2d_material())
      for chunk in 0..<Self.chunks - 1 {
        world.addEdge(
          to: moon, from: (Self.corner(chunk), ground[chunk]),
          to: (Self.corner(chunk + 1), ground[chunk + 1]), box2d_material(friction: 0.1))
      }

      let start = (x: Self.width / 2, y: Self.height)
      lander = world.addBody(isDynamic: true, at: start)
      let hull: InlineArray<6, (Double, Double)> = [
        (-14, 17), (-17, 0), (-17, -10), (17, -10), (17, 0), (14, 17),
      ]
      world.addPolygon(
        to: lander, count: 6,
        box2d_material(density: 5, friction: 0.1, category: 0x10, mask: 1)
      ) { (hull[$0].0 / Self.scale, hull[$0].1 / Self.scale) }
      let push = (random.uniform(-1000, 1000), random.uniform(-1000, 1000))
      world.applyForce(push, to: lander)
      if options.hasWind {
        windIndex = random.integers(-9999..<9999)
        torqueIndex = random.integers(-9999..<9999)
      }

      func addLeg(
        _ side: Double, _ angles: (Double, Double), _ world: borrowing Box2DWorld, _ lander: Int32
      ) -> Int32 {
        let leg = world.addBody(
          isDynamic: true, at: (start.x - side * 20 / Self.scale, start.y), angle: side * 0.05)
        world.addBox(
          to: leg, halfSize: (2 / Self.scale, 8 / Self.scale),
          box2d_material(density: 1, category: 0x20, mask: 1))
        world.addHinge(
          lander, at: (0, 0), leg, at: (side * 20 / Self.scale, 18 / Self.scale), angles: angles,
          motorSpeed: 0.3 * side, largestTorque: 40)
        return leg
      }
      legs = (
        addLeg(-1, (0.9 - 0.5, 0.9), world, lander), addLeg(1, (-0.9, -0.9 + 0.5), world, lander)
      )
      // Gymnasium's reset ends with a step without engines.
      _ = step(Input(main: 0, side: 0, using: &random))
    }

    static func corner(_ chunk: Int) -> Double {
      width / Double(chunks - 1) * Double(chunk)
    }

    private static func drawGround(using random: inout PCG64) -> InlineArray<11, Double> {
      var heights = InlineArray<12, Double> { _ in random.uniform(0, height / 2) }
      for corner in chunks / 2 - 2...chunks / 2 + 2 { heights[corner] = padHeight }
      return InlineArray { corner in
        let before = heights[(corner + 11) % 12]
        return 0.33 * (before + heights[corner] + heights[corner + 1])
      }
    }

    mutating func step(_ input: Input) -> StepResult {
      if options.hasWind && !(legsTouch.0 || legsTouch.1) { blow() }
      fire(input)
      world.step()
      for index in 0..<world.contactCount {
        let contact = world.contact(index)
        if contact.begins, contact.involves(lander) { hasCrashed = true }
        // A leg whose one contact ends counts as lifted even if it has another.
        if contact.involves(legs.0) { legsTouch.0 = contact.begins }
        if contact.involves(legs.1) { legsTouch.1 = contact.begins }
      }

      let motion = world.motion(lander)
      look(motion)
      let shaping =
        -100 * (state[0] * state[0] + state[1] * state[1]).squareRoot()
        - 100 * (state[2] * state[2] + state[3] * state[3]).squareRoot()
        - 100 * abs(state[4]) + 10 * state[6] + 10 * state[7]
      var reward = lastShaping.map { shaping - $0 } ?? 0
      lastShaping = shaping
      reward -= input.main * 0.30
      reward -= abs(input.side) * 0.03
      if !motion.is_awake { return StepResult(reward: 100, ending: .terminated) }
      if hasCrashed || abs(state[0]) >= 1 { return StepResult(reward: -100, ending: .terminated) }
      return StepResult(reward: reward)
    }

    private mutating func look(_ motion: box2d_motion) {
      state[0] = (Double(motion.position.x) - Self.width / 2) / (Self.width / 2)
      state[1] =
        (Double(motion.position.y) - (Self.padHeight + 18 / Self.scale)) / (Self.height / 2)
      state[2] = Double(motion.velocity.x) * (Self.width / 2) / 50
      state[3] = Double(motion.velocity.y) * (Self.height / 2) / 50
      state[4] = Double(motion.angle)
      state[5] = 20 * Double(motion.angular_velocity) / 50
      state[6] = legsTouch.0 ? 1 : 0
      state[7] = legsTouch.1 ? 1 : 0
    }

    /// Wind and turbulence: tanh(sin 2kt + sin πkt), which never repeats, with k = 0.01.
    private mutating func blow() {
      func gust(_ index: Int) -> Double {
        tanh(sin(0.02 * Double(index)) + sin(Double.pi * 0.01 * Double(index)))
      }
      world.applyForce((gust(windIndex) * options.windPower, 0), to: lander)
      windIndex += 1
      world.applyTorque(gust(torqueIndex) * options.turbulencePower, to: lander)
      torqueIndex += 1
    }

    private func fire(_ input: Input) {
      let motion = world.motion(lander)
      let at = (x: Double(motion.position.x), y: Double(motion.position.y))
      let tip = (x: sin(Double(motion.angle)), y: cos(Double(motion.angle)))
      let side = (x: -tip.y, y: tip.x)
      let along = input.jitterAlong / Self.scale
      let across = input.jitterAcross / Self.scale
      if input.main > 0 {
        let x = tip.x * (4 / Self.scale + 2 * along) + side.x * across
        let y = -tip.y * (4 / Self.scale + 2 * along) - side.y * across
        world.applyImpulse(
          (-x * 13 * input.main, -y * 13 * input.main), at: (at.x + x, at.y + y), to: lander)
      }
      if input.side != 0 {
        let power = abs(input.side)
        let push = 3 * across + (input.side < 0 ? -1 : 1) * 12 / Self.scale
        let x = tip.x * along + side.x * push
        let y = -tip.y * along - side.y * push
        // 17 and 14 where one expects the same twice: so it is in Gymnasium.
        let point = (at.x + x - tip.x * 17 / Self.scale, at.y + y + tip.y * 14 / Self.scale)
        world.applyImpulse((-x * 0.6 * power, -y * 0.6 * power), at: point, to: lander)
      }
    }
  }
#endif
