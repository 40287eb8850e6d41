/// How a game's board of 10 × 10 cells is drawn.
struct Board {
  static let dark = Scene.Color(0x14181f)

  /// An empty board.
  static func begin(_ scene: inout Scene, ground: Scene.Color = Board.dark) {
    scene.show(x: -0.15...10.15, y: -0.15...10.15, isUpright: false, background: dark)
    scene.stepsPerSecond = 15
    scene.box([0, 0], [10, 10], fill: ground)
    for line in 1..<10 {
      let at = Double(line)
      let faint = Scene.Line(Scene.Color.white.faded(0.05), width: 0.02, isRound: false)
      scene.polyline([[at, 0], [at, 10]], faint)
      scene.polyline([[0, at], [10, at]], faint)
    }
  }

  /// Draws within the unit square of a cell, unless that lies beside the board.
  static func cell(_ x: Int, _ y: Int, _ scene: inout Scene, _ body: (inout Scene) -> Void) {
    guard (0..<10).contains(x), (0..<10).contains(y) else { return }
    scene.moved(by: .init(shift: [Double(x), Double(y)]), body)
  }

  static func cells(_ cells: Cells, _ scene: inout Scene, _ body: (inout Scene) -> Void) {
    for y in 0..<10 { for x in 0..<10 where cells.contains(x, y) { cell(x, y, &scene, body) } }
  }

  /// Where a thing came from: a faint streak behind it.
  static func trail(
    _ x: Int, _ y: Int, movesRight: Bool, _ scene: inout Scene, _ color: Scene.Color
  ) {
    cell(movesRight ? x - 1 : x + 1, y, &scene) { scene in
      for (line, faintness) in [(0.35, 0.5), (0.5, 0.7), (0.65, 0.5)] {
        scene.polyline(
          [[movesRight ? 0.3 : 0, line], [movesRight ? 1 : 0.7, line]],
          .init(color.faded(0.45 * faintness), width: 0.1))
      }
    }
  }
}
