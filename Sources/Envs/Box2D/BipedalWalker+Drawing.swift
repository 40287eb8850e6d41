#if Box2D
  import CBox2D

  extension BipedalWalker {
    public func draw(into scene: inout Scene, after action: InlineArray<4, Float>?) {
      scene.show(x: 0...20, y: 0...13.33, background: Scene.Color(0xd7e6fb))
      scene.stepsPerSecond = 50
      walk.read { $0.draw(into: &scene) }
    }
  }

  extension BipedalWalkerSimulation {
    fileprivate func draw(into scene: inout Scene) {
      let motion = world.motion(hull)
      let place = Scene.Point(Double(motion.position.x), Double(motion.position.y))
      // The camera goes with the walker, which sees what lies ahead.
      let left = place.x - 6
      scene.show(x: left...left + 17, y: 0.4...11.7, background: Scene.Color(0xd7e6fb))
      drawFarthest(from: left, into: &scene)
      drawGround(from: left, into: &scene)
      drawLidar(place, into: &scene)
      // One leg before the hull, the other behind.
      drawLeg(3, foot: feet.1, touches: feetTouch.1, shade: 0.78, into: &scene)
      scene.moved(by: .init(shift: place, turn: Double(motion.angle))) { scene in
        let corners = Self.outline
        let hull = corners.indices.map {
          Scene.Point(corners[$0].0, corners[$0].1) / Terrain.scale
        }
        scene.polygon(
          hull, fill: Scene.Color(0x7f5fb8), line: .init(Scene.Color(0x54407d), width: 0.1))
        scene.circle(at: [0.72, -0.02], radius: 0.13, fill: .white)
        scene.circle(at: [0.76, -0.02], radius: 0.06, fill: .ink)
      }
      drawLeg(1, foot: feet.0, touches: feetTouch.0, shade: 1, into: &scene)
    }

    private func drawFarthest(from left: Double, into scene: inout Scene) {
      // Hills that go by at a third of the pace, and clouds at a fifth.
      for hill in 0..<40 {
        let x = Double(hill) * 9 + left * 0.66 - 40
        if x < left - 30 || x > left + 50 { continue }
        scene.circle(
          at: [x, -1.2 - Double(hill % 3)], radius: 7, fill: Scene.Color(0xc2d9c0))
      }
      for cloud in 0..<30 {
        let x = Double(cloud) * 7.3 + left * 0.8 - 20
        if x < left - 20 || x > left + 40 { continue }
        let y = 8.8 + Double(cloud * 7 % 5) * 0.45
        for (dx, radius) in [(-0.9, 0.5), (0.0, 0.75), (0.95, 0.55)] {
          scene.circle(at: [x + dx, y], radius: radius, fill: Scene.Color.white.faded(0.85))
        }
      }
    }

    private func drawGround(from left: Double, into scene: inout Scene) {
      let step = Terrain.stepLength
      let first = max(0, min(ground.count - 2, Int((left - 22) / step)))
      let last = max(first + 1, min(ground.count - 1, Int((left + 42) / step)))
      let surface = (first...last).map { Scene.Point(Double($0) * step, ground[$0]) }
      scene.polygon(
        surface + [[surface[surface.count - 1].x, -30], [surface[0].x, -30]],
        fill: Scene.Color(0x73a559))
      scene.polyline(surface, .init(Scene.Color(0x4b7d38), width: 0.14))
      for box in obstacles where box.high.x > left - 22 && box.low.x < left + 42 {
        scene.box(
          box.low, box.high, fill: Scene.Color(0xa89f91),
          line: .init(Scene.Color(0x6f665a), width: 0.08))
      }
      let goal = Double(Terrain.length - Terrain.grass) * step
      for x in [step * 4, goal] {
        let y = ground[Int(x / step)]
        scene.polyline([[x, y], [x, y + 1.7]], .init(.ink, width: 0.08))
        scene.polygon([[x, y + 1.7], [x + 0.85, y + 1.42], [x, y + 1.14]], fill: .red)
      }
    }

    private func drawLidar(_ place: Scene.Point, into scene: inout Scene) {
      for ray in 0..<10 {
        let angle = 1.5 * Double(ray) / 10
        let way = direction(angle - .pi / 2)
        let end = place + way * Self.lidarRange * state[14 + ray]
        scene.polyline([place, end], .init(Scene.Color.red.faded(0.35), width: 0.04))
        if state[14 + ray] < 1 {
          scene.circle(at: end, radius: 0.08, fill: Scene.Color.red.faded(0.7))
        }
      }
    }

    /// The bodies of a leg follow the hull.
    private func drawLeg(
      _ upper: Int32, foot: Int32, touches: Bool, shade: Double, into scene: inout Scene
    ) {
      let color = Scene.Color(0xb48ad6).lit(shade)
      for (body, width) in [(hull + upper, 1.0), (foot, 0.8)] {
        let motion = world.motion(body)
        scene.moved(
          by: .init(
            shift: [Double(motion.position.x), Double(motion.position.y)],
            turn: Double(motion.angle))
        ) { scene in
          let half = Scene.Point(Self.legWidth * width / 2, Self.legHeight / 2)
          scene.roundBox(
            [-half.x, -half.y], half, radius: 0.08, fill: color,
            line: .init(color.lit(0.65), width: 0.06))
          if width < 1, touches {
            scene.box([-half.x, -half.y], [half.x, -half.y + 0.14], fill: .orange)
          }
        }
      }
    }
  }
#endif
