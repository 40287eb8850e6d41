import CLibm
import Runtime

/// A square room with obstacles, drawn at random so that every free place can be reached from every other:
/// the circles around the obstacles keep a gap from each other and from the walls that the robot fits through.
struct NavigationMap: Sendable {
  /// Metres a side; the room's corners are (0, 0) and (size, size).
  let size: Double
  /// The corners of all obstacles in order, and where each one's end.
  private(set) var corners: [Point] = []
  private(set) var ends: [Int] = []
  /// The walls and then the obstacles, an outline each; made from the others.
  private(set) var caster = RayCaster()

  /// The circles that obstacles were drawn in: centre and radius. Nobody asks for them afterwards.
  private var circles: [SIMD3<Double>] = []

  /// Between two obstacles, or an obstacle and a wall, in metres.
  static let gap = 0.7
  /// The sizes of the circles around obstacles in metres.
  static let radii = 0.4...1.4
  /// No obstacle has more corners, so that each is one block of the caster's.
  private static let mostCorners = 8

  init(size: Double) {
    self.size = size
    clear(obstacles: 0)
  }

  /// Takes the obstacles away; room for others is made once.
  private mutating func clear(obstacles: Int) {
    corners.removeAll(keepingCapacity: true)
    corners.reserveCapacity(obstacles * Self.mostCorners)
    ends.removeAll(keepingCapacity: true)
    ends.reserveCapacity(obstacles)
    circles.removeAll(keepingCapacity: true)
    circles.reserveCapacity(obstacles)
    caster.removeAll()
    caster.reserve(outlines: obstacles + 1)
    let walls: InlineArray<4, Point> = [
      Point(0, 0), Point(size, 0), Point(size, size), Point(0, size),
    ]
    walls.span.withUnsafeBufferPointer { caster.append(outline: $0) }
  }

  /// The obstacles, a polygon each.
  var obstacles: [[Point]] { ends.indices.map { Array(corners[range(of: $0)]) } }

  private func range(of obstacle: Int) -> Range<Int> {
    (obstacle == 0 ? 0 : ends[obstacle - 1])..<ends[obstacle]
  }

  /// Whether a disc touches a wall or an obstacle.
  func touches(_ centre: Point, radius: Double) -> Bool {
    let nearest = min(min(centre.x, centre.y), min(size - centre.x, size - centre.y))
    if !(nearest >= radius) { return true }
    for obstacle in ends.indices {
      let block = caster.blocks[obstacle + 1]
      let apart = Geometry.length(centre - Point(block.centre))
      if apart > Double(block.radius) + radius { continue }
      let outline = corners[range(of: obstacle)]
      if Geometry.distance(from: centre, toOutline: outline) < radius
        || Geometry.contains(centre, inPolygon: outline)
      {
        return true
      }
    }
    return false
  }
}

// MARK: - Drawing obstacles

extension NavigationMap {
  /// Draws up to `count` obstacles, as many as find room away from two places; concave ones among them if
  /// `areConcave`.
  mutating func draw(
    obstacles count: Int, areConcave: Bool, awayFrom first: Point, _ second: Point,
    using random: inout PCG64
  ) {
    clear(obstacles: count)
    for _ in 0..<count {
      for _ in 0..<20 {
        let radius = random.uniform(Self.radii.lowerBound, Self.radii.upperBound)
        let margin = radius + Self.gap
        if size < 2 * margin { continue }
        let centre = Point(
          random.uniform(margin, size - margin), random.uniform(margin, size - margin))
        let isFree =
          Geometry.length(centre - first) >= margin
          && Geometry.length(centre - second) >= margin
          && circles.allSatisfy { other in
            Geometry.length(centre - Point(other.x, other.y)) >= margin + other.z
          }
        if !isFree { continue }
        circles.append(SIMD3(centre.x, centre.y, radius))
        addObstacle(centre, radius, areConcave: areConcave, using: &random)
        break
      }
    }
  }

