import Runtime

/// A four-legged robot that runs along x without falling over.
///
/// | observation | numbers |
/// |---|---|
/// | positions (m, orientation as a quaternion, rad) without x and y | 13 |
/// | velocities (m/s, rad/s) | 14 |
/// | contact forces of the bodies, torque and force each (N m, N), limited to `contactForceRange` | 78 |
///
/// Action: torques of the eight joints, −1 … 1 times their gears. Reward: `healthyReward` + `forwardRewardWeight`
/// × the torso's velocity along x − `ctrlCostWeight` × the squares of the action − `contactCostWeight` × the
/// squares of the contact forces. An episode ends when the robot is unhealthy: a number is not finite or the
/// torso's height leaves the healthy range.
///
/// Source: J. Schulman et al., "High-Dimensional Continuous Control Using Generalized Advantage Estimation", 2015;
/// Gymnasium 1.4, v5.
public struct Ant: MuJoCoEnvironment {
  /// What can be chosen; the names are Gymnasium's.
  public struct Options: Codable, Sendable, Hashable {
    /// The model: one of Gymnasium's, or the path of a file.
    public var xmlFile = "ant.xml"
    /// MuJoCo's steps in one of the environment's.
    public var frameSkip = 5
    /// What a metre per second forward earns.
    public var forwardRewardWeight = 1.0
    /// What the squares of the action cost.
    public var ctrlCostWeight = 0.5
    /// What the squares of the contact forces cost.
    public var contactCostWeight = 5e-4
    /// What a healthy step earns.
    public var healthyReward = 1.0
    /// The body whose velocity counts, by its name or number.
    public var mainBody = "1"
    /// Ends the episode when the robot is unhealthy.
    public var terminateWhenUnhealthy = true
    /// The heights of the torso, in m, from and to which the robot is healthy.
    public var healthyZRange = 0.2...1.0
    /// What contact forces are limited to.
    public var contactForceRange = -1.0...1.0
    /// How far from the model's pose an episode starts.
    public var resetNoiseScale = 0.1
    /// Hides x and y.
    public var excludeCurrentPositionsFromObservation = true
    /// Shows the contact forces.
    public var includeCfrcExtInObservation = true

    public init() {}
  }

  public let options: Options
  public private(set) var simulation: MuJoCoSimulation
  private let mainBody: Int
  private var hidden: Int { options.excludeCurrentPositionsFromObservation ? 2 : 0 }

  /// - Throws: ``EnvironmentError`` if MuJoCo or the model is missing or an option is out of range.
  public init(_ options: Options = Options()) throws {
    self.options = options
    simulation = try MuJoCoSimulation(
      options.xmlFile, controls: 8, frameSkip: options.frameSkip, noise: options.resetNoiseScale
    ) {
      $0.positions + $0.velocities - (options.excludeCurrentPositionsFromObservation ? 2 : 0)
        + (options.includeCfrcExtInObservation ? 6 * ($0.bodies - 1) : 0)
    }
    try simulation.require(positions: 3)
    mainBody = try Int(options.mainBody) ?? simulation.model.body(options.mainBody)
    guard (0..<simulation.model.bodies).contains(mainBody) else {
      throw EnvironmentError(
        .usage,
        "the main body is \(mainBody); the model has bodies 0 to \(simulation.model.bodies - 1)")
    }
  }

  public static var metricNames: [String] {
    [
      "x_position", "y_position", "distance_from_origin", "x_velocity", "y_velocity",
      "reward_forward", "reward_ctrl", "reward_contact", "reward_survive",
    ]
  }

  public mutating func reset(using random: inout PCG64) {
    let data = simulation.begin(random)
    let (model, noise) = (simulation.model, options.resetNoiseScale)
    data.qpos.addUniform(model.positions, within: noise, using: &random)
    data.qvel.addNormal(model.velocities, times: noise, using: &random)
    simulation.settle(data)
    look(data)
  }

  public mutating func step(
    _ action: InlineArray<8, Float>, using random: inout PCG64
  ) -> StepResult {
    let before = simulation.position
    let needsForces = options.includeCfrcExtInObservation || options.contactCostWeight != 0
    guard
      let data = simulation.step(action, contactForces: needsForces, task: Self.taskName)
    else { return simulation.diverged }
    look(data)
    let velocity = (simulation.position - before) / simulation.seconds
    let model = simulation.model
    let isHealthy =
      data.qpos.allFinite(0..<model.positions) && data.qvel.allFinite(0..<model.velocities)
      && options.healthyZRange.contains(data.qpos[2])
    let forward = velocity.x * options.forwardRewardWeight
    let healthy = isHealthy ? options.healthyReward : 0
    let control = controlCost(action, weight: options.ctrlCostWeight)
    var contact = 0.0
    if options.contactCostWeight != 0 {
      let range = options.contactForceRange
      contact =
        options.contactCostWeight
        * NumPySum.ofSquares(6 * model.bodies) { range.clip(data.cfrcExt[$0]) }
    }
    simulation.readings[3] = Float(velocity.x)
    simulation.readings[4] = Float(velocity.y)
    simulation.readings[5] = Float(forward)
    simulation.readings[6] = Float(-control)
    simulation.readings[7] = Float(-contact)
    simulation.readings[8] = Float(healthy)
    return StepResult(
      reward: forward + healthy - (control + contact),
      ending: !isHealthy && options.terminateWhenUnhealthy ? .terminated : .none)
  }

  private mutating func look(_ data: MuJoCoData) {
    let (model, options, hidden) = (simulation.model, options, hidden)
    let place = data.position(ofBody: mainBody)
    simulation.position = SIMD2(place.x, place.y)
    let root = SIMD2(data.qpos[0], data.qpos[1])
    simulation.readings[0] = Float(root.x)
    simulation.readings[1] = Float(root.y)
    simulation.readings[2] = Float(root.norm)
    simulation.observe { row in
      row.add(data.qpos, hidden..<model.positions)
      row.add(data.qvel, 0..<model.velocities)
      if options.includeCfrcExtInObservation {
        row.add(data.cfrcExt, 6..<6 * model.bodies, clippedTo: options.contactForceRange)
      }
    }
  }
}
