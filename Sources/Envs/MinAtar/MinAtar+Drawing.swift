extension Breakout {
  public func draw(into scene: inout Scene, after action: Int?) {
    Board.begin(&scene)
    let colors: [Scene.Color] = [.red, .orange, .yellow]
    for y in 1..<4 {
      for x in 0..<10 where bricks.contains(x, y) {
        Board.cell(x, y, &scene) {
          $0.roundBox([0.05, 0.14], [0.95, 0.86], radius: 0.08, fill: colors[y - 1])
          $0.box([0.12, 0.2], [0.88, 0.32], fill: Scene.Color.white.faded(0.25))
        }
      }
    }
    Board.cell(lastX, lastY, &scene) {
      $0.circle(at: [0.5, 0.5], radius: 0.24, fill: Scene.Color.white.faded(0.25))
    }
    scene.polyline(
      [
        [Double(lastX) + 0.5, Double(lastY) + 0.5], [Double(ballX) + 0.5, Double(ballY) + 0.5],
      ], .init(Scene.Color.white.faded(0.2), width: 0.2))
    Board.cell(ballX, ballY, &scene) { $0.circle(at: [0.5, 0.5], radius: 0.34, fill: .white) }
    Board.cell(paddle, 9, &scene) {
      $0.roundBox([0, 0.3], [1, 0.75], radius: 0.2, fill: .teal)
    }
  }
}

extension Asterix {
  public func draw(into scene: inout Scene, after action: Int?) {
    Board.begin(&scene)
    for slot in 0..<8 where present >> slot & 1 == 1 {
      let (x, y, goesRight) = (column(slot), slot + 1, movesRight >> slot & 1 == 1)
      let isTreasure = isGold >> slot & 1 == 1
      Board.trail(x, y, movesRight: goesRight, &scene, isTreasure ? .yellow : .red)
      Board.cell(x, y, &scene) {
        if isTreasure {
          $0.circle(at: [0.5, 0.5], radius: 0.34, fill: .yellow)
          $0.circle(
            at: [0.5, 0.5], radius: 0.23, fill: nil,
            line: .init(Scene.Color.yellow.lit(0.7), width: 0.06))
        } else {
          $0.polygon(
            [[0.5, 0.1], [0.9, 0.5], [0.5, 0.9], [0.1, 0.5]], fill: .red,
            line: .init(Scene.Color.red.lit(0.7), width: 0.05))
          for eye in [0.38, 0.62] { $0.circle(at: [eye, 0.45], radius: 0.07, fill: .white) }
        }
      }
    }
    Board.cell(x, y, &scene) { $0.player(.teal) }
  }
}

extension Freeway {
  public func draw(into scene: inout Scene, after action: Int?) {
    Board.begin(&scene, ground: Scene.Color(0x2a2f37))
    scene.box([0, 0], [10, 1], fill: Scene.Color(0x3f6b42))
    scene.box([0, 9], [10, 10], fill: Scene.Color(0x3f6b42))
    for lane in 2..<9 {
      for dash in 0..<10 {
        scene.box(
          [Double(dash) + 0.3, Double(lane) - 0.03], [Double(dash) + 0.7, Double(lane) + 0.03],
          fill: Scene.Color.white.faded(0.35))
      }
    }
    // The slower, the cooler the colour.
    let colors: [Scene.Color] = [.red, .orange, .yellow, .green, .teal, .purple]
    for lane in 0..<8 {
      let column = Int(columns >> UInt32(4 * lane) & 0xf)
      let speed = Int(speeds >> UInt32(4 * lane) & 0xf)
      let goesRight = movesRight >> UInt8(lane) & 1 == 1
      let color = colors[max(0, min(speed - 1, 5))]
      Board.trail(column, lane + 1, movesRight: goesRight, &scene, color)
      Board.cell(column, lane + 1, &scene) {
        for (x, y) in [(0.25, 0.2), (0.75, 0.2), (0.25, 0.8), (0.75, 0.8)] {
          $0.box([x - 0.1, y - 0.07], [x + 0.1, y + 0.07], fill: .black)
        }
        $0.roundBox([0.04, 0.2], [0.96, 0.8], radius: 0.16, fill: color)
        let glass = goesRight ? 0.55 : 0.25
        $0.box([glass, 0.27], [glass + 0.2, 0.73], fill: Scene.Color(0x1c2430))
      }
    }
    Board.cell(4, row, &scene) {
      $0.circle(at: [0.5, 0.55], radius: 0.33, fill: .white)
      $0.circle(at: [0.5, 0.25], radius: 0.17, fill: .white)
      $0.polygon([[0.44, 0.12], [0.56, 0.12], [0.5, -0.02]], fill: .red)
      $0.polygon([[0.43, 0.26], [0.57, 0.26], [0.5, 0.38]], fill: .orange)
    }
  }
}

