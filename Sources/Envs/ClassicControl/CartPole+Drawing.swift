import CLibm

extension CartPole {
  public func draw(into scene: inout Scene, after action: Int?) {
    scene.show(x: -2.65...2.65, y: -1.1...2.1, background: .paper)
    scene.stepsPerSecond = 50
    scene.box([-60, -60], [60, -0.32], fill: .mist)
    scene.polyline([[-60, -0.32], [60, -0.32]], .init(.gray, width: 0.02))
    for metre in -2...2 {
      let x = Double(metre)
      scene.polyline([[x, -0.32], [x, -0.4]], .init(.gray, width: 0.02))
      scene.text(metre == 0 ? "0 m" : "\(metre)", at: [x, -0.54], .init(.gray, size: 0.17))
    }
    // Beyond either post the episode is over.
    for x in [-Self.positionLimit, Self.positionLimit] {
      scene.box([x - 0.025, -0.32], [x + 0.025, 0.35], fill: .red)
      scene.circle(at: [x, 0.35], radius: 0.06, fill: .red)
    }

    let axle = Scene.Point(position, 0)
    let wedge = (0...8).map { step in
      axle + 1.12 * direction(.pi / 2 - Self.angleLimit * (Double(step) / 4 - 1))
    }
    scene.polygon([axle] + wedge, fill: Scene.Color.blue.faded(0.08))
    for end in [wedge[0], wedge[8]] {
      scene.polyline([axle, end], .init(Scene.Color.blue.faded(0.35), width: 0.012))
    }
    scene.roundBox(
      axle + [-0.3, -0.23], axle + [0.3, 0.03], radius: 0.05, fill: .ink)
    for x in [-0.17, 0.17] {
      scene.circle(
        at: axle + [x, -0.23], radius: 0.09, fill: .gray, line: .init(.ink, width: 0.025))
    }
    let isDown = angle.magnitude > Self.angleLimit
    scene.polyline(
      [axle, axle + direction(.pi / 2 - angle)], .init(isDown ? .red : .wood, width: 0.11))
    scene.circle(at: axle, radius: 0.045, fill: .yellow)
    if let action {
      let side = action == 1 ? 1.0 : -1.0
      scene.arrow(
        from: axle + [side * 0.36, -0.1], to: axle + [side * 0.75, -0.1], head: 0.16,
        .init(.orange, width: 0.07, isRound: false))
    }
  }
}
