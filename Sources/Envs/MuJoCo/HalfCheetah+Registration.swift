extension HalfCheetah {
  static let page = EnvironmentPage(
    "A flat two-legged robot that runs forward as fast as it can.",
    observations: [
      .init("height of the torso", unit: "m"), .init("pitch of the torso", unit: "rad"),
      .init("angles of back thigh, shin and foot", unit: "rad", count: 3),
      .init("angles of front thigh, shin and foot", unit: "rad", count: 3),
      .init("velocity along the track", unit: "m/s"), .init("velocity upward", unit: "m/s"),
      .init("pitch rate", unit: "rad/s"),
      .init("angular velocities of back thigh, shin and foot", unit: "rad/s", count: 3),
      .init("angular velocities of front thigh, shin and foot", unit: "rad/s", count: 3),
    ],
    actions: [
      .init("torques of back thigh, shin and foot, times their gears", unit: "N m", count: 3),
      .init("torques of front thigh, shin and foot, times their gears", unit: "N m", count: 3),
    ],
    dynamics: EnvironmentPage.muJoCo("A robot of seven bodies and 14 kg; five steps of 0.01 s"),
    reward: """
      What running earns: forward_reward_weight × velocity along the track − ctrl_cost_weight × the \
      squares of the action.
      """,
    start: """
      The model's pose, its positions disturbed uniformly within ±reset_noise_scale and its \
      velocities by that times a normal number.
      """,
    endings: "None.",
    versions: EnvironmentPage.muJoCoVersions("More options and readings; the same rewards."),
    source: """
      P. Wawrzyński, "A Cat-Like Robot Real-Time Learning to Run", 2009; Gymnasium 1.4.
      """)

  static let optionList: [EnvironmentOption] = {
    let plain = Options()
    return [
      .xmlFile(plain.xmlFile), .frameSkip(plain.frameSkip),
      .forwardRewardWeight(plain.forwardRewardWeight), .ctrlCostWeight(plain.ctrlCostWeight),
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
      "HalfCheetah-v5", maxEpisodeSteps: 1000, rewardThreshold: 4800, options: optionList,
      page: page,
      replacing: EnvironmentPage.muJoCoReplaced(
        "HalfCheetah", "it has more options and readings and the same rewards")
    ) { try HalfCheetah($0) }
  ]
}
