#if Box2D
  import CBox2D
  import CLibm

  /// The picture that an agent sees: 96 × 96 pixels, each the mean of 4 × 4 samples.
  ///
  /// Gymnasium draws on 1000 × 800 pixels and shrinks them; places are in those pixels here too, y
  /// downwards. Shapes are convex, painted one over the other into samples that hold the number of a colour.
  struct CarRacingPicture: ~Copyable {
    static var side: Int { 96 }
    private static var fine: Int { 4 * side }
    private static var field: SIMD2<Double> { SIMD2(1000, 800) }

    /// The numbers of the colours.
    private enum Ink: UInt8 {
      case black, ground, grass, road, road1, road2, white, red, hull, rim, blue, violet, green
    }

    private let samples: UnsafeMutablePointer<UInt8>
    /// The first and the last x of the shape being filled, for each row of samples.
    private let starts, ends: UnsafeMutablePointer<Float>
    /// `[96, 96, 3]` bytes.
    private let pixels: UnsafeMutablePointer<UInt8>

    init() {
      samples = .allocate(capacity: Self.fine * Self.fine)
      samples.initialize(repeating: 0, count: Self.fine * Self.fine)
      starts = .allocate(capacity: Self.fine)
      starts.initialize(repeating: 0, count: Self.fine)
      ends = .allocate(capacity: Self.fine)
      ends.initialize(repeating: 0, count: Self.fine)
      pixels = .allocate(capacity: Self.side * Self.side * 3)
      pixels.initialize(repeating: 0, count: Self.side * Self.side * 3)
    }

    deinit {
      samples.deallocate()
      starts.deallocate()
      ends.deallocate()
      pixels.deallocate()
    }

    func copyPixels(to row: UnsafeMutableBufferPointer<UInt8>) {
      _ = row.update(
        fromContentsOf: UnsafeBufferPointer(start: pixels, count: Self.side * Self.side * 3))
    }

    mutating func draw(_ scene: CarRacingScene) {
      samples.update(repeating: Ink.black.rawValue, count: Self.fine * Self.fine)
      let view = View(scene)
      drawGround(view)
      drawRoad(scene, view)
      drawCar(scene, view)
      drawIndicators(scene)
      drawNumber(scene.reward)
      shrink(scene.colors)
    }

    // MARK: the world

    /// The camera: it turns with the car and zooms in during the first second.
    private struct View {
      let turn: Turn
      let center: SIMD2<Double>
      let zoom: Double

      init(_ scene: CarRacingScene) {
        let angle = -Double(scene.hull.angle)
        turn = Turn(sine: sin(angle), cosine: cos(angle))
        center = SIMD2(Double(scene.hull.position.x), Double(scene.hull.position.y))
        zoom = 0.1 * 6 * max(1 - scene.time, 0) + 2.7 * 6 * min(scene.time, 1)
      }

      func place(_ point: SIMD2<Double>) -> SIMD2<Double> {
        let place = turn * (point - center) * zoom
        return SIMD2(place.x + 500, 600 - place.y)
      }
    }

    private func drawGround(_ view: View) {
      let bound = CarRacingSimulation.playfield
      let patch = bound / 20
      fill(.ground, 4) {
        view.place(SIMD2($0 < 2 ? bound : -bound, $0 == 0 || $0 == 3 ? bound : -bound))
      }
      for x in stride(from: -20.0, to: 20, by: 2) {
        for y in stride(from: -20.0, to: 20, by: 2) {
          fill(.grass, 4) { corner in
            let right: Double = corner == 0 || corner == 3 ? 1 : 0
            let up: Double = corner > 1 ? 1 : 0
            return view.place(SIMD2(patch * (x + right), patch * (y + up)))
          }
        }
      }
    }

    private func drawRoad(_ scene: CarRacingScene, _ view: View) {
      for index in scene.track.tiles.indices {
        let tile = scene.track.tiles[index]
        let ink: Ink =
          scene.isTouched[index] || index % 3 == 0 ? .road : index % 3 == 1 ? .road1 : .road2
        fill(ink, 4) { view.place(tile.corners[$0]) }
        if let kerb = tile.kerb {
          fill(index % 2 == 0 ? .white : .red, 4) { view.place(kerb[$0]) }
        }
      }
    }

    private func drawCar(_ scene: CarRacingScene, _ view: View) {
      let size = CarRacingSimulation.size
      func part(
        _ motion: box2d_motion, _ ink: Ink, _ count: Int, _ corner: (Int) -> SIMD2<Double>
      ) {
        let turn = Turn(sine: sin(Double(motion.angle)), cosine: cos(Double(motion.angle)))
        fill(ink, count) {
          let corner = corner($0)
          return view.place(motion.point(corner.x * size, corner.y * size, turn))
        }
      }
      for index in scene.wheels.indices {
        let wheel = scene.wheels[index]
        let outline = CarRacingShapes.wheel
        part(wheel.motion, .black, outline.count) { outline[$0] }
        // A light strip on the tyre, which comes and goes as it turns.
        let (start, end) = (wheel.phase, wheel.phase + 1.2)
        var (from, to) = (cos(start), cos(end))
        let (isHiddenFrom, isHiddenTo) = (sin(start) > 0, sin(end) > 0)
        if isHiddenFrom && isHiddenTo { continue }
        if isHiddenFrom { from = from > 0 ? 1 : -1 }
        if isHiddenTo { to = to > 0 ? 1 : -1 }
        let (width, radius) = (
          CarRacingSimulation.wheelHalfWidth, CarRacingSimulation.wheelRadius
        )
        part(wheel.motion, .rim, 4) {
          SIMD2($0 == 0 || $0 == 3 ? -width : width, radius * ($0 < 2 ? from : to))
        }
      }
      for outline in CarRacingShapes.hull {
        part(scene.hull, .hull, outline.count) { outline[$0] }
      }
    }

    // MARK: the dashboard

    private func drawIndicators(_ scene: CarRacingScene) {
      let (column, row) = (Self.field.x / 40, Self.field.y / 40)
      let bottom = Self.field.y
      fillBox(.black, SIMD2(0, bottom - 5 * row), Self.field)
      func upright(_ place: Double, _ value: Double, _ ink: Ink, shownFor number: Double) {
        guard abs(number) > 1e-4 else { return }
        fillBox(
          ink, SIMD2(place * column, bottom - (row + row * value)),
          SIMD2((place + 1) * column, bottom - row))
      }
      func level(_ place: Double, _ value: Double, _ ink: Ink, shownFor number: Double) {
        guard abs(number) > 1e-4 else { return }
        fillBox(
          ink, SIMD2(place * column, bottom - 4 * row),
          SIMD2((place + value) * column, bottom - 2 * row))
      }
      let velocity = SIMD2(Double(scene.hull.velocity.x), Double(scene.hull.velocity.y))
      let speed = (velocity * velocity).sum().squareRoot()
      upright(5, 0.02 * speed, .white, shownFor: speed)
      for index in scene.wheels.indices {
        let omega = scene.wheels[index].omega
        upright(Double(7 + index), 0.01 * omega, index < 2 ? .blue : .violet, shownFor: omega)
      }
      level(20, -10 * scene.steering, .green, shownFor: scene.steering)
      let spin = Double(scene.hull.angular_velocity)
      level(30, -0.8 * spin, .red, shownFor: spin)
    }

    /// The digits 0 through 9 and the minus sign, five by seven, a byte a row from the top.
    private static let glyphs: [InlineArray<7, UInt8>] = [
      [0b01110, 0b11011, 0b11011, 0b11011, 0b11011, 0b11011, 0b01110],
      [0b00110, 0b01110, 0b11110, 0b00110, 0b00110, 0b00110, 0b00110],
      [0b01110, 0b11011, 0b00011, 0b00110, 0b01100, 0b11000, 0b11111],
      [0b01110, 0b11011, 0b00011, 0b00110, 0b00011, 0b11011, 0b01110],
      [0b00110, 0b01110, 0b01110, 0b10110, 0b11111, 0b00110, 0b00110],
      [0b11111, 0b11000, 0b11110, 0b11011, 0b00011, 0b11011, 0b01110],
      [0b01110, 0b11011, 0b11000, 0b11110, 0b11011, 0b11011, 0b01110],
      [0b11111, 0b00011, 0b00110, 0b00110, 0b01100, 0b01100, 0b01100],
      [0b01110, 0b11011, 0b11011, 0b01110, 0b11011, 0b11011, 0b01110],
      [0b01110, 0b11011, 0b11011, 0b01111, 0b00011, 0b11011, 0b01110],
      [0b00000, 0b00000, 0b00000, 0b00000, 0b11111, 0b00000, 0b00000],
    ]

    /// The reward so far, in four digits or a sign and three.
    private func drawNumber(_ reward: Double) {
      let rounded = reward.rounded(.toNearestOrEven)
      let isNegative = rounded.sign == .minus
      let (digit, sign) = (24.3, 13.0)
      var x = 60 - (isNegative ? sign + 3 * digit : 4 * digit) / 2
      func put(_ glyph: Int, _ width: Double) {
        let cell = SIMD2(width / 5.9, 4.35)
        for row in 0..<7 {
          let bits = Self.glyphs[glyph][row]
          for column in 0..<5 where bits >> UInt8(4 - column) & 1 == 1 {
            let corner = SIMD2(x + 1.5, 730) + cell * SIMD2(Double(column), Double(row))
            fillBox(.white, corner, corner + cell - 1)
          }
        }
        x += width
      }
      var rest = Int(min(9999, abs(rounded)))
      var unit = isNegative && rest < 1000 ? 100 : 1000
      if isNegative { put(10, sign) }
      while unit > 0 {
        put(rest / unit, digit)
        rest %= unit
        unit /= 10
      }
    }

    // MARK: samples

    /// Fills a box as pygame does: from the pixel of one corner through that of the opposite one.
    private func fillBox(_ ink: Ink, _ corner: SIMD2<Double>, _ opposite: SIMD2<Double>) {
      let low = pointwiseMin(corner, opposite).rounded(.towardZero)
      let high = pointwiseMax(corner, opposite).rounded(.towardZero) + 1
      fill(ink, 4) {
        SIMD2($0 == 0 || $0 == 3 ? low.x : high.x, $0 < 2 ? low.y : high.y)
      }
    }

    /// Fills the samples whose centres lie within a convex shape of up to eight corners.
    private func fill(_ ink: Ink, _ count: Int, _ corner: (Int) -> SIMD2<Double>) {
      let scale = Double(Self.fine) / Self.field
      var corners = InlineArray<8, SIMD2<Float>>(repeating: .zero)
      var low = SIMD2<Float>(repeating: .infinity)
      var high = -low
      for index in 0..<count {
        // Half a sample less, so that a sample's centre has its number.
        let place = SIMD2<Float>(corner(index) * scale) - 0.5
        corners[index] = place
        low = pointwiseMin(low, place)
        high = pointwiseMax(high, place)
      }
      let last = Float(Self.fine - 1)
      guard high.x >= 0, high.y >= 0, low.x <= last, low.y <= last else { return }
      let rows = Int(max(0, low.y.rounded(.up)))..<Int(min(last, high.y.rounded(.down))) + 1
      guard !rows.isEmpty else { return }
      for row in rows {
        starts[row] = .infinity
        ends[row] = -.infinity
      }
      var from = corners[count - 1]
      for index in 0..<count {
        let to = corners[index]
        cross(from, to, rows)
        from = to
      }
      for row in rows {
        let start = Int(max(0, starts[row].rounded(.up)))
        let end = Int(min(last, ends[row].rounded(.down)))
        if start > end { continue }
        (samples + row * Self.fine + start).update(repeating: ink.rawValue, count: end - start + 1)
      }
    }

    /// Widens each row's span to where an edge crosses it.
    private func cross(_ from: SIMD2<Float>, _ to: SIMD2<Float>, _ rows: Range<Int>) {
      let (top, bottom) = from.y <= to.y ? (from, to) : (to, from)
      let first = max(Float(rows.lowerBound), top.y.rounded(.up))
      let last = min(Float(rows.upperBound - 1), bottom.y.rounded(.down))
      guard first <= last, bottom.y > top.y else { return }
      let slope = (bottom.x - top.x) / (bottom.y - top.y)
      for row in Int(first)...Int(last) {
        let x = top.x + (Float(row) - top.y) * slope
        starts[row] = min(starts[row], x)
        ends[row] = max(ends[row], x)
      }
    }

    /// Averages samples into pixels: the three sums of a pixel side by side in one number.
    private func shrink(_ colors: CarRacingColors) {
      var palette = InlineArray<16, UInt64>(repeating: 0)
      func mix(_ ink: Ink, _ color: SIMD3<Double>) {
        palette[Int(ink.rawValue)] =
          UInt64(color.x) | UInt64(color.y) << 16 | UInt64(color.z) << 32
      }
      mix(.ground, colors.background)
      mix(.grass, colors.grass)
      mix(.road, colors.road)
      mix(.road1, colors.road + 0.01 * 1 * 255)
      mix(.road2, colors.road + 0.01 * 2 * 255)
      mix(.white, SIMD3(255, 255, 255))
      mix(.red, SIMD3(255, 0, 0))
      mix(.hull, SIMD3(204, 0, 0))
      mix(.rim, SIMD3(77, 77, 77))
      mix(.blue, SIMD3(0, 0, 255))
      mix(.violet, SIMD3(51, 0, 255))
      mix(.green, SIMD3(0, 255, 0))
      var pixel = pixels
      for y in 0..<Self.side {
        var sample = samples + 4 * y * Self.fine
        for _ in 0..<Self.side {
          var sum: UInt64 = 0
          for row in 0..<4 {
            let four = sample + row * Self.fine
            sum &+= palette[Int(four[0])] &+ palette[Int(four[1])]
            sum &+= palette[Int(four[2])] &+ palette[Int(four[3])]
          }
          // Gymnasium shrinks rows and columns one after the other and rounds down by one in each.
          for channel in 0..<3 {
            let mean = sum >> UInt64(16 * channel + 4) & 0xff
            pixel[channel] = UInt8(truncatingIfNeeded: mean &- min(mean, 2))
          }
          pixel += 3
          sample += 4
        }
      }
    }
  }
#endif
