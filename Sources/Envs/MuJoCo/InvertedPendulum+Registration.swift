extension InvertedPendulum {
  static let page = EnvironmentPage(
    "A cart that is pushed so that the pole on it stays upright.",
    observations: [
      .init("position of the cart", unit: "m"),
      .init("angle of the pole, 0 upright", unit: "rad"),
      .init("velocity of the cart", unit: "m/s"),
      .init("angular velocity of the pole", unit: "rad/s"),
    ],
    actions: [
      .init("force on the cart, times its gear", unit: "N")
    ],
    dynamics: EnvironmentPage.muJoCo(
      "A cart on a rail with a pole; two Runge-Kutta steps of 0.02 s"),
    reward: "1 for every step but one that ends the episode.",
    start: """
      The model's pose, positions and velocities disturbed uniformly within \
      ±reset_noise_scale.
      """,
    endings: "The pole leans more than 0.2 rad, or a number is not finite.",
    versions: EnvironmentPage.muJoCoVersions(
      "A step that ends the episode earns nothing.", old: ["v4", "v2"]),
    source: """
      A. G. Barto, R. S. Sutton and C. W. Anderson, "Neuronlike adaptive elements that can \
      solve difficult learning control problems", 1983; Gymnasium 1.4.
      """)

  static let optionList: [EnvironmentOption] = {
    let plain = Options()
    return [
      .xmlFile(plain.xmlFile),
      .frameSkip(plain.frameSkip),
      .resetNoiseScale(plain.resetNoiseScale),
    ]
  }()

  package init(_ values: OptionValues) throws {
    var options = Options()
    options.xmlFile = values["xml_file"]
    options.frameSkip = values["frame_skip"]
    options.resetNoiseScale = values["reset_noise_scale"]
    try self.init(options)
  }

  static let registrations = [
    Registration(
      "InvertedPendulum-v5", maxEpisodeSteps: 1000, rewardThreshold: 950, options: optionList,
      page: page,
      replacing: EnvironmentPage.muJoCoReplaced(
        "InvertedPendulum",
        "a step that ends the episode earns nothing", old: ["v4", "v2"])
    ) { try InvertedPendulum($0) }
  ]
}
