extension FrozenLake {
  public func draw(into scene: inout Scene, after action: Int?) {
    scene.show(
      x: 0...Double(columns), y: 0...Double(rows), isUpright: false, background: .paper)
    scene.stepsPerSecond = 4
    for (index, letter) in cells.enumerated() {
      let corner = Scene.Point(Double(index % columns), Double(index / columns))
      scene.moved(by: .init(shift: corner)) { scene in
        Self.draw(letter, isDark: (index / columns + index % columns) % 2 == 1, into: &scene)
      }
    }
    let place = Scene.Point(Double(column), Double(row))
    let isInHole = cells[cell] == UInt8(ascii: "H")
    scene.moved(by: .init(shift: place)) { scene in
      scene.walker(at: [0.5, isInHole ? 0.66 : 0.56], size: isInHole ? 0.5 : 0.7, coat: .green)
      if isInHole {
        // The water before the one who fell in.
        scene.polygon(
          (0...12).map { step in
            [0.5, 0.56] + direction(.pi * Double(step) / 12) * 0.36
          }, fill: Scene.Color(0x2b6ca3))
      }
      if let action { scene.step(action, ways: [[-1, 0], [0, 1], [1, 0], [0, -1]]) }
    }
  }

  private static func draw(_ letter: UInt8, isDark: Bool, into scene: inout Scene) {
    scene.box(
      [0, 0], [1, 1], fill: Scene.Color(isDark ? 0xd3e8f7 : 0xdff0fb),
      line: .init(Scene.Color(0xb5d3ea), width: 0.02))
    switch letter {
    case UInt8(ascii: "H"):
      scene.circle(at: [0.5, 0.52], radius: 0.4, fill: Scene.Color(0x8fbfe0))
      scene.circle(at: [0.5, 0.54], radius: 0.36, fill: Scene.Color(0x2b6ca3))
      scene.arc(
        at: [0.5, 0.58], radius: 0.26, start: -2.5, sweep: 1.4,
        .init(Scene.Color(0x5f9fd0), width: 0.03))
    case UInt8(ascii: "S"):
      scene.roundBox([0.14, 0.14], [0.86, 0.86], radius: 0.1, fill: Scene.Color(0xf6e3c5))
      scene.text("start", at: [0.5, 0.91], .init(.gray, size: 0.12))
    case UInt8(ascii: "G"):
      scene.box([0.24, 0.42], [0.76, 0.82], fill: .red)
      scene.box([0.2, 0.33], [0.8, 0.47], fill: Scene.Color.red.lit(0.85))
      scene.box([0.45, 0.33], [0.55, 0.82], fill: .yellow)
      for side in [-1.0, 1] {
        scene.polygon(
          [[0.5, 0.33], [0.5 + side * 0.18, 0.18], [0.5 + side * 0.22, 0.32]], fill: .yellow)
      }
    default:
      scene.polyline(
        [[0.2, 0.3], [0.3, 0.25], [0.38, 0.32]], .init(Scene.Color(0xb5d3ea), width: 0.02))
      scene.polyline(
        [[0.62, 0.74], [0.72, 0.7], [0.8, 0.78]], .init(Scene.Color(0xb5d3ea), width: 0.02))
    }
  }
}

extension Scene {
  /// A person, seen from the front, in a camera whose y grows downwards.
  mutating func walker(at place: Point, size: Double, coat: Color) {
    moved(by: .init(shift: place, scale: size)) { scene in
      for side in [-1.0, 1] {
        scene.polyline([[side * 0.09, 0.2], [side * 0.1, 0.42]], .init(.ink, width: 0.11))
        scene.polyline([[side * 0.17, -0.06], [side * 0.27, 0.14]], .init(coat, width: 0.09))
      }
      scene.polygon(
        [[-0.13, -0.14], [0.13, -0.14], [0.22, 0.24], [-0.22, 0.24]], fill: coat,
        line: .init(coat, width: 0.06))
      scene.circle(at: [0, -0.27], radius: 0.15, fill: Color(0xf2c79b))
      scene.polygon(
        [[-0.17, -0.32], [0.17, -0.32], [0.02, -0.58]], fill: coat.lit(0.8))
      scene.circle(at: [0.02, -0.58], radius: 0.04, fill: .white)
      for side in [-1.0, 1] {
        scene.circle(at: [side * 0.055, -0.26], radius: 0.02, fill: .ink)
      }
    }
  }

  /// An arrow at a cell's edge: the way that was chosen, which ice may turn into another.
  mutating func step(_ action: Int, ways: [Point]) {
    guard ways.indices.contains(action) else { return }
    let (way, middle) = (ways[action], Point(0.5, 0.5))
    let aside = Point(-way.y, way.x)
    polygon(
      [
        middle + way * 0.48, middle + way * 0.37 + aside * 0.09,
        middle + way * 0.37 - aside * 0.09,
      ], fill: .orange)
  }
}
