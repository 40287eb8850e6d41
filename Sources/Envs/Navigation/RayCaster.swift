/// Outlines to cast rays against, many rays and many segments: what a lidar looks at.
///
/// ```swift
/// var caster = RayCaster()
/// caster.append(outline: [Point(2, -1), Point(3, -1), Point(3, 1), Point(2, 1)])
/// let distance = caster.distance(from: Point(0, 0), along: Point(1, 0), range: 5)   // 2
/// ```
///
/// Eight segments are met at once, and only if the ray meets the circle around them nearer than what it has
/// met already. Distances are computed in Float32. ``Geometry/distance(alongRay:_:toSegment:_:epsilon:)``
/// says the same of one segment.
public struct RayCaster: Sendable {
  /// Up to eight segments; those that are missing have no number for a start, so that nothing meets them.
  @usableFromInline
  struct Block: Sendable {
    @usableFromInline var startX = SIMD8<Float>(repeating: .nan)
    @usableFromInline var startY = SIMD8<Float>(repeating: .nan)
    @usableFromInline var edgeX = SIMD8<Float>.zero
    @usableFromInline var edgeY = SIMD8<Float>.zero
    /// The circle around the segments.
    @usableFromInline var centre = SIMD2<Float>.zero
    @usableFromInline var radius: Float = 0

    @inlinable init() {}
  }

  @usableFromInline var blocks: [Block] = []

  @inlinable public init() {}

  /// Takes all outlines away, and keeps their memory for others.
  @inlinable
  public mutating func removeAll() { blocks.removeAll(keepingCapacity: true) }

  /// Makes room for outlines of up to eight edges each.
  @inlinable
  public mutating func reserve(outlines count: Int) { blocks.reserveCapacity(count) }

  /// Adds a closed outline, its corners in order.
  @inlinable
  public mutating func append<Corners: RandomAccessCollection<Point>>(outline corners: Corners) {
    var index = corners.startIndex
    while index != corners.endIndex {
      var block = Block()
      var low = SIMD2<Float>(repeating: .infinity)
      var high = SIMD2<Float>(repeating: -.infinity)
      var count = 0
      while count < 8, index != corners.endIndex {
        let start = SIMD2<Float>(corners[index])
        corners.formIndex(after: &index)
        let next = corners[index == corners.endIndex ? corners.startIndex : index]
        let end = SIMD2<Float>(next)
        block.startX[count] = start.x
        block.startY[count] = start.y
        block.edgeX[count] = end.x - start.x
        block.edgeY[count] = end.y - start.y
        low = pointwiseMin(low, pointwiseMin(start, end))
        high = pointwiseMax(high, pointwiseMax(start, end))
        count += 1
      }
      block.centre = (low + high) / 2
      // To the corner of the box around the segments, and a little for the rounding.
      let half = (high - low) / 2
      block.radius = (half.x * half.x + half.y * half.y).squareRoot() * 1.0001 + 1e-5
      blocks.append(block)
    }
  }

  /// How far a ray goes in the direction of a unit vector until it meets an outline, `range` if it does not
  /// within that. A ray along an edge meets its corner.
  @inlinable
  public func distance(from origin: Point, along direction: Point, range: Double) -> Double {
    var distance = Float(range)
    withUnsafePointer(to: SIMD2<Float>(direction)) { direction in
      cast(
        from: SIMD2(origin), along: UnsafeBufferPointer(start: direction, count: 1),
        range: distance,
        into: &distance)
    }
    return Double(distance)
  }

  /// The same for many rays from one place, which look at each outline together.
  @inlinable
  func cast(
    from origin: SIMD2<Float>, along directions: UnsafeBufferPointer<SIMD2<Float>>, range: Float,
    into distances: UnsafeMutablePointer<Float>
  ) {
    for ray in directions.indices { distances[ray] = range }
    blocks.withUnsafeBufferPointer { blocks in
      for index in blocks.indices {
        let (centre, radius) = (blocks[index].centre - origin, blocks[index].radius)
        let reach = range + radius
        if centre.x * centre.x + centre.y * centre.y > reach * reach { continue }
        let (edgeX, edgeY) = (blocks[index].edgeX, blocks[index].edgeY)
        let startX = blocks[index].startX - origin.x
        let startY = blocks[index].startY - origin.y
        let height = startX * edgeY - startY * edgeX
        for ray in directions.indices {
          let direction = directions[ray]
          let aside = centre.x * direction.y - centre.y * direction.x
          let ahead = centre.x * direction.x + centre.y * direction.y
          let best = distances[ray]
          if aside.magnitude > radius || ahead < -radius || ahead - radius > best { continue }

          let steepness = 1 / (direction.x * edgeY - direction.y * edgeX)
          let distance = height * steepness
          // Where on the segment; a little beyond its ends, so that no ray slips through a corner.
          let share = (startX * direction.y - startY * direction.x) * steepness
          let isMet =
            (share .>= -1e-5) .& (share .<= 1.00001) .& (distance .>= 0) .& (distance .< best)
          if any(isMet) {
            distances[ray] = SIMD8(repeating: best).replacing(with: distance, where: isMet).min()
          }
        }
      }
    }
  }
}
