#if Box2D
  import CBox2D

  extension LunarLander {
    public func draw(into scene: inout Scene, after action: Int?) {
      landing.draw(
        into: &scene, main: action == 2 ? 1 : 0, side: action == 1 ? -1 : action == 3 ? 1 : 0)
    }
  }

  extension LunarLanderContinuous {
    public func draw(into scene: inout Scene, after action: InlineArray<2, Float>?) {
      let (main, side) = action.map { (Double($0[0]), Double($0[1])) } ?? (0, 0)
      landing.draw(
        into: &scene, main: main > 0 ? (min(main, 1) + 1) / 2 : 0,
        side: side.magnitude > 0.5 ? max(-1, min(1, side)) : 0)
    }
  }

  extension Replayed<LunarLanderSimulation> {
    fileprivate func draw(into scene: inout Scene, main: Double, side: Double) {
      typealias Landing = LunarLanderSimulation
      scene.show(
        x: 0...Landing.width, y: 0...Landing.height, background: Scene.Color(0x10142b))
      scene.stepsPerSecond = 50
      scene.stars()
      read { $0.draw(into: &scene, main: main, side: side) }
    }
  }

  extension LunarLanderSimulation {
    fileprivate func draw(into scene: inout Scene, main: Double, side: Double) {
      let surface = ground.indices.map { Scene.Point(Self.corner($0), ground[$0]) }
      let (first, last) = (surface[0], surface[surface.count - 1])
      scene.polygon(
        [[-60, -20], [-60, first.y]] + surface + [[80, last.y], [80, -20]],
        fill: Scene.Color(0xb8bdc9))
      scene.polyline(
        [[-60, first.y]] + surface + [[80, last.y]], .init(Scene.Color(0xeef0f4), width: 0.08))
      for (n, at) in [(2.3, 0.9), (5.4, 1.2), (12.8, 0.8), (16.9, 1.3), (9.4, 1.1)].enumerated() {
        scene.circle(
          at: [at.0, at.1], radius: 0.18 + 0.07 * Double(n % 3), fill: Scene.Color(0xa3a9b7))
      }
      let pad = Self.padHeight
      scene.box(
        [Self.corner(4), pad - 0.1], [Self.corner(6), pad + 0.03], fill: .yellow)
      for x in [Self.corner(4), Self.corner(6)] {
        scene.polyline([[x, pad], [x, pad + 1.6]], .init(.white, width: 0.07))
        scene.polygon(
          [[x, pad + 1.6], [x + 0.8, pad + 1.33], [x, pad + 1.06]], fill: .orange)
      }

      let unit = 1 / Self.scale
      func part(_ body: Int32, _ draw: (inout Scene) -> Void) {
        let motion = world.motion(body)
        scene.moved(
          by: .init(
            shift: [Double(motion.position.x), Double(motion.position.y)],
            turn: Double(motion.angle)), draw)
      }
      part(lander) { scene in
        if main > 0 {
          let length = 0.55 + 0.75 * main
          scene.polygon(
            [[-0.24, -0.3], [0.24, -0.3], [0, -0.3 - length]], fill: .orange)
          scene.polygon(
            [[-0.13, -0.3], [0.13, -0.3], [0, -0.3 - 0.6 * length]], fill: .yellow)
        }
        if side != 0 {
          // The right engine pushes to the left.
          let way = side > 0 ? 1.0 : -1
          scene.polygon(
            [[way * 0.5, 0.55], [way * 0.5, 0.32], [way * (0.65 + 0.5 * side.magnitude), 0.43]],
            fill: .yellow)
        }
      }
      for (index, leg) in [legs.0, legs.1].enumerated() {
        let touches = index == 0 ? legsTouch.0 : legsTouch.1
        part(leg) { scene in
          scene.box(
            [-2.2 * unit, -8 * unit], [2.2 * unit, 8 * unit],
            fill: touches ? .green : Scene.Color(0x8f86c9))
          scene.box([-0.2, -0.33], [0.2, -0.23], fill: touches ? .green : Scene.Color(0xb9b2e6))
        }
      }
      part(lander) { scene in
        scene.box([-0.25, -0.42], [0.25, -0.3], fill: Scene.Color(0x4b4f63))
        let hull: [Scene.Point] = [
          [-14, 17], [-17, 0], [-17, -10], [17, -10], [17, 0], [14, 17],
        ]
        scene.polygon(
          hull.map { $0 * unit }, fill: Scene.Color(0x8f86c9),
          line: .init(Scene.Color(0xd8d4f5), width: 0.06))
        scene.box([-0.53, -0.3], [0.53, -0.12], fill: .yellow)
        scene.circle(
          at: [0, 0.2], radius: 0.17, fill: .sky, line: .init(.ink, width: 0.05))
      }
    }
  }

  extension Scene {
    /// A night sky, the same every time.
    fileprivate mutating func stars() {
      var number: UInt32 = 12345
      func next() -> Double {
        number = number &* 1_664_525 &+ 1_013_904_223
        return Double(number >> 8) / Double(1 << 24)
      }
      for _ in 0..<70 {
        let place = Point(next() * 32 - 6, 4 + next() * 10)
        circle(
          at: place, radius: 0.025 + 0.03 * next(), fill: Color.white.faded(0.4 + 0.6 * next()))
      }
    }
  }
#endif
