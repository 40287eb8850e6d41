import Envs
import Foundation
import Runtime
import Testing

@Suite struct EpisodeTests {
  @Test func aCopyIsAFork() {
    var episode = Episode(CartPole(), seed: 3, timeLimit: 30)
    for action in [0, 1, 1] { episode.step(action) }
    var fork = episode
    let before = episode.observation()
    for action in [1, 0, 1, 0] { fork.step(action) }
    #expect(episode.observation() == before && episode.elapsedSteps == 3)
    for action in [1, 0, 1, 0] { episode.step(action) }
    #expect(episode.observation() == fork.observation())
    fork.reset()
    episode.reset()
    #expect(episode.observation() == fork.observation())
  }

  @Test func savesMidWay() throws {
    var episode = Episode(TimeLimit(CartPole(), steps: 20), seed: 3)
    for action in [0, 1, 1, 0, 1] { episode.step(action) }
    let data = try JSONEncoder().encode(episode)
    var restored = try JSONDecoder().decode(type(of: episode), from: data)
    for step in 6...20 {
      let (first, second) = (episode.step(step % 2), restored.step(step % 2))
      #expect(first == second)
      #expect(episode.observation() == restored.observation())
      #expect((first.ending == .truncated) == (step == 20))
    }
    #expect(restored.returnSoFar == 20 && restored.ending == .truncated)
  }

  @Test func limitsAgree() {
    var inside = Episode(TimeLimit(PointMass(), steps: 6), seed: 1)
    var outside = Episode(PointMass(), seed: 1, timeLimit: 6)
    for step in 1...6 {
      let (first, second) = (inside.step([0.5]), outside.step([0.5]))
      #expect(first == second)
      #expect((first.ending == .truncated) == (step == 6))
    }
  }

  @Test func aTerminationWinsOverTheLimit() {
    var episode = Episode(
      Corridor(), seed: 0, timeLimit: 8 - Episode(Corridor(), seed: 0).environment.position)
    while episode.ending == .none { episode.step(1) }
    #expect(episode.ending == .terminated)
  }

  @Test func anyEpisodeStepsAsTheTypedOne() throws {
    var typed = Episode(CartPole(), seed: 42, timeLimit: 500)
    var erased = try makeEpisode("CartPole-v1", seed: 42)
    #expect(erased.spec?.id == "CartPole-v1")
    for action in [0, 1, 0, 0, 1] {
      #expect(try erased.step([Float(action)]) == typed.step(action))
      #expect(erased.observation == typed.observation())
    }
    #expect(erased.elapsedSteps == 5 && erased.returnSoFar == 5)
    erased.reset(seed: 42)
    #expect(erased.observation == Episode(CartPole(), seed: 42).observation())
  }

  @Test(
    arguments: [
      ([2], "the action 2 is not in the action space Discrete(2)"),
      ([0.5], "the action 0.5 is not in the action space Discrete(2)"),
      ([.nan], "the action nan is not in the action space Discrete(2)"),
      ([0, 1], "the action [0, 1] is not in the action space Discrete(2)"),
      ([], "the action [] is not in the action space Discrete(2)"),
    ] as [([Float], String)])
  func refusesActionsOutsideTheSpace(_ action: [Float], _ sentence: String) throws {
    var episode = try makeEpisode("CartPole-v1", seed: 0)
    let error = #expect(throws: EnvironmentError.self) { try episode.step(action) }
    #expect(error?.description == sentence)
  }

  @Test func refusesStepsAfterAnEnding() throws {
    var episode = try makeEpisode("CartPole-v1", seed: 0)
    while try episode.step([1]).ending == .none {}
    let steps = episode.elapsedSteps
    let error = #expect(throws: EnvironmentError.self) { try episode.step([1]) }
    #expect(
      error?.description
        == "the episode has terminated after \(steps) steps; reset it before stepping")
    episode.reset()
    #expect(throws: Never.self) { try episode.step([1]) }
  }
}
