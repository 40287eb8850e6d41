#if Box2D
  import Runtime

  /// Teaches a robot with two legs of two joints each to walk, over uneven ground or obstacles.
  ///
  /// ```swift
  /// var episode = Episode(BipedalWalker(), seed: 42, timeLimit: 1600)
  /// let result = episode.step([0.5, 0, -0.5, 0])
  /// print(result.reward, episode.observation())
  /// ```
  ///
  /// The same ground and push as Gymnasium 1.4's BipedalWalker-v3 for a seed, and its formulas; its Box2D
  /// is version 2.3, here it is 2.4, so that paths part after some steps while returns agree. One step is
  /// 0.02 s.
  ///
  /// | observation | range |
  /// |---|---|
  /// | the hull's angle in rad; its angular velocity in 25 rad/s | ±π, ±5 |
  /// | the hull's velocities in x, in 8.3 m/s, and y, in 12.5 m/s | ±5 |
  /// | of each leg: hip angle in rad, hip speed in 4 rad/s, knee angle + 1 in rad, knee speed in 6 rad/s, whether the foot touches | ±π, ±5, ±π, ±5, 0 … 5 |
  /// | ten rays of a lidar from below to ahead, in 5.3 m | ±1, 1 for nothing |
  ///
  /// Action: hip and knee of the first leg, hip and knee of the second, −1 … 1: which way the motor turns and
  /// how much of its torque it may use. Reward: 4.3 a metre forward (some 300 to the far end), less 5 for a
  /// radian of tilt and 0.028 a step for each motor's torque; −100 for a fall or a step behind the start,
  /// which end the episode, as the far end does. Registered with a limit of 1600 steps, 2000 with
  /// obstacles (stumps, stairs, pits).
  ///
  /// A copy is a fork: it shares the simulation until one of them is stepped, and then plays the episode
  /// again from its reset. Every step is kept for that until the next reset, 16 bytes each.
  ///
  /// Source: Gymnasium 1.4, made by Oleg Klimov.
  public struct BipedalWalker: Environment {
    private(set) var walk: Replayed<BipedalWalkerSimulation>

    /// Creates a walker; with `isHardcore` the ground has obstacles.
    public init(isHardcore: Bool = false) {
      walk = Replayed(BipedalWalkerSimulation.Setup(hardcore: isHardcore))
    }

    public var isHardcore: Bool { walk.setup.hardcore }

    public var observationSpace: Box {
      let leg = [Double.pi, 5, .pi, 5, 5]
      let high = [Double.pi, 5, 5, 5] + leg + leg + [Double](repeating: 1, count: 10)
      var low = high.map { -$0 }
      (low[8], low[13]) = (0, 0)
      return Box(low: low, high: high)
    }

    public var actionSpace: Box { Box(shape: [4], in: -1...1) }

    /// The heights of the ground in m, one every 0.47 m; none before the first reset.
    package var ground: [Double] {
      walk.read { walk in walk.ground.indices.map { walk.ground[$0] } } ?? []
    }

    public mutating func reset(using random: inout PCG64) { walk.reset(using: &random) }

    public mutating func step(
      _ action: InlineArray<4, Float>, using random: inout PCG64
    ) -> StepResult {
      walk.step(
        .init(hips: (action[0], action[2]), knees: (action[1], action[3])), of: "BipedalWalker")
    }

    public func observe(into observation: inout MutableSpan<Float>) {
      let state = walk.read { $0.state } ?? InlineArray(repeating: 0)
      for index in state.indices { observation[index] = Float(state[index]) }
    }
  }

  extension BipedalWalker {
    private static func page(_ summary: String) -> EnvironmentPage {
      EnvironmentPage(
        summary,
        observations: [
          .init("angle of the hull", unit: "rad"),
          .init("angular velocity of the hull", unit: "25 rad/s"),
          .init("velocity in x", unit: "8.3 m/s"), .init("velocity in y", unit: "12.5 m/s"),
          .init("first hip's angle", unit: "rad"), .init("first hip's speed", unit: "4 rad/s"),
          .init("first knee's angle + 1", unit: "rad"),
          .init("first knee's speed", unit: "6 rad/s"),
          "whether the first foot touches the ground",
          .init("second hip's angle", unit: "rad"), .init("second hip's speed", unit: "4 rad/s"),
          .init("second knee's angle + 1", unit: "rad"),
          .init("second knee's speed", unit: "6 rad/s"),
          "whether the second foot touches the ground",
          .init("lidar ray, from below to ahead", unit: "5.3 m", count: 10),
        ],
        actions: ["first hip", "first knee", "second hip", "second knee"],
        dynamics: """
          Rigid bodies in Box2D, 0.02 s a step; an action says which way a motor turns and how much of its \
          torque it may use. Ground and push are Gymnasium 1.4's for a seed; its Box2D is version 2.3, this \
          one 2.4, so that paths part slowly.
          """,
        reward: """
          4.3 a metre forward, less 5 for a radian of tilt and 0.028 a step for each motor's torque; −100 for \
          a fall or a step behind the start.
          """,
        start: "Standing at the left end, with a random push.",
        endings: "The hull touches the ground, the walker goes behind the start, or it arrives.",
        versions: [
          .init("v3", "The lidar gives the nearest trace."), .init("v2", "Torque costs."),
          .init("v1", "Feet are observed; stronger motors, rougher ground."),
          .init("v0", "The first."),
        ],
        source: "Gymnasium 1.4, by Oleg Klimov.")
    }

    static let registrations = [
      Registration(
        "BipedalWalker-v3", maxEpisodeSteps: 1600, rewardThreshold: 300,
        options: [.flag("hardcore", false, "Whether there are stumps, stairs and pits.")],
        page: page("Walk on two legs over uneven ground.")
      ) { BipedalWalker(isHardcore: $0["hardcore"]) },
      Registration(
        "BipedalWalkerHardcore-v3", maxEpisodeSteps: 2000, rewardThreshold: 300,
        options: [.flag("hardcore", true, "Whether there are stumps, stairs and pits.")],
        page: page("Walk on two legs over stumps, stairs and pits.")
      ) { BipedalWalker(isHardcore: $0["hardcore"]) },
    ]
  }
#endif
