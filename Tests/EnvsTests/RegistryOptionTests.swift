import Envs
import Runtime
import Testing

@Suite struct RegistryOptionTests {
  private func sentence(_ body: () throws -> Void) -> String {
    let error = #expect(throws: EnvironmentError.self) { try body() }
    #expect(error?.kind == .usage)
    return error?.description ?? ""
  }

  /// What a registered environment does with random actions: everything that options could change.
  private func trace(_ id: String, _ options: [String: OptionValue]) throws -> [[Double]] {
    var episode = try makeEpisode(id, seed: 3, options: options)
    var actions = PCG64(seed: 4)
    var trace = [episode.observation.map(Double.init)]
    // MuJoCo's tasks show everything early and take a hundred times as long for a step.
    for _ in 0..<(id.hasSuffix("-v5") ? 60 : 300) {
      let result = try episode.step(episode.actionSpace.row(sampledWith: &actions))
      trace.append(
        [result.reward, Double(result.ending.rawValue)] + episode.observation.map(Double.init))
      if result.ending != .none { episode.reset() }
    }
    return trace
  }

  @Test func optionsReachTheEnvironment() throws {
    func environment<E: Environment>(
      _ id: String, _ options: [String: OptionValue], as type: E.Type = E.self
    ) throws -> E {
      let made = try make(id, count: 2, seed: 0, options: options)
      #expect(made.spec?.options.count == options.count)
      return try #require(made.typed(as: E.self))[1].environment
    }
    let lake: FrozenLake = try environment(
      "FrozenLake-v1",
      [
        "desc": ["SFG", "HHH"], "is_slippery": false, "success_rate": 1,
        "reward_schedule": [10, -1, 0.5],
      ])
    #expect(lake.rows == 2 && lake.columns == 3 && !lake.isSlippery && lake.successRate == 1)
    #expect(lake.rewards == FrozenLake.Rewards(goal: 10, hole: -1, ice: 0.5))
    let taxi: Taxi = try environment("Taxi-v4", ["is_rainy": true, "fickle_passenger": true])
    #expect(taxi.rain == 0.8 && taxi.fickleness == 0.3)
    let dry: Taxi = try environment("Taxi-v4", ["rainy_probability": 0.5])
    #expect(dry.rain == nil && dry.fickleness == nil)
    let blackjack: Blackjack = try environment("Blackjack-v1", ["natural": true, "sab": false])
    #expect(!blackjack.followsBook && blackjack.naturalBonus)
    let maze: TMaze = try environment("TMaze-v0", ["length": 4])
    #expect(maze.length == 4)
    let game: Sticky<Breakout> = try environment(
      "MinAtar/Breakout-v0", ["sticky_action_prob": 0.5, "use_minimal_action_set": true])
    #expect(game.probability == 0.5 && game.actionSpace.n == 3)
  }

