extension Taxi {
  private static let stands: [(cell: Scene.Point, color: Scene.Color, name: String)] = [
    ([0, 0], .red, "R"), ([4, 0], .green, "G"), ([0, 4], .yellow, "Y"), ([3, 4], .blue, "B"),
  ]

  public func draw(into scene: inout Scene, after action: Int?) {
    scene.show(
      x: -0.3...5.3, y: -0.3...5.3, isUpright: false, background: Scene.Color(0xb9d6a3))
    scene.stepsPerSecond = 4
    scene.box([0, 0], [5, 5], fill: Scene.Color(0xc9ced4))
    for line in 1..<5 {
      let at = Double(line)
      for part in 0..<25 where part % 2 == 0 {
        let start = Double(part) / 5 + 0.05
        let dash = Scene.Line(.white, width: 0.025, isRound: false)
        scene.polyline([[at, start], [at, start + 0.1]], dash)
        scene.polyline([[start, at], [start + 0.1, at]], dash)
      }
    }
    let (passenger, destination) = (place / 4 % 5, place % 4)
    for (index, stand) in Self.stands.enumerated() {
      let corner = stand.cell
      scene.roundBox(
        corner + [0.06, 0.06], corner + [0.94, 0.94], radius: 0.08,
        fill: stand.color.mixed(with: .white, 0.45))
      scene.text(
        stand.name, at: corner + [0.2, 0.22],
        .init(stand.color.lit(0.7), size: 0.26, isBold: true))
      if index == destination {
        scene.box(
          corner + [0.48, 0.3], corner + [0.88, 0.88], fill: Scene.Color(0x7a6a9b))
        scene.polygon(
          [corner + [0.42, 0.32], corner + [0.68, 0.1], corner + [0.94, 0.32]],
          fill: Scene.Color(0x5b4b7c))
        for (x, y) in [(0.54, 0.4), (0.7, 0.4), (0.54, 0.56), (0.7, 0.56)] {
          scene.box(
            corner + [x, y], corner + [x + 0.11, y + 0.1], fill: Scene.Color(0xf7e9b0))
        }
        scene.box(
          corner + [0.62, 0.7], corner + [0.74, 0.88], fill: Scene.Color(0x3f3358))
      }
    }
    for row in 0..<5 {
      for column in 0..<4 where !Self.isOpen(eastOf: row * 5 + column) {
        let x = Double(column + 1)
        scene.polyline(
          [[x, Double(row)], [x, Double(row + 1)]], .init(Scene.Color(0x6b4f3a), width: 0.09))
      }
    }
    scene.polygon(
      [[0, 0], [5, 0], [5, 5], [0, 5]], fill: nil,
      line: .init(Scene.Color(0x6b4f3a), width: 0.1))
    if passenger < 4 {
      scene.walker(
        at: Self.stands[passenger].cell + [0.3, 0.66], size: 0.55, coat: .purple)
    }
    // South, north, east, west; to the east where the taxi stands.
    let turn = [Double.pi / 2, -.pi / 2, 0, .pi]
    let heading = action.flatMap { $0 < 4 ? turn[$0] : nil } ?? 0
    let middle = Scene.Point(Double(place / 20 % 5) + 0.5, Double(place / 100) + 0.5)
    scene.moved(by: .init(shift: middle, turn: heading)) { scene in
      for (x, y) in [(-0.2, -0.21), (0.2, -0.21), (-0.2, 0.21), (0.2, 0.21)] {
        scene.roundBox([x - 0.08, y - 0.05], [x + 0.08, y + 0.05], radius: 0.03, fill: .ink)
      }
      scene.roundBox(
        [-0.37, -0.2], [0.37, 0.2], radius: 0.1, fill: .yellow,
        line: .init(Scene.Color.yellow.lit(0.6), width: 0.02))
      scene.polygon(
        [[0.1, -0.15], [0.22, -0.13], [0.22, 0.13], [0.1, 0.15]], fill: Scene.Color(0x3a4a5a))
      scene.polygon(
        [[-0.24, -0.13], [-0.16, -0.15], [-0.16, 0.15], [-0.24, 0.13]],
        fill: Scene.Color(0x3a4a5a))
      if passenger == 4 {
        scene.circle(at: [-0.03, 0], radius: 0.1, fill: .purple)
        scene.circle(at: [-0.01, 0], radius: 0.055, fill: Scene.Color(0xf2c79b))
      } else {
        scene.roundBox([-0.07, -0.1], [0.03, 0.1], radius: 0.02, fill: .white)
      }
      for y in [-0.13, 0.13] {
        scene.circle(at: [0.35, y], radius: 0.03, fill: Scene.Color(0xfff3c4))
      }
    }
    if let action, action >= 4 {
      scene.text(
        action == 4 ? "pick up" : "drop off", at: middle + [0, -0.36],
        .init(.ink, size: 0.17, isBold: true))
    }
  }
}
