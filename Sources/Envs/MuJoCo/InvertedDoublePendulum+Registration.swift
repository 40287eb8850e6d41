extension InvertedDoublePendulum {
  static let page = EnvironmentPage(
    "A cart that is pushed so that two poles, one on the other, stay upright.",
    observations: [
      .init("position of the cart", unit: "m"),
      .init("sines of the poles' angles", count: 2),
      .init("cosines of the poles' angles", count: 2),
      .init("velocity of the cart, within ±10", unit: "m/s"),
      .init("angular velocities of the poles, within ±10", unit: "rad/s", count: 2),
      .init("constraint force on the cart, within ±10", unit: "N"),
    ],
    actions: [
      .init("force on the cart, times its gear", unit: "N")
    ],
    dynamics: EnvironmentPage.muJoCo(
      "A cart on a rail with two poles; five Runge-Kutta steps of 0.01 s"),
    reward: """
      The healthy reward − 0.01 x² − (y − 2)² of the upper tip − 0.001 ω₁² − 0.005 ω₂² of \
      the poles.
      """,
    start: """
      The model's pose, its positions disturbed uniformly within ±reset_noise_scale and its \
      velocities by that times a normal number.
      """,
    endings: "The tip is at a height of 1 or below.",
    versions: EnvironmentPage.muJoCoVersions(
      """
      A step that ends the episode earns no healthy reward, and the observation loses two \
      numbers that were always 0.
      """, old: ["v4", "v2"]),
    source: """
      A. G. Barto, R. S. Sutton and C. W. Anderson, "Neuronlike adaptive elements that can \
      solve difficult learning control problems", 1983; Gymnasium 1.4.
      """)

  static let optionList: [EnvironmentOption] = {
    let plain = Options()
    return [
      .xmlFile(plain.xmlFile),
      .frameSkip(plain.frameSkip),
      .healthyReward(plain.healthyReward),
      .resetNoiseScale(plain.resetNoiseScale),
    ]
  }()

  package init(_ values: OptionValues) throws {
    var options = Options()
    options.xmlFile = values["xml_file"]
    options.frameSkip = values["frame_skip"]
    options.healthyReward = values["healthy_reward"]
    options.resetNoiseScale = values["reset_noise_scale"]
    try self.init(options)
  }

  static let registrations = [
    Registration(
      "InvertedDoublePendulum-v5", maxEpisodeSteps: 1000, rewardThreshold: 9100,
      options: optionList, page: page,
      replacing: EnvironmentPage.muJoCoReplaced(
        "InvertedDoublePendulum",
        """
        a step that ends the episode earns no healthy reward and the observation loses two \
        numbers that were always 0
        """, old: ["v4", "v2"])
    ) { try InvertedDoublePendulum($0) }
  ]
}
