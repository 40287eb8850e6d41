#if Box2D
  import Runtime

  /// What can be set of ``LunarLander`` and ``LunarLanderContinuous``.
  public struct LunarLanderOptions: Codable, Hashable, Sendable {
    /// Vertical acceleration in m/s², above −12 and below 0.
    public let gravity: Double
    /// Whether wind pushes and turns the lander until a leg touches the ground.
    public let hasWind: Bool
    /// The largest force of the wind in N; 0 through 20 is sensible.
    public let windPower: Double
    /// The largest torque of the wind in N m; 0 through 2 is sensible.
    public let turbulencePower: Double

    /// Creates the options; Gymnasium's defaults.
    public init(
      gravity: Double = -10, hasWind: Bool = false, windPower: Double = 15,
      turbulencePower: Double = 1.5
    ) {
      self.gravity = gravity
      self.hasWind = hasWind
      self.windPower = windPower
      self.turbulencePower = turbulencePower
      if let complaint { stop("LunarLander", complaint) }
    }

    private var complaint: String? {
      if !(gravity > -12 && gravity < 0) {
        return "the gravity is \(gravity); it must lie between -12 and 0"
      }
      if !(windPower.magnitude <= 1e6 && turbulencePower.magnitude <= 1e6) {
        return
          "the wind power is \(windPower) and the turbulence power \(turbulencePower); both must lie "
          + "between -1e6 and 1e6"
      }
      return nil
    }

    private enum CodingKeys: String, CodingKey {
      case gravity
      case hasWind = "enable_wind"
      case windPower = "wind_power"
      case turbulencePower = "turbulence_power"
    }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      gravity = try container.decode(Double.self, forKey: .gravity)
      hasWind = try container.decode(Bool.self, forKey: .hasWind)
      windPower = try container.decode(Double.self, forKey: .windPower)
      turbulencePower = try container.decode(Double.self, forKey: .turbulencePower)
      if let complaint {
        throw DecodingError.dataCorruptedError(
          forKey: .gravity, in: container, debugDescription: complaint)
      }
    }
  }

  /// Lands a craft with three engines softly on a pad between the moon's hills.
  ///
  /// ```swift
  /// var episode = Episode(LunarLander(), seed: 42, timeLimit: 1000)
  /// let result = episode.step(2)          // the main engine
  /// print(result.reward, episode.observation())
  /// ```
  ///
  /// The same moons, pushes and jitter as Gymnasium 1.4's LunarLander-v3 for a seed, and its formulas;
  /// its Box2D is version 2.3, here it is 2.4, so that paths part after some steps while returns agree.
  /// One step is 0.02 s.
  ///
  /// | observation | range |
  /// |---|---|
  /// | x of the lander from the pad, in 10 m; y in 6.67 m | −2.5 … 2.5 |
  /// | velocities in 5 m/s and 7.5 m/s | −10 … 10 |
  /// | angle in rad | −2π … 2π |
  /// | angular velocity in 2.5 rad/s | −10 … 10 |
  /// | whether the left leg touches the ground; the right one | 0, 1 |
  ///
  /// Actions: 0 nothing, 1 left engine, 2 main engine, 3 right engine. Reward: what is gained in nearness to
  /// the pad, slowness, uprightness and legs on the ground, less 0.3 a step of the main engine and 0.03
  /// of a side engine. The episode ends with −100 when the hull touches the ground or the lander leaves
  /// sideways, with +100 when it rests; registered with a limit of 1000 steps.
  ///
  /// A copy is a fork: it shares the simulation until one of them is stepped, and then plays the episode
  /// again from its reset. Every step is kept for that until the next reset, 32 bytes each.
  ///
  /// Source: Gymnasium 1.4, made by Oleg Klimov.
  public struct LunarLander: Environment {
    private(set) var landing: Replayed<LunarLanderSimulation>

    /// Creates a lander.
    public init(_ options: LunarLanderOptions = LunarLanderOptions()) {
      landing = Replayed(options)
    }

    public var options: LunarLanderOptions { landing.setup }
    /// The heights of the ground's corners in m, none before the first reset.
    package var ground: [Double] { landing.ground }
    public var observationSpace: Box { lunarLanderObservations }
    public var actionSpace: Discrete { Discrete(4) }

    public mutating func reset(using random: inout PCG64) { landing.reset(using: &random) }

    public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
      let side = action == 1 ? -1.0 : action == 3 ? 1 : 0
      return landing.step(
        .init(main: action == 2 ? 1 : 0, side: side, using: &random), of: "LunarLander")
    }

    public func observe(into observation: inout MutableSpan<Float>) {
      landing.observe(into: &observation)
    }
  }

  /// ``LunarLander`` with throttles instead of switches.
  ///
  /// Action: the main engine, off below 0 and from half to full power on 0 … 1; the side engines, off
  /// within ±0.5, the left one below, the right one above. Everything else is as in ``LunarLander``.
  public struct LunarLanderContinuous: Environment {
    private(set) var landing: Replayed<LunarLanderSimulation>

    /// Creates a lander.
    public init(_ options: LunarLanderOptions = LunarLanderOptions()) {
      landing = Replayed(options)
    }

    public var options: LunarLanderOptions { landing.setup }
    /// The heights of the ground's corners in m, none before the first reset.
    package var ground: [Double] { landing.ground }
    public var observationSpace: Box { lunarLanderObservations }
    public var actionSpace: Box { Box(shape: [2], in: -1...1) }

    public mutating func reset(using random: inout PCG64) { landing.reset(using: &random) }

    public mutating func step(
      _ action: InlineArray<2, Float>, using random: inout PCG64
    ) -> StepResult {
      let (main, side) = (min(1, Double(action[0])), max(-1, min(1, Double(action[1]))))
      return landing.step(
        .init(
          main: main > 0 ? (main + 1) * 0.5 : 0, side: abs(side) > 0.5 ? side : 0, using: &random),
        of: "LunarLanderContinuous")
    }

    public func observe(into observation: inout MutableSpan<Float>) {
      landing.observe(into: &observation)
    }
  }

  private var lunarLanderObservations: Box {
    let turn = 2 * Double.pi
    return Box(
      low: [-2.5, -2.5, -10, -10, -turn, -10, 0, 0], high: [2.5, 2.5, 10, 10, turn, 10, 1, 1])
  }

  extension Replayed<LunarLanderSimulation> {
    fileprivate var ground: [Double] {
      read { simulation in simulation.ground.indices.map { simulation.ground[$0] } } ?? []
    }

    fileprivate func observe(into observation: inout MutableSpan<Float>) {
      let state = read { $0.state } ?? InlineArray(repeating: 0)
      for index in state.indices { observation[index] = Float(state[index]) }
    }
  }
#endif
