extension Ant {
  static let page = EnvironmentPage(
    "A four-legged robot that runs along x without falling over.",
    observations: [
      .init("height of the torso", unit: "m"),
      .init("orientation of the torso, a quaternion", count: 4),
      .init("angles of hips and ankles", unit: "rad", count: 8),
      .init("velocity of the torso", unit: "m/s", count: 3),
      .init("angular velocity of the torso", unit: "rad/s", count: 3),
      .init("angular velocities of hips and ankles", unit: "rad/s", count: 8),
      .init("contact torque and force of each body, limited", unit: "N m, N", count: 78),
    ],
    actions: [
      .init("torques of hips and ankles, times their gears", unit: "N m", count: 8)
    ],
    dynamics: EnvironmentPage.muJoCo(
      "A torso with four legs of two joints; five Runge-Kutta steps of 0.01 s"),
    reward: """
      The healthy reward + forward_reward_weight × velocity of the main body along x − \
      ctrl_cost_weight × the squares of the action − contact_cost_weight × the squares of \
      the contact forces.
      """,
    start: """
      The model's pose, its positions disturbed uniformly within ±reset_noise_scale and its \
      velocities by that times a normal number.
      """,
    endings: """
      A number is not finite, or the torso's height is outside healthy_z_range; not with \
      terminate_when_unhealthy false.
      """,
    versions: EnvironmentPage.muJoCoVersions(
      """
      Contact forces are observed and cost, and an unhealthy step no longer earns the \
      healthy reward.
      """),
    source: """
      J. Schulman et al., "High-Dimensional Continuous Control Using Generalized Advantage \
      Estimation", 2015; Gymnasium 1.4.
      """)

  static let optionList: [EnvironmentOption] = {
    let plain = Options()
    return [
      .xmlFile(plain.xmlFile),
      .frameSkip(plain.frameSkip),
      .forwardRewardWeight(plain.forwardRewardWeight),
      .ctrlCostWeight(plain.ctrlCostWeight),
      .weight(
        "contact_cost_weight", plain.contactCostWeight,
        "What the squares of the contact forces cost."),
      .healthyReward(plain.healthyReward),
      .text("main_body", plain.mainBody, "The body whose velocity counts, by its name or number."),
      .terminateWhenUnhealthy(plain.terminateWhenUnhealthy),
      .healthyZRange(plain.healthyZRange),
      .range("contact_force_range", plain.contactForceRange, "What contact forces are limited to."),
      .resetNoiseScale(plain.resetNoiseScale),
      .excludeCurrentPositions(plain.excludeCurrentPositionsFromObservation),
      .includes("cfrc_ext", plain.includeCfrcExtInObservation, "the contact forces"),
    ]
  }()

  package init(_ values: OptionValues) throws {
    var options = Options()
    options.xmlFile = values["xml_file"]
    options.frameSkip = values["frame_skip"]
    options.forwardRewardWeight = values["forward_reward_weight"]
    options.ctrlCostWeight = values["ctrl_cost_weight"]
    options.contactCostWeight = values["contact_cost_weight"]
    options.healthyReward = values["healthy_reward"]
    options.mainBody = values["main_body"]
    options.terminateWhenUnhealthy = values["terminate_when_unhealthy"]
    options.healthyZRange = try values.range("healthy_z_range")
    options.contactForceRange = try values.range("contact_force_range")
    options.resetNoiseScale = values["reset_noise_scale"]
    options.excludeCurrentPositionsFromObservation =
      values["exclude_current_positions_from_observation"]
    options.includeCfrcExtInObservation = values["include_cfrc_ext_in_observation"]
    try self.init(options)
  }

  static let registrations = [
    Registration(
      "Ant-v5", maxEpisodeSteps: 1000, rewardThreshold: 6000, options: optionList, page: page,
      replacing: EnvironmentPage.muJoCoReplaced(
        "Ant",
        "contact forces are observed and cost")
    ) { try Ant($0) }
  ]
}
