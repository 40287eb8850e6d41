import CLibm

/// A camera in space and the bodies before it, painted from the farthest to the nearest with plain shading.
struct Solids {
  typealias Place = SIMD3<Double>

  private let eye, right, up, forward: Place
  private var bodies: [(depth: Double, paint: (inout Scene) -> Void)] = []
  /// Where the light comes from.
  private static let light = normal([-0.35, -0.5, 0.8])
  private static let near = 0.05
  /// Half the height of the picture at distance 1, as MuJoCo's field of view of 45° has it.
  static let halfHeight = 0.4142

  /// - Parameters:
  ///   - target: What is looked at.
  ///   - azimuth: In degrees; at 90 the camera looks along y.
  ///   - elevation: In degrees, negative from above.
  init(target: Place, distance: Double, azimuth: Double, elevation: Double) {
    let (az, el) = (
      sine_and_cosine(azimuth * .pi / 180), sine_and_cosine(elevation * .pi / 180)
    )
    forward = [el.cosine * az.cosine, el.cosine * az.sine, el.sine]
    eye = target - forward * distance
    right = [az.sine, -az.cosine, 0]
    up = Self.cross(right, forward)
  }

  static func cross(_ a: Place, _ b: Place) -> Place {
    [a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x]
  }

  static func dot(_ a: Place, _ b: Place) -> Double { a.x * b.x + a.y * b.y + a.z * b.z }

  static func normal(_ a: Place) -> Place {
    let length = dot(a, a).squareRoot()
    return length > 0 ? a / length : a
  }

  private func depth(_ p: Place) -> Double { Self.dot(p - eye, forward) }

  private func project(_ p: Place) -> Scene.Point {
    let way = p - eye
    let depth = max(Self.dot(way, forward), Self.near)
    return [Self.dot(way, right) / depth, Self.dot(way, up) / depth]
  }

  /// The picture of a flat outline, cut off where it comes behind the camera.
  private func project(outline: [Place]) -> [Scene.Point] {
    var kept: [Place] = []
    for (i, p) in outline.enumerated() {
      let q = outline[(i + 1) % outline.count]
      let (a, b) = (depth(p) - Self.near, depth(q) - Self.near)
      if a >= 0 { kept.append(p) }
      if a >= 0 && b < 0 || a < 0 && b >= 0 { kept.append(p + (q - p) * (a / (a - b))) }
    }
    return kept.map(project)
  }

  /// How much light a surface gets.
  private static func shade(_ normal: Place) -> Double { 0.62 + 0.45 * max(0, dot(normal, light)) }

  // MARK: - The floor

  /// A floor of squares that fades into the distance, at a height.
  func paintFloor(height: Double, around center: Place, square: Double, into scene: inout Scene) {
    let ground = Scene.Color(0xdfe4ea)
    let far = 400.0
    scene.polygon(
      project(
        outline: [[-far, -far], [far, -far], [far, far], [-far, far]].map { (p: Scene.Point) in
          [center.x + p.x, center.y + p.y, height]
        }), fill: ground)
    let reach = 16
    let (x0, y0) = ((center.x / square).rounded(.down), (center.y / square).rounded(.down))
    for i in -reach..<reach {
      for j in -reach..<reach {
        let (x, y) = (x0 + Double(i), y0 + Double(j))
        guard (x + y).remainder(dividingBy: 2) != 0 else { continue }
        let share = Double(i * i + j * j).squareRoot() / Double(reach)
        if share >= 1 { continue }
        let corners: [Place] = [(0.0, 0.0), (1, 0), (1, 1), (0, 1)].map {
          [(x + $0.0) * square, (y + $0.1) * square, height]
        }
        let outline = project(outline: corners)
        if outline.count > 2 {
          scene.polygon(outline, fill: Scene.Color(0xb9c6d6).mixed(with: ground, share))
        }
      }
    }
  }

  /// The shadow of a capsule or ball straight below it.
  func paintShadow(
    from a: Place, to b: Place, radius: Double, height: Double, into scene: inout Scene
  ) {
    guard min(a.z, b.z) > height - radius else { return }
    let way = Scene.Point(b.x - a.x, b.y - a.y)
    let along = atan2(way.y, way.x)
    let outline: [Place] = (0..<20).map { i in
      let turn = direction(along - .pi / 2 + 2 * .pi * Double(i) / 20)
      let end = i < 10 ? b : a
      return [end.x + radius * turn.x, end.y + radius * turn.y, height]
    }
    let points = project(outline: outline)
    if points.count > 2 { scene.polygon(points, fill: Scene.Color.ink.faded(0.16)) }
  }

