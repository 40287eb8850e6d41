extension CartPole {
  static let page = EnvironmentPage(
    "A pole on a cart: push the cart left or right so that the pole stays up.",
    observations: [
      .init("cart position", unit: "m"), .init("cart velocity", unit: "m/s"),
      .init("pole angle, 0 upright", unit: "rad"),
      .init("pole angular velocity", unit: "rad/s"),
    ],
    actions: ["push to the left with 10 N", "push to the right with 10 N"],
    dynamics: """
      A cart of 1 kg on a track without friction and a pole of 0.1 kg and 1 m hinged to it; one \
      explicit Euler step of 0.02 s in Float64, the observation rounded to Float32. Equal to \
      Gymnasium 1.4 bit for bit.
      """,
    reward: """
      1 for every step, the last one included; with sutton_barto_reward 0 for every step and −1 for \
      the last.
      """,
    start: "All four numbers uniform from low to high.",
    endings: """
      The cart is more than 2.4 m from the middle or the pole leans more than 12° (0.2095 rad); the \
      bounds of the observation are twice as far.
      """,
    versions: [
      .init("v1", "500 steps and a threshold of 475."),
      .init("v0", "200 steps and a threshold of 195."),
    ],
    source: """
      A. G. Barto, R. S. Sutton and C. W. Anderson, "Neuronlike adaptive elements that can solve \
      difficult learning control problems", 1983; formulas by R. V. Florian, "Correct equations for \
      the dynamics of the cart-pole system", 2005.
      """)

  static let options: [EnvironmentOption] = {
    let plain = CartPole()
    return [
      .flag(
        "sutton_barto_reward", plain.suttonBartoReward,
        "Reward 0 for every step and −1 for the last instead of 1.", aliases: ["sutton_barto"]),
      .number("low", plain.low, in: -0.4...0.4, "Lower bound of the start's four numbers."),
      .number("high", plain.high, in: -0.4...0.4, "Upper bound of the start's four numbers."),
    ]
  }()

  init(_ options: OptionValues) throws(EnvironmentError) {
    self.init(
      suttonBartoReward: options["sutton_barto_reward"], start: try options.range("low", "high"))
  }

  static let registrations = [
    Registration(
      "CartPole-v0", maxEpisodeSteps: 200, rewardThreshold: 195, options: options, page: page
    ) { try CartPole($0) },
    Registration(
      "CartPole-v1", maxEpisodeSteps: 500, rewardThreshold: 475, options: options, page: page
    ) { try CartPole($0) },
    Registration(
      "PositionOnlyCartPole-v0", maxEpisodeSteps: 500, rewardThreshold: 475, options: options,
      page: page.keeping(
        [0, 2], "CartPole without its velocities: a test of memory.",
        versions: [.init("v0", "CartPole-v1 with its position and angle alone.")])
    ) { FilterObservation(try CartPole($0), keeping: [0, 2]) },
  ]
}
