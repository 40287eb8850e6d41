#if Box2D
  import CBox2D
  import CLibm

  extension CarRacing {
    public func draw(into scene: inout Scene, after action: InlineArray<3, Float>?) {
      race.draw(into: &scene)
    }
  }

  extension CarRacingDiscrete {
    public func draw(into scene: inout Scene, after action: Int?) { race.draw(into: &scene) }
  }

  extension Replayed<CarRacingSimulation> {
    fileprivate func draw(into scene: inout Scene) {
      scene.show(x: -36...36, y: -14...34)
      scene.stepsPerSecond = 50
      read { $0.scene().draw(into: &scene) }
    }
  }

  extension CarRacingScene {
    fileprivate func draw(into scene: inout Scene) {
      func color(_ parts: SIMD3<Double>) -> Scene.Color {
        Scene.Color(red: UInt8(parts.x), green: UInt8(parts.y), blue: UInt8(parts.z))
      }
      scene.background = color(colors.background)
      let car = Scene.Point(Double(hull.position.x), Double(hull.position.y))
      let back = Scene.Transform(turn: -Double(hull.angle))
      // The car stays where it is and looks up; the world turns.
      scene.moved(by: .init(shift: back([-car.x, -car.y]), turn: -Double(hull.angle))) { scene in
        drawGround(color(colors.grass), around: car, into: &scene)
        drawTrack(color(colors.road), around: car, into: &scene)
        drawCar(at: car, into: &scene)
      }
      drawDashboard(into: &scene)
    }

    private static let sight = 62.0

    private func isSeen(_ place: Scene.Point, from car: Scene.Point) -> Bool {
      let way = place - car
      return (way * way).sum() < Self.sight * Self.sight
    }

    private func drawGround(
      _ grass: Scene.Color, around car: Scene.Point, into scene: inout Scene
    ) {
      let side = CarRacingSimulation.playfield / 20
      for x in -20..<20 {
        for y in -20..<20 where (x + y) % 2 == 0 {
          let corner = Scene.Point(Double(x), Double(y)) * side
          if isSeen(corner + side / 2, from: car) {
            scene.box(corner, corner + side, fill: grass)
          }
        }
      }
    }

    private func drawTrack(_ road: Scene.Color, around car: Scene.Point, into scene: inout Scene) {
      for (index, tile) in track.tiles.enumerated() {
        let corners = tile.corners.indices.map { tile.corners[$0] }
        guard isSeen(corners[0], from: car) || isSeen(corners[1], from: car) else { continue }
        // Alternating shades show the pace; what was driven over is lighter.
        let shade = road.lit(1 + 0.02 * Double(index % 3) + (isTouched[index] ? 0.1 : 0))
        scene.polygon(corners, fill: shade, line: .init(shade, width: 0.12))
        if let kerb = tile.kerb {
          scene.polygon(
            kerb.indices.map { kerb[$0] }, fill: index % 2 == 0 ? .white : .red)
        }
      }
      if let first = track.tiles.first {
        let (a, b) = (first.corners[2], first.corners[3])
        for square in 0..<10 {
          let (from, to) = (Double(square) / 10, Double(square + 1) / 10)
          scene.polyline(
            [a + (b - a) * from, a + (b - a) * to],
            .init(square % 2 == 0 ? .white : .ink, width: 0.9, isRound: false))
        }
      }
    }

    private func drawCar(at car: Scene.Point, into scene: inout Scene) {
      let size = CarRacingSimulation.size
      for index in wheels.indices {
        let wheel = wheels[index]
        scene.moved(
          by: .init(
            shift: [Double(wheel.motion.position.x), Double(wheel.motion.position.y)],
            turn: Double(wheel.motion.angle))
        ) { scene in
          scene.polygon(CarRacingShapes.wheel.map { $0 * size }, fill: .black)
          // A mark on the tyre turns with it.
          let turned = sine_and_cosine(wheel.phase)
          if turned.cosine > 0 {
            let at = turned.sine * CarRacingSimulation.wheelRadius * size
            scene.box(
              [-0.28, at - 0.08], [0.28, at + 0.08], fill: Scene.Color(0x6b7280))
          }
        }
      }
      scene.moved(by: .init(shift: car, turn: Double(hull.angle))) { scene in
        for part in CarRacingShapes.hull {
          scene.polygon(
            part.map { $0 * size }, fill: Scene.Color(0xd62839),
            line: .init(Scene.Color(0x9c1c2a), width: 0.08))
        }
        scene.circle(at: [0, -0.3], radius: 0.45, fill: .ink)
        scene.circle(at: [0, -0.25], radius: 0.28, fill: .yellow)
      }
    }

    /// Speed, the wheels' speeds, steering and turning.
    private func drawDashboard(into scene: inout Scene) {
      let velocity = Scene.Point(Double(hull.velocity.x), Double(hull.velocity.y))
      let speed = (velocity * velocity).sum().squareRoot()
      scene.box([-200, -14], [200, -9.6], fill: Scene.Color(0x171b22))
      scene.box([-200, -60], [200, -14], fill: Scene.Color(0x171b22))
      func label(_ text: String, _ x: Double) {
        scene.text(text, at: [x, -13], .init(.gray, size: 1.15, anchor: .start))
      }
      let round = Int(speed.rounded())
      scene.text(
        "\(round)", at: [-30.5, -11.3],
        .init(.white, size: 2.4, anchor: .end, isBold: true))
      scene.text("m/s", at: [-30, -11.2], .init(.gray, size: 1.15, anchor: .start))
      scene.text(
        "\(Int(reward.rounded()))", at: [-18.5, -11.3],
        .init(.white, size: 2.4, anchor: .end, isBold: true))
      scene.text("return", at: [-18, -11.2], .init(.gray, size: 1.15, anchor: .start))
      for index in wheels.indices {
        let x = -8 + 1.6 * Double(index)
        let height = max(0, min(wheels[index].omega / 100 * 2.4, 2.4))
        scene.box([x, -12.4], [x + 1, -10], fill: Scene.Color(0x2a303a))
        scene.box([x, -12.4], [x + 1, -12.4 + height], fill: index < 2 ? .blue : .purple)
      }
      label("wheels", -8)
      for (x, share, color, name) in [
        (8.0, steering / 0.4, Scene.Color.green, "steering"),
        (24.0, Double(hull.angular_velocity) / 3, Scene.Color.red, "turning"),
      ] {
        scene.box([x - 6, -11.8], [x + 6, -10.6], fill: Scene.Color(0x2a303a))
        scene.box([x, -11.8], [x - 6 * max(-1, min(1, share)), -10.6], fill: color)
        label(name, x - 6)
      }
    }
  }
#endif
