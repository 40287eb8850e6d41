import CMuJoCo

/// From where a task is looked at, where its model has no camera for it.
struct MuJoCoView {
  /// The body the camera goes with; nil for one that stands.
  var body: Int? = 1
  /// The height looked at and, without a body, the place.
  var target: SIMD3<Double>
  var distance: Double
  var azimuth = 90.0
  var elevation = -15.0
  /// The side of the floor's squares.
  var square = 1.0

  /// The width by the height that the views are made for.
  static let aspect = 1.5

  /// As near to Gymnasium's cameras as shows the task best.
  static func of(_ task: String) -> MuJoCoView {
    switch task {
    case "Ant": MuJoCoView(target: [0, 0, 0.45], distance: 4.6, azimuth: 70, elevation: -28)
    case "HalfCheetah": MuJoCoView(target: [0, 0, 0.5], distance: 2.9)
    case "Hopper": MuJoCoView(target: [0, 0, 0.75], distance: 2.7)
    case "Walker2d": MuJoCoView(target: [0, 0, 0.8], distance: 2.8)
    case "Humanoid": MuJoCoView(target: [0, 0, 0.95], distance: 3.2, azimuth: 115)
    case "HumanoidStandup":
      MuJoCoView(target: [0, 0, 0.4], distance: 3.2, azimuth: 115, elevation: -20)
    case "Swimmer": MuJoCoView(target: [0, 0, 0], distance: 4.6, elevation: -55)
    case "InvertedPendulum":
      MuJoCoView(body: nil, target: [0, 0, 0.28], distance: 2.6, elevation: -8, square: 0.5)
    case "InvertedDoublePendulum":
      MuJoCoView(body: nil, target: [0, 0, 0.45], distance: 3.9, elevation: -8, square: 0.5)
    case "Reacher":
      MuJoCoView(body: nil, target: [0, 0, 0], distance: 0.85, elevation: -70, square: 0.1)
    case "Pusher":
      MuJoCoView(
        body: nil, target: [0.3, -0.2, -0.25], distance: 2.3, azimuth: 140, elevation: -50,
        square: 0.5)
    default: MuJoCoView(target: [0, 0, 0.6], distance: 4.5, elevation: -20)
    }
  }
}

extension MuJoCoEnvironment {
  /// MuJoCo's own picture where there is OpenGL, else a projection of the bodies' shapes with plain shading.
  public func draw(into scene: inout Scene, after action: Action?) {
    let data = simulation.posed()
    guard let geoms = simulation.model.geometry(data) else { return }
    let half = Solids.halfHeight
    scene.show(
      x: -half * MuJoCoView.aspect...half * MuJoCoView.aspect, y: -half...half,
      background: Scene.Color(0xc7d8ec))
    scene.stepsPerSecond = 1 / max(secondsPerStep, 1e-3)
    MuJoCoProjection(geoms, view: .of(Self.taskName)).draw(into: &scene)
    if let rendering = simulation.rendering(of: Self.taskName) { scene.rendering(rendering) }
  }
}

/// The shapes of a model where they are now.
private struct MuJoCoProjection {
  typealias Place = SIMD3<Double>

  private struct Shape {
    /// As mjtGeom counts them.
    enum Kind: Int32 {
      case plane = 0
      case heightField, sphere, capsule, ellipsoid, cylinder, box, mesh
    }

    var kind: Kind
    var place: Place
    /// The columns of its rotation.
    var axes: [Place]
    var size: Place
    var color: Scene.Color

    /// The ends of its longest axis, without the roundings there.
    var ends: (Place, Place, radius: Double) {
      switch kind {
      case .capsule, .cylinder: (place - axes[2] * size.y, place + axes[2] * size.y, size.x)
      case .sphere: (place, place, size.x)
      default:
        longest
      }
    }

    private var longest: (Place, Place, radius: Double) {
      let axis = size.x >= size.y && size.x >= size.z ? 0 : size.y >= size.z ? 1 : 2
      let radius = (size.x + size.y + size.z - size[axis]) / 2
      let reach = axes[axis] * max(0, size[axis] - radius)
      return (place - reach, place + reach, radius)
    }
  }

  private var shapes: [Shape] = []
  private var floor: Double?
  private let view: MuJoCoView
  private var target: Place

  init(_ geoms: swirl_mujoco_geoms, view: MuJoCoView) {
    self.view = view
    target = view.target
    for i in 0..<Int(geoms.ngeom) {
      let (at, matrix) = (geoms.xpos! + 3 * i, geoms.xmat! + 9 * i)
      let place = Place(at[0], at[1], at[2])
      if let body = view.body, Int(geoms.bodyid[i]) == body {
        (target.x, target.y) = (place.x, place.y)
      }
      // The groups from 3 on are helpers that MuJoCo's own viewer hides too.
      guard let kind = Shape.Kind(rawValue: geoms.type[i]), geoms.group[i] < 3 else { continue }
      if kind == .plane {
        if matrix[8] > 0.9 { floor = max(floor ?? -.infinity, place.z) }
        continue
      }
      let color = Self.color(geoms, i)
      guard color.opacity > 0.05 else { continue }
      let size = geoms.size! + 3 * i
      shapes.append(
        Shape(
          kind: kind, place: place,
          axes: (0..<3).map { Place(matrix[$0], matrix[3 + $0], matrix[6 + $0]) },
          size: Place(size[0], size[1], size[2]), color: color))
    }
  }

  private static func color(_ geoms: swirl_mujoco_geoms, _ i: Int) -> Scene.Color {
    var rgba = geoms.rgba! + 4 * i
    let isDefault = (0..<3).allSatisfy { rgba[$0] == 0.5 } && rgba[3] == 1
    if isDefault, geoms.matid[i] >= 0 { rgba = geoms.mat_rgba! + 4 * Int(geoms.matid[i]) }
    func byte(_ share: Float) -> UInt8 { UInt8(max(0, min(255, share * 255))) }
    let isPlain = (0..<3).allSatisfy { rgba[$0] >= 0.99 || rgba[$0] == 0.5 }
    // Textures are not drawn; their bodies are in MuJoCo's own brown.
    if isPlain { return Scene.Color(0xcc9966, opacity: Double(rgba[3])) }
    return Scene.Color(
      red: byte(rgba[0]), green: byte(rgba[1]), blue: byte(rgba[2]), opacity: Double(rgba[3]))
  }

  func draw(into scene: inout Scene) {
    var solids = Solids(
      target: target, distance: view.distance, azimuth: view.azimuth, elevation: view.elevation)
    if let floor {
      solids.paintFloor(
        height: floor, around: target, square: view.square, into: &scene)
      for shape in shapes {
        let ends = shape.ends
        solids.paintShadow(
          from: ends.0, to: ends.1, radius: ends.radius, height: floor, into: &scene)
      }
    }
    for shape in shapes {
      let ends = shape.ends
      switch shape.kind {
      case .box, .mesh, .heightField:
        solids.addBox(at: shape.place, axes: shape.axes, half: shape.size, shape.color)
      case .cylinder:
        solids.addCylinder(
          at: shape.place, axes: shape.axes, radius: shape.size.x, half: shape.size.y,
          shape.color)
      default:
        solids.addCapsule(from: ends.0, to: ends.1, radius: ends.radius, shape.color)
      }
    }
    solids.paint(into: &scene)
  }
}
