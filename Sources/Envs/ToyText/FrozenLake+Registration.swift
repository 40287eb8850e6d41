extension FrozenLake {
  static let page = EnvironmentPage(
    "A frozen lake with holes: walk to the goal over ice that may carry you aside.",
    observations: ["cell, row by row from 0 at the top left"],
    actions: ["left", "down", "right", "up"],
    dynamics: """
      On slippery ice a step goes the way intended with the success rate, else to either side of it \
      with equal odds; walls stop it. Equal to Gymnasium 1.4 for a seed.
      """,
    reward:
      "What reward_schedule says for the cell that is reached: on the goal, in a hole, on ice.",
    start: "On a start cell, each with equal odds.",
    endings: "The goal or a hole is reached.",
    versions: [.init("v1", "Corrected rewards."), .init("v0", "The first.")],
    source: "Gymnasium 1.4, which names none.")

  /// The maps by name, and random ones.
  private static let mapNames = Size.allCases.map(\.rawValue) + ["random"]

  private static func options(_ size: Size) -> [EnvironmentOption] {
    let plain = FrozenLake(size)
    let rewards = plain.rewards
    return [
      .choice(
        "map_name", size.rawValue, among: mapNames, "Which map; random makes one with a path."),
      .texts(
        "desc", [],
        "A map of one's own instead, a text a row, of S, F, H and G (start, ice, hole, goal)."),
      .flag("is_slippery", plain.isSlippery, "Whether the ice may carry one aside."),
      .number(
        "success_rate", plain.successRate, in: 0...1, "How likely slippery ice does not."),
      .numbers(
        "reward_schedule", [rewards.goal, rewards.hole, rewards.ice], count: 3,
        "What reaching the goal, a hole and ice earns."),
      .integer("map_size", 8, in: 2...100, "Cells a side of a random map."),
      .number("map_ice", 0.8, in: 0.05...1, "The odds of ice in a random map."),
      .integer("map_seed", 0, in: 0...Int.max, "What a random map is made from."),
    ]
  }

  init(_ options: OptionValues) throws(EnvironmentError) {
    var map: [String] = options["desc"]
    let name: String = options["map_name"]
    do {
      if map.isEmpty {
        if let size = Size(rawValue: name) {
          map = size.map
        } else {
          let seed: Int = options["map_seed"]
          map = try Self.randomMap(
            size: options["map_size"], frozen: options["map_ice"], seed: UInt64(seed))
        }
      }
      let rewards: [Double] = options["reward_schedule"]
      try self.init(
        map: map, isSlippery: options["is_slippery"], successRate: options["success_rate"],
        rewards: Rewards(goal: rewards[0], hole: rewards[1], ice: rewards[2]))
    } catch {
      // An option is somebody's usage, whatever is wrong with it.
      throw EnvironmentError(.usage, error.description)
    }
  }

  static let registrations = [
    Registration(
      "FrozenLake-v1", maxEpisodeSteps: 100, rewardThreshold: 0.7,
      options: options(.fourByFour), page: page,
      replacing: ["FrozenLake-v0": "its rewards are corrected"]
    ) { try FrozenLake($0) },
    Registration(
      "FrozenLake8x8-v1", maxEpisodeSteps: 200, rewardThreshold: 0.85,
      options: options(.eightByEight), page: page,
      replacing: ["FrozenLake8x8-v0": "its rewards are corrected"]
    ) { try FrozenLake($0) },
  ]
}