  // MARK: - Bodies

  /// A ball drawn out from one place to another.
  mutating func addCapsule(from a: Place, to b: Place, radius: Double, _ color: Scene.Color) {
    let (nearA, nearB) = (depth(a), depth(b))
    guard nearA > Self.near + radius, nearB > Self.near + radius else { return }
    let (p, q) = (project(a), project(b))
    let (ra, rb) = (radius / nearA, radius / nearB)
    bodies.append(
      (
        (nearA + nearB) / 2,
        { scene in
          Self.capsule(p, q, ra, rb, color.lit(0.62), &scene)
          for (size, shift, light) in [(0.88, 0.1, 0.82), (0.62, 0.26, 1), (0.3, 0.4, 1.16)] {
            let off = Scene.Point(-0.7, 0.72) * shift
            Self.capsule(
              p + off * ra, q + off * rb, ra * size, rb * size, color.lit(light), &scene)
          }
        }
      ))
  }

  private static func capsule(
    _ p: Scene.Point, _ q: Scene.Point, _ rp: Double, _ rq: Double, _ color: Scene.Color,
    _ scene: inout Scene
  ) {
    let way = q - p
    let length = (way * way).sum().squareRoot()
    if length < 1e-6 || length <= (rp - rq).magnitude {
      scene.circle(at: rp > rq ? p : q, radius: max(rp, rq), fill: color)
      return
    }
    let along = atan2(way.y, way.x)
    // Where the tangents touch circles of unequal size.
    let lean = asin(max(-1, min(1, (rp - rq) / length)))
    var outline: [Scene.Point] = []
    for i in 0...10 {
      let turn = (Double.pi - 2 * lean) * Double(i) / 10
      outline.append(q + rq * direction(along - .pi / 2 + lean + turn))
    }
    for i in 0...10 {
      let turn = (Double.pi + 2 * lean) * Double(i) / 10
      outline.append(p + rp * direction(along + .pi / 2 - lean + turn))
    }
    scene.polygon(outline, fill: color)
  }

  /// A convex body of flat faces, each given by its corners and its outward normal.
  mutating func addFaces(
    _ faces: [(corners: [Place], normal: Place)], around center: Place, _ color: Scene.Color
  ) {
    let visible = faces.filter { Self.dot($0.normal, eye - $0.corners[0]) > 0 }
    let painted = visible.map { face in
      (project(outline: face.corners), color.lit(Self.shade(face.normal)))
    }
    bodies.append(
      (
        depth(center),
        { scene in
          for (outline, shade) in painted where outline.count > 2 {
            scene.polygon(outline, fill: shade, line: .init(shade, width: 0.0008))
          }
        }
      ))
  }

  /// A box with half sides along the columns of a rotation.
  mutating func addBox(at center: Place, axes: [Place], half: Place, _ color: Scene.Color) {
    var faces: [(corners: [Place], normal: Place)] = []
    for axis in 0..<3 {
      let (u, v) = ((axis + 1) % 3, (axis + 2) % 3)
      for side in [-1.0, 1] {
        let normal = axes[axis] * side
        let middle = center + normal * half[axis]
        let (du, dv) = (axes[u] * half[u], axes[v] * half[v])
        faces.append(
          ([middle - du - dv, middle + du - dv, middle + du + dv, middle - du + dv], normal))
      }
    }
    addFaces(faces, around: center, color)
  }

  mutating func addCylinder(
    at center: Place, axes: [Place], radius: Double, half: Double, _ color: Scene.Color
  ) {
    let count = 20
    func rim(_ i: Int) -> Place {
      let turn = direction(2 * .pi * Double(i) / Double(count))
      return axes[0] * turn.x + axes[1] * turn.y
    }
    let axis = axes[2] * half
    var faces: [(corners: [Place], normal: Place)] = (0..<count).map { i in
      let (a, b) = (center + rim(i) * radius, center + rim(i + 1) * radius)
      return ([a - axis, b - axis, b + axis, a + axis], Self.normal(rim(i) + rim(i + 1)))
    }
    for side in [-1.0, 1] {
      faces.append(
        ((0..<count).map { center + axis * side + rim($0) * radius }, axes[2] * side))
    }
    addFaces(faces, around: center, color)
  }

  /// Paints the bodies, the farthest first.
  func paint(into scene: inout Scene) {
    for body in bodies.sorted(by: { $0.depth > $1.depth }) { body.paint(&scene) }
  }
}
