import CLibm

extension MountainCar {
  public func draw(into scene: inout Scene, after action: Int?) {
    Mountain.draw(
      into: &scene, position: position, velocity: velocity,
      push: action.map { Double($0 - 1) } ?? 0)
  }
}

extension MountainCarContinuous {
  public func draw(into scene: inout Scene, after action: InlineArray<1, Float>?) {
    Mountain.draw(
      into: &scene, position: position, velocity: velocity,
      push: action.map { Double(max(-1, min(1, $0[0]))) } ?? 0)
  }
}

/// The valley that both cars drive in.
private enum Mountain {
  static func height(_ x: Double) -> Double { sine_and_cosine(3 * x).sine * 0.45 + 0.55 }

  static func draw(into scene: inout Scene, position: Double, velocity: Double, push: Double) {
    scene.show(x: -1.3...0.7, y: -0.08...1.25, background: .sky)
    scene.circle(at: [-0.35, 1.08], radius: 0.07, fill: .yellow)
    // The road goes on beyond the walls, for wide pictures.
    let far = stride(from: -3.0, through: 2.4, by: 0.05).map { x in
      Scene.Point(x, height(0.8 * x + 0.55) * 0.6 + 0.28)
    }
    scene.polygon(far + [[2.4, -9], [-3, -9]], fill: Scene.Color(0x9fc3a5))
    let hill = stride(from: -1.2, through: 0.6, by: 0.02).map { Scene.Point($0, height($0)) }
    scene.polygon(
      [[-9, -9], [-9, 2], [-1.2, 2]] + hill + [[0.6, height(0.6)], [9, height(0.6)], [9, -9]],
      fill: Scene.Color(0x5b8c5a))
    scene.polyline(hill + [[9, height(0.6)]], .init(Scene.Color(0x2f5d34), width: 0.02))
    scene.polyline([[-1.2, height(-1.2)], [-1.2, 2]], .init(Scene.Color(0x2f5d34), width: 0.02))

    let foot = Scene.Point(0.5, height(0.5))
    scene.polyline([foot, foot + [0, 0.2]], .init(.ink, width: 0.012))
    scene.polygon([foot + [0, 0.2], foot + [0.11, 0.165], foot + [0, 0.13]], fill: .red)

    let slope = 3 * 0.45 * sine_and_cosine(3 * position).cosine
    let turn = atan2(slope, 1)
    scene.moved(by: .init(shift: [position, height(position)], turn: turn)) { scene in
      if push != 0 {
        let side = push < 0 ? -1.0 : 1.0
        scene.arrow(
          from: [side * 0.09, 0.062], to: [side * (0.1 + 0.1 * push.magnitude), 0.062],
          head: 0.035, .init(.orange, width: 0.018, isRound: false))
      }
      scene.roundBox([-0.08, 0.022], [0.08, 0.072], radius: 0.015, fill: .blue)
      scene.polygon(
        [[-0.05, 0.07], [-0.032, 0.108], [0.026, 0.108], [0.052, 0.07]],
        fill: Scene.Color.blue.lit(0.75))
      scene.polygon(
        [[-0.037, 0.073], [-0.025, 0.099], [0.02, 0.099], [0.037, 0.073]],
        fill: .sky)
      for x in [-0.045, 0.045] {
        scene.circle(
          at: [x, 0.025], radius: 0.025, fill: .ink, line: .init(.mist, width: 0.006))
      }
    }
    scene.stepsPerSecond = 30
  }
}
