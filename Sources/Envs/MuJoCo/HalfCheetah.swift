import Runtime

/// A flat two-legged robot that runs forward as fast as it can.
///
/// ```swift
/// var options = HalfCheetah.Options()
/// options.ctrlCostWeight = 0.05
/// var episode = Episode(try HalfCheetah(options), seed: 42, timeLimit: 1000)
/// ```
///
/// | observation | numbers |
/// |---|---|
/// | positions (m, rad) without that along the track | 8 |
/// | velocities (m/s, rad/s) | 9 |
///
/// Action: torques of the six joints, −1 … 1 times their gears. Reward: `forwardRewardWeight` × velocity along
/// the track − `ctrlCostWeight` × the squares of the action. No end but the registered limit of 1000 steps.
///
/// Source: P. Wawrzyński, "A Cat-Like Robot Real-Time Learning to Run", 2009; Gymnasium 1.4, v5.
public struct HalfCheetah: MuJoCoEnvironment {
  /// What can be chosen; the names are Gymnasium's.
  public struct Options: Codable, Sendable, Hashable {
    /// The model: one of Gymnasium's, or the path of a file.
    public var xmlFile = "half_cheetah.xml"
    /// MuJoCo's steps in one of the environment's.
    public var frameSkip = 5
    /// What a metre per second forward earns.
    public var forwardRewardWeight = 1.0
    /// What the squares of the action cost.
    public var ctrlCostWeight = 0.1
    /// How far from the model's pose an episode starts.
    public var resetNoiseScale = 0.1
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
    try simulation.require(positions: 1)
  }

  public static var metricNames: [String] {
    ["x_position", "x_velocity", "reward_forward", "reward_ctrl"]
  }

  public mutating func reset(using random: inout PCG64) {
    let data = simulation.begin(random)
    let (model, noise) = (simulation.model, options.resetNoiseScale)
    data.qpos.addUniform(model.positions, within: noise, using: &random)
    data.qvel.addNormal(model.velocities, times: noise, using: &random)
    simulation.settle(data)
    look(data)
    simulation.readings[0] = Float(data.qpos[0])
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
    let cost = controlCost(action, weight: options.ctrlCostWeight)
    simulation.readings.lowHalf.lowHalf = [
      Float(data.qpos[0]), Float(velocity), Float(forward), Float(-cost),
    ]
    return StepResult(reward: forward - cost)
  }

  private mutating func look(_ data: MuJoCoData) {
    let (model, hidden) = (simulation.model, hidden)
    simulation.position.x = data.qpos[0]
    simulation.observe { row in
      row.add(data.qpos, hidden..<model.positions)
      row.add(data.qvel, 0..<model.velocities)
    }
  }
}
