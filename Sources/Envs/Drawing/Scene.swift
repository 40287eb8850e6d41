import CLibm

/// A picture in the numbers of the world it shows: shapes in the order they are painted, and the part of the
/// world that is to be seen.
///
/// ```swift
/// var scene = Scene(x: -2...2, y: -1...1)
/// scene.circle(at: [0, 0], radius: 0.5, fill: .blue)
/// scene.moved(by: .init(turn: .pi / 4)) { $0.box([0.6, -0.1], [1.4, 0.1], fill: .gray) }
/// ```
///
/// A scene draws nothing itself; renderers turn it into pixels, SVG or characters at any size. Lengths, widths of
/// lines and heights of text are the world's.
public struct Scene: Sendable, Hashable {
  /// A place in the world.
  public typealias Point = SIMD2<Double>

  /// The rectangle of the world that is shown, as large as fits.
  public struct Camera: Sendable, Hashable {
    public var center: Point
    /// Width and height.
    public var size: Point
    /// Whether y grows upwards, as in mathematics, rather than downwards, as in rows of a table.
    public var isUpright: Bool

    public init(center: Point, size: Point, isUpright: Bool = true) {
      self.center = center
      self.size = size
      self.isUpright = isUpright
    }
  }

  public var camera: Camera
  /// Fills the picture, beyond the camera's rectangle too.
  public var background: Color
  /// The pace at which the steps look natural.
  public var stepsPerSecond = 30.0
  /// What is painted, in order.
  public private(set) var marks: [Mark] = []
  private var transform = Transform()

  /// A scene without marks that shows a rectangle of the world.
  public init(
    x: ClosedRange<Double>, y: ClosedRange<Double>, isUpright: Bool = true,
    background: Color = .white
  ) {
    camera = Camera(
      center: [(x.lowerBound + x.upperBound) / 2, (y.lowerBound + y.upperBound) / 2],
      size: [x.upperBound - x.lowerBound, y.upperBound - y.lowerBound], isUpright: isUpright)
    self.background = background
  }

  /// A scene without marks; whoever draws sets the camera.
  public init() { self.init(x: 0...1, y: 0...1) }

  /// Shows another rectangle.
  public mutating func show(
    x: ClosedRange<Double>, y: ClosedRange<Double>, isUpright: Bool = true,
    background: Color = .white
  ) {
    let other = Scene(x: x, y: y, isUpright: isUpright, background: background)
    (camera, self.background) = (other.camera, background)
  }
}

// MARK: - Marks

extension Scene {
  /// Something painted, placed in the camera's coordinates.
  public enum Mark: Sendable, Hashable {
    case polygon([Point], fill: Color?, line: Line?)
    case polyline([Point], Line)
    case circle(center: Point, radius: Double, fill: Color?, line: Line?)
    /// Part of a circle's rim, from an angle on over a sweep, in radians and the camera's sense.
    case arc(center: Point, radius: Double, start: Double, sweep: Double, Line)
    case text(String, at: Point, turn: Double, TextStyle)
    /// A picture: the place of its first pixel's corner and the edges along its rows and its columns.
    case image(Image, corner: Point, across: Point, down: Point)
    /// A picture that covers all there is, beyond the camera's rectangle too, with the marks before it. Where it
    /// cannot be made, and in formats of shapes, those are what is seen.
    case rendering(Rendering)
  }

  /// How a rim or a line is painted.
  public struct Line: Sendable, Hashable {
    public var color: Color
    /// In the world's length; renderers paint no line thinner than can be seen.
    public var width: Double
    /// Whether the ends are round rather than cut.
    public var isRound: Bool

    public init(_ color: Color, width: Double, isRound: Bool = true) {
      self.color = color
      self.width = width
      self.isRound = isRound
    }
  }

  /// How text is painted.
  public struct TextStyle: Sendable, Hashable {
    /// Which part of the text stands at its place.
    public enum Anchor: Sendable, Hashable { case start, middle, end }

    public var color: Color
    /// Height of a line in the world's length.
    public var size: Double
    public var anchor: Anchor
    public var isBold: Bool

    public init(_ color: Color, size: Double, anchor: Anchor = .middle, isBold: Bool = false) {
      self.color = color
      self.size = size
      self.anchor = anchor
      self.isBold = isBold
    }
  }

  /// A rectangle of pixels.
  public struct Image: Sendable, Hashable {
    public let width: Int
    public let height: Int
    /// Red, green and blue of each pixel, row by row from the top.
    public let bytes: [UInt8]
    /// Whether pixels are blended where they are enlarged, rather than shown as squares.
    public var isSmooth = false

    /// - Parameter bytes: `width * height * 3` of them.
    public init(width: Int, height: Int, bytes: [UInt8]) {
      if width < 1 || height < 1 || bytes.count != width * height * 3 {
        stop("Scene.Image", "\(width) × \(height) pixels were given as \(bytes.count) bytes")
      }
      self.width = width
      self.height = height
      self.bytes = bytes
    }
  }

