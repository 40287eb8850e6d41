extension CliffWalking {
  public func draw(into scene: inout Scene, after action: Int?) {
    scene.show(x: -0.1...12.1, y: -0.1...4.1, isUpright: false, background: .paper)
    scene.stepsPerSecond = 4
    for index in 0..<48 {
      let (x, y) = (Double(index % 12), Double(index / 12))
      let isCliff = index > 36 && index < 47
      let shade: UInt32 =
        isCliff
        ? 0x4a3b35 : (index / 12 + index % 12) % 2 == 0 ? 0x9ccc8a : 0x92c37f
      scene.box([x, y], [x + 1, y + 1], fill: Scene.Color(shade))
      if isCliff {
        // The edge of the grass and rocks below it.
        scene.polygon(
          [
            [x, y], [x + 1, y], [x + 1, y + 0.14], [x + 0.8, y + 0.24], [x + 0.55, y + 0.13],
            [x + 0.3, y + 0.26], [x, y + 0.14],
          ], fill: Scene.Color(0x6f9a5e))
        scene.polygon(
          [[x + 0.15, y + 1], [x + 0.38, y + 0.55], [x + 0.62, y + 1]],
          fill: Scene.Color(0x6b5a51))
        scene.polygon(
          [[x + 0.5, y + 1], [x + 0.74, y + 0.7], [x + 0.95, y + 1]],
          fill: Scene.Color(0x5b4a42))
      }
    }
    scene.roundBox([0.1, 3.1], [0.9, 3.9], radius: 0.1, fill: Scene.Color(0xf6e3c5))
    scene.polyline([[11.3, 3.88], [11.3, 3.12]], .init(.ink, width: 0.06))
    scene.polygon([[11.3, 3.1], [11.85, 3.28], [11.3, 3.48]], fill: .red)
    scene.moved(by: .init(shift: [Double(cell % 12), Double(cell / 12)])) { scene in
      scene.walker(at: [0.5, 0.56], size: 0.75, coat: .blue)
      if let action { scene.step(action, ways: [[0, -1], [1, 0], [0, 1], [-1, 0]]) }
    }
  }
}
