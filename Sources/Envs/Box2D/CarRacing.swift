#if Box2D
  import CBox2D
  import Runtime

  /// What can be set of ``CarRacing`` and ``CarRacingDiscrete``.
  public struct CarRacingOptions: Codable, Hashable, Sendable {
    /// The share of tiles, 0 through 1, that makes a lap complete when the first tile comes last.
    public let lapCompletePercent: Double
    /// Whether road and ground have other colours in every race.
    public let randomizesColors: Bool
    /// Whether they have, then, others than the race before; else a reset keeps the first race's.
    public let randomizesEveryRace: Bool
    /// Colours to race in instead of those that would be drawn.
    var keptColors: CarRacingColors?

    /// Creates the options; Gymnasium's defaults. `randomizesEveryRace` is what Gymnasium's `reset` takes as
    /// `options={"randomize": …}`.
    public init(
      lapCompletePercent: Double = 0.95, randomizesColors: Bool = false,
      randomizesEveryRace: Bool = true
    ) {
      if !(0...1).contains(lapCompletePercent) {
        stop(
          "CarRacing",
          "the share of a complete lap is \(lapCompletePercent); it must lie between 0 and 1")
      }
      self.lapCompletePercent = lapCompletePercent
      self.randomizesColors = randomizesColors
      self.randomizesEveryRace = randomizesEveryRace
    }

    private enum CodingKeys: String, CodingKey {
      case lapCompletePercent = "lap_complete_percent"
      case randomizesColors = "domain_randomize"
      case randomizesEveryRace = "randomize"
      case keptColors = "colors"
    }
  }

  /// Drives a powerful car around a track, seen from above in pixels.
  ///
  /// ```swift
  /// var episode = Episode(CarRacing(), seed: 42, timeLimit: 1000)
  /// let result = episode.step([0, 0.5, 0])          // straight on, half gas
  /// print(result.reward, episode.observation().count)
  /// ```
  ///
  /// The same tracks and colours as Gymnasium 1.4's CarRacing-v3 for a seed, and its formulas; its Box2D is
  /// version 2.3, here it is 2.4, so that paths part slowly while returns agree. Its pixels come from
  /// a rasteriser of the package's own and differ in the smoothing of edges. One step is 0.02 s.
  ///
  /// Observation: `[96, 96, 3]` bytes, the world turned with the car above a dashboard: the reward so far,
  /// speed, four wheels' speeds, steering and turning. Action: steering −1 (left) … 1, gas 0 … 1, brake
  /// 0 … 1, which blocks the wheels from 0.9. Reward: 1000 / tiles for each tile visited first, less 0.1 a
  /// step; −100 for leaving the field. The episode ends there and when the lap is complete; registered with a
  /// limit of 1000 steps.
  ///
  /// A copy is a fork: it shares the simulation until one of them is stepped, and then plays the episode
  /// again from its reset. Every step is kept for that until the next reset, 24 bytes each.
  ///
  /// Source: Gymnasium 1.4, made by Oleg Klimov; C. Campbell, "Top-down car physics", 2014.
  public struct CarRacing: Environment {
    public typealias Element = UInt8
    private(set) var race: Replayed<CarRacingSimulation>

    /// Creates a race.
    public init(_ options: CarRacingOptions = CarRacingOptions()) { race = Replayed(options) }

    public var options: CarRacingOptions { race.setup }
    public var observationSpace: Box { carRacingObservations }
    public var actionSpace: Box { Box(low: [-1, 0, 0], high: [1, 1, 1]) }

    public mutating func reset(using random: inout PCG64) { race.restart(using: &random) }

    public mutating func step(
      _ action: InlineArray<3, Float>, using random: inout PCG64
    ) -> StepResult {
      race.step(
        .init(steer: -Double(action[0]), gas: Double(action[1]), brake: Double(action[2])),
        of: "CarRacing")
    }

    public func observe(into observation: inout MutableSpan<UInt8>) {
      race.observe(into: &observation)
    }
  }

  /// ``CarRacing`` with five actions: 0 nothing, 1 right, 2 left, 3 gas, 4 brake.
  ///
  /// They steer by 0.6, give 0.2 gas and brake by 0.8; everything else is as in ``CarRacing``.
  public struct CarRacingDiscrete: Environment {
    public typealias Element = UInt8
    private(set) var race: Replayed<CarRacingSimulation>

    /// Creates a race.
    public init(_ options: CarRacingOptions = CarRacingOptions()) { race = Replayed(options) }

    public var options: CarRacingOptions { race.setup }
    public var observationSpace: Box { carRacingObservations }
    public var actionSpace: Discrete { Discrete(5) }

    public mutating func reset(using random: inout PCG64) { race.restart(using: &random) }

    public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
      race.step(
        .init(
          steer: action == 1 ? -0.6 : action == 2 ? 0.6 : 0, gas: action == 3 ? 0.2 : 0,
          brake: action == 4 ? 0.8 : 0), of: "CarRacingDiscrete")
    }

    public func observe(into observation: inout MutableSpan<UInt8>) {
      race.observe(into: &observation)
    }
  }

  private var carRacingObservations: Box { Box(shape: [96, 96, 3], in: 0...255, of: .uint8) }

  extension Replayed<CarRacingSimulation> {
    /// Resets, in the colours of the race before if the options say so.
    fileprivate mutating func restart(using random: inout PCG64) {
      let keeps = setup.randomizesColors && !setup.randomizesEveryRace
      setup.keptColors = keeps ? read { $0.colors } : nil
      reset(using: &random)
    }

    fileprivate func observe(into observation: inout MutableSpan<UInt8>) {
      observation.withUnsafeMutableBufferPointer { row in
        if read({ $0.copyPixels(to: row) }) == nil { row.update(repeating: 0) }
      }
    }
  }

  // What a controller of the tests looks at.
  extension CarRacing {
    /// The hull's place in m, its angle in rad, its velocity in m/s and its angular velocity in rad/s.
    package struct Motion {
      package var place, velocity: SIMD2<Double>
      package var angle, angularVelocity: Double
    }

    /// None before the first reset.
    package var motion: Motion? {
      race.read { race in
        let motion = race.carMotion
        return Motion(
          place: SIMD2(Double(motion.position.x), Double(motion.position.y)),
          velocity: SIMD2(Double(motion.velocity.x), Double(motion.velocity.y)),
          angle: Double(motion.angle), angularVelocity: Double(motion.angular_velocity))
      }
    }

    /// Of the road, the ground and the grass; none before the first reset.
    package var colors: [SIMD3<Double>] {
      race.read { [$0.colors.road, $0.colors.background, $0.colors.grass] } ?? []
    }

    /// The road's middle, a point a tile: bearing, direction, place; and how many kerbs there are.
    package var track: (points: [(alpha: Double, beta: Double, place: SIMD2<Double>)], kerbs: Int) {
      race.read { race in
        (
          race.track.points.map { ($0.alpha, $0.beta, $0.place) },
          race.track.tiles.count { $0.kerb != nil }
        )
      } ?? ([], 0)
    }
  }
#endif
