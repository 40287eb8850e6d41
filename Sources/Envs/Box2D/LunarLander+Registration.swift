#if Box2D
  extension LunarLander {
    private static let page = EnvironmentPage(
      "Land a craft with three engines softly on a pad between the moon's hills.",
      observations: [
        .init("x from the pad", unit: "10 m"), .init("y from the pad", unit: "6.67 m"),
        .init("velocity in x", unit: "5 m/s"), .init("velocity in y", unit: "7.5 m/s"),
        .init("angle", unit: "rad"), .init("angular velocity", unit: "2.5 rad/s"),
        "whether the left leg touches the ground", "whether the right leg does",
      ],
      actions: ["nothing", "left engine", "main engine", "right engine"],
      dynamics: """
        Rigid bodies in Box2D, 0.02 s a step; engines push with a little jitter. Moons, pushes and jitter are \
        Gymnasium 1.4's for a seed; its Box2D is version 2.3, this one 2.4, so that paths part slowly. With continuous=True Gymnasium \
        makes LunarLanderContinuous-v3 of it.
        """,
      reward: """
        What is gained in nearness to the pad, slowness, uprightness and legs on the ground; −0.3 a step \
        of the main engine, −0.03 of a side engine; −100 for a crash, 100 for coming to rest.
        """,
      start: "High above the pad, with a random push.",
      endings: "The hull touches the ground, the lander leaves sideways, or it rests.",
      versions: [
        .init("v3", "Wind starts anew in every episode; wider observation bounds."),
        .init("v2", "Fuel costs; wind and turbulence."),
        .init("v1", "Legs are observed and rewarded."), .init("v0", "The first."),
      ],
      source: "Gymnasium 1.4, by Oleg Klimov.")

    private static let options: [EnvironmentOption] = {
      let plain = LunarLanderOptions()
      return [
        .number("gravity", plain.gravity, in: -11.99 ... -0.01, "Vertical acceleration in m/s²."),
        .flag("enable_wind", plain.hasWind, "Whether wind pushes until a leg touches the ground."),
        .number(
          "wind_power", plain.windPower, in: 0...100,
          "The wind's largest force in N; 0 to 20 is sensible."),
        .number(
          "turbulence_power", plain.turbulencePower, in: 0...100,
          "The wind's largest torque in N m; 0 to 2 is sensible."),
      ]
    }()

    static let registrations = [
      Registration(
        "LunarLander-v3", maxEpisodeSteps: 1000, rewardThreshold: 200, options: options, page: page,
        replacing: ["LunarLander-v2": "wind starts anew in every episode"]
      ) { LunarLander(LunarLanderOptions($0)) },
      Registration(
        "LunarLanderContinuous-v3", maxEpisodeSteps: 1000, rewardThreshold: 200, options: options,
        page: throttled,
        replacing: ["LunarLanderContinuous-v2": "wind starts anew in every episode"]
      ) { LunarLanderContinuous(LunarLanderOptions($0)) },
    ]

    private static var throttled: EnvironmentPage {
      var page = page
      page.actions = [
        "main engine: off below 0, from half to full power above",
        "side engines: the left one below −0.5, the right one above 0.5",
      ]
      return page
    }
  }

  extension LunarLanderOptions {
    fileprivate init(_ options: OptionValues) {
      self.init(
        gravity: options["gravity"], hasWind: options["enable_wind"],
        windPower: options["wind_power"], turbulencePower: options["turbulence_power"])
    }
  }
#endif
