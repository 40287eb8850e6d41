extension Humanoid {
  static let page = EnvironmentPage(
    "A robot like a person that walks along x without falling over.",
    observations: [
      .init("height of the torso", unit: "m"),
      .init("orientation of the torso, a quaternion", count: 4),
      .init("angles of the joints", unit: "rad", count: 17),
      .init("velocity of the torso", unit: "m/s", count: 3),
      .init("angular velocity of the torso", unit: "rad/s", count: 3),
      .init("angular velocities of the joints", unit: "rad/s", count: 17),
      .init(
        "inertia, first moments and mass of each body, ten numbers", unit: "kg m², kg m, kg",
        count: 130),
      .init("angular and linear velocity of each body", unit: "rad/s, m/s", count: 78),
      .init("forces of the actuators", unit: "N m", count: 17),
      .init("contact torque and force of each body", unit: "N m, N", count: 78),
    ],
    actions: [
      .init("torques of the joints, times their gears", unit: "N m", count: 17)
    ],
    dynamics: EnvironmentPage.muJoCo(
      "Thirteen bodies with 17 joints and two tendons; five Runge-Kutta steps of 0.003 s"),
    reward: """
      The healthy reward + forward_reward_weight × velocity of the centre of mass along x − \
      ctrl_cost_weight × the squares of the action − contact_cost_weight × the squares of \
      the contact forces, the last limited to contact_cost_range.
      """,
    start: """
      The model's pose, positions and velocities disturbed uniformly within \
      ±reset_noise_scale.
      """,
    endings: """
      The torso's height is outside healthy_z_range; not with terminate_when_unhealthy \
      false.
      """,
    versions: EnvironmentPage.muJoCoVersions(
      """
      Contact forces cost, an unhealthy step no longer earns the healthy reward, and \
      observations lose numbers that were always 0.
      """),
    source: """
      Y. Tassa, T. Erez and E. Todorov, "Synthesis and Stabilization of Complex Behaviors \
      through Online Trajectory Optimization", 2012; Gymnasium 1.4.
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
      .range(
        "contact_cost_range", plain.contactCostRange,
        "What the cost of contact forces is limited to."),
      .healthyReward(plain.healthyReward),
      .terminateWhenUnhealthy(plain.terminateWhenUnhealthy),
      .healthyZRange(plain.healthyZRange),
      .resetNoiseScale(plain.resetNoiseScale),
      .excludeCurrentPositions(plain.excludeCurrentPositionsFromObservation),
      .includes("cinert", plain.includeCinertInObservation, "the bodies' inertia"),
      .includes("cvel", plain.includeCvelInObservation, "the bodies' velocities"),
      .includes("qfrc_actuator", plain.includeQfrcActuatorInObservation, "the actuators' forces"),
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
    options.contactCostRange = try values.range("contact_cost_range")
    options.healthyReward = values["healthy_reward"]
    options.terminateWhenUnhealthy = values["terminate_when_unhealthy"]
    options.healthyZRange = try values.range("healthy_z_range")
    options.resetNoiseScale = values["reset_noise_scale"]
    options.excludeCurrentPositionsFromObservation =
      values["exclude_current_positions_from_observation"]
    options.includeCinertInObservation = values["include_cinert_in_observation"]
    options.includeCvelInObservation = values["include_cvel_in_observation"]
    options.includeQfrcActuatorInObservation = values["include_qfrc_actuator_in_observation"]
    options.includeCfrcExtInObservation = values["include_cfrc_ext_in_observation"]
    try self.init(options)
  }

  static let registrations = [
    Registration(
      "Humanoid-v5", maxEpisodeSteps: 1000, options: optionList, page: page,
      replacing: EnvironmentPage.muJoCoReplaced(
        "Humanoid",
        """
        contact forces cost, an unhealthy step no longer earns the healthy reward, and \
        observations lose numbers that were always 0
        """)
    ) { try Humanoid($0) }
  ]
}
