#if Box2D
  import CBox2D

  /// A Box2D world: bodies and hinges are numbers in the order they were added.
  ///
  /// Lengths are metres, angles radians. Numbers are Doubles here, as in Gymnasium's Python, and
  /// rounded to Box2D's Float32 when they enter it.
  struct Box2DWorld: ~Copyable {
    private let world: OpaquePointer

    init(gravity: Double) {
      world = box2d_make_world(box2d_vector(x: 0, y: Float(gravity)))
    }

    deinit { box2d_free_world(world) }

    typealias Point = (x: Double, y: Double)

    borrowing func addBody(
      isDynamic: Bool, at position: Point = (0, 0), angle: Double = 0
    ) -> Int32 {
      box2d_add_body(world, isDynamic, box2d_vector(position), Float(angle))
    }

    borrowing func addPolygon(
      to body: Int32, count: Int, _ material: box2d_material, vertex: (Int) -> Point
    ) {
      var vertices = InlineArray<8, box2d_vector>(repeating: box2d_vector())
      for index in 0..<count { vertices[index] = box2d_vector(vertex(index)) }
      vertices.span.withUnsafeBufferPointer {
        box2d_add_polygon(world, body, $0.baseAddress, Int32(count), material)
      }
    }

    borrowing func addBox(to body: Int32, halfSize: Point, _ material: box2d_material) {
      box2d_add_box(world, body, box2d_vector(halfSize), material)
    }

    borrowing func addEdge(
      to body: Int32, from start: Point, to end: Point, _ material: box2d_material
    ) {
      box2d_add_edge(world, body, box2d_vector(start), box2d_vector(end), material)
    }

    @discardableResult
    borrowing func addHinge(
      _ first: Int32, at firstAnchor: Point, _ second: Int32, at secondAnchor: Point,
      angles: (Double, Double), motorSpeed: Double, largestTorque: Double
    ) -> Int32 {
      box2d_add_hinge(
        world,
        box2d_hinge(
          first: first, second: second, first_anchor: box2d_vector(firstAnchor),
          second_anchor: box2d_vector(secondAnchor), lower_angle: Float(angles.0),
          upper_angle: Float(angles.1), motor_speed: Float(motorSpeed),
          largest_torque: Float(largestTorque)))
    }

    borrowing func motion(_ body: Int32) -> box2d_motion { box2d_motion_of(world, body) }

    borrowing func applyForce(_ force: Point, to body: Int32) {
      box2d_apply_force(world, body, box2d_vector(force))
    }

    borrowing func applyTorque(_ torque: Double, to body: Int32) {
      box2d_apply_torque(world, body, Float(torque))
    }

    borrowing func applyImpulse(_ impulse: Point, at point: Point, to body: Int32) {
      box2d_apply_impulse(world, body, box2d_vector(impulse), box2d_vector(point))
    }

    borrowing func hingeAngle(_ hinge: Int32) -> Double { Double(box2d_hinge_angle(world, hinge)) }
    borrowing func hingeSpeed(_ hinge: Int32) -> Double { Double(box2d_hinge_speed(world, hinge)) }

    borrowing func setMotor(of hinge: Int32, speed: Double, largestTorque: Double) {
      box2d_set_motor(world, hinge, Float(speed), Float(largestTorque))
    }

    /// One fiftieth of a second, with the iterations all of Gymnasium's Box2D environments ask for.
    borrowing func step() { box2d_step(world, 1 / 50, 6 * 30, 2 * 30) }

    /// How many contacts began or ended in the last step.
    var contactCount: Int {
      var count: Int32 = 0
      _ = box2d_contacts(world, &count)
      return Int(count)
    }

    /// One of them, in Box2D's order.
    borrowing func contact(_ index: Int) -> box2d_contact {
      var count: Int32 = 0
      return UnsafeBufferPointer(start: box2d_contacts(world, &count), count: Int(count))[index]
    }

    /// How far along a ray the nearest fixture of a category is, 0 through 1.
    borrowing func castRay(from start: Point, to end: Point, category: UInt16) -> Float {
      box2d_cast_ray(world, box2d_vector(start), box2d_vector(end), category)
    }
  }

  extension box2d_vector {
    init(_ point: Box2DWorld.Point) { self.init(x: Float(point.x), y: Float(point.y)) }
  }

  extension box2d_material {
    /// Box2D's defaults, where nothing else is said.
    init(
      density: Float = 0, friction: Float = 0.2, category: UInt16 = 1, mask: UInt16 = .max,
      isSensor: Bool = false
    ) {
      self.init(
        density: density, friction: friction, restitution: 0, category: category, mask: mask,
        is_sensor: isSensor)
    }
  }

  extension box2d_contact {
    func involves(_ body: Int32) -> Bool { first == body || second == body }
  }
#endif
