#if Box2D
  import Envs
  import Foundation
  import Runtime
  import Testing

  /// Steps through what Gymnasium's episode began with: the same draws, and almost the same numbers.
  func compareEarly<E: Environment>(
    _ name: String, _ early: Box2DGolden.Early, _ environment: E, _ actions: [E.Action],
    tolerance: Float, ignoring ignored: Set<Int> = [], ground: (E) -> [Double]
  ) where E.Element == Float {
    var episode = Episode(environment, seed: early.seed)
    let heights = ground(episode.environment)
    #expect(heights == early.ground, "\(name) draws another ground for seed \(early.seed)")
    var worst: (difference: Float, step: Int, element: Int) = (0, 0, 0)
    func look(_ step: Int) {
      let (mine, theirs) = (episode.observation(), early.observations[step])
      for element in mine.indices where !ignored.contains(element) {
        let difference = abs(mine[element] - theirs[element])
        if difference > worst.difference { worst = (difference, step, element) }
      }
    }
    look(0)
    for (step, action) in actions.enumerated() {
      let reward = episode.step(action).reward
      #expect(
        abs(reward - early.rewards[step]) < 0.1,
        "\(name), seed \(early.seed): reward \(reward), not \(early.rewards[step]), at step \(step)"
      )
      look(step + 1)
    }
    #expect(
      worst.difference < tolerance,
      "\(name), seed \(early.seed): element \(worst.element) is \(worst.difference) off at step \(worst.step)"
    )
    var stream = episode.dynamics
    #expect(stream.random() == early.next, "\(name) draws another number of random numbers")
  }

  /// Plays the seeds 0, 1, 2 … and holds the mean return against Gymnasium's interval: all of the seeds
  /// where the long tests run, else some, with the wider interval of so few.
  func compareReturns(
    _ golden: Box2DGolden, quickEpisodes: Int, play: (_ seed: UInt64) -> Double
  ) {
    let isLong = ProcessInfo.processInfo.environment["SWIRL_LONG_TESTS"] == "1"
    let count = isLong ? golden.returns.count : quickEpisodes
    let returns = (0..<UInt64(count)).map(play)
    let mean = returns.reduce(0, +) / Double(count)
    let widening = (Double(golden.returns.count) / Double(count)).squareRoot()
    let low = golden.meanReturn - (golden.meanReturn - golden.low) * widening
    let high = golden.meanReturn + (golden.high - golden.meanReturn) * widening
    #expect(
      mean >= low && mean <= high,
      "\(golden.name): the mean return is \(mean), Gymnasium's lies in \(low) ... \(high)")
  }

  private struct ForkMoment<Element: ObservationElement>: Equatable {
    let result: StepResult
    let observation: [Element]
  }

  /// Forks an episode in the middle and plays every branch: the copy first, the original, one that was
  /// saved, and a copy that waited until the others were done.
  func compareForks<E: Environment>(
    _ environment: E, seed: UInt64, before: Int, after: Int
  ) throws {
    var streams = environment.actionSpace.streams(seed: seed)
    let actions = (0..<before + after).map { _ in
      environment.actionSpace.sampleRow(using: &streams).withUnsafeBufferPointer {
        E.Action(row: $0.baseAddress!, count: $0.count)
      }
    }
    func play(_ episode: inout Episode<E>, _ actions: ArraySlice<E.Action>) -> [ForkMoment<
      E.Element
    >] {
      actions.map { action in
        let result = episode.step(action)
        let moment = ForkMoment(result: result, observation: episode.observation())
        if result.ending != .none { episode.reset() }
        return moment
      }
    }
    var original = Episode(environment, seed: seed)
    _ = play(&original, actions.prefix(before))
    let seen = original.observation()
    var first = original
    var waiting = original
    var saved = try JSONDecoder().decode(
      Episode<E>.self, from: try JSONEncoder().encode(original))
    #expect(saved.observation() == seen, "an episode looks different after it was saved")
    let branch = play(&first, actions.suffix(after))
    #expect(original.observation() == seen, "a copy that is stepped changes the original")
    #expect(play(&original, actions.suffix(after)) == branch)
    #expect(play(&saved, actions.suffix(after)) == branch)
    #expect(waiting.observation() == seen, "stepping the original changes its copy")
    #expect(play(&waiting, actions.suffix(after)) == branch)
  }
#endif
