import Envs

extension Session {
  /// The height of the bar below with the episode's course, in points.
  static let barHeight = 30.0

  /// Where the course lies in a window of this width.
  static func barRange(width: Double) -> ClosedRange<Double> {
    44...max(45, width - 148)
  }

  /// The command of a key, where the episode has no use for it.
  public static func command(of key: String, isShifted: Bool = false) -> Command? {
    switch key {
    case "space": .playOrPause
    case "right": .forward(isShifted ? 10 : 1)
    case "left": .back(isShifted ? 10 : 1)
    case "home": .toStart
    case "end": .toEnd
    case "+", "=", "keypad +", "up": .faster
    case "-", "keypad -", "down": .slower
    case "1", "keypad 1": .normalSpeed
    case "n", "return": .nextEpisode
    case "r": .restart
    case "s": .otherSeed
    case "d": .toggleStochastic
    case "t": .takeOver
    case "p": .togglePanel
    case "tab": .selectNext
    case "?", "h", "f1": .toggleHelp
    case "/": isShifted ? .toggleHelp : nil
    case "q", "escape": .quit
    default: nil
    }
  }

  /// The most lines of the help's columns.
  private static let helpLines = 26

  /// The keys that act where a person does.
  private var keysOfGame: [(key: String, meaning: String)] {
    isByHand || isGame ? keys.bindings.map { (key: $0.key, meaning: $0.meaning) } : []
  }

  /// The help as lines of a terminal, in columns where all of it fits no other way.
  func helpLines(columns: Int, rows: Int) -> [String] {
    let windowOnly: Set = ["p", "f", "F12"]
    let lines = (keysOfGame + Self.help.filter { !windowOnly.contains($0.key) }).map { row in
      String(repeating: " ", count: max(0, 8 - row.key.count)) + row.key + "  " + row.meaning
    }
    guard rows > 0, columns > 0 else { return [] }
    let across = (lines.count + rows - 1) / rows
    let wide = columns / across
    return (0..<min(rows, lines.count)).map { row in
      stride(from: row, to: lines.count, by: rows).map { i in
        let line = lines[i].prefix(max(wide - 1, 1))
        return line + String(repeating: " ", count: max(0, wide - line.count))
      }.joined()
    }
  }

  static let help: [(key: String, meaning: String)] = [
    ("space", "play, pause"), ("→ ←", "a step on, back; with shift ten"),
    ("home end", "to the start, to the last step"), ("+ −", "faster, slower, 0.1 to 100×"),
    ("1", "the natural speed"), ("n", "next episode"), ("r", "this episode anew"),
    ("s", "another seed"), ("d", "most probable actions, or drawn ones"),
    ("t", "take over, hand back"), ("p", "panel of numbers"), ("tab", "next of several episodes"),
    ("f", "full screen"), ("F12", "write a picture"), ("?", "this help"), ("q", "quit"),
  ]

  /// What a window or terminal of this size shows, in points.
  public func layout(width: Double, height: Double) -> Layout {
    let hasBar = height > 4 * Self.barHeight && width > 240
    let stage = Stage(
      width: width, height: hasBar ? height - Self.barHeight : height, showsPanel: showsPanel,
      subtitle: actor)
    var layout = stage.layout(playbacks, columns: columns, selected: selected)
    layout.height = height
    if hasBar {
      layout.parts.append(
        (
          bar(width: width),
          Frame(x: 0, y: height - Self.barHeight, width: width, height: Self.barHeight)
        ))
    }
    if let notice {
      let wide = min(width - 16, 24 + 6.6 * Double(notice.text.count))
      if wide > 40, height > 90 {
        var scene = Scene(x: 0...wide, y: 0...24, isUpright: false, background: .ink)
        let fitting = max(Int((wide - 20) / 6.6), 1)
        let text =
          notice.text.count > fitting ? notice.text.prefix(fitting) + "…" : notice.text[...]
        scene.text(
          String(text), at: [12, 12], .init(.white, size: 11, anchor: .start))
        layout.parts.append(
          (
            scene,
            Frame(x: 8, y: height - (hasBar ? Self.barHeight : 0) - 32, width: wide, height: 24)
          ))
      }
    }
    if showsHelp { layout.parts.append(helpPart(width: width, height: height)) }
    return layout
  }

  private var actor: String {
    if isGame { return "you play" }
    if isByHand { return "by hand" }
    return current.hasPolicy && !current.isDeterministic ? "\(subtitle), drawn" : subtitle
  }

  /// Whether it plays, how far it is, how fast.
  private func bar(width: Double) -> Scene {
    let tall = Self.barHeight
    var scene = Scene(x: 0...width, y: 0...tall, isUpright: false, background: .ink)
    let middle = tall / 2
    if isPlaying {
      for x in [15.0, 22] { scene.box([x, 9], [x + 4, 21], fill: .white) }
    } else {
      scene.polygon([[15, 8], [28, middle], [15, 22]], fill: .white)
    }
    let range = Self.barRange(width: width)
    let wide = range.upperBound - range.lowerBound
    let last = max(playbacks.map(\.steps.count).max() ?? 1, 2) - 1
    scene.roundBox(
      [range.lowerBound, middle - 2.5], [range.upperBound, middle + 2.5], radius: 2.5,
      fill: .gray)
    let share = Double(current.position) / Double(last)
    let at = range.lowerBound + wide * min(share, 1)
    if at - range.lowerBound > 5 {
      scene.roundBox(
        [range.lowerBound, middle - 2.5], [at, middle + 2.5], radius: 2.5, fill: .orange)
    }
    scene.circle(at: [at, middle], radius: 6, fill: .white)
    let speed = "\(Panel.text(self.speed))×"
    scene.text(
      "seed \(current.seed)\(current.episodeNumber > 0 ? "+\(current.episodeNumber)" : "")",
      at: [width - 84, middle], .init(.white, size: 11))
    scene.text(speed, at: [width - 34, middle], .init(.white, size: 11, anchor: .middle))
    scene.text("?", at: [width - 10, middle], .init(.gray, size: 11))
    return scene
  }

  private func helpPart(width: Double, height: Double) -> (Scene, Frame) {
    let game = keysOfGame
    let rows = game + Self.help
    // As many columns as keep the lines of a window.
    let columns = (rows.count + Self.helpLines - 1) / Self.helpLines
    let lines = (rows.count + columns - 1) / columns
    let (wide, tall) = (330 * Double(columns), 22 + 19 * Double(lines))
    var scene = Scene(
      x: 0...wide, y: 0...tall, isUpright: false, background: Scene.Color(0x1f2933))
    for (i, row) in rows.enumerated() {
      let (x, y) = (330 * Double(i / lines), 20 + 19 * Double(i % lines))
      scene.text(
        row.key, at: [x + 92, y],
        .init(i < game.count ? .orange : .yellow, size: 11.5, anchor: .end, isBold: true))
      scene.text(
        String(row.meaning.prefix(38)), at: [x + 106, y], .init(.white, size: 11.5, anchor: .start))
    }
    // Shrinks with a small window.
    let fit = min(1, width / wide, height / tall)
    return (
      scene,
      Frame(
        x: (width - wide * fit) / 2, y: (height - tall * fit) / 2, width: wide * fit,
        height: tall * fit)
    )
  }
}
