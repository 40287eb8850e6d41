import Envs
import Testing

@Suite struct RegistryTests {
  @Test func listsWhatThereIs() {
    let ids = registeredEnvironments().map(\.id)
    #expect(ids == ids.sorted())
    #expect(ids.contains("CartPole-v1") && ids.contains("PointMass-v0"))
  }

  @Test func usersRegisterTheirOwn() throws {
    try register(id: "tests/Corridor-v3", maxEpisodeSteps: 7, rewardThreshold: 0.9) { Corridor() }
    let environments = try make("tests/Corridor-v3", count: 2, seed: 0)
    #expect(environments.timeLimit == 7 && environments.maskSize == 2)
    #expect(environments.metricNames == ["cell"])
    #expect(environments.spec?.rewardThreshold == 0.9)
    #expect(try make("tests/Corridor-v3", seed: 0, timeLimit: 3).timeLimit == 3)
    let error = #expect(throws: EnvironmentError.self) {
      try register(id: "tests/Corridor-v3") { Corridor() }
    }
    #expect(
      error?.description
        == "the environment 'tests/Corridor-v3' is registered already; choose another name or version"
    )
  }

  @Test(arguments: [
    "", "Corridor", "Corridor-v", "-v1", "Cor ridor-v1", "a/b/c-v1", "/c-v0", "X-v1a",
  ])
  func refusesIdsThatAreNone(_ id: String) {
    let error = #expect(throws: EnvironmentError.self) { try register(id: id) { Corridor() } }
    #expect(
      error?.description
        == "'\(id)' is no environment id; an id is a name and a version, such as 'Corridor-v0'")
  }

  @Test func namesTheNearest() {
    let error = #expect(throws: EnvironmentError.self) { try make("cartpol-v1", seed: 0) }
    #expect(error?.kind == .usage)
    #expect(
      error?.description.hasPrefix("unknown environment 'cartpol-v1'; did you mean 'CartPole-v1'")
        == true)
    #expect(throws: EnvironmentError.self) { try makeEpisode("cartpol-v1", seed: 0) }
    let game = #expect(throws: EnvironmentError.self) { try make("Breakout-v1", seed: 0) }
    #expect(game?.description.contains("did you mean 'MinAtar/Breakout-v1'") == true)
  }

  @Test func refusesAbsurdCounts() {
    for count in [0, -3, Int.max] {
      #expect(throws: EnvironmentError.self) { try make("CartPole-v1", count: count, seed: 0) }
    }
    #expect(throws: EnvironmentError.self) {
      try make("CartPole-v1", count: 1, seed: 0, timeLimit: 0)
    }
    #expect(throws: EnvironmentError.self) {
      try register(id: "tests/None-v0", maxEpisodeSteps: 0) { Corridor() }
    }
  }
}
