import Runtime

/// A robot like a person that lies on the ground and stands up.
///
/// Observation and action are ``Humanoid``'s. Reward: `uphCostWeight` × the torso's height / the seconds of one of
/// MuJoCo's steps − `ctrlCostWeight` × the squares of the action − `impactCostWeight` × the squares of the contact
/// forces, limited to `impactCostRange`, + 1. No end but the registered limit of 1000 steps.
///
/// Gymnasium 1.4 takes `uph_cost_weight` and leaves it out of its reward; so does this.
///
/// Source: Y. Tassa, T. Erez, E. Todorov, "Synthesis and Stabilization of Complex Behaviors through Online Trajectory
/// Optimization", 2012; Gymnasium 1.4, v5.
public struct HumanoidStandup: MuJoCoEnvironment {
  /// What can be chosen; the names are Gymnasium's.
  public struct Options: Codable, Sendable, Hashable {
    /// The model: one of Gymnasium's, or the path of a file.
    public var xmlFile = "humanoidstandup.xml"
    /// MuJoCo's steps in one of the environment's.
    public var frameSkip = 5
    /// Changes nothing, as in Gymnasium 1.4.
    public var uphCostWeight = 1.0
    /// What the squares of the action cost.
    public var ctrlCostWeight = 0.1
    /// What the squares of the contact forces cost.
    public var impactCostWeight = 0.5e-6
    /// What the cost of contact forces is limited to.
    public var impactCostRange = -Double.infinity...10.0
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
      "x_position", "y_position", "z_distance_from_origin", "reward_linup", "reward_quadctrl",
      "reward_impact",
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
    let needsForces = options.includeCfrcExtInObservation || options.impactCostWeight != 0
    guard
      let data = simulation.step(action, contactForces: needsForces, task: Self.taskName)
    else { return simulation.diverged }
    look(data)
    let model = simulation.model
    let up = data.qpos[2] / model.timestep
    let control = options.ctrlCostWeight * NumPySum.ofSquares(17) { data.ctrl[$0] }
    var impact = 0.0
    if options.impactCostWeight != 0 {
      impact =
        options.impactCostWeight * NumPySum.ofSquares(6 * model.bodies) { data.cfrcExt[$0] }
    }
    impact = options.impactCostRange.clip(impact)
    simulation.readings[3] = Float(up)
    simulation.readings[4] = Float(-control)
    simulation.readings[5] = Float(-impact)
    return StepResult(reward: up - control - impact + 1)
  }

  private mutating func look(_ data: MuJoCoData) {
    let (model, shown) = (simulation.model, options.shown)
    simulation.readings[0] = Float(data.qpos[0])
    simulation.readings[1] = Float(data.qpos[1])
    simulation.readings[2] = Float(data.qpos[2] - model.startPositions[2])
    simulation.observe { shown.write(data, of: model, to: &$0) }
  }
}
