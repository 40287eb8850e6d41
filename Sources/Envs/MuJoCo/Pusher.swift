import Runtime

/// An arm of seven joints that pushes a cylinder to a goal.
///
/// | observation | numbers |
/// |---|---|
/// | angles of the joints (rad) | 7 |
/// | their velocities (rad/s) | 7 |
/// | positions of the fingertip, the cylinder and the goal (m) | 9 |
///
/// Action: torques of the seven joints, −2 … 2. Reward: −`rewardDistWeight` × the cylinder's distance to the goal −
/// `rewardNearWeight` × the fingertip's to the cylinder − `rewardControlWeight` × the squares of the action. No end
/// but the registered limit of 100 steps.
///
/// Source: Gymnasium 1.4, v5, which names none.
public struct Pusher: MuJoCoEnvironment {
  /// What can be chosen; the names are Gymnasium's.
  public struct Options: Codable, Sendable, Hashable {
    /// The model: one of Gymnasium's, or the path of a file.
    public var xmlFile = "pusher_v5.xml"
    /// MuJoCo's steps in one of the environment's.
    public var frameSkip = 5
    /// What a metre between fingertip and cylinder costs.
    public var rewardNearWeight = 0.5
    /// What a metre between cylinder and goal costs.
    public var rewardDistWeight = 1.0
    /// What the squares of the action cost.
    public var rewardControlWeight = 0.1

    public init() {}
  }

  public let options: Options
  public private(set) var simulation: MuJoCoSimulation
  private let tip: Int
  private let object: Int
  private let goal: Int

  /// - Throws: ``EnvironmentError`` if MuJoCo or the model is missing or an option is out of range.
  public init(_ options: Options = Options()) throws {
    self.options = options
    simulation = try MuJoCoSimulation(
      options.xmlFile, controls: 7, frameSkip: options.frameSkip
    ) { _ in 23 }
    try simulation.require(positions: 11, velocities: 11)
    tip = try simulation.model.body("tips_arm")
    object = try simulation.model.body("object")
    goal = try simulation.model.body("goal")
  }

  public static var metricNames: [String] { ["reward_dist", "reward_ctrl", "reward_near"] }

  public mutating func reset(using random: inout PCG64) {
    let data = simulation.begin(random)
    let (positions, velocities) = (simulation.model.positions, simulation.model.velocities)
    var cylinder = SIMD2<Double>()
    repeat {
      cylinder.x = random.uniform(-0.3, 0)
      cylinder.y = random.uniform(-0.2, 0.2)
    } while cylinder.norm <= 0.17
    data.qpos[positions - 4] = cylinder.x
    data.qpos[positions - 3] = cylinder.y
    data.qpos[positions - 2] = 0
    data.qpos[positions - 1] = 0
    data.qvel.addUniform(velocities, within: 0.005, using: &random)
    for index in velocities - 4..<velocities { data.qvel[index] = 0 }
    simulation.settle(data)
    look(data)
  }

  public mutating func step(
    _ action: InlineArray<7, Float>, using random: inout PCG64
  ) -> StepResult {
    guard let data = simulation.step(action, task: Self.taskName) else {
      return simulation.diverged
    }
    look(data)
    let cylinder = data.position(ofBody: object)
    let near = -(cylinder - data.position(ofBody: tip)).norm * options.rewardNearWeight
    let distance = -(cylinder - data.position(ofBody: goal)).norm * options.rewardDistWeight
    let control = -controlCost(action, weight: options.rewardControlWeight)
    simulation.readings[0] = Float(distance)
    simulation.readings[1] = Float(control)
    simulation.readings[2] = Float(near)
    return StepResult(reward: distance + control + near)
  }

  private mutating func look(_ data: MuJoCoData) {
    let places = [tip, object, goal] as InlineArray<3, Int>
    simulation.observe { row in
      row.add(data.qpos, 0..<7)
      row.add(data.qvel, 0..<7)
      for index in places.indices { row.add(data.position(ofBody: places[index])) }
    }
  }
}
