import Envs
import Testing

@Suite struct CartPoleTests {
  @Test(arguments: Goldens.cartPole.episodes.indices)
  func equalsGymnasium(_ index: Int) {
    let golden = Goldens.cartPole.episodes[index]
    let cartPole = CartPole(
      suttonBartoReward: golden.suttonBartoReward, start: golden.low...golden.high)
    let limit = registeredEnvironments().first { $0.id == golden.id }?.maxEpisodeSteps
    var episode = Episode(cartPole, seed: golden.seed, timeLimit: limit)
    var observations = hex(episode.observation())
    var (rewards, endings) = ("", "")
    for action in golden.actions {
      let result = episode.step(action.wholeNumberValue!)
      observations += hex(episode.observation())
      rewards += hex([result.reward])
      endings += letter(result.ending)
      if result.ending != .none {
        episode.reset()
        observations += hex(episode.observation())
      }
    }
    #expect(observations == golden.observations)
    #expect(rewards == golden.rewards)
    #expect(endings == golden.endings)
  }

  @Test func goldensReachEveryKindOfEnding() {
    let endings = Goldens.cartPole.episodes.map(\.endings)
    #expect(endings.contains { $0.contains("t") } && endings.contains { $0.contains("x") })
    let vectors = Goldens.cartPole.vectors.map(\.endings)
    #expect(vectors.allSatisfy { $0.contains("t") && $0.contains("x") })
  }

  @Test func registeredAsInGymnasium() throws {
    let environments = try make("CartPole-v1", seed: 0)
    #expect(environments.spec?.maxEpisodeSteps == 500)
    #expect(environments.spec?.rewardThreshold == 475)
    #expect(environments.timeLimit == 500)
    #expect(
      "\(environments.observationSpace)"
        == "Box([-4.8               -inf -0.41887903        -inf], "
        + "[4.8               inf 0.41887903        inf], (4,), float32)")
    let older = try make("CartPole-v0", seed: 0)
    #expect(older.timeLimit == 200 && older.spec?.rewardThreshold == 195)
  }
}

func letter(_ ending: Ending) -> String {
  switch ending {
  case .none: "."
  case .terminated: "t"
  case .truncated: "x"
  }
}
