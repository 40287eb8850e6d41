extension Pusher {
  static let page = EnvironmentPage(
    "An arm of seven joints that pushes a cylinder to a goal.",
    observations: [
      .init("angles of the joints", unit: "rad", count: 7),
      .init("angular velocities of the joints", unit: "rad/s", count: 7),
      .init("position of the fingertip", unit: "m", count: 3),
      .init("position of the cylinder", unit: "m", count: 3),
      .init("position of the goal", unit: "m", count: 3),
    ],
    actions: [
      .init("torques of the joints", unit: "N m", count: 7)
    ],
    dynamics: EnvironmentPage.muJoCo("An arm over a table without gravity; five steps of 0.01 s"),
    reward: """
      The negative of reward_dist_weight × distance of the cylinder from the goal + \
      reward_near_weight × that of the fingertip from the cylinder + reward_control_weight × \
      the squares of the action.
      """,
    start: """
      The arm in the model's pose, velocities uniform within ±0.005 rad/s, the cylinder \
      uniform on its part of the table and more than 0.17 m from the goal.
      """,
    endings: "None.",
    versions: EnvironmentPage.muJoCoVersions(
      """
      The cylinder has a plausible mass, and the reward is of the state after the step.
      """, old: ["v4", "v2"]),
    source: "Gymnasium 1.4, which names none.")

  static let optionList: [EnvironmentOption] = {
    let plain = Options()
    return [
      .xmlFile(plain.xmlFile),
      .frameSkip(plain.frameSkip),
      .weight(
        "reward_near_weight", plain.rewardNearWeight,
        "What a metre between fingertip and cylinder costs."),
      .weight("reward_dist_weight", plain.rewardDistWeight, "What a metre to the goal costs."),
      .weight(
        "reward_control_weight", plain.rewardControlWeight, "What the squares of the action cost."),
    ]
  }()

  package init(_ values: OptionValues) throws {
    var options = Options()
    options.xmlFile = values["xml_file"]
    options.frameSkip = values["frame_skip"]
    options.rewardNearWeight = values["reward_near_weight"]
    options.rewardDistWeight = values["reward_dist_weight"]
    options.rewardControlWeight = values["reward_control_weight"]
    try self.init(options)
  }

  static let registrations = [
    Registration(
      "Pusher-v5", maxEpisodeSteps: 100, rewardThreshold: 0, options: optionList, page: page,
      replacing: EnvironmentPage.muJoCoReplaced(
        "Pusher",
        "the cylinder has a plausible mass and the reward is of the state after the step",
        old: ["v4", "v2"])
    ) { try Pusher($0) }
  ]
}