  /// Each option of each environment does something, whatever its default.
  @Test func everyOptionChangesSomething() throws {
    let needed: [String: [String: OptionValue]] = [
      "map_size": ["map_name": "random"], "map_ice": ["map_name": "random"],
      "map_seed": ["map_name": "random"], "rainy_probability": ["is_rainy": true],
      "fickle_probability": ["fickle_passenger": true], "natural": ["sab": false],
      "wind_power": ["enable_wind": true], "turbulence_power": ["enable_wind": true],
      "terminate_when_unhealthy": ["healthy_z_range": [0.9, 1.25]],
    ]
    let others: [String: OptionValue] = [
      "book_or_nips": "nips", "map_name": "random", "desc": ["SFFFFFFG"],
      "reward_schedule": [2, -3, -4], "n": 11, "length": 7, "delay": 2, "dt": 0.1, "g": 3,
      "torque_noise_max": 1, "x_init": 0.1, "y_init": 0.1, "map_size": 5, "map_ice": 0.99,
      "map_seed": 9, "goal_velocity": 0.01, "slip": 0.9, "reset_noise_scale": 0.05,
      "main_body": "3",
      "healthy_z_range": [0.9, 1.25], "healthy_angle_range": [-0.01, 0.01],
      "healthy_state_range": [-1, 1], "contact_force_range": [-0.1, 0.1],
      "contact_cost_range": [-1, 0], "impact_cost_range": [-1, 0],
    ]
    // Where random actions never get that far in 300 steps.
    let unseen: Set = [
      "goal_velocity", "difficulty_ramping", "fickle_probability", "sab", "lap_complete_percent",
    ]
    // What other tests look at, and what changes nothing in Gymnasium either.
    let elsewhere: Set = ["xml_file", "uph_cost_weight", "randomize"]
    for spec in registeredEnvironments() where !spec.id.hasPrefix("tests/") {
      for option in try environmentOptions(of: spec.id)
      where !unseen.union(elsewhere).contains(option.name) {
        let base = needed[option.name] ?? [:]
        var other = base
        switch option.kind {
        case .flag: other[option.name] = option.defaultValue == true ? false : true
        case .number(let range) where others[option.name] == nil:
          guard case .number(let value) = option.defaultValue else { continue }
          let half = (value + range.upperBound) / 2
          other[option.name] = .number(
            option.name == "low" ? value - 0.01 : option.name == "high" ? value + 0.01 : half)
        // Too far to walk at random.
        case .integer where spec.id == "TMaze-v0": other[option.name] = 1
        case .integer(let range) where others[option.name] == nil:
          let isLow = option.defaultValue == .integer(range.lowerBound)
          other[option.name] = .integer(range.lowerBound + (isLow ? 1 : 0))
        default: other[option.name] = others[option.name]
        }
        #expect(
          try trace(spec.id, base) != trace(spec.id, other), "\(spec.id) \(option.name)")
      }
    }
  }

  @Test func defaultsAreTheOnesWithoutOptions() throws {
    for spec in registeredEnvironments() where !spec.id.hasPrefix("tests/") {
      let options = try environmentOptions(of: spec.id)
      let given = Dictionary(uniqueKeysWithValues: options.map { ($0.name, $0.defaultValue) })
      #expect(try trace(spec.id, [:]) == trace(spec.id, given), "\(spec.id)")
      for option in options {
        #expect(!option.summary.isEmpty && !option.summary.contains("\n"), "\(spec.id)")
        // What the page prints can be typed.
        #expect(
          try environmentOptions(["\(option.name)=\(option.defaultValue)"], of: spec.id)
            == [option.name: option.defaultValue])
      }
    }
  }

  @Test func readsThemFromText() throws {
    #expect(
      try environmentOptions(
        [
          "desc=SFFF, FHFG", "is_slippery=False", "success_rate=.5", "reward_schedule=[1,-1,0]",
          "map_size=1_0",
        ], of: "FrozenLake-v1")
        == [
          "desc": ["SFFF", "FHFG"], "is_slippery": false, "success_rate": 0.5,
          "reward_schedule": .list([.number(1), .number(-1), .number(0)]), "map_size": 10,
        ])
    #expect(try environmentOptions(["gravity=12"], of: "Pendulum-v1") == ["g": .number(12)])
    #expect(
      try make("Pendulum-v1", seed: 0, options: ["gravity": 12]).spec?.options == ["g": .number(12)]
    )
  }

  @Test(arguments: [
    ("Pendulum-v1", "gravty=3", "Pendulum-v1 has no option 'gravty'; did you mean"),
    ("PointMass-v0", "g=3", "PointMass-v0 has no option 'g'; it takes none"),
    (
      "Pendulum-v1", "y_init=9",
      "option y_init of Pendulum-v1 is '9'; it must be a number from 0 to 8"
    ),
    (
      "Pendulum-v1", "g=nan",
      "option g of Pendulum-v1 is 'nan'; it must be a number from -100 to 100"
    ),
    ("Pendulum-v1", "g=", "option g of Pendulum-v1 is ''; it must be a number"),
    ("Pendulum-v1", "=3", "the option '=3' is not of the form name=value"),
    ("Pendulum-v1", "g", "the option 'g' is not of the form name=value"),
    (
      "Taxi-v4", "is_rainy=maybe",
      "option is_rainy of Taxi-v4 is 'maybe'; it must be true or false"
    ),
    (
      "TMaze-v0", "length=0",
      "option length of TMaze-v0 is '0'; it must be a whole number from 1 to"
    ),
    ("TMaze-v0", "length=2.5", "option length of TMaze-v0 is '2.5'; it must be a whole number"),
    (
      "FrozenLake-v1", "map_name=5x5",
      "option map_name of FrozenLake-v1 is '5x5'; it must be one of 4x4, 8x8, random"
    ),
    (
      "FrozenLake-v1", "reward_schedule=1,2",
      "option reward_schedule of FrozenLake-v1 is '1,2'; it must be 3 numbers, such as 1,0,0"
    ),
  ])
  func badTextGetsASentence(_ id: String, _ text: String, _ beginning: String) {
    let said = sentence { _ = try environmentOptions([text], of: id) }
    #expect(said.hasPrefix(beginning), "\(said)")
  }

  @Test func badValuesGetASentence() throws {
    #expect(
      sentence { _ = try make("CartPole-v1", seed: 0, options: ["lwo": 0]) }
        == "CartPole-v1 has no option 'lwo'; did you mean 'low'?")
    #expect(
      sentence { _ = try make("CartPole-v1", seed: 0, options: ["low": 0.3]) }
        == "CartPole-v1: option low is 0.3 and high 0.05; low must not exceed high")
    #expect(
      sentence { _ = try makeEpisode("CartPole-v1", seed: 0, options: ["low": "x"]) }
        == "option low of CartPole-v1 is x; it must be a number from -0.4 to 0.4")
    #expect(
      sentence { _ = try makeEpisode("FrozenLake-v1", seed: 0, options: ["desc": ["SH", "HG"]]) }
        == "FrozenLake-v1: no path over ice leads from a start (S) to a goal (G) of the map; it needs "
        + "one")
    #expect(
      sentence {
        _ = try makeEpisode("RepeatPrevious-v0", seed: 0, options: ["delay": 9, "length": 9])
      } == "RepeatPrevious-v0: option delay is 9 and length 9; delay must be less than length")
    #expect(
      sentence { _ = try make("Pendulum-v1", seed: 0, options: ["g": 9, "gravity": 3]) }
        == "option g of Pendulum-v1 is given twice, once as gravity; give it once")
    #expect(
      sentence { _ = try environmentOptions(["g=9", "gravity=3"], of: "Pendulum-v1") }
        == "option g of Pendulum-v1 is given twice; give it once")
  }

  @Test func usersDeclareTheirOwn() throws {
    try register(
      id: "tests/Maze-v1", options: [.integer("length", 3, in: 1...9, "Steps to the junction.")],
      replacing: ["tests/Maze-v0": "it is longer"]
    ) { TMaze(length: $0["length"]) }
    let maze = try make("tests/Maze-v1", seed: 0, options: ["length": 5]).typed(as: TMaze.self)
    #expect(maze?[0].environment.length == 5)
    #expect(try environmentSpec("tests/Maze-v0").id == "tests/Maze-v1")
    #expect(
      sentence {
        try register(
          id: "tests/Twice-v0",
          options: [.flag("a", true, "A."), .flag("b", true, "B.", aliases: ["a"])]
        ) { _ in Corridor() }
      } == "'tests/Twice-v0' declares the option 'a' twice; each needs its own name")
    #expect(
      sentence { try register(id: "tests/Maze-v0") { Corridor() } }
        == "the environment 'tests/Maze-v0' is registered already; choose another name or version")
  }

  @Test func outdatedIdsSayWhatTookTheirPlace() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      for _ in 0..<2 {
        let episode = try makeEpisode("Taxi-v3", seed: 0)
        if episode.spec?.id != "Taxi-v4" { throw EnvironmentError(.data, "another spec") }
      }
    }
    #expect(
      String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        == "swirl: Taxi-v3 is outdated and Taxi-v4 takes its place: rain and fickle passengers are "
        + "corrected, all else is the same\n")
  }

  @Test func wrongReadsAreProgrammingMistakes() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try register(id: "tests/Wrong-v0", options: [.flag("a", true, "A.")]) {
        TMaze(length: $0["a"])
      }
      _ = try make("tests/Wrong-v0", seed: 0)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(
      text.hasPrefix("swirl: OptionValues: the option 'a' holds true, which is not a whole number"))
  }
}

extension Space {
  fileprivate func row(sampledWith random: inout PCG64) -> [Float] {
    row(of: sample(using: &random))
  }
}
