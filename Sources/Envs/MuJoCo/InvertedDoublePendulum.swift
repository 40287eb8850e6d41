import CLibm
import Runtime

/// A cart that is pushed so that two poles, one on the other, stay upright.
///
/// | observation | numbers |
/// |---|---|
/// | position of the cart (m) | 1 |
/// | sines, then cosines of the two angles | 4 |
/// | velocities of cart and poles (m/s, rad/s) within ±10 | 3 |
/// | constraint force on the cart (N) within ±10 | 1 |
///
/// Action: a force on the cart, −1 … 1 times its gear. Reward: `healthyReward` − 0.01 x² − (y − 2)² of the upper tip −
/// 0.001 ω₁² − 0.005 ω₂². An episode ends when the tip is at a height of 1 or below.
///
/// Source: Gymnasium 1.4, v5, after A. G. Barto, R. S. Sutton, C. W. Anderson, "Neuronlike adaptive elements that can
/// solve difficult learning control problems", 1983.
public struct InvertedDoublePendulum: MuJoCoEnvironment {
  /// What can be chosen; the names are Gymnasium's.
  public struct Options: Codable, Sendable, Hashable {
    /// The model: one of Gymnasium's, or the path of a file.
    public var xmlFile = "inverted_double_pendulum.xml"
    /// MuJoCo's steps in one of the environment's.
    public var frameSkip = 5
    /// What a step with the poles up earns.
    public var healthyReward = 10.0
    /// How far from the model's pose an episode starts.
    public var resetNoiseScale = 0.1

    public init() {}
  }

  public let options: Options
  public private(set) var simulation: MuJoCoSimulation

  /// - Throws: ``EnvironmentError`` if MuJoCo or the model is missing or an option is out of range.
  public init(_ options: Options = Options()) throws {
    self.options = options
    simulation = try MuJoCoSimulation(
      options.xmlFile, controls: 1, frameSkip: options.frameSkip, noise: options.resetNoiseScale
    ) { _ in 9 }
    let model = simulation.model
    guard model.positions == 3, model.velocities == 3, model.sites > 0 else {
      throw EnvironmentError(
        .data,
        "the model \(options.xmlFile) has \(model.positions) positions and \(model.sites) sites; the task "
          + "reads a cart, two poles and the site of their tip")
    }
  }

  public static var metricNames: [String] {
    ["reward_survive", "distance_penalty", "velocity_penalty"]
  }

  public mutating func reset(using random: inout PCG64) {
    let data = simulation.begin(random)
    let noise = options.resetNoiseScale
    data.qpos.addUniform(3, within: noise, using: &random)
    data.qvel.addNormal(3, times: noise, using: &random)
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
    let (x, y) = (data.siteXpos[0], data.siteXpos[2])
    let ends = y <= 1
    let distance = 0.01 * NumPySquare.of(x) + NumPySquare.of(y - 2)
    let velocity =
      1e-3 * NumPySquare.of(data.qvel[1]) + 5e-3 * NumPySquare.of(data.qvel[2])
    let alive = ends ? 0 : options.healthyReward
    simulation.readings[0] = Float(alive)
    simulation.readings[1] = Float(-distance)
    simulation.readings[2] = Float(-velocity)
    return StepResult(
      reward: alive - distance - velocity, ending: ends ? .terminated : .none)
  }

  private mutating func look(_ data: MuJoCoData) {
    let (lower, upper) = (sine_and_cosine(data.qpos[1]), sine_and_cosine(data.qpos[2]))
    simulation.observe { row in
      row.add(data.qpos[0])
      row.add(lower.sine)
      row.add(upper.sine)
      row.add(lower.cosine)
      row.add(upper.cosine)
      row.add(data.qvel, 0..<3, clippedTo: -10...10)
      row.add(data.qfrcConstraint, 0..<1, clippedTo: -10...10)
    }
  }
}
