extension Pendulum {
  static let page = EnvironmentPage(
    "A pendulum with a motor too weak to lift it at once: swing it up and keep it there.",
    observations: [
      "cosine of the angle, which is 0 upright", "sine of the angle",
      .init("angular velocity", unit: "rad/s"),
    ],
    actions: [.init("torque, limited", unit: "N m")],
    dynamics: """
      A rod of 1 kg and 1 m in a field of g; one semi-implicit Euler step of 0.05 s, the velocity \
      limited. Equal to Gymnasium 1.4 bit for bit.
      """,
    reward: """
      −(angle² + 0.1 velocity² + 0.001 torque²) of the state before the step, the angle from −π up to π.
      """,
    start: "The angle uniform within ±x_init and the velocity within ±y_init.",
    endings: "None.",
    versions: [.init("v1", "Simpler formulas, the same behaviour."), .init("v0", "The first.")],
    source: "Gymnasium 1.4, which names none.")

  static let options: [EnvironmentOption] = {
    let plain = Pendulum()
    return [
      .number(
        "g", plain.gravity, in: -100...100, "Gravity in m/s².", aliases: ["gravity"]),
      .number("x_init", plain.largestAngle, in: 0...100, "Largest start angle in rad."),
      .number("y_init", plain.largestVelocity, in: 0...8, "Largest start velocity in rad/s."),
    ]
  }()

  init(_ options: OptionValues) {
    self.init(
      gravity: options["g"], startAngle: options["x_init"], startVelocity: options["y_init"])
  }

  static let registrations = [
    Registration(
      "Pendulum-v1", maxEpisodeSteps: 200, options: options, page: page,
      replacing: ["Pendulum-v0": "its formulas are simpler and its behaviour is the same"]
    ) { Pendulum($0) },
    Registration(
      "PositionOnlyPendulum-v0", maxEpisodeSteps: 200, options: options,
      page: page.keeping(
        [0, 1], "Pendulum without its velocity: a test of memory.",
        versions: [.init("v0", "Pendulum-v1 with its angle alone.")])
    ) { FilterObservation(Pendulum($0), keeping: [0, 1]) },
  ]
}
