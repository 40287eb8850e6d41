/// A point or direction of the plane.
public typealias Point = SIMD2<Double>

/// Plane geometry for worlds of polygons: what they are built with, collide with and are looked at with.
///
/// Polygons are simple, closed and given by their corners in order, without the first again at the end.
/// `epsilon` is a distance: what is nearer than it counts as touching.
public enum Geometry {
  @inlinable
  public static func cross(_ a: Point, _ b: Point) -> Double { a.x * b.y - a.y * b.x }

  @inlinable
  public static func dot(_ a: Point, _ b: Point) -> Double { a.x * b.x + a.y * b.y }

  @inlinable
  public static func length(_ a: Point) -> Double { dot(a, a).squareRoot() }

  /// On which side of the line from `a` to `b` the point `c` lies: 1 left of it, −1 right of it, 0 within
  /// `epsilon` of it, and 0 if `a` and `b` are so near that there is no line.
  @inlinable
  public static func orientation(
    _ a: Point, _ b: Point, _ c: Point, epsilon: Double = 1e-9
  ) -> Int {
    let length = length(b - a)
    if length <= epsilon { return 0 }
    let height = cross(b - a, c - a) / length
    return height > epsilon ? 1 : height < -epsilon ? -1 : 0
  }

  /// The point of the segment from `a` to `b` that is nearest to `point`.
  @inlinable
  public static func nearest(to point: Point, onSegment a: Point, _ b: Point) -> Point {
    let edge = b - a
    let square = dot(edge, edge)
    // A segment without length, or with one whose square is 0, is its first end.
    if !(square > 0) { return a }
    let share = dot(point - a, edge) / square
    return share <= 0 ? a : share >= 1 ? b : a + share * edge
  }

  /// How far a point is from the segment from `a` to `b`.
  @inlinable
  public static func distance(from point: Point, toSegment a: Point, _ b: Point) -> Double {
    length(point - nearest(to: point, onSegment: a, b))
  }

  /// How far two segments are from each other; 0 where they cross.
  @inlinable
  public static func distance(
    betweenSegments a: Point, _ b: Point, _ c: Point, _ d: Point
  ) -> Double {
    if segmentsIntersect(a, b, c, d, epsilon: 0) { return 0 }
    // Apart, they are nearest at an end of one of them.
    return min(
      distance(from: a, toSegment: c, d), distance(from: b, toSegment: c, d),
      distance(from: c, toSegment: a, b), distance(from: d, toSegment: a, b))
  }

  /// Whether the segments from `a` to `b` and from `c` to `d` have a point in common; one that another's
  /// end touches counts, as do segments that lie on each other and segments without length.
  @inlinable
  public static func segmentsIntersect(
    _ a: Point, _ b: Point, _ c: Point, _ d: Point, epsilon: Double = 1e-9
  ) -> Bool {
    let (sideC, sideD) = (
      orientation(a, b, c, epsilon: epsilon), orientation(a, b, d, epsilon: epsilon)
    )
    let (sideA, sideB) = (
      orientation(c, d, a, epsilon: epsilon), orientation(c, d, b, epsilon: epsilon)
    )
    if sideA * sideB < 0 && sideC * sideD < 0 { return true }
    return distance(from: a, toSegment: c, d) <= epsilon
      || distance(from: b, toSegment: c, d) <= epsilon
      || distance(from: c, toSegment: a, b) <= epsilon
      || distance(from: d, toSegment: a, b) <= epsilon
  }

  /// How far a polygon's outline is from a point; infinite if it has no corner.
  @inlinable
  public static func distance<Corners: RandomAccessCollection<Point>>(
    from point: Point, toOutline polygon: Corners
  ) -> Double {
    guard var previous = polygon.last else { return .infinity }
    var best = Double.infinity
    for corner in polygon {
      let gap = point - nearest(to: point, onSegment: previous, corner)
      best = min(best, dot(gap, gap))
      previous = corner
    }
    return best.squareRoot()
  }

