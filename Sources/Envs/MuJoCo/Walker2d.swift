import Runtime

/// A flat two-legged robot that walks forward without falling over.
///
/// | observation | numbers |
/// |---|---|
/// | positions (m, rad) without that along the track | 8 |
/// | velocities (m/s, rad/s) within ±10 | 9 |
///
/// Action: torques of the six joints, −1 … 1 times their gears. Reward: `healthyReward` + `forwardRewardWeight` ×
/// velocity along the track − `ctrlCostWeight` × the squares of the action. An episode ends when the robot is
/// unhealthy: its height or angle leaves the healthy range.
///
/// Source: T. Erez, Y. Tassa, E. Todorov, "Infinite-Horizon Model Predictive Control for Periodic Tasks with
/// Contacts", 2012; Gymnasium 1.4, v5.
public struct Walker2d: MuJoCoEnvironment {
  /// What can be chosen; the names are Gymnasium's.
  public struct Options: Codable, Sendable, Hashable {
    /// The model: one of Gymnasium's, or the path of a file.
    public var xmlFile = "walker2d_v5.xml"
    /// MuJoCo's steps in one of the environment's.
    public var frameSkip = 4
    /// What a metre per second forward earns.
    public var forwardRewardWeight = 1.0
    /// What the squares of the action cost.
    public var ctrlCostWeight = 1e-3
    /// What a healthy step earns.
    public var healthyReward = 1.0
    /// Ends the episode when the robot is unhealthy.
    public var terminateWhenUnhealthy = true
    /// The heights of the torso, in m, between which the robot is healthy.
    public var healthyZRange = 0.8...2.0
    /// The angles of the torso, in rad, between which the robot is healthy.
    public var healthyAngleRange = -1.0...1.0
    /// How far from the model's pose an episode starts.
    public var resetNoiseScale = 5e-3
    /// Hides the position along the track.
    public var excludeCurrentPositionsFromObservation = true

    public init() {}
  }

  public let options: Options
  public private(set) var simulation: MuJoCoSimulation
  private var hidden: Int { options.excludeCurrentPositionsFromObservation ? 1 : 0 }

  /// - Throws: ``EnvironmentError`` if MuJoCo or the model is missing or an option is out of range.
  public init(_ options: Options = Options()) throws {
    self.options = options
    simulation = try MuJoCoSimulation(
      options.xmlFile, controls: 6, frameSkip: options.frameSkip, noise: options.resetNoiseScale
    ) {
      $0.positions + $0.velocities - (options.excludeCurrentPositionsFromObservation ? 1 : 0)
    }
    try simulation.require(positions: 3)
  }

  public static var metricNames: [String] {
    [
      "x_position", "z_distance_from_origin", "x_velocity", "reward_forward", "reward_ctrl",
      "reward_survive",
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
    _ action: InlineArray<6, Float>, using random: inout PCG64
  ) -> StepResult {
    let before = simulation.position.x
    guard let data = simulation.step(action, task: Self.taskName) else {
      return simulation.diverged
    }
    look(data)
    let velocity = (data.qpos[0] - before) / simulation.seconds
    let forward = options.forwardRewardWeight * velocity
    let isHealthy = isHealthy(data)
    let healthy = isHealthy ? options.healthyReward : 0
    let cost = controlCost(action, weight: options.ctrlCostWeight)
    simulation.readings[2] = Float(velocity)
    simulation.readings[3] = Float(forward)
    simulation.readings[4] = Float(-cost)
    simulation.readings[5] = Float(healthy)
    return StepResult(
      reward: forward + healthy - cost,
      ending: !isHealthy && options.terminateWhenUnhealthy ? .terminated : .none)
  }

  private func isHealthy(_ data: MuJoCoData) -> Bool {
    options.healthyZRange.holdsInside(data.qpos[1])
      && options.healthyAngleRange.holdsInside(data.qpos[2])
  }

  private mutating func look(_ data: MuJoCoData) {
    let (model, hidden) = (simulation.model, hidden)
    simulation.position.x = data.qpos[0]
    simulation.readings[0] = Float(data.qpos[0])
    simulation.readings[1] = Float(data.qpos[1] - model.startPositions[1])
    simulation.observe { row in
      row.add(data.qpos, hidden..<model.positions)
      row.add(data.qvel, 0..<model.velocities, clippedTo: -10...10)
    }
  }
}
