#if Box2D
  import CAllocationCounter
  import Envs
  import Foundation
  import Runtime
  import Testing

  @Suite struct LunarLanderTests {
    private func options(_ golden: Box2DGolden) -> LunarLanderOptions {
      LunarLanderOptions(
        gravity: golden.options["gravity"] ?? -10, hasWind: golden.options["enable_wind"] == 1,
        windPower: golden.options["wind_power"] ?? 15,
        turbulencePower: golden.options["turbulence_power"] ?? 1.5)
    }

    @Test(arguments: Goldens.lunarLander.indices)
    func drawsTheSameMoonsAndFliesAlmostTheSamePaths(_ index: Int) {
      let golden = Goldens.lunarLander[index]
      for early in golden.early {
        if golden.options["continuous"] == 1 {
          let actions = (0..<early.rewards.count).map { step -> InlineArray<2, Float> in
            [Float(Double(step % 7) / 3 - 1), Float(Double(step % 5) / 2 - 1)]
          }
          let environment = LunarLanderContinuous(options(golden))
          compareEarly(golden.name, early, environment, actions, tolerance: 0.01) { $0.ground }
        } else {
          let actions = (0..<early.rewards.count).map { $0 / 2 % 4 }
          let environment = LunarLander(options(golden))
          compareEarly(golden.name, early, environment, actions, tolerance: 0.01) { $0.ground }
        }
      }
    }

    @Test(arguments: Goldens.lunarLander.indices)
    func landsAsWellAsInGymnasium(_ index: Int) {
      let golden = Goldens.lunarLander[index]
      compareReturns(golden, quickEpisodes: 30) { seed in
        if golden.options["continuous"] == 1 {
          var episode = Episode(
            LunarLanderContinuous(options(golden)), seed: seed, timeLimit: 1000)
          while episode.ending == .none {
            let (angle, hover) = heuristic(episode.observation())
            episode.step([
              Float(max(-1, min(1, hover * 20 - 1))), Float(max(-1, min(1, -angle * 20))),
            ])
          }
          return episode.returnSoFar
        }
        var episode = Episode(LunarLander(options(golden)), seed: seed, timeLimit: 1000)
        while episode.ending == .none {
          let (angle, hover) = heuristic(episode.observation())
          let action =
            hover > abs(angle) && hover > 0.05 ? 2 : angle < -0.05 ? 3 : angle > 0.05 ? 1 : 0
          episode.step(action)
        }
        return episode.returnSoFar
      }
    }

    /// What Gymnasium's heuristic wants to change: the angle, and the height.
    private func heuristic(_ s: [Float]) -> (angle: Double, hover: Double) {
      let s = s.map(Double.init)
      if s[6] != 0 || s[7] != 0 { return (0, -s[3] * 0.5) }
      let angle = max(-0.4, min(0.4, s[0] * 0.5 + s[2]))
      return (
        (angle - s[4]) * 0.5 - s[5], (0.55 * abs(s[0]) - s[1]) * 0.5 - s[3] * 0.5
      )
    }

    @Test func passesTheChecker() throws {
      try checkEnvironment(LunarLander())
      try checkEnvironment(LunarLanderContinuous(LunarLanderOptions(hasWind: true)))
    }

    @Test func forksAreEqual() throws {
      // The first fork in flight, the second in the episode after the first crash.
      try compareForks(LunarLander(), seed: 4, before: 40, after: 200)
      try compareForks(LunarLander(), seed: 4, before: 140, after: 60)
      try compareForks(
        LunarLanderContinuous(LunarLanderOptions(hasWind: true)), seed: 5, before: 60, after: 200)
    }

    /// A wrapper may draw from the same stream, which a replay must not depend on.
    @Test func forksAreEqualUnderAWrapperThatDraws() throws {
      try compareForks(Sticky(LunarLander(), probability: 0.5), seed: 4, before: 40, after: 60)
    }

    @Test func aStepInFlightAllocatesNothing() {
      guard countsAllocations else { return }
      var lander = LunarLander()
      var random = PCG64(seed: 1)
      for _ in 0..<2 {
        // The second episode finds room for its actions.
        lander.reset(using: &random)
        for _ in 0..<40 { _ = lander.step(0, using: &random) }
      }
      lander.reset(using: &random)
      let before = allocations_of_this_thread()
      for step in 0..<40 { _ = lander.step(step % 4, using: &random) }
      #expect(allocations_of_this_thread() == before)
    }

    @Test func refusesSavedOptionsThatCannotBe() throws {
      let saved = try JSONEncoder().encode(LunarLander())
      let bad = String(decoding: saved, as: UTF8.self).replacing("-10", with: "3")
      let error = #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(LunarLander.self, from: Data(bad.utf8))
      }
      guard case .dataCorrupted(let context) = error else { return #expect(error == nil) }
      #expect(context.debugDescription == "the gravity is 3.0; it must lie between -12 and 0")
    }
  }
#endif
