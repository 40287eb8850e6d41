public import Envs

/// A rectangle of a picture in points, from its upper left corner.
public struct Frame: Sendable, Hashable {
  public var x, y, width, height: Double

  public init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }
}

/// Scenes side by side: what a window, a video frame or a file shows.
///
/// ```swift
/// let layout = Layout(episode.scene(), width: 600, height: 400)
/// try layout.png(scale: 2).write(to: URL(filePath: "cartpole.png"))
/// ```
public struct Layout: Sendable {
  public var width: Double
  public var height: Double
  /// Painted in order.
  public var parts: [(scene: Scene, frame: Frame)]

  /// A layout without parts, in points.
  public init(width: Double, height: Double) {
    self.width = width
    self.height = height
    parts = []
  }

  /// One scene that fills the picture.
  public init(_ scene: Scene, width: Double, height: Double) {
    self.init(width: width, height: height)
    parts = [(scene, Frame(x: 0, y: 0, width: width, height: height))]
  }

  /// Whether one part covers the picture, so that nothing shows between parts.
  var hasFullPart: Bool {
    parts.contains { $0.frame == Frame(x: 0, y: 0, width: width, height: height) }
  }
}

/// Where a scene's places come to lie in a frame: as large as fits, in the middle.
struct Projection {
  let scale: Double
  private let camera: Scene.Camera
  private let middle: Scene.Point

  init(_ camera: Scene.Camera, in frame: Frame) {
    self.camera = camera
    let fit = min(frame.width / camera.size.x, frame.height / camera.size.y)
    scale = fit.isFinite && fit > 0 ? fit : 1
    middle = [frame.x + frame.width / 2, frame.y + frame.height / 2]
  }

  func callAsFunction(_ p: Scene.Point) -> Scene.Point { middle + direction(p - camera.center) }

  func direction(_ p: Scene.Point) -> Scene.Point {
    camera.isUpright ? [p.x * scale, -p.y * scale] : p * scale
  }

  /// An angle as the picture's downward y has it.
  func angle(_ angle: Double) -> Double { camera.isUpright ? -angle : angle }

  /// A line's width in points, so wide that it can be seen.
  func width(_ line: Scene.Line) -> Double { max(line.width * scale, 0.75) }

  /// Smaller text cannot be read.
  static let smallestText = 4.5
}
