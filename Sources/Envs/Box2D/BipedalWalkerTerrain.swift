#if Box2D
  import CBox2D
  import Runtime

  /// The ground that a walker has to cross: drawn, and built into the world, as Gymnasium does it.
  struct BipedalWalkerTerrain {
    static var scale: Double { 30 }
    static var stepLength: Double { 14 / scale }
    /// Of the terrain, in steps.
    static var length: Int { 200 }
    /// Where the ground begins, and what it tends to.
    static var height: Double { 400 / scale / 4 }
    /// Steps of flat ground at the start.
    static var startPad: Int { 20 }
    /// The most steps between two obstacles.
    static var grass: Int { 10 }

    /// Low and high corners of a stump, a stair or a wall of a pit.
    typealias Obstacle = (low: SIMD2<Double>, high: SIMD2<Double>)

    private enum Kind: Int { case grass, stump, stairs, pit }

    private static var ground: box2d_material { box2d_material(friction: 2.5) }

    /// Draws the terrain and adds its bodies to the world: obstacles first, then the edges of the ground.
    ///
    /// - Returns: the height of each step.
    static func build(
      isHardcore: Bool, in world: borrowing Box2DWorld, using random: inout PCG64
    ) -> (heights: InlineArray<200, Double>, obstacles: [Obstacle]) {
      var obstacles: [Obstacle] = []
      var heights = InlineArray<200, Double>(repeating: 0)
      var kind = Kind.grass
      var isFirst = false
      var counter = startPad
      var (y, velocity, heightBefore) = (height, 0.0, 0.0)
      var stairs = (steps: 0, width: 0, rise: 0)
      for i in 0..<length {
        let x = Double(i) * stepLength
        switch (kind, isFirst) {
        case (.grass, false):
          let pull = height - y
          velocity = 0.8 * velocity + 0.01 * (pull > 0 ? 1 : pull < 0 ? -1 : 0)
          if i > startPad { velocity += random.uniform(-1, 1) / scale }
          y += velocity
        case (.grass, true): break
        case (.pit, true):
          counter = random.integers(3..<5)
          let depth = 4 * stepLength
          addBox((x, y - depth), (x + stepLength, y), to: world, &obstacles)
          let across = stepLength * Double(counter)
          addBox((x + across, y - depth), (x + stepLength + across, y), to: world, &obstacles)
          counter += 2
          heightBefore = y
        case (.pit, false):
          y = heightBefore
          if counter > 1 { y -= 4 * stepLength }
        case (.stump, true):
          counter = random.integers(1..<3)
          let size = Double(counter) * stepLength
          addBox((x, y), (x + size, y + size), to: world, &obstacles)
        case (.stump, false): break
        case (.stairs, true):
          stairs.rise = random.random() > 0.5 ? 1 : -1
          stairs.width = random.integers(4..<5)
          stairs.steps = random.integers(3..<5)
          heightBefore = y
          for step in 0..<stairs.steps {
            addBox(
              (
                x + Double(step * stairs.width) * stepLength,
                y + Double(-1 + step * stairs.rise) * stepLength
              ),
              (
                x + Double((1 + step) * stairs.width) * stepLength,
                y + Double(step * stairs.rise) * stepLength
              ), to: world, &obstacles)
          }
          counter = stairs.steps * stairs.width
        case (.stairs, false):
          let passed = stairs.steps * stairs.width - counter - stairs.rise
          let step = Double(passed) / Double(stairs.width)
          y = heightBefore + (step * Double(stairs.rise)) * stepLength
        }
        isFirst = false
        heights[i] = y
        counter -= 1
        if counter == 0 {
          counter = random.integers(grass / 2..<grass)
          let isObstacle = kind == .grass && isHardcore
          kind = isObstacle ? Kind(rawValue: random.integers(1..<4))! : .grass
          isFirst = true
        }
      }
      for i in 0..<length - 1 {
        let body = world.addBody(isDynamic: false)
        world.addEdge(
          to: body, from: (Double(i) * stepLength, heights[i]),
          to: (Double(i + 1) * stepLength, heights[i + 1]), ground)
      }
      drawClouds(using: &random)
      return (heights, obstacles)
    }

    /// A block from its lower left to its upper right corner.
    private static func addBox(
      _ low: Box2DWorld.Point, _ high: Box2DWorld.Point, to world: borrowing Box2DWorld,
      _ obstacles: inout [Obstacle]
    ) {
      obstacles.append((SIMD2(low.x, low.y), SIMD2(high.x, high.y)))
      let corners: InlineArray<4, Box2DWorld.Point> = [
        (low.x, high.y), (high.x, high.y), (high.x, low.y), (low.x, low.y),
      ]
      let body = world.addBody(isDynamic: false)
      world.addPolygon(to: body, count: 4, ground) { corners[$0] }
    }

    /// Ten clouds of five corners each, which nothing but a picture shows; drawn since what follows is
    /// drawn from the same stream.
    private static func drawClouds(using random: inout PCG64) {
      for _ in 0..<length / 20 * 11 { _ = random.random() }
    }
  }
#endif
