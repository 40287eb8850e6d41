import Runtime

/// A robot like a person that walks along x without falling over.
///
/// | observation | numbers |
/// |---|---|
/// | positions (m, orientation as a quaternion, rad) without x and y | 22 |
/// | velocities (m/s, rad/s) | 23 |
/// | inertia of each body | 130 |
/// | velocity of each body about the centre of mass | 78 |
/// | forces of the joints' actuators (N m) | 17 |
/// | contact forces of the bodies, torque and force each (N m, N) | 78 |
///
/// Action: torques of the 17 joints, −0.4 … 0.4 times their gears. Reward: `healthyReward` +
/// `forwardRewardWeight` × the velocity of the centre of mass along x − `ctrlCostWeight` × the squares of the
/// action − `contactCostWeight` × the squares of the contact forces, limited to `contactCostRange`. An episode ends
/// when the torso's height leaves the healthy range.
///
/// Source: Y. Tassa, T. Erez, E. Todorov, "Synthesis and Stabilization of Complex Behaviors through Online Trajectory
/// Optimization", 2012; Gymnasium 1.4, v5.
public struct Humanoid: MuJoCoEnvironment {
  /// What can be chosen; the names are Gymnasium's.
  public struct Options: Codable, Sendable, Hashable {
    /// The model: one of Gymnasium's, or the path of a file.
    public var xmlFile = "humanoid.xml"
    /// MuJoCo's steps in one of the environment's.
    public var frameSkip = 5
    /// What a metre per second forward earns.
    public var forwardRewardWeight = 1.25
    /// What the squares of the action cost.
    public var ctrlCostWeight = 0.1
    /// What the squares of the contact forces cost.
    public var contactCostWeight = 5e-7
    /// What the cost of contact forces is limited to.
    public var contactCostRange = -Double.infinity...10.0
    /// What a healthy step earns.
    public var healthyReward = 5.0
    /// Ends the episode when the robot is unhealthy.
    public var terminateWhenUnhealthy = true
    /// The heights of the torso, in m, between which the robot is healthy.
    public var healthyZRange = 1.0...2.0
    /// How far from the model's pose an episode starts.
    public var resetNoiseScale = 1e-2
    /// Hides x and y.
    public var excludeCurrentPositionsFromObservation = true
    /// Shows the bodies' inertia.
    public var includeCinertInObservation = true
    /// Shows the bodies' velocities.
    public var includeCvelInObservation = true
    /// Shows the actuators' forces.
    public var includeQfrcActuatorInObservation = true
    /// Shows the contact forces.
    public var includeCfrcExtInObservation = true

    public init() {}

    var shown: HumanoidObservation {
      HumanoidObservation(
        hidesPositions: excludeCurrentPositionsFromObservation,
        includesCinert: includeCinertInObservation, includesCvel: includeCvelInObservation,
        includesQfrcActuator: includeQfrcActuatorInObservation,
        includesCfrcExt: includeCfrcExtInObservation)
    }
  }

  public let options: Options
  public private(set) var simulation: MuJoCoSimulation

  /// - Throws: ``EnvironmentError`` if MuJoCo or the model is missing or an option is out of range.
  public init(_ options: Options = Options()) throws {
    self.options = options
    simulation = try MuJoCoSimulation(
      options.xmlFile, controls: 17, frameSkip: options.frameSkip, noise: options.resetNoiseScale,
      observationSize: options.shown.size)
    try simulation.require(positions: 3, velocities: 6)
  }

  public static var metricNames: [String] {
    [
      "x_position", "y_position", "distance_from_origin", "x_velocity", "y_velocity",
      "reward_survive", "reward_forward", "reward_ctrl", "reward_contact",
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
    _ action: InlineArray<17, Float>, using random: inout PCG64
  ) -> StepResult {
    let before = simulation.position
    let needsForces = options.includeCfrcExtInObservation || options.contactCostWeight != 0
    guard
      let data = simulation.step(action, contactForces: needsForces, task: Self.taskName)
    else { return simulation.diverged }
    look(data)
    let velocity = (simulation.position - before) / simulation.seconds
    let forward = options.forwardRewardWeight * velocity.x
    let isHealthy = options.healthyZRange.holdsInside(data.qpos[2])
    let healthy = isHealthy ? options.healthyReward : 0
    let control = options.ctrlCostWeight * NumPySum.ofSquares(17) { data.ctrl[$0] }
    var contact = 0.0
    if options.contactCostWeight != 0 {
      contact =
        options.contactCostWeight
        * NumPySum.ofSquares(6 * simulation.model.bodies) { data.cfrcExt[$0] }
    }
    contact = options.contactCostRange.clip(contact)
    simulation.readings[3] = Float(velocity.x)
    simulation.readings[4] = Float(velocity.y)
    simulation.readings[5] = Float(healthy)
    simulation.readings[6] = Float(forward)
    simulation.readings[7] = Float(-control)
    simulation.readings[8] = Float(-contact)
    return StepResult(
      reward: forward + healthy - (control + contact),
      ending: !isHealthy && options.terminateWhenUnhealthy ? .terminated : .none)
  }

  private mutating func look(_ data: MuJoCoData) {
    let (model, shown) = (simulation.model, options.shown)
    simulation.position = model.massCentre(data)
    let root = SIMD2(data.qpos[0], data.qpos[1])
    simulation.readings[0] = Float(root.x)
    simulation.readings[1] = Float(root.y)
    simulation.readings[2] = Float(root.norm)
    simulation.observe { shown.write(data, of: model, to: &$0) }
  }
}
