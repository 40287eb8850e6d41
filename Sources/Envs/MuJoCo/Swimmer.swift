import Runtime

/// A chain of three links that swims forward in a viscous fluid.
///
/// | observation | numbers |
/// |---|---|
/// | angles (rad); with the position (m) in front of them if it is not hidden | 3 |
/// | velocities (m/s, rad/s) | 5 |
///
/// Action: torques of the two joints, −1 … 1. Reward: `forwardRewardWeight` × velocity along x −
/// `ctrlCostWeight` × the squares of the action. No end but the registered limit of 1000 steps.
///
/// Source: R. Coulom, "Reinforcement Learning Using Neural Networks, with Applications to Motor Control", 2002;
/// Gymnasium 1.4, v5.
public struct Swimmer: MuJoCoEnvironment {
  /// What can be chosen; the names are Gymnasium's.
  public struct Options: Codable, Sendable, Hashable {
    /// The model: one of Gymnasium's, or the path of a file.
    public var xmlFile = "swimmer.xml"
    /// MuJoCo's steps in one of the environment's.
    public var frameSkip = 4
    /// What a metre per second forward earns.
    public var forwardRewardWeight = 1.0
    /// What the squares of the action cost.
    public var ctrlCostWeight = 1e-4
    /// How far from the model's pose an episode starts.
    public var resetNoiseScale = 0.1
    /// Hides where the swimmer is.
    public var excludeCurrentPositionsFromObservation = true

    public init() {}
  }

  public let options: Options
  public private(set) var simulation: MuJoCoSimulation
  private var hidden: Int { options.excludeCurrentPositionsFromObservation ? 2 : 0 }

  /// - Throws: ``EnvironmentError`` if MuJoCo or the model is missing or an option is out of range.
  public init(_ options: Options = Options()) throws {
    self.options = options
    simulation = try MuJoCoSimulation(
      options.xmlFile, controls: 2, frameSkip: options.frameSkip, noise: options.resetNoiseScale
    ) {
      $0.positions + $0.velocities - (options.excludeCurrentPositionsFromObservation ? 2 : 0)
    }
    try simulation.require(positions: 2)
  }

  public static var metricNames: [String] {
    [
      "x_position", "y_position", "distance_from_origin", "x_velocity", "y_velocity",
      "reward_forward", "reward_ctrl",
    ]
  }

  public mutating func reset(using random: inout PCG64) {
    let data = simulation.begin(random)
    let (model, noise) = (simulation.model, options.resetNoiseScale)
    data.qpos.addUniform(model.positions, within: noise, using: &random)
    data.qvel.addUniform(model.velocities, within: noise, using: &random)
    simulation.settle(data)
    look(data)
  }

  public mutating func step(
    _ action: InlineArray<2, Float>, using random: inout PCG64
  ) -> StepResult {
    let before = simulation.position
    guard let data = simulation.step(action, task: Self.taskName) else {
      return simulation.diverged
    }
    look(data)
    let velocity = (simulation.position - before) / simulation.seconds
    let forward = options.forwardRewardWeight * velocity.x
    let cost = controlCost(action, weight: options.ctrlCostWeight)
    simulation.readings[3] = Float(velocity.x)
    simulation.readings[4] = Float(velocity.y)
    simulation.readings[5] = Float(forward)
    simulation.readings[6] = Float(-cost)
    return StepResult(reward: forward - cost)
  }

  private mutating func look(_ data: MuJoCoData) {
    let (model, hidden) = (simulation.model, hidden)
    let position = SIMD2(data.qpos[0], data.qpos[1])
    simulation.position = position
    simulation.readings[0] = Float(position.x)
    simulation.readings[1] = Float(position.y)
    simulation.readings[2] = Float(position.norm)
    simulation.observe { row in
      row.add(data.qpos, hidden..<model.positions)
      row.add(data.qvel, 0..<model.velocities)
    }
  }
}
