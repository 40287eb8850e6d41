import CLibm

extension Pendulum {
  public func draw(into scene: inout Scene, after action: InlineArray<1, Float>?) {
    scene.show(x: -1.8...1.8, y: -1.35...1.35, background: .paper)
    scene.stepsPerSecond = 20
    scene.circle(
      at: .zero, radius: 1.13, fill: .white, line: .init(.mist, width: 0.02))
    for hour in 0..<12 {
      let way = direction(Double(hour) * .pi / 6)
      scene.polyline([way * 1.07, way * 1.13], .init(.mist, width: 0.02))
    }
    // Where it is to be kept.
    scene.polygon(
      [[0, 1.14], [-0.06, 1.26], [0.06, 1.26]], fill: .green)

    // The angle is 0 upright and grows counterclockwise.
    let tip = Scene.Point(-sine, cosine)
    scene.polyline([.zero, tip], .init(Scene.Color(0xb03a3a), width: 0.23))
    scene.polyline([.zero, tip], .init(.red, width: 0.19))
    scene.circle(at: tip, radius: 0.045, fill: Scene.Color.white.faded(0.7))
    scene.circle(at: .zero, radius: 0.06, fill: .ink)
    if let torque = action.map({ Double(max(-2, min(2, $0[0]))) }), torque.magnitude > 0.01 {
      let (radius, sweep) = (0.36, torque / 2 * 1.5 * .pi)
      let start = -Double.pi / 2 - sweep / 2
      let line = Scene.Line(.orange, width: 0.045, isRound: false)
      let turned = sweep < 0 ? -0.28 : 0.28
      if sweep.magnitude > 0.3 {
        scene.arc(
          at: .zero, radius: radius, start: start, sweep: sweep - turned, line)
      }
      let end = start + sweep
      let neck = end - turned
      scene.polygon(
        [
          direction(end) * radius, direction(neck) * (radius + 0.08),
          direction(neck) * (radius - 0.08),
        ], fill: .orange)
    }
  }
}
