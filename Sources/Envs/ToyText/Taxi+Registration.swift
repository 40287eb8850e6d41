extension Taxi {
  static let page = EnvironmentPage(
    "A taxi in a small town: fetch the passenger and take them where they want to go.",
    observations: [
      """
      ((row · 5 + column) · 5 + passenger) · 4 + destination; stands are 0 to 3 for R, G, Y and B, and \
      a passenger in the taxi is 4
      """
    ],
    actions: ["south", "north", "east", "west", "pick the passenger up", "drop the passenger off"],
    dynamics: """
      A town of 5 rows and 5 columns with walls. In rain a drive that no wall stops goes as intended \
      with the rainy probability, else to either side with equal odds. A fickle passenger may, with the \
      fickle probability, want to go elsewhere after the taxi's first move with them aboard. The mask \
      allows the actions that change something. Equal to Gymnasium 1.4 for a seed.
      """,
    reward: "−1 for every step, −10 for picking up or dropping off in vain, 20 for arriving.",
    start: "Anywhere, with the passenger at a stand that is not the destination.",
    endings: "The passenger arrives.",
    versions: [
      .init("v4", "Corrected rain and fickle passengers, with their probabilities."),
      .init("v3", "A corrected map; action masks."),
      .init("v2", "No passenger starts at the destination."),
      .init("v1", "One stand fewer."), .init("v0", "The first."),
    ],
    source: """
      T. G. Dietterich, "Hierarchical Reinforcement Learning with the MAXQ Value Function \
      Decomposition", 2000.
      """)

  static let registrations = [
    Registration(
      "Taxi-v4", maxEpisodeSteps: 200, rewardThreshold: 8,
      options: [
        .flag("is_rainy", Taxi().rain != nil, "Whether drives may go astray."),
        .flag(
          "fickle_passenger", Taxi().fickleness != nil, "Whether passengers may change their mind."),
        .number("rainy_probability", 0.8, in: 0...1, "How likely a drive in rain does not."),
        .number("fickle_probability", 0.3, in: 0...1, "How likely a fickle passenger does."),
      ],
      page: page,
      replacing: [
        "Taxi-v3": "rain and fickle passengers are corrected, all else is the same",
        "Taxi-v2": "the map is corrected",
        "Taxi-v1": "the map is corrected and no passenger starts at the destination",
      ]
    ) { options in
      Taxi(
        rain: options["is_rainy"] ? options["rainy_probability"] as Double : nil,
        fickleness: options["fickle_passenger"] ? options["fickle_probability"] as Double : nil)
    }
  ]
}
