public import Envs

/// How episodes are laid out: beside their panel, or several in a grid.
public struct Stage: Sendable {
  /// Of the whole picture, in points.
  public var width: Double
  public var height: Double
  public var showsPanel: Bool
  /// Such as who acts, for the panel.
  public var subtitle: String

  public init(width: Double, height: Double, showsPanel: Bool = true, subtitle: String = "") {
    self.width = width
    self.height = height
    self.showsPanel = showsPanel
    self.subtitle = subtitle
  }

  /// Episodes side by side, `columns` in a row; the panel is the first one's.
  public func layout(_ playbacks: [Playback], columns: Int = 1, selected: Int = 0) -> Layout {
    var layout = Layout(width: width, height: height)
    // A panel that would leave the episode no room is left out.
    let hasPanel = showsPanel && width >= Panel.width + 160 && height >= 90
    let wide = hasPanel ? width - Panel.width : width
    let columns = max(1, min(columns, playbacks.count))
    let rows = (playbacks.count + columns - 1) / columns
    let gap = playbacks.count > 1 ? 2.0 : 0
    let size: Scene.Point = [
      (wide - gap * Double(columns - 1)) / Double(columns),
      (height - gap * Double(rows - 1)) / Double(rows),
    ]
    for (n, playback) in playbacks.enumerated() {
      let frame = Frame(
        x: Double(n % columns) * (size.x + gap), y: Double(n / columns) * (size.y + gap),
        width: size.x, height: size.y)
      layout.parts.append((playback.picture, frame))
      if playbacks.count > 1 { layout.parts.append(Self.caption(playback, in: frame)) }
    }
    if hasPanel, playbacks.indices.contains(selected) {
      let panel = Panel(playbacks[selected], subtitle: subtitle, height: height)
      layout.parts.append(
        (panel.scene, Frame(x: wide, y: 0, width: Panel.width, height: height)))
    }
    return layout
  }

  private static func caption(_ playback: Playback, in frame: Frame) -> (Scene, Frame) {
    let text = "\(Panel.text(playback.shown.returnSoFar))  ·  step \(playback.position)"
    let size: Scene.Point = [min(frame.width, 9 + 6.2 * Double(text.count)), 18]
    var scene = Scene(x: 0...max(size.x, 1), y: 0...size.y, isUpright: false)
    let isOver = playback.shown.ending != .none
    scene.background = isOver ? .ink : .white
    scene.text(
      text, at: [6, 9], .init(isOver ? .white : .ink, size: 10, anchor: .start))
    return (scene, Frame(x: frame.x, y: frame.y, width: size.x, height: size.y))
  }
}

extension Playback {
  /// The environment's own picture, or its observation where it draws none.
  public var picture: Scene {
    let scene = scene
    return scene.marks.isEmpty
      ? ObservationPicture.scene(of: episode, description) : scene
  }
}

/// What is shown of an environment that does not draw itself.
enum ObservationPicture {
  static func scene(of episode: AnyEpisode, _ description: EnvironmentDescription) -> Scene {
    let numbers = episode.observation
    if let box = episode.observationSpace as? Box, box.shape.count == 3, box.shape[2] == 3 {
      // Colours are bytes, or shares of the brightest.
      let brightest: Float = box.high.allSatisfy { $0 <= 1 } ? 255 : 1
      return pixels(numbers.map { $0 * brightest }, height: box.shape[0], width: box.shape[1])
    }
    var scene = Scene(x: 0...600, y: 0...400, isUpright: false, background: .paper)
    let names = Panel.names(description.observations)
    let rows = min(numbers.count, 14)
    let largest = numbers.lazy.map { Double($0.magnitude) }.filter(\.isFinite).max() ?? 0
    let tall = 340 / Double(max(rows, 1))
    for i in 0..<rows where numbers[i].isFinite {
      let y = 30 + tall * (Double(i) + 0.5)
      let share = Double(numbers[i]) / max(largest, 1e-9)
      scene.text(
        i < names.count ? String(names[i].prefix(30)) : "\(i)", at: [225, y],
        .init(.ink, size: min(tall * 0.5, 15), anchor: .end))
      scene.box([380, y - tall * 0.3], [380 + 130 * share, y + tall * 0.3], fill: .teal)
      scene.text(
        Panel.text(Double(numbers[i])), at: [575, y],
        .init(.ink, size: min(tall * 0.5, 15), anchor: .end))
    }
    scene.polyline([[380, 25], [380, 375]], .init(.gray, width: 1))
    return scene
  }

  private static func pixels(_ numbers: [Float], height: Int, width: Int) -> Scene {
    var scene = Scene(
      x: 0...Double(width), y: 0...Double(height), isUpright: false, background: .ink)
    let bytes = numbers.map { UInt8(max(0, min(255, $0.isFinite ? $0 : 0))) }
    guard bytes.count == width * height * 3 else { return scene }
    scene.image(
      .init(width: width, height: height, bytes: bytes), top: .zero,
      bottom: [Double(width), Double(height)])
    return scene
  }
}
