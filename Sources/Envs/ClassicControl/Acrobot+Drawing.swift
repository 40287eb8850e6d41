import CLibm

extension Acrobot {
  public func draw(into scene: inout Scene, after action: Int?) {
    scene.show(x: -3...3, y: -2.2...2.2, background: .paper)
    scene.stepsPerSecond = 15
    // The free end has to come above this line.
    scene.box([-60, 1], [60, 60], fill: Scene.Color.green.faded(0.07))
    scene.polyline([[-60, 1], [60, 1]], .init(.green, width: 0.03))
    scene.text(
      "goal", at: [-2.9, 1.16], .init(.green, size: 0.22, anchor: .start))

    let joint = Scene.Point(shape[0], -shape[1])
    let second = sine_and_cosine(state[0] + state[1])
    let end = joint + [second.sine, -second.cosine]
    for (a, b, color) in [(Scene.Point.zero, joint, Scene.Color.blue), (joint, end, .teal)] {
      scene.polyline([a, b], .init(color.lit(0.75), width: 0.24))
      scene.polyline([a, b], .init(color, width: 0.2))
    }
    for place in [Scene.Point.zero, joint] {
      scene.circle(
        at: place, radius: 0.1, fill: .yellow, line: .init(.ink, width: 0.025))
    }
    scene.circle(at: end, radius: 0.07, fill: end.y > 1 ? .green : .ink)
    if let action, action != 1 {
      let sense = Double(action - 1)
      let start = Double.pi / 2 - sense * 2
      scene.arc(
        at: joint, radius: 0.3, start: start, sweep: sense * 3.4,
        .init(.orange, width: 0.06, isRound: false))
      let tip = start + sense * 3.95
      let neck = start + sense * 3.4
      scene.polygon(
        [
          joint + direction(tip) * 0.3, joint + direction(neck) * 0.42,
          joint + direction(neck) * 0.18,
        ], fill: .orange)
    }
  }
}
