import Envs
import Runtime
import Testing

@Suite struct GeometryTests {
  private static let square = [Point(0, 0), Point(2, 0), Point(2, 2), Point(0, 2)]
  /// A dead end, open above.
  private static let trap = [
    Point(0, 0), Point(5, 0), Point(5, 4), Point(4, 4), Point(4, 1), Point(1, 1), Point(1, 4),
    Point(0, 4),
  ]

  /// Random points; few different coordinates, so that they often line up and coincide.
  private func points(_ count: Int, grid: Int, using random: inout PCG64) -> [Point] {
    (0..<count).map { _ in
      Point(Double(random.integers(0..<grid)), Double(random.integers(0..<grid)))
    }
  }

  // MARK: Orientation

  @Test func orientationHasThreeSides() {
    let (a, b) = (Point(0, 0), Point(4, 0))
    #expect(Geometry.orientation(a, b, Point(1, 1)) == 1)
    #expect(Geometry.orientation(a, b, Point(1, -1)) == -1)
    for on in [Point(2, 0), Point(-9, 0), Point(9, 0), a, b, Point(1, 1e-12)] {
      #expect(Geometry.orientation(a, b, on) == 0)
    }
    // ε is a distance, whatever the length of the line.
    for scale in [1, 1e3, 1e6] {
      #expect(Geometry.orientation(a, scale * b, Point(0, 0.1), epsilon: 0.11) == 0)
      #expect(Geometry.orientation(a, scale * b, Point(0, 0.1), epsilon: 0.09) == 1)
    }
    #expect(Geometry.orientation(a, a, Point(1, 1)) == 0)
  }

  // MARK: Segments

  @Test(arguments: [
    (Point(0, 0), Point(2, 2), Point(0, 2), Point(2, 0), true),  // a cross
    (Point(0, 0), Point(2, 0), Point(1, 0), Point(1, 5), true),  // an end on the other
    (Point(0, 0), Point(2, 0), Point(2, 0), Point(5, 5), true),  // ends on ends
    (Point(0, 0), Point(2, 0), Point(1, 0), Point(3, 0), true),  // on each other
    (Point(0, 0), Point(4, 0), Point(1, 0), Point(3, 0), true),  // one within the other
    (Point(0, 0), Point(2, 0), Point(3, 0), Point(5, 0), false),  // on one line, apart
    (Point(0, 0), Point(2, 0), Point(0, 1), Point(2, 1), false),  // side by side
    (Point(0, 0), Point(2, 0), Point(3, -1), Point(3, 1), false),  // across beyond the end
    (Point(1, 0), Point(1, 0), Point(0, 0), Point(2, 0), true),  // a point on a segment
    (Point(1, 1), Point(1, 1), Point(0, 0), Point(2, 0), false),  // and beside it
    (Point(1, 1), Point(1, 1), Point(1, 1), Point(1, 1), true),  // two points
    (Point(1, 1), Point(1, 1), Point(2, 1), Point(2, 1), false),
  ])
  func segmentsMeet(_ a: Point, _ b: Point, _ c: Point, _ d: Point, _ meet: Bool) {
    for (a, b) in [(a, b), (b, a)] {
      for (c, d) in [(c, d), (d, c)] {
        #expect(Geometry.segmentsIntersect(a, b, c, d) == meet)
        #expect(Geometry.segmentsIntersect(c, d, a, b) == meet)
        #expect((Geometry.distance(betweenSegments: a, b, c, d) == 0) == meet)
      }
    }
  }

