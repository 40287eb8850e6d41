extension Registration {
  /// Registered where `make setup` has fetched MuJoCo.
  static var muJoCo: [Registration] {
    MuJoCoLibrary.isThere ? muJoCoTasks : []
  }

  fileprivate static var muJoCoTasks: [Registration] {
    Ant.registrations + HalfCheetah.registrations + Hopper.registrations + Humanoid.registrations
      + HumanoidStandup.registrations + InvertedDoublePendulum.registrations
      + InvertedPendulum.registrations + Pusher.registrations + Reacher.registrations
      + Swimmer.registrations + Walker2d.registrations
  }

  /// Why an id is not registered, if it is that of a task that needs MuJoCo.
  static func needsMuJoCo(_ id: String) -> String? {
    if MuJoCoLibrary.isThere { return nil }
    let known = muJoCoTasks.contains { $0.spec.id == id || $0.replaced[id] != nil }
    return known ? "'\(id)' needs MuJoCo; \(MuJoCoLibrary.remedy)" : nil
  }
}

extension MuJoCoLibrary {
  /// The ids of the tasks that are registered with it.
  package static let tasks = Set(Registration.muJoCoTasks.map(\.spec.id))
}

/// Options that the MuJoCo tasks share.
extension EnvironmentOption {
  static func xmlFile(_ value: String) -> Self {
    .text("xml_file", value, "The model: one of Gymnasium's, or the path of a file.")
  }

  static func frameSkip(_ value: Int) -> Self {
    .integer("frame_skip", value, in: 1...1000, "MuJoCo's steps in one of the environment's.")
  }

  static func resetNoiseScale(_ value: Double) -> Self {
    .number(
      "reset_noise_scale", value, in: 0...10, "How far from the model's pose an episode starts.")
  }

  static func excludeCurrentPositions(_ value: Bool) -> Self {
    .flag(
      "exclude_current_positions_from_observation", value,
      "Hides where the robot is along the ground.")
  }

  static func weight(_ name: String, _ value: Double, _ summary: String) -> Self {
    .number(name, value, in: -1e6...1e6, summary)
  }

  static func range(_ name: String, _ value: ClosedRange<Double>, _ summary: String) -> Self {
    .numbers(
      name, [value.lowerBound, value.upperBound], in: -Double.infinity...Double.infinity, count: 2,
      summary)
  }

  static func forwardRewardWeight(_ value: Double) -> Self {
    .weight("forward_reward_weight", value, "What a metre per second forward earns.")
  }

  static func ctrlCostWeight(_ value: Double) -> Self {
    .weight("ctrl_cost_weight", value, "What the squares of the action cost.")
  }

  static func healthyReward(_ value: Double) -> Self {
    .weight("healthy_reward", value, "What a healthy step earns.")
  }

  static func terminateWhenUnhealthy(_ value: Bool) -> Self {
    .flag("terminate_when_unhealthy", value, "Ends the episode when the robot is unhealthy.")
  }

  static func healthyZRange(_ value: ClosedRange<Double>) -> Self {
    .range("healthy_z_range", value, "The heights in m within which the robot is healthy.")
  }

  static func healthyAngleRange(_ value: ClosedRange<Double>) -> Self {
    .range("healthy_angle_range", value, "The angles in rad within which the robot is healthy.")
  }

  static func includes(_ name: String, _ value: Bool, _ what: String) -> Self {
    .flag("include_\(name)_in_observation", value, "Shows \(what).")
  }
}

/// What the pages of the MuJoCo tasks share.
extension EnvironmentPage {
  /// How MuJoCo moves the world.
  static func muJoCo(_ model: String) -> String {
    "\(model), simulated by MuJoCo 4.0.0. Observations equal Gymnasium 1.4 bit for bit, rewards to 1e-12."
  }

  static func muJoCoVersions(_ last: String, old: [String] = ["v4", "v3", "v2"]) -> [Version] {
    [.init("v5", last)] + old.map { .init($0, change(of: $0)) }
  }

  private static func change(of version: String) -> String {
    switch version {
    case "v4": "MuJoCo's own bindings from Python."
    case "v3": "Options for weights, ranges and models."
    default: "MuJoCo through mujoco-py 1.5."
    }
  }

  /// Outdated ids and what differs.
  static func muJoCoReplaced(
    _ name: String, _ difference: String, old: [String] = ["v4", "v3", "v2"]
  ) -> [String: String] {
    Dictionary(uniqueKeysWithValues: old.map { ("\(name)-\($0)", difference) })
  }
}

/// Every option of a registered environment: those of the form `name=value` as given, the others by default.
package func resolvedOptions(_ assignments: [String], of id: String) throws -> OptionValues {
  let registration = try Registry.shared.registration(id)
  return try registration.resolved(registration.options(of: assignments))
}
