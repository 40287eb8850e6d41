import Runtime

/// A cart that is pushed so that the pole on it stays upright.
///
/// | observation | numbers |
/// |---|---|
/// | position of the cart (m), angle of the pole (rad) | 2 |
/// | their velocities (m/s, rad/s) | 2 |
///
/// Action: a force on the cart, −3 … 3 times its gear. Reward: 1 for each step that does not end the episode, which
/// the pole does by leaning 0.2 rad.
///
/// Source: A. G. Barto, R. S. Sutton, C. W. Anderson, "Neuronlike adaptive elements that can solve difficult
/// learning control problems", 1983; Gymnasium 1.4, v5.
public struct InvertedPendulum: MuJoCoEnvironment {
  /// What can be chosen; the names are Gymnasium's.
  public struct Options: Codable, Sendable, Hashable {
    /// The model: one of Gymnasium's, or the path of a file.
    public var xmlFile = "inverted_pendulum.xml"
    /// MuJoCo's steps in one of the environment's.
    public var frameSkip = 2
    /// How far from the model's pose an episode starts.
    public var resetNoiseScale = 0.01

    public init() {}
  }

  public let options: Options
  public private(set) var simulation: MuJoCoSimulation

  /// - Throws: ``EnvironmentError`` if MuJoCo or the model is missing or an option is out of range.
  public init(_ options: Options = Options()) throws {
    self.options = options
    simulation = try MuJoCoSimulation(
      options.xmlFile, controls: 1, frameSkip: options.frameSkip, noise: options.resetNoiseScale
    ) { $0.positions + $0.velocities }
    try simulation.require(positions: 2)
  }

  public static var metricNames: [String] { ["reward_survive"] }

  public mutating func reset(using random: inout PCG64) {
    let data = simulation.begin(random)
    let (model, noise) = (simulation.model, options.resetNoiseScale)
    data.qpos.addUniform(model.positions, within: noise, using: &random)
    data.qvel.addUniform(model.velocities, within: noise, using: &random)
    simulation.settle(data)
    look(data)
  }

  public mutating func step(
    _ action: InlineArray<1, Float>, using random: inout PCG64
  ) -> StepResult {
    guard let data = simulation.step(action, task: Self.taskName) else {
      return simulation.diverged
    }
    look(data)
    let model = simulation.model
    let isFinite =
      data.qpos.allFinite(0..<model.positions) && data.qvel.allFinite(0..<model.velocities)
    let ends = !isFinite || data.qpos[1].magnitude > 0.2
    simulation.readings[0] = ends ? 0 : 1
    return StepResult(reward: ends ? 0 : 1, ending: ends ? .terminated : .none)
  }

  private mutating func look(_ data: MuJoCoData) {
    let model = simulation.model
    simulation.observe { row in
      row.add(data.qpos, 0..<model.positions)
      row.add(data.qvel, 0..<model.velocities)
    }
  }
}