  /// Whole numbers have no rounding: the oracle solves for the crossing, or looks whether an end lies on the
  /// other.
  @Test func segmentsMeetAsTheOracleSays() {
    func side(_ a: Point, _ b: Point, _ c: Point) -> Int {
      Int(((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)).sign())
    }
    func lies(_ p: Point, on a: Point, _ b: Point) -> Bool {
      side(a, b, p) == 0 && min(a.x, b.x) <= p.x && p.x <= max(a.x, b.x)
        && min(a.y, b.y) <= p.y && p.y <= max(a.y, b.y)
    }
    var random = PCG64(seed: 1)
    var meetings = 0
    for _ in 0..<20_000 {
      let p = points(4, grid: 6, using: &random)
      let cross =
        side(p[0], p[1], p[2]) * side(p[0], p[1], p[3]) < 0
        && side(p[2], p[3], p[0]) * side(p[2], p[3], p[1]) < 0
      let expected =
        cross || lies(p[0], on: p[2], p[3]) || lies(p[1], on: p[2], p[3])
        || lies(p[2], on: p[0], p[1]) || lies(p[3], on: p[0], p[1])
      meetings += expected ? 1 : 0
      #expect(Geometry.segmentsIntersect(p[0], p[1], p[2], p[3]) == expected, "\(p)")
    }
    #expect((2000...18_000).contains(meetings))
  }

  @Test func distancesToSegments() {
    let (a, b) = (Point(0, 0), Point(4, 0))
    for (point, distance) in [
      (Point(2, 3), 3.0), (Point(-3, 4), 5), (Point(7, -4), 5), (Point(1, 0), 0), (a, 0), (b, 0),
    ] {
      #expect(Geometry.distance(from: point, toSegment: a, b) == distance)
      #expect(Geometry.distance(from: point, toSegment: b, a) == distance)
    }
    #expect(Geometry.distance(from: Point(3, 4), toSegment: a, a) == 5)
    #expect(Geometry.nearest(to: Point(3, 4), onSegment: a, a) == a)
    #expect(Geometry.distance(betweenSegments: a, b, Point(5, 1), Point(5, 9)) == 2.0.squareRoot())
    #expect(Geometry.distance(betweenSegments: a, b, Point(0, 2), Point(4, 3)) == 2)
  }

  /// Against the least distance among many points of the segments.
  @Test func distancesAreTheLeastOfMany() {
    var random = PCG64(seed: 2)
    for _ in 0..<300 {
      let p = (0..<4).map { _ in Point(random.uniform(-1, 1), random.uniform(-1, 1)) }
      var (toPoint, toSegment) = (Double.infinity, Double.infinity)
      for first in 0...200 {
        let on = p[0] + Double(first) / 200 * (p[1] - p[0])
        toPoint = min(toPoint, Geometry.length(on - p[2]))
        for second in 0...200 {
          toSegment = min(
            toSegment, Geometry.length(on - p[2] - Double(second) / 200 * (p[3] - p[2])))
        }
      }
      let point = Geometry.distance(from: p[2], toSegment: p[0], p[1])
      let segment = Geometry.distance(betweenSegments: p[0], p[1], p[2], p[3])
      #expect(point <= toPoint && toPoint - point < 0.02)
      #expect(segment <= toSegment && toSegment - segment < 0.02)
    }
  }

  // MARK: Polygons

  @Test func pointsInPolygons() {
    let turns: [[Point]] = [
      Self.trap, Self.trap.reversed(), Array(Self.trap[3...] + Self.trap[..<3]),
    ]
    for turned in turns {
      for inside in [Point(0.5, 0.5), Point(0.5, 3), Point(4.5, 3.9), Point(2, 0.5)] {
        #expect(Geometry.contains(inside, inPolygon: turned))
      }
      for outside in [
        Point(2, 2), Point(2, 4), Point(-1, 1), Point(6, 1), Point(2, 5), Point(2, -1),
      ] {
        #expect(!Geometry.contains(outside, inPolygon: turned))
      }
      // The outline: corners, edges level and upright, and what is nearer than ε.
      for on in turned + [Point(2, 0), Point(0, 2), Point(2, 1), Point(1, 2), Point(-1e-12, 1)] {
        #expect(Geometry.contains(on, inPolygon: turned))
      }
      #expect(Geometry.distance(from: Point(2.5, 3), toOutline: turned) == 1.5)
      #expect(Geometry.distance(from: Point(2.5, 0.5), toOutline: turned) == 0.5)
    }
    #expect(!Geometry.contains(Point(0, 0), inPolygon: [Point]()))
    #expect(Geometry.contains(Point(1, 1), inPolygon: [Point(1, 1)]))
    #expect(Geometry.contains(Point(1, 0), inPolygon: [Point(0, 0), Point(2, 0)]))
    #expect(!Geometry.contains(Point(1, 1), inPolygon: [Point(0, 0), Point(2, 0)]))
    #expect(Geometry.distance(from: Point(0, 0), toOutline: [Point]()) == .infinity)
    #expect(Geometry.area(of: Self.square) == 4 && Geometry.area(of: Self.trap) == 11)
    #expect(Geometry.area(of: Self.square.reversed()) == -4)
    #expect(Geometry.area(of: [Point]()) == 0 && Geometry.area(of: [Point(1, 1)]) == 0)
  }