extension SpaceInvaders {
  public func draw(into scene: inout Scene, after action: Int?) {
    Board.begin(&scene)
    Board.cells(aliens, &scene) {
      $0.box([0.3, 0.22], [0.7, 0.7], fill: .green)
      $0.box([0.14, 0.36], [0.86, 0.6], fill: .green)
      for x in [0.18, 0.66] { $0.box([x, 0.66], [x + 0.16, 0.84], fill: .green) }
      for x in [0.3, 0.56] { $0.box([x, 0.38], [x + 0.14, 0.52], fill: Board.dark) }
    }
    Board.cells(bullets, &scene) { $0.box([0.43, 0.15], [0.57, 0.85], fill: .yellow) }
    Board.cells(alienBullets, &scene) {
      $0.polyline(
        [[0.42, 0.1], [0.58, 0.35], [0.42, 0.6], [0.58, 0.85]], .init(.red, width: 0.11))
    }
    Board.cell(cannon, 9, &scene) {
      $0.roundBox([0.06, 0.45], [0.94, 0.9], radius: 0.1, fill: .teal)
      $0.box([0.4, 0.15], [0.6, 0.5], fill: .teal)
    }
    scene.polygon(
      aliensMoveRight
        ? [[9.6, 0.2], [9.95, 0.4], [9.6, 0.6]] : [[0.4, 0.2], [0.05, 0.4], [0.4, 0.6]],
      fill: Scene.Color.green.faded(0.6))
  }
}

extension Seaquest {
  public func draw(into scene: inout Scene, after action: Int?) {
    Board.begin(&scene, ground: Scene.Color(0x123a5e))
    scene.box([0, 0], [10, 0.55], fill: .sky)
    scene.polyline(
      (0...40).map { [Double($0) / 4, 0.55 + ($0 % 2 == 0 ? 0.05 : -0.05)] },
      .init(Scene.Color(0x6fb1e0), width: 0.12))
    show(swimmingDivers, trail: .white, &scene) {
      $0.circle(at: [0.68, 0.4], radius: 0.16, fill: Scene.Color(0xf2c79b))
      $0.polyline([[0.12, 0.62], [0.6, 0.52]], .init(.white, width: 0.2))
    }
    show(fish, trail: .green, &scene) {
      $0.polygon(
        [[0.15, 0.3], [0.4, 0.5], [0.15, 0.72]], fill: Scene.Color(0x8ed081))
      $0.polygon(
        [[0.3, 0.5], [0.6, 0.25], [0.95, 0.5], [0.6, 0.75]], fill: Scene.Color(0x8ed081))
      $0.circle(at: [0.75, 0.45], radius: 0.05, fill: .ink)
    }
    show(submarines, trail: .red, &scene) { $0.submarine(.red) }
    show(enemyBullets, trail: nil, &scene) {
      $0.box([0.25, 0.42], [0.75, 0.58], fill: Scene.Color(0xff9d9d))
    }
    show(bullets, trail: nil, &scene) { $0.box([0.2, 0.43], [0.8, 0.57], fill: .yellow) }
    let middle = Double(x) + (facesRight ? 0 : 1)
    scene.moved(by: .init(shift: [middle, Double(y)])) { scene in
      scene.boat(facesRight: facesRight)
    }
    gauges(&scene)
  }

  private func gauges(_ scene: inout Scene) {
    scene.box([0, 9], [10, 10], fill: Scene.Color(0x0c2238))
    let share = max(0, min(1, Double(oxygen) / 200))
    scene.roundBox([0.2, 9.3], [5.2, 9.7], radius: 0.1, fill: Scene.Color(0x28435c))
    if share > 0 {
      scene.roundBox(
        [0.2, 9.3], [0.2 + 5 * share, 9.7], radius: 0.1, fill: share < 0.25 ? .red : .teal)
    }
    for diver in 0..<6 {
      scene.circle(
        at: [6.1 + 0.65 * Double(diver), 9.5], radius: 0.22,
        fill: diver < divers ? .yellow : Scene.Color(0x28435c))
    }
  }

  private func show(
    _ swimmers: borrowing Swimmers, trail: Scene.Color?, _ scene: inout Scene,
    _ body: (inout Scene) -> Void
  ) {
    for index in 0..<swimmers.count {
      let swimmer = swimmers.elements[index]
      let (x, y) = (Int(swimmer.x), Int(swimmer.y))
      let goesRight = swimmer.back.map { $0 < x } ?? true
      if let trail, swimmer.back != nil {
        Board.trail(x, y, movesRight: goesRight, &scene, trail)
      }
      Board.cell(x, y, &scene, body)
    }
  }
}

extension Scene {
  fileprivate mutating func player(_ color: Color) {
    circle(at: [0.5, 0.3], radius: 0.2, fill: Color(0xf2c79b))
    roundBox([0.22, 0.46], [0.78, 0.95], radius: 0.14, fill: color)
  }

  fileprivate mutating func submarine(_ color: Color) {
    roundBox([0.05, 0.38], [0.95, 0.82], radius: 0.2, fill: color)
    box([0.42, 0.18], [0.68, 0.42], fill: color.lit(0.8))
    circle(at: [0.7, 0.58], radius: 0.09, fill: .white)
  }

  /// The player's, two cells long from the origin's left.
  fileprivate mutating func boat(facesRight: Bool) {
    let nose = facesRight ? 1.0 : -1.0
    roundBox([-0.92, 0.36], [0.92, 0.84], radius: 0.24, fill: .yellow)
    box([-0.2, 0.12], [0.2, 0.4], fill: Color.yellow.lit(0.85))
    circle(at: [nose * 0.5, 0.58], radius: 0.13, fill: Color(0x123a5e))
    circle(at: [nose * 0.05, 0.58], radius: 0.1, fill: Color(0x123a5e))
    polygon(
      [[-nose * 0.9, 0.6], [-nose * 1.05, 0.36], [-nose * 1.05, 0.84]],
      fill: Color.yellow.lit(0.7))
  }
}
