#if Box2D
  import CBox2D
  import Runtime

  /// The colours that differ between races.
  struct CarRacingColors: Codable, Hashable, Sendable {
    typealias Color = SIMD3<UInt8>
    var road = SIMD3(102.0, 102, 102)
    var background = SIMD3(102.0, 204, 102)
    var grass = SIMD3(102.0, 230, 102)

    init() {}

    /// Draws colours of the road, of the ground and of the patches of grass on it.
    init(using random: inout PCG64) {
      func draw(_ random: inout PCG64) -> SIMD3<Double> {
        let (red, green) = (random.uniform(0, 210), random.uniform(0, 210))
        return SIMD3(red, green, random.uniform(0, 210))
      }
      road = draw(&random)
      background = draw(&random)
      grass = background
      grass[random.integers(0..<3)] += 20
    }

    private enum CodingKeys: String, CodingKey { case road, background, grass }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      func color(_ key: CodingKeys) throws -> SIMD3<Double> {
        let color = try container.decode(SIMD3<Double>.self, forKey: key)
        guard (0..<3).allSatisfy({ (0...240).contains(color[$0]) }) else {
          throw DecodingError.dataCorruptedError(
            forKey: key, in: container, debugDescription: "a colour is \(color), beyond 0 to 240")
        }
        return color
      }
      road = try color(.road)
      background = try color(.background)
      grass = try color(.grass)
    }
  }

  /// The car's parts in its own units of 0.02 m, as Gymnasium draws and weighs them.
  enum CarRacingShapes {
    typealias Outline = [SIMD2<Double>]

    static let hull: [Outline] = [
      outline((-60, 130), (60, 130), (60, 110), (-60, 110)),
      outline((-15, 120), (15, 120), (20, 20), (-20, 20)),
      outline(
        (25, 20), (50, -10), (50, -40), (20, -90), (-20, -90), (-50, -40), (-50, -10), (-25, 20)),
      outline((-50, -120), (50, -120), (50, -90), (-50, -90)),
    ]
    /// Where the wheels are, the front ones first.
    static let wheels: Outline = outline((-55, 80), (55, 80), (-55, -82), (55, -82))
    static let wheel: Outline = outline((-14, 27), (14, 27), (14, -27), (-14, -27))

    private static func outline(_ corners: (Double, Double)...) -> Outline {
      corners.map { SIMD2($0.0, $0.1) }
    }
  }

  /// What a picture of the race shows.
  struct CarRacingScene {
    struct Wheel {
      var motion: box2d_motion
      var phase, omega: Double
    }

    var track: CarRacingTrack
    var isTouched: [Bool]
    var colors: CarRacingColors
    /// Since the race began, in s.
    var time: Double
    var reward: Double
    var hull: box2d_motion
    var wheels: InlineArray<4, Wheel>
    /// Of the left front wheel, in rad.
    var steering: Double
  }

  extension box2d_motion {
    /// A point of the body, in the world.
    func point(_ x: Double, _ y: Double, _ turn: Turn) -> SIMD2<Double> {
      SIMD2(Double(position.x), Double(position.y)) + turn * SIMD2(x, y)
    }
  }

  /// A rotation.
  struct Turn {
    let sine, cosine: Double

    static func * (turn: Turn, point: SIMD2<Double>) -> SIMD2<Double> {
      SIMD2(
        turn.cosine * point.x - turn.sine * point.y, turn.sine * point.x + turn.cosine * point.y)
    }
  }
#endif
