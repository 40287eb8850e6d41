import CLibm

extension Navigation2D {
  public func draw(into scene: inout Scene, after action: InlineArray<2, Float>?) {
    let edge = size * 0.02
    scene.show(x: -edge...size + edge, y: -edge...size + edge, background: Scene.Color(0x8a93a0))
    scene.stepsPerSecond = 10
    scene.box([0, 0], [size, size], fill: .paper)
    for metre in stride(from: 1.0, to: size, by: 1) {
      let line = Scene.Line(.mist, width: 0.015, isRound: false)
      scene.polyline([[metre, 0], [metre, size]], line)
      scene.polyline([[0, metre], [size, metre]], line)
    }
    var row = [Float](repeating: 0, count: observationSpace.flatSize)
    var span = row.mutableSpan
    observe(into: &span)
    let ends = (0..<rays).map { ray in
      position + Double(row[ray])
        * direction(heading + 2 * .pi * Double(ray) / Double(rays))
    }
    scene.polygon(ends, fill: Scene.Color.blue.faded(0.07))
    for end in ends {
      scene.polyline([position, end], .init(Scene.Color.blue.faded(0.28), width: 0.02))
    }
    for outline in obstaclePolygons {
      scene.polygon(outline.map { $0 + [0.06, -0.06] }, fill: Scene.Color.ink.faded(0.18))
      scene.polygon(
        outline, fill: Scene.Color(0x6c7683), line: .init(Scene.Color(0x4a535e), width: 0.05))
    }
    for (ray, end) in ends.enumerated() where Double(row[ray]) < lidarRange {
      scene.circle(at: end, radius: 0.05, fill: .blue)
    }
    scene.circle(
      at: goal, radius: Self.goalRadius, fill: Scene.Color.green.faded(0.25),
      line: .init(.green, width: 0.05))
    scene.circle(at: goal, radius: 0.09, fill: .green)

    scene.moved(by: .init(shift: position, turn: heading)) { scene in
      scene.circle(
        at: .zero, radius: Self.robotRadius, fill: .orange, line: .init(.ink, width: 0.03))
      scene.polygon([[0.17, 0], [-0.02, 0.1], [-0.02, -0.1]], fill: .white)
      if speed.magnitude > 0.02 {
        let nose = speed > 0 ? 1.0 : -1
        scene.arrow(
          from: [nose * 0.22, 0], to: [nose * 0.22 + speed * 0.6, 0], head: 0.13,
          .init(.ink, width: 0.045, isRound: false))
      }
    }
  }
}

extension Navigation2DDiscrete {
  public func draw(into scene: inout Scene, after action: Int?) {
    base.draw(into: &scene, after: nil)
  }
}
