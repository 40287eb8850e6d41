extension Hopper {
  static let page = EnvironmentPage(
    "A one-legged robot that hops forward without falling over.",
    observations: [
      .init("height of the torso", unit: "m"),
      .init("pitch of the torso", unit: "rad"),
      .init("angles of thigh, leg and foot", unit: "rad", count: 3),
      .init("velocity along the track, within ±10", unit: "m/s"),
      .init("velocity upward, within ±10", unit: "m/s"),
      .init("pitch rate, within ±10", unit: "rad/s"),
      .init("angular velocities of thigh, leg and foot, within ±10", unit: "rad/s", count: 3),
    ],
    actions: [
      .init("torques of thigh, leg and foot, times their gears", unit: "N m", count: 3)
    ],
    dynamics: EnvironmentPage.muJoCo("A chain of four bodies; four Runge-Kutta steps of 0.002 s"),
    reward: """
      The healthy reward + forward_reward_weight × velocity along the track − \
      ctrl_cost_weight × the squares of the action.
      """,
    start: """
      The model's pose, positions and velocities disturbed uniformly within \
      ±reset_noise_scale.
      """,
    endings: """
      The height is outside healthy_z_range, the pitch outside healthy_angle_range or \
      another number outside healthy_state_range; not with terminate_when_unhealthy false.
      """,
    versions: EnvironmentPage.muJoCoVersions(
      "An unhealthy step no longer earns the healthy reward."),
    source: """
      T. Erez, Y. Tassa and E. Todorov, "Infinite-Horizon Model Predictive Control for \
      Periodic Tasks with Contacts", 2012; Gymnasium 1.4.
      """)

  static let optionList: [EnvironmentOption] = {
    let plain = Options()
    return [
      .xmlFile(plain.xmlFile),
      .frameSkip(plain.frameSkip),
      .forwardRewardWeight(plain.forwardRewardWeight),
      .ctrlCostWeight(plain.ctrlCostWeight),
      .healthyReward(plain.healthyReward),
      .terminateWhenUnhealthy(plain.terminateWhenUnhealthy),
      .range(
        "healthy_state_range", plain.healthyStateRange,
        "What every other position and velocity must lie within."),
      .healthyZRange(plain.healthyZRange),
      .healthyAngleRange(plain.healthyAngleRange),
      .resetNoiseScale(plain.resetNoiseScale),
      .excludeCurrentPositions(plain.excludeCurrentPositionsFromObservation),
    ]
  }()

  package init(_ values: OptionValues) throws {
    var options = Options()
    options.xmlFile = values["xml_file"]
    options.frameSkip = values["frame_skip"]
    options.forwardRewardWeight = values["forward_reward_weight"]
    options.ctrlCostWeight = values["ctrl_cost_weight"]
    options.healthyReward = values["healthy_reward"]
    options.terminateWhenUnhealthy = values["terminate_when_unhealthy"]
    options.healthyStateRange = try values.range("healthy_state_range")
    options.healthyZRange = try values.range("healthy_z_range")
    options.healthyAngleRange = try values.range("healthy_angle_range")
    options.resetNoiseScale = values["reset_noise_scale"]
    options.excludeCurrentPositionsFromObservation =
      values["exclude_current_positions_from_observation"]
    try self.init(options)
  }

  static let registrations = [
    Registration(
      "Hopper-v5", maxEpisodeSteps: 1000, rewardThreshold: 3800, options: optionList, page: page,
      replacing: EnvironmentPage.muJoCoReplaced(
        "Hopper",
        "an unhealthy step no longer earns the healthy reward")
    ) { try Hopper($0) }
  ]
}