  private mutating func addObstacle(
    _ centre: Point, _ radius: Double, areConcave: Bool, using random: inout PCG64
  ) {
    let start = corners.count
    let turn = random.uniform(0, 2 * .pi)
    switch areConcave ? random.integers(0..<3) : 0 {
    case 0: addHull(centre, radius, using: &random)
    case 1: addStar(centre, radius, turn, using: &random)
    default: addTrap(centre, radius, turn)
    }
    ends.append(corners.count)
    caster.append(outline: corners[start...])
  }

  /// The convex hull of seven random points.
  private mutating func addHull(_ centre: Point, _ radius: Double, using random: inout PCG64) {
    withUnsafeTemporaryAllocation(of: Point.self, capacity: 7) { points in
      for count in 0..<7 {
        let (angle, share) = (random.uniform(0, 2 * .pi), random.uniform(0.5, 1))
        let point = centre + share * radius * Self.direction(angle)
        // Sorted by x and then y, as the hull wants them.
        var place = count
        points.initializeElement(at: count, to: point)
        while place > 0, (point.x, point.y) < (points[place - 1].x, points[place - 1].y) {
          points[place] = points[place - 1]
          place -= 1
        }
        points[place] = point
      }
      withUnsafeTemporaryAllocation(of: Point.self, capacity: 15) { hull in
        let count = Geometry.chain(UnsafeBufferPointer(points), into: hull)
        for corner in hull[..<count] { corners.append(corner) }
      }
    }
  }

  /// A star of four points.
  private mutating func addStar(
    _ centre: Point, _ radius: Double, _ turn: Double, using random: inout PCG64
  ) {
    for corner in 0..<8 {
      let share = corner % 2 == 0 ? random.uniform(0.8, 1) : random.uniform(0.35, 0.55)
      corners.append(
        centre + share * radius * Self.direction(turn + Double(corner) * .pi / 4))
    }
  }

  /// Three walls around a dead end.
  private mutating func addTrap(_ centre: Point, _ radius: Double, _ turn: Double) {
    let axis = Self.direction(turn)
    let (out, within) = (0.7 * radius, 0.4 * radius)
    let outline: InlineArray<8, Point> = [
      Point(-out, -out), Point(out, -out), Point(out, out), Point(within, out),
      Point(within, -within), Point(-within, -within), Point(-within, out), Point(-out, out),
    ]
    for index in outline.indices {
      let corner = outline[index]
      corners.append(
        centre
          + Point(
            corner.x * axis.x - corner.y * axis.y, corner.x * axis.y + corner.y * axis.x))
    }
  }

  private static func direction(_ angle: Double) -> Point {
    let both = sine_and_cosine(angle)
    return Point(both.cosine, both.sine)
  }
}

// What the caster holds is made again.
extension NavigationMap: Codable {
  private enum CodingKeys: String, CodingKey {
    case size, corners, ends
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let size = try container.decode(Double.self, forKey: .size)
    if let fault = fault("the room's side", size, in: 4...100) {
      throw DecodingError.dataCorruptedError(
        forKey: .size, in: container, debugDescription: fault)
    }
    self.init(size: size)
    corners = try container.decode([Point].self, forKey: .corners)
    ends = try container.decode([Int].self, forKey: .ends)
    let starts = [0] + ends
    // Bounded first, for differences that cannot overflow.
    guard starts.allSatisfy({ (0...corners.count).contains($0) }),
      zip(starts, ends).allSatisfy({ (3...Self.mostCorners).contains($1 - $0) }),
      starts.last == corners.count
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .ends, in: container,
        debugDescription: "The ends of the obstacles do not fit their \(corners.count) corners.")
    }
    for obstacle in ends.indices { caster.append(outline: corners[range(of: obstacle)]) }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(size, forKey: .size)
    try container.encode(corners, forKey: .corners)
    try container.encode(ends, forKey: .ends)
  }
}
