extension Swimmer {
  static let page = EnvironmentPage(
    "A chain of three links that swims forward in a viscous fluid.",
    observations: [
      .init("angle of the first link", unit: "rad"),
      .init("angles of the joints", unit: "rad", count: 2),
      .init("velocity of the tip along x", unit: "m/s"),
      .init("velocity of the tip along y", unit: "m/s"),
      .init("angular velocity of the first link", unit: "rad/s"),
      .init("angular velocities of the joints", unit: "rad/s", count: 2),
    ],
    actions: [
      .init("torques of the joints, times their gears", unit: "N m", count: 2)
    ],
    dynamics: EnvironmentPage.muJoCo(
      "Three links in a fluid of density 4000 and viscosity 0.1; four Runge-Kutta steps of 0.01 s"),
    reward: """
      What swimming earns: forward_reward_weight × velocity along x − ctrl_cost_weight × the \
      squares of the action.
      """,
    start: """
      The model's pose, positions and velocities disturbed uniformly within \
      ±reset_noise_scale.
      """,
    endings: "None.",
    versions: EnvironmentPage.muJoCoVersions(
      "More options and readings; the same rewards."),
    source: """
      R. Coulom, "Reinforcement Learning Using Neural Networks, with Applications to Motor \
      Control", 2002; Gymnasium 1.4.
      """)

  static let optionList: [EnvironmentOption] = {
    let plain = Options()
    return [
      .xmlFile(plain.xmlFile),
      .frameSkip(plain.frameSkip),
      .forwardRewardWeight(plain.forwardRewardWeight),
      .ctrlCostWeight(plain.ctrlCostWeight),
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
    options.resetNoiseScale = values["reset_noise_scale"]
    options.excludeCurrentPositionsFromObservation =
      values["exclude_current_positions_from_observation"]
    try self.init(options)
  }

  static let registrations = [
    Registration(
      "Swimmer-v5", maxEpisodeSteps: 1000, rewardThreshold: 360, options: optionList, page: page,
      replacing: EnvironmentPage.muJoCoReplaced(
        "Swimmer",
        "it has more options and readings and the same rewards")
    ) { try Swimmer($0) }
  ]
}
