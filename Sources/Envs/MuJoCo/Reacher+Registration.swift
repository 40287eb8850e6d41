extension Reacher {
  static let page = EnvironmentPage(
    "An arm of two joints that brings its fingertip to a target.",
    observations: [
      .init("cosines of the joints' angles", count: 2),
      .init("sines of the joints' angles", count: 2),
      .init("position of the target", unit: "m", count: 2),
      .init("angular velocities of the joints", unit: "rad/s", count: 2),
      .init("from the target to the fingertip", unit: "m", count: 2),
    ],
    actions: [
      .init("torques of the joints, times their gears", unit: "N m", count: 2)
    ],
    dynamics: EnvironmentPage.muJoCo("An arm in a plane; two Runge-Kutta steps of 0.01 s"),
    reward: """
      The negative of reward_dist_weight × distance between fingertip and target + \
      reward_control_weight × the squares of the action.
      """,
    start: """
      Angles uniform within ±0.1 rad, velocities within ±0.005 rad/s, the target uniform \
      within 0.2 m of the middle.
      """,
    endings: "None.",
    versions: EnvironmentPage.muJoCoVersions(
      """
      The reward is of the state after the step, and the observation loses a number that \
      was always 0.
      """, old: ["v4", "v2"]),
    source: "Gymnasium 1.4, which names none.")

  static let optionList: [EnvironmentOption] = {
    let plain = Options()
    return [
      .xmlFile(plain.xmlFile),
      .frameSkip(plain.frameSkip),
      .weight("reward_dist_weight", plain.rewardDistWeight, "What a metre to the goal costs."),
      .weight(
        "reward_control_weight", plain.rewardControlWeight, "What the squares of the action cost."),
    ]
  }()

  package init(_ values: OptionValues) throws {
    var options = Options()
    options.xmlFile = values["xml_file"]
    options.frameSkip = values["frame_skip"]
    options.rewardDistWeight = values["reward_dist_weight"]
    options.rewardControlWeight = values["reward_control_weight"]
    try self.init(options)
  }

  static let registrations = [
    Registration(
      "Reacher-v5", maxEpisodeSteps: 50, rewardThreshold: -3.75, options: optionList, page: page,
      replacing: EnvironmentPage.muJoCoReplaced(
        "Reacher",
        """
        the reward is of the state after the step and the observation loses a number that \
        was always 0
        """, old: ["v4", "v2"])
    ) { try Reacher($0) }
  ]
}
