extension Acrobot {
  static let page = EnvironmentPage(
    "Two links in a chain, a motor at the joint between them: swing the free end up.",
    observations: [
      "cosine of the first angle, which is 0 hanging down", "sine of the first angle",
      "cosine of the second angle, relative to the first link", "sine of the second angle",
      .init("angular velocity of the first angle", unit: "rad/s"),
      .init("angular velocity of the second angle", unit: "rad/s"),
    ],
    actions: ["torque of −1 N m on the joint", "no torque", "torque of 1 N m on the joint"],
    dynamics: """
      Links of 1 m and 1 kg; one Runge-Kutta step of order four and dt seconds, the angles wrapped \
      into ±π and the velocities limited. Equal to Gymnasium 1.4 bit for bit.
      """,
    reward: "−1 for every step, 0 for the last.",
    start: "Both angles and both velocities uniform from low to high, in Float32.",
    endings: "The free end is more than one link above the fixed one.",
    versions: [
      .init("v1", "500 steps instead of 200; sines and cosines instead of the angles."),
      .init("v0", "The first."),
    ],
    source: """
      R. S. Sutton, "Generalization in Reinforcement Learning: Successful Examples Using Sparse Coarse \
      Coding", 1996; R. S. Sutton and A. G. Barto, "Reinforcement Learning: An Introduction".
      """)

  static let registrations: [Registration] = {
    let plain = Acrobot()
    let options: [EnvironmentOption] = [
      .choice(
        "book_or_nips", plain.dynamics,
        "Whose equations: the book's, or the NIPS paper's, which lack a term."),
      .number(
        "torque_noise_max", plain.torqueNoise, in: 0...100,
        "Every torque is off by a random one of up to so many N m."),
      .number("dt", plain.seconds, in: 0.001...1, "Seconds of a step."),
      .number("low", plain.low, in: -3.14...3.14, "Lower bound of the start's four numbers."),
      .number("high", plain.high, in: -3.14...3.14, "Upper bound of the start's four numbers."),
    ]
    return [
      Registration(
        "Acrobot-v1", maxEpisodeSteps: 500, rewardThreshold: -100, options: options, page: page,
        replacing: [
          "Acrobot-v0": """
          it observes the sines and cosines of the angles instead of the angles, and has 500 steps \
          instead of 200
          """
        ]
      ) {
        Acrobot(
          dynamics: $0["book_or_nips"], start: try $0.range("low", "high"), timeStep: $0["dt"],
          torqueNoise: $0["torque_noise_max"])
      }
    ]
  }()
}
