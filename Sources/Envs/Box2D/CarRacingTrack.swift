#if Box2D
  import CLibm
  import Runtime

  /// A closed road, drawn and bent as Gymnasium does it.
  struct CarRacingTrack {
    /// A point of the road's middle: its bearing from the centre, the road's direction, its place in m.
    struct Point {
      var alpha, beta: Double
      var place: SIMD2<Double>
    }

    /// A piece of the road between a point and the one before.
    struct Tile {
      var corners: InlineArray<4, SIMD2<Double>>
      /// The red or white kerb beside it, in hard turns.
      var kerb: InlineArray<4, SIMD2<Double>>?
    }

    static var scale: Double { 6 }
    static var radius: Double { 900 / scale }
    private static var stepLength: Double { 21 / scale }
    private static var turnRate: Double { 0.31 }
    private static var halfWidth: Double { 40 / scale }
    private static var kerbWidth: Double { 8 / scale }
    private static var kerbTiles: Int { 4 }
    private static var checkpoints: Int { 12 }

    let points: [Point]
    let tiles: [Tile]

    /// Draws tracks until one closes.
    init(using random: inout PCG64) {
      var points: [Point]?
      while points == nil { points = Self.attempt(using: &random) }
      self.points = points!
      tiles = Self.tiles(along: self.points)
    }

    private static func attempt(using random: inout PCG64) -> [Point]? {
      let goals = drawCheckpoints(using: &random)
      let laps = drive(along: goals)
      let start = 2 * Double.pi * -0.5 / Double(checkpoints)
      // The first loop runs in, the last one that is complete counts.
      let passes = laps.indices.dropFirst().filter {
        laps[$0].alpha > start && laps[$0 - 1].alpha <= start
      }
      guard passes.count >= 2 else { return nil }
      let loop = Array(laps[passes[passes.count - 2]..<passes[passes.count - 1] - 1])
      guard let first = loop.first, let last = loop.last else { return nil }
      let gap = first.place - last.place
      let (across, along) = (cos(first.beta) * gap.x, sin(first.beta) * gap.y)
      return (across * across + along * along).squareRoot() > stepLength ? nil : loop
    }

    private static func drawCheckpoints(using random: inout PCG64) -> [(
      alpha: Double, place: SIMD2<Double>
    )] {
      (0..<checkpoints).map { index in
        let noise = random.uniform(0, 2 * Double.pi * 1 / Double(checkpoints))
        var alpha = 2 * Double.pi * Double(index) / Double(checkpoints) + noise
        var distance = random.uniform(radius / 3, radius)
        if index == 0 { (alpha, distance) = (0, 1.5 * radius) }
        if index == checkpoints - 1 {
          (alpha, distance) = (2 * Double.pi * Double(index) / Double(checkpoints), 1.5 * radius)
        }
        return (alpha, SIMD2(distance * cos(alpha), distance * sin(alpha)))
      }
    }

    /// Drives from checkpoint to checkpoint for five laps, turning no faster than a car could.
    private static func drive(along goals: [(alpha: Double, place: SIMD2<Double>)]) -> [Point] {
      var place = SIMD2(1.5 * radius, 0)
      var (beta, goal, laps, sawOtherSide) = (0.0, 0, 0, false)
      var points: [Point] = []
      while points.count < 2500 {
        var alpha = atan2(place.y, place.x)
        if sawOtherSide && alpha > 0 {
          laps += 1
          sawOtherSide = false
        }
        if alpha < 0 {
          sawOtherSide = true
          alpha += 2 * .pi
        }
        // The next checkpoint by its bearing; none left means that a lap is over.
        while goals[goal % checkpoints].alpha < alpha {
          goal += 1
          if goal % checkpoints == 0 { alpha -= 2 * .pi }
        }
        let ahead = goals[goal % checkpoints].place - place
        let (cosine, sine) = (cos(beta), sin(beta))
        let off = (cosine * ahead.x + sine * ahead.y) * scale
        while beta - alpha > 1.5 * .pi { beta -= 2 * .pi }
        while beta - alpha < -1.5 * .pi { beta += 2 * .pi }
        let before = beta
        if off > 0.3 { beta -= min(turnRate, abs(0.001 * off)) }
        if off < -0.3 { beta += min(turnRate, abs(0.001 * off)) }
        place += SIMD2(-sine, cosine) * stepLength
        points.append(Point(alpha: alpha, beta: before * 0.5 + beta * 0.5, place: place))
        if laps > 4 { break }
      }
      return points
    }

    private static func tiles(along points: [Point]) -> [Tile] {
      let count = points.count
      func turn(_ index: Int) -> Double {
        let index = (index + count) % count
        return points[index].beta - points[(index + count - 1) % count].beta
      }
      var hasKerb = [Bool](repeating: false, count: count)
      for index in 0..<count {
        let turns = (0..<kerbTiles).map { turn(index - $0) }
        let isHard = turns.allSatisfy { abs($0) > turnRate * 0.2 }
        hasKerb[index] = isHard && (turns.allSatisfy { $0 > 0 } || turns.allSatisfy { $0 < 0 })
      }
      // In place and in order, so that a kerb at the start reaches back over the end.
      for index in 0..<count {
        for back in 0..<kerbTiles where hasKerb[index] {
          hasKerb[(index - back + count) % count] = true
        }
      }
      return (0..<count).map { index in
        let (point, before) = (points[index], points[(index + count - 1) % count])
        func beside(_ point: Point, _ distance: Double) -> SIMD2<Double> {
          SIMD2(
            point.place.x + distance * cos(point.beta), point.place.y + distance * sin(point.beta))
        }
        func strip(_ left: Double, _ right: Double) -> InlineArray<4, SIMD2<Double>> {
          [beside(point, left), beside(point, right), beside(before, right), beside(before, left)]
        }
        let bend = before.beta - point.beta
        let side: Double = bend > 0 ? 1 : bend < 0 ? -1 : 0
        return Tile(
          corners: strip(-halfWidth, halfWidth),
          kerb: hasKerb[index] ? strip(side * halfWidth, side * (halfWidth + kerbWidth)) : nil)
      }
    }
  }
#endif