  /// Whether a point lies in a polygon, convex or not; its outline is part of it.
  @inlinable
  public static func contains<Corners: RandomAccessCollection<Point>>(
    _ point: Point, inPolygon polygon: Corners, epsilon: Double = 1e-9
  ) -> Bool {
    guard var previous = polygon.last else { return false }
    var isInside = false
    for corner in polygon {
      if distance(from: point, toSegment: previous, corner) <= epsilon { return true }
      // Whether the edge crosses the height of the point, its upper end left out so that a corner counts
      // once.
      if (corner.y > point.y) != (previous.y > point.y) {
        let edge = corner - previous
        let x = previous.x + (point.y - previous.y) / edge.y * edge.x
        if point.x < x { isInside.toggle() }
      }
      previous = corner
    }
    return isInside
  }

  /// The area of a polygon, positive if its corners go against the clock.
  @inlinable
  public static func area<Corners: RandomAccessCollection<Point>>(of polygon: Corners) -> Double {
    guard let first = polygon.first, var previous = polygon.last else { return 0 }
    var sum = 0.0
    for corner in polygon {
      sum += cross(previous - first, corner - first)
      previous = corner
    }
    return sum / 2
  }

  /// The corners of the smallest convex polygon around the points, against the clock from the leftmost one;
  /// points on an edge are left out. One point if all are equal, two if all lie on a line.
  public static func convexHull(of points: some Sequence<Point>) -> [Point] {
    var sorted = points.sorted { $0.x < $1.x || ($0.x == $1.x && $0.y < $1.y) }
    return sorted.withUnsafeMutableBufferPointer { sorted in
      [Point](unsafeUninitializedCapacity: 2 * sorted.count + 1) { hull, count in
        count = chain(UnsafeBufferPointer(sorted), into: hull)
      }
    }
  }

  /// Andrew's monotone chain: the hull of points sorted by x and then y, into room for twice as many.
  /// Returns how many corners it has.
  @usableFromInline
  static func chain(
    _ points: UnsafeBufferPointer<Point>, into hull: UnsafeMutableBufferPointer<Point>
  ) -> Int {
    var count = 0
    // Below from left to right, then above from right to left.
    for isUpper in [false, true] {
      let floor = isUpper ? count : 0
      for place in points.indices {
        let point = points[isUpper ? points.count - 1 - place : place]
        if count > 0, hull[count - 1] == point { continue }
        while count - floor >= (isUpper ? 1 : 2), count >= 2,
          cross(hull[count - 1] - hull[count - 2], point - hull[count - 1]) <= 0
        {
          count -= 1
        }
        hull.initializeElement(at: count, to: point)
        count += 1
      }
    }
    // The last point is the first again, unless there is but one.
    return count > 1 ? count - 1 : count
  }

  /// How far a ray from `origin` in the direction of the unit vector `direction` goes until it meets the
  /// segment from `a` to `b`; nil if it does not. Touching an end counts; along a segment it meets the end
  /// that comes first.
  @inlinable
  public static func distance(
    alongRay origin: Point, _ direction: Point, toSegment a: Point, _ b: Point,
    epsilon: Double = 1e-9
  ) -> Double? {
    let (edge, start) = (b - a, a - origin)
    let slope = cross(direction, edge)
    let height = cross(direction, start)
    if slope.magnitude <= epsilon * 1e-3 * max(1, length(edge)) {
      // Side by side, or a segment without length.
      if height.magnitude > epsilon { return nil }
      let (first, second) = (dot(start, direction), dot(b - origin, direction))
      if max(first, second) < -epsilon { return nil }
      return min(first, second) <= 0 ? 0 : min(first, second)
    }
    let along = cross(start, edge) / slope
    let share = -height / slope * length(edge)
    if along < -epsilon || share < -epsilon || share > length(edge) + epsilon { return nil }
    return max(0, along)
  }
}