  /// A turn, a scale and a shift, in this order.
  public struct Transform: Sendable, Hashable {
    public let shift: Point
    /// Counterclockwise where the camera is upright, in radians.
    public let turn: Double
    public let scale: Double
    private let axis: Point

    public init(shift: Point = .zero, turn: Double = 0, scale: Double = 1) {
      self.shift = shift
      self.turn = turn
      self.scale = scale
      axis = Self.axis(turn)
    }

    private static func axis(_ turn: Double) -> Point { turn == 0 ? [1, 0] : Envs.direction(turn) }

    /// Where a point comes to lie.
    public func callAsFunction(_ p: Point) -> Point {
      shift + direction(p)
    }

    func direction(_ p: Point) -> Point {
      [axis.x * p.x - axis.y * p.y, axis.y * p.x + axis.x * p.y] * scale
    }

    /// This transform within another.
    func within(_ outer: Transform) -> Transform {
      Transform(shift: outer(shift), turn: outer.turn + turn, scale: outer.scale * scale)
    }
  }
}

// MARK: - Painting

extension Scene {
  /// Paints with every place turned, scaled and shifted.
  public mutating func moved(by change: Transform, _ body: (inout Scene) -> Void) {
    let before = transform
    transform = change.within(before)
    body(&self)
    transform = before
  }

  public mutating func polygon(_ points: [Point], fill: Color?, line: Line? = nil) {
    marks.append(.polygon(points.map(transform.callAsFunction), fill: fill, line: scaled(line)))
  }

  /// An upright rectangle between two corners.
  public mutating func box(_ a: Point, _ b: Point, fill: Color?, line: Line? = nil) {
    polygon([a, [b.x, a.y], b, [a.x, b.y]], fill: fill, line: line)
  }

  /// A rectangle with round corners.
  public mutating func roundBox(
    _ a: Point, _ b: Point, radius: Double, fill: Color?, line: Line? = nil
  ) {
    let (low, high) = (pointwiseMin(a, b), pointwiseMax(a, b))
    let radius = min(radius, (high - low).min() / 2)
    let corners: [(Point, Double)] = [
      ([high.x - radius, high.y - radius], 0), ([low.x + radius, high.y - radius], 0.5),
      ([low.x + radius, low.y + radius], 1), ([high.x - radius, low.y + radius], 1.5),
    ]
    polygon(
      corners.flatMap { center, start in
        (0...6).map { center + radius * Envs.direction(.pi * (start + Double($0) / 12)) }
      }, fill: fill, line: line)
  }

  public mutating func polyline(_ points: [Point], _ line: Line) {
    if points.count > 1 {
      marks.append(.polyline(points.map(transform.callAsFunction), scaled(line)!))
    }
  }

  public mutating func circle(
    at center: Point, radius: Double, fill: Color?, line: Line? = nil
  ) {
    marks.append(
      .circle(
        center: transform(center), radius: radius * transform.scale, fill: fill,
        line: scaled(line)))
  }

  /// Part of a circle's rim.
  ///
  /// - Parameter sweep: How far it goes from the start, negative for clockwise in an upright camera.
  public mutating func arc(
    at center: Point, radius: Double, start: Double, sweep: Double, _ line: Line
  ) {
    marks.append(
      .arc(
        center: transform(center), radius: radius * transform.scale,
        start: start + transform.turn, sweep: sweep, scaled(line)!))
  }

  /// Text whose middle line goes through a place.
  public mutating func text(_ text: String, at place: Point, _ style: TextStyle) {
    var style = style
    style.size *= transform.scale
    marks.append(.text(text, at: transform(place), turn: transform.turn, style))
  }

  /// A picture that fills the rectangle between two corners, its first row along `top`'s edge.
  public mutating func image(_ image: Image, top: Point, bottom: Point) {
    marks.append(
      .image(
        image, corner: transform(top), across: transform.direction([bottom.x - top.x, 0]),
        down: transform.direction([0, bottom.y - top.y])))
  }

  /// Has a renderer paint over all that was added before, where it can.
  public mutating func rendering(_ renderer: some SceneRenderer) {
    marks.append(.rendering(Rendering(renderer: renderer)))
  }

  /// A line with a head at its end.
  public mutating func arrow(from start: Point, to end: Point, head: Double, _ line: Line) {
    let way = end - start
    let length = (way * way).sum().squareRoot()
    guard length > 0 else { return }
    let along = way / length
    let aside = Point(-along.y, along.x)
    let neck = end - along * min(head, length)
    polyline([start, neck], line)
    polygon([end, neck + aside * head * 0.55, neck - aside * head * 0.55], fill: line.color)
  }

  /// The same of shapes alone, without what renders it.
  package var plain: Scene {
    var scene = self
    scene.marks.removeAll { if case .rendering = $0 { true } else { false } }
    return scene
  }

  private func scaled(_ line: Line?) -> Line? {
    guard var line else { return nil }
    line.width *= transform.scale
    return line
  }
}

/// The point of the unit circle at an angle.
package func direction(_ angle: Double) -> Scene.Point {
  let both = sine_and_cosine(angle)
  return [both.cosine, both.sine]
}