  /// The oracle adds up the angles under which the edges are seen: a whole turn inside, none outside.
  @Test func pointsInPolygonsAsTheOracleSays() {
    var random = PCG64(seed: 3)
    for _ in 0..<200 {
      // A star around the origin, hence simple.
      let corners = random.integers(3..<12)
      let polygon = (0..<corners).map { corner in
        let angle = 2 * Double.pi * Double(corner) / Double(corners)
        return random.uniform(0.2, 1) * Point(angle.cosine, angle.sine)
      }
      for _ in 0..<50 {
        let point = Point(random.uniform(-1, 1), random.uniform(-1, 1))
        var turn = 0.0
        for (a, b) in zip(polygon, polygon.dropFirst() + polygon.prefix(1)) {
          let (u, v) = (a - point, b - point)
          turn += Geometry.cross(u, v).angle(over: Geometry.dot(u, v))
        }
        #expect(
          Geometry.contains(point, inPolygon: polygon) == (turn.magnitude > 3),
          "\(point) in \(polygon)")
      }
    }
  }

  @Test func hullsOfDegeneratePoints() {
    let (a, b, c) = (Point(0, 0), Point(1, 0), Point(3, 0))
    #expect(Geometry.convexHull(of: [Point]()) == [])
    #expect(Geometry.convexHull(of: [b]) == [b])
    #expect(Geometry.convexHull(of: [b, b, b]) == [b])
    #expect(Geometry.convexHull(of: [c, a]) == [a, c])
    #expect(Geometry.convexHull(of: [c, a, b, a, c, b]) == [a, c])
    #expect(
      Geometry.convexHull(of: [Point(1, 3), Point(1, 0), Point(1, 1)]) == [
        Point(1, 0), Point(1, 3),
      ])
    let dense = Self.square + [Point(1, 0), Point(1, 1), Point(2, 1), Point(0, 1)] + Self.square
    #expect(Geometry.convexHull(of: dense) == Self.square)
    #expect(Geometry.convexHull(of: dense.reversed()) == Self.square)
  }

  /// The oracle: a corner is a point that a line through it and another has all points on one side of, and
  /// that lies between no two others.
  @Test func hullsAreTheOracles() {
    var random = PCG64(seed: 4)
    for round in 0..<400 {
      let all = points(random.integers(3..<12), grid: round % 2 == 0 ? 4 : 30, using: &random)
      let distinct = Array(Set(all))
      let corners = distinct.filter { p in
        let isBetween = distinct.contains { a in
          distinct.contains { b in
            a != p && b != p && a != b && Geometry.distance(from: p, toSegment: a, b) == 0
          }
        }
        let isOutermost = distinct.contains { q in
          q != p && distinct.allSatisfy { Geometry.cross(q - p, $0 - p) >= 0 }
        }
        return !isBetween && (isOutermost || distinct.count == 1)
      }
      let hull = Geometry.convexHull(of: all)
      #expect(Set(hull) == Set(corners) && hull.count == corners.count, "\(all)")
      if hull.count > 2 {
        #expect(Geometry.area(of: hull) > 0)
        #expect(all.allSatisfy { Geometry.contains($0, inPolygon: hull) })
      }
    }
  }

  // MARK: Rays

  @Test func raysMeetSegments() {
    func along(_ a: Point, _ b: Point) -> Double? {
      let forth = Geometry.distance(alongRay: Point(0, 0), Point(1, 0), toSegment: a, b)
      #expect(forth == Geometry.distance(alongRay: Point(0, 0), Point(1, 0), toSegment: b, a))
      return forth
    }
    #expect(along(Point(2, -1), Point(2, 1)) == 2)
    #expect(along(Point(2, 0), Point(2, 1)) == 2)  // an end
    #expect(along(Point(2, 0.1), Point(2, 1)) == nil)
    #expect(along(Point(-2, -1), Point(-2, 1)) == nil)  // behind
    #expect(along(Point(2, 0), Point(5, 0)) == 2)  // along it
    #expect(along(Point(-2, 0), Point(5, 0)) == 0)  // from within it
    #expect(along(Point(-2, 0), Point(-5, 0)) == nil)
    #expect(along(Point(2, 1), Point(5, 1)) == nil)  // beside it
    #expect(along(Point(0, -1), Point(0, 1)) == 0)  // from on it
    #expect(along(Point(3, 0), Point(3, 0)) == 3)  // a point
    #expect(along(Point(3, 1), Point(3, 1)) == nil)
    #expect(along(Point(0, 0), Point(0, 0)) == 0)
  }

  /// Many rays among many segments, against each segment on its own.
  @Test func castsAsOneByOne() {
    var random = PCG64(seed: 5)
    var (met, missed) = (0, 0)
    for round in 0..<60 {
      var outlines: [[Point]] = []
      for _ in 0..<random.integers(0..<12) {
        let centre = Point(random.uniform(-4, 4), random.uniform(-4, 4))
        // Some of more than one block, some flat, some without length.
        let count = [1, 2, 3, 8, 9, 20][random.integers(0..<6)]
        let size = round % 5 == 0 ? 0.01 : 1
        outlines.append(
          (0..<count).map { corner in
            let angle = 2 * Double.pi * Double(corner) / Double(count)
            return centre + random.uniform(0.3, 1) * size * Point(angle.cosine, angle.sine)
          })
      }
      var caster = RayCaster()
      for outline in outlines { caster.append(outline: outline) }
      for _ in 0..<100 {
        let origin = Point(random.uniform(-5, 5), random.uniform(-5, 5))
        let angle = random.uniform(-4, 4)
        let direction = Point(angle.cosine, angle.sine)
        var (expected, near) = (6.0, 6.0)
        for outline in outlines {
          for (a, b) in zip(outline, outline.dropFirst() + outline.prefix(1)) {
            let exact = Geometry.distance(alongRay: origin, direction, toSegment: a, b)
            expected = min(expected, exact ?? 6)
            // What a ray that is off by a rounding error of Float32 may touch.
            let wide = Geometry.distance(
              alongRay: origin, direction, toSegment: a, b, epsilon: 1e-4)
            near = min(near, wide ?? 6)
          }
        }
        let distance = caster.distance(from: origin, along: direction, range: 6)
        #expect(distance >= near - 1e-3 && distance <= expected + 1e-3, "\(origin) \(direction)")
        if expected < 6 { met += 1 } else { missed += 1 }
      }
    }
    #expect(met > 300 && missed > 300, "\(met) \(missed)")
  }

  /// No ray slips through where two edges meet.
  @Test func cornersAreTight() {
    var caster = RayCaster()
    caster.append(outline: Self.square)
    caster.append(outline: Self.trap.map { 7 * $0 - Point(10, 10) })
    for corner in Self.square {
      let way = corner - Point(0.7, 0.9)
      let unit = way / Geometry.length(way)
      let distance = caster.distance(from: Point(0.7, 0.9), along: unit, range: 100)
      #expect((distance - Geometry.length(way)).magnitude < 1e-5)
    }
    #expect(caster.distance(from: Point(-1, 2), along: Point(1, 0), range: 100) == 1)
    #expect(caster.distance(from: Point(-1, 2), along: Point(1, 0), range: 0.5) == 0.5)
    caster.removeAll()
    #expect(caster.distance(from: Point(-1, 2), along: Point(1, 0), range: 9) == 9)
  }
}

extension Double {
  fileprivate func sign() -> Double { self > 0 ? 1 : self < 0 ? -1 : 0 }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Double {
  var sine: Double { sin(self) }
  var cosine: Double { cos(self) }
  func angle(over other: Double) -> Double { atan2(self, other) }
}
