#if Box2D
  import Envs
  import Foundation
  import Runtime
  import Testing

  @Suite struct BipedalWalkerTests {
    @Test(arguments: Goldens.bipedalWalker.indices)
    func drawsTheSameGroundAndBeginsAlmostTheSamePaths(_ index: Int) {
      let golden = Goldens.bipedalWalker[index]
      for early in golden.early {
        let actions = (0..<early.rewards.count).map { step in
          InlineArray<4, Float> { Float(Double((step + 3 * $0) % 7) / 3 - 1) }
        }
        let environment = BipedalWalker(isHardcore: golden.options["hardcore"] == 1)
        // A foot on two edges counts as lifted when one contact ends last in a step, and which one does is
        // for Box2D's order to say, which differs.
        compareEarly(
          golden.name, early, environment, actions, tolerance: 0.02, ignoring: [8, 13]
        ) { $0.ground }
      }
    }

    @Test(arguments: Goldens.bipedalWalker.indices)
    func walksAsFarAsInGymnasium(_ index: Int) {
      let golden = Goldens.bipedalWalker[index]
      let isHardcore = golden.options["hardcore"] == 1
      compareReturns(golden, quickEpisodes: 20) { seed in
        var episode = Episode(
          BipedalWalker(isHardcore: isHardcore), seed: seed, timeLimit: isHardcore ? 2000 : 1600)
        var gait = Gait()
        var action = InlineArray<4, Float>(repeating: 0)
        while episode.ending == .none {
          episode.step(action)
          action = gait.drives(episode.observation().map(Double.init))
        }
        return episode.returnSoFar
      }
    }

    @Test func passesTheChecker() throws {
      try checkEnvironment(BipedalWalker(), steps: 300)
      try checkEnvironment(BipedalWalker(isHardcore: true), steps: 300)
    }

    @Test func forksAreEqual() throws {
      try compareForks(BipedalWalker(), seed: 3, before: 30, after: 60)
      try compareForks(BipedalWalker(isHardcore: true), seed: 3, before: 150, after: 100)
    }
  }

  /// Gymnasium's heuristic for the walker: a machine of three states.
  private struct Gait {
    enum Phase { case standOnOneLeg, putOtherDown, pushOff }
    var phase = Phase.standOnOneLeg
    var moving = 0
    var supportingKnee = 0.1

    mutating func drives(_ s: [Double]) -> InlineArray<4, Float> {
      let speed = 0.29
      // The legs stay as they were for this step even if they change roles in it.
      let (moving, supporting) = (self.moving, 1 - self.moving)
      let (movingBase, supportingBase) = (4 + 5 * moving, 4 + 5 * supporting)
      var hips: [Double?] = [nil, nil]
      var knees: [Double?] = [nil, nil]
      if phase == .standOnOneLeg {
        hips[moving] = 1.1
        knees[moving] = -0.6
        supportingKnee += 0.03
        if s[2] > speed { supportingKnee += 0.03 }
        supportingKnee = min(supportingKnee, 0.1)
        knees[supporting] = supportingKnee
        if s[supportingBase] < 0.10 { phase = .putOtherDown }
      }
      if phase == .putOtherDown {
        hips[moving] = 0.1
        knees[moving] = 0.1
        knees[supporting] = supportingKnee
        if s[movingBase + 4] != 0 {
          phase = .pushOff
          supportingKnee = min(s[movingBase + 2], 0.1)
        }
      }
      if phase == .pushOff {
        knees[moving] = supportingKnee
        knees[supporting] = 1
        if s[supportingBase + 2] > 0.88 || s[2] > 1.2 * speed {
          phase = .standOnOneLeg
          self.moving = supporting
        }
      }
      return InlineArray<4, Float> { index in
        let (leg, base) = (index / 2, 4 + 5 * (index / 2))
        var todo = 0.0
        if index % 2 == 0 {
          if let hip = hips[leg] { todo = 0.9 * (hip - s[base]) - 0.25 * s[base + 1] }
          todo -= 0.9 * (0 - s[0]) - 1.5 * s[1]
        } else {
          // A target of exactly zero is none in Python.
          if let knee = knees[leg], knee != 0 {
            todo = 4 * (knee - s[base + 2]) - 0.25 * s[base + 3]
          }
          todo -= 15 * s[3]
        }
        return Float(max(-1, min(1, 0.5 * todo)))
      }
    }
  }
#endif
