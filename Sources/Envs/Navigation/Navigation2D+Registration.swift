extension Navigation2D {
  private static func observations(rays: Int) -> [EnvironmentPage.Quantity] {
    [
      .init(
        "distance along each ray of the lidar, against the clock from straight ahead", unit: "m",
        count: rays),
      .init("distance of the goal", unit: "m"),
      "cosine of the goal's direction, seen from the robot",
      "sine of the goal's direction, positive to the left", .init("speed", unit: "m/s"),
      .init("turn rate, positive to the left", unit: "rad/s"),
    ]
  }

  private static func page(actions: [EnvironmentPage.Quantity]) -> EnvironmentPage {
    EnvironmentPage(
      "A robot with a lidar in a room of obstacles: drive to the goal and touch nothing.",
      observations: observations(rays: Navigation2D().rays), actions: actions,
      dynamics: """
        A disc of 0.2 m that drives like a unicycle, in steps of 0.1 s: speed and turn rate go towards \
        what is asked for by 2 m/s² and 8 rad/s² at most, then the robot moves along the direction it \
        has in the middle of the step. Obstacles are drawn anew for every episode: convex hulls and, \
        with concave, stars and dead ends, 0.7 m apart, so that there is always a way.
        """,
      reward: """
        The metres that the goal has come nearer, −0.01 for the time, 5 for arriving, −5 for touching a \
        wall or an obstacle.
        """,
      start: """
        At rest somewhere in the room with a random heading, the goal at least four tenths of the room's \
        side away.
        """,
      endings: "The goal is within 0.4 m, or the robot touches a wall or an obstacle.",
      versions: [.init("v0", "The first.")], source: "Swirl's own.")
  }

  private static let options: [EnvironmentOption] = {
    let plain = Navigation2D()
    return [
      .integer(
        "obstacles", plain.obstacles, in: 0...100,
        "Obstacles that are drawn; fewer stand where there is no room."),
      .flag("concave", plain.areConcave, "Whether two thirds of the obstacles are concave."),
      .integer("rays", plain.rays, in: 1...1024, "Rays of the lidar."),
      .number("lidar_range", plain.lidarRange, in: 0.1...1000, "How far the lidar sees in m."),
      .number("size", plain.size, in: 4...100, "The room's side in m."),
    ]
  }()

  private init(_ options: OptionValues) {
    self.init(
      obstacles: options["obstacles"], areConcave: options["concave"], rays: options["rays"],
      lidarRange: options["lidar_range"], size: options["size"])
  }

  static let registrations = [
    Registration(
      "Navigation2D-v0", maxEpisodeSteps: 400, rewardThreshold: 9, options: options,
      page: page(actions: [
        .init("speed asked for", unit: "m/s"), .init("turn rate asked for", unit: "rad/s"),
      ]),
      adaptPage: { $0.observations = observations(rays: $1["rays"]) }
    ) { Navigation2D($0) },
    Registration(
      "Navigation2DDiscrete-v0", maxEpisodeSteps: 400, rewardThreshold: 9, options: options,
      page: page(actions: [
        "stop", "ahead", "ahead to the left", "ahead to the right", "left on the spot",
        "right on the spot",
      ]),
      adaptPage: { $0.observations = observations(rays: $1["rays"]) }
    ) { Navigation2DDiscrete(Navigation2D($0)) },
  ]
}
