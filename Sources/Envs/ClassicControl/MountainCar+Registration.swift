extension MountainCar {
  static let page = EnvironmentPage(
    "An underpowered car in a valley: swing back and forth until it gets over the right hill.",
    observations: ["position", "velocity"],
    actions: ["accelerate to the left", "do not accelerate", "accelerate to the right"],
    dynamics: """
      Without a time unit: the velocity changes by 0.001 to either side and by −0.0025 cos(3 position), \
      then the position by the velocity; both are limited and the left wall stops the car. Equal to \
      Gymnasium 1.4 bit for bit.
      """,
    reward: "−1 for every step.",
    start: "At rest at a position uniform from low to high.",
    endings: "The car is at position 0.5 or beyond with at least the velocity goal_velocity.",
    versions: [.init("v0", "The first; 200 steps.")],
    source:
      "A. W. Moore, \"Efficient Memory-Based Learning for Robot Control\", 1990; Gymnasium 1.4.")

  static let registrations: [Registration] = {
    let plain = MountainCar()
    return [
      Registration(
        "MountainCar-v0", maxEpisodeSteps: 200, rewardThreshold: -110,
        options: .ofCar(goal: plain.goalVelocity, low: plain.low, high: plain.high), page: page
      ) {
        MountainCar(goalVelocity: $0["goal_velocity"], start: try $0.range("low", "high"))
      }
    ]
  }()
}

extension MountainCarContinuous {
  static let page = EnvironmentPage(
    "The mountain car with a force to choose: get over the right hill with as little of it as can be.",
    observations: MountainCar.page.observations, actions: ["force to the right, limited"],
    dynamics: """
      Without a time unit: the velocity changes by 0.0015 times the force and by \
      −0.0025 cos(3 position), then the position by the velocity; both are limited and the left wall \
      stops the car. Equal to Gymnasium 1.4 bit for bit, its mixed precision included.
      """,
    reward: "Minus a tenth of the squared force as it was given, and 100 for arriving.",
    start: "At rest at a position uniform from low to high.",
    endings: "The car is at position 0.45 or beyond with at least the velocity goal_velocity.",
    versions: [.init("v0", "The first; 999 steps.")],
    source: """
      A. W. Moore, "Efficient Memory-Based Learning for Robot Control", 1990; constants by J. A. Martín \
      H. and A. de Broissia; Gymnasium 1.4.
      """)

  static let registrations: [Registration] = {
    let plain = MountainCarContinuous()
    return [
      Registration(
        "MountainCarContinuous-v0", maxEpisodeSteps: 999, rewardThreshold: 90,
        options: .ofCar(goal: plain.goalVelocity, low: plain.low, high: plain.high), page: page
      ) {
        MountainCarContinuous(
          goalVelocity: $0["goal_velocity"], start: try $0.range("low", "high"))
      }
    ]
  }()
}

extension [EnvironmentOption] {
  fileprivate static func ofCar(goal: Double, low: Double, high: Double) -> Self {
    [
      .number("goal_velocity", goal, in: -0.07...0.07, "The least velocity to arrive with."),
      .number("low", low, in: -1.2...0.6, "Lower bound of the start position."),
      .number("high", high, in: -1.2...0.6, "Upper bound of the start position."),
    ]
  }
}
