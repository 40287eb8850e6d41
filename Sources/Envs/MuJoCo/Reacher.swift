import CLibm
import Runtime

/// An arm of two joints that brings its fingertip to a target.
///
/// | observation | numbers |
/// |---|---|
/// | cosines, then sines of the two angles | 4 |
/// | position of the target (m) | 2 |
/// | angular velocities (rad/s) | 2 |
/// | from the target to the fingertip (m) | 2 |
///
/// Action: torques of the two joints, −1 … 1. Reward: −`rewardDistWeight` × the distance −
/// `rewardControlWeight` × the squares of the action. No end but the registered limit of 50 steps.
///
/// Source: Gymnasium 1.4, v5, which names none.
public struct Reacher: MuJoCoEnvironment {
  /// What can be chosen; the names are Gymnasium's.
  public struct Options: Codable, Sendable, Hashable {
    /// The model: one of Gymnasium's, or the path of a file.
    public var xmlFile = "reacher.xml"
    /// MuJoCo's steps in one of the environment's.
    public var frameSkip = 2
    /// What a metre between fingertip and target costs.
    public var rewardDistWeight = 1.0
    /// What the squares of the action cost.
    public var rewardControlWeight = 1.0

    public init() {}
  }

  public let options: Options
  public private(set) var simulation: MuJoCoSimulation
  private let fingertip: Int
  private let target: Int

  /// - Throws: ``EnvironmentError`` if MuJoCo or the model is missing or an option is out of range.
  public init(_ options: Options = Options()) throws {
    self.options = options
    simulation = try MuJoCoSimulation(
      options.xmlFile, controls: 2, frameSkip: options.frameSkip
    ) { $0.positions + 6 }
    try simulation.require(positions: 4, velocities: 4)
    fingertip = try simulation.model.body("fingertip")
    target = try simulation.model.body("target")
  }

  public static var metricNames: [String] { ["reward_dist", "reward_ctrl"] }

  public mutating func reset(using random: inout PCG64) {
    let data = simulation.begin(random)
    let model = simulation.model
    data.qpos.addUniform(model.positions, within: 0.1, using: &random)
    var goal = SIMD2<Double>()
    repeat {
      goal.x = random.uniform(-0.2, 0.2)
      goal.y = random.uniform(-0.2, 0.2)
    } while goal.norm >= 0.2
    data.qpos[model.positions - 2] = goal.x
    data.qpos[model.positions - 1] = goal.y
    data.qvel.addUniform(model.velocities, within: 0.005, using: &random)
    data.qvel[model.velocities - 2] = 0
    data.qvel[model.velocities - 1] = 0
    simulation.settle(data)
    look(data)
  }

  public mutating func step(
    _ action: InlineArray<2, Float>, using random: inout PCG64
  ) -> StepResult {
    guard let data = simulation.step(action, task: Self.taskName) else {
      return simulation.diverged
    }
    look(data)
    let distance = -offset(data).norm * options.rewardDistWeight
    let control = -controlCost(action, weight: options.rewardControlWeight)
    simulation.readings[0] = Float(distance)
    simulation.readings[1] = Float(control)
    return StepResult(reward: distance + control)
  }

  private func offset(_ data: MuJoCoData) -> SIMD3<Double> {
    data.position(ofBody: fingertip) - data.position(ofBody: target)
  }

  private mutating func look(_ data: MuJoCoData) {
    let positions = simulation.model.positions
    let (first, second) = (sine_and_cosine(data.qpos[0]), sine_and_cosine(data.qpos[1]))
    let offset = offset(data)
    simulation.observe { row in
      row.add(first.cosine)
      row.add(second.cosine)
      row.add(first.sine)
      row.add(second.sine)
      row.add(data.qpos, 2..<positions)
      row.add(data.qvel, 0..<2)
      row.add(offset.x)
      row.add(offset.y)
    }
  }
}
