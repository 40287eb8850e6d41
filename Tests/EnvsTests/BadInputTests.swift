import Envs
import Runtime
import Testing

/// What a person or a policy may do wrong with any environment: a sentence each, and no crash.
@Suite struct BadInputTests {
  private static var ids: [String] {
    registeredEnvironments().map(\.id).filter { !$0.hasPrefix("tests/") }
  }

  private func sentence(_ kind: EnvironmentError.Kind, _ body: () throws -> Void) -> String {
    let error = #expect(throws: EnvironmentError.self) { try body() }
    #expect(error?.kind == kind)
    return error?.description ?? ""
  }

  @Test func actionsOutsideTheSpaceAreRefused() throws {
    for id in Self.ids {
      var episode = try makeEpisode(id, seed: 1)
      let space = episode.actionSpace
      var streams = space.streams(seed: 2)
      let good = space.sampleRow(using: &streams)
      if try episode.step(good).ending != .none { episode.reset() }
      let before = try EpisodeSnapshot(episode, step: 1).encoded()
      var bad: [[Float]] = [[], good + [0], Array(repeating: 0, count: 1000)]
      for value in [.nan, .infinity, -.infinity, 1e30, -1e30, 1e9, -7.5] as [Float] {
        bad.append([value] + good.dropFirst())
        bad.append(good.dropLast() + [value])
      }
      for action in bad {
        let said = sentence(.data) { try episode.step(action) }
        #expect(
          said.hasPrefix("the action ") && said.hasSuffix(" is not in the action space \(space)")
            && said.count < 300, "\(id): \(said)")
      }
      // Nothing has happened, and the episode goes on.
      #expect(try EpisodeSnapshot(episode, step: 1).encoded() == before)
      try episode.step(good)
    }
  }

  @Test func stepsAfterAnEndingAreRefused() throws {
    for id in Self.ids {
      var episode = try makeEpisode(id, seed: 1)
      var streams = episode.actionSpace.streams(seed: 2)
      var action = episode.actionSpace.sampleRow(using: &streams)
      for _ in 0..<3000 where episode.ending == .none {
        try episode.step(action)
        action = episode.actionSpace.sampleRow(using: &streams)
      }
      // Nothing ends a walk along a cliff but its end.
      if episode.ending == .none {
        #expect(episode.timeLimit == nil, "\(id)")
        continue
      }
      let steps = episode.elapsedSteps
      #expect(
        sentence(.usage) { try episode.step(action) }
          == "the episode has \(episode.ending) after \(steps) steps; reset it before stepping")
      #expect(episode.elapsedSteps == steps)
      episode.reset()
      #expect(throws: Never.self) { try episode.step(action) }
    }
  }

  /// The typed interfaces do not check: an environment makes do with what it gets, before a reset, after an
  /// ending and whatever the action is.
  @Test func environmentsMakeDoWithAnything() {
    func wild<E: Environment>(_ environment: E) where E.Action == Int {
      var (environment, random) = (environment, PCG64(seed: 1))
      for action in [0, 1, -1, 2, 7, 1000, .max, .min, 1, 1, 1] {
        let result = environment.step(action, using: &random)
        #expect(!result.reward.isNaN)
      }
    }
    wild(CartPole())
    wild(MountainCar())
    wild(Acrobot())
    wild(FrozenLake())
    wild(CliffWalking(isSlippery: true))
    wild(Taxi(rain: 0.8, fickleness: 0.3))
    wild(Blackjack())
    wild(IdentityTask())
    wild(BitFlipping())
    wild(ChainWalk())
    wild(TwoArmedBandit())
    wild(RepeatPrevious())
    wild(TMaze())
    wild(Asterix())
    wild(Breakout())
    wild(Freeway())
    wild(Seaquest())
    wild(SpaceInvaders(actions: .all))
    wild(Navigation2DDiscrete())

    func wild<let n: Int, E: Environment>(_ environment: E, _ size: InlineArray<n, Float>)
    where E.Action == InlineArray<n, Float> {
      var (environment, random) = (environment, PCG64(seed: 1))
      for value in [0, 9, -9, 1e38, -.infinity, .infinity, .nan, 0, 1] as [Float] {
        _ = environment.step(InlineArray(repeating: value), using: &random)
      }
      var row = [E.Element](
        repeating: E.Element(0), count: environment.observationSpace.flatSize)
      var span = row.mutableSpan
      environment.observe(into: &span)
    }
    wild(MountainCarContinuous(), [0])
    wild(Pendulum(), [0])
    wild(PointMass(), [0])
    wild(Navigation2D(), [0, 0])
  }

  @Test func vectorsRefuseWhatIsNoAction() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var environments = VectorEnvironment(count: 2, seed: 0) { Pendulum() }
      environments.step([[0], [.nan]])
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(
      text.hasPrefix(
        "swirl: VectorEnvironment.step: the action nan for environment 1 is not in the action space Box(-2.0, 2.0, (1,), float32)\n"
      ),
      "\(text.prefix(300))")
  }

  @Test(
    arguments: [
      ([], "the map is empty; it must hold a start and a goal"),
      ([""], "the map is empty; it must hold a start and a goal"),
      (["SFG", "HH"], "row 2 of the map has 2 cells and the first 3; all must have as many"),
      (["SXG"], "row 1 of the map holds 'X'; a cell is S, F, H or G (start, ice, hole, goal)"),
      (["SéG"], "row 1 of the map holds 'é'; a cell is S, F, H or G (start, ice, hole, goal)"),
      (
        ["SHG"], "no path over ice leads from a start (S) to a goal (G) of the map; it needs one"
      ),
      (
        ["FFG"], "no path over ice leads from a start (S) to a goal (G) of the map; it needs one"
      ),
      (["SFF"], "no path over ice leads from a start (S) to a goal (G) of the map; it needs one"),
    ] as [([String], String)])
  func mapsWithoutAWayAreRefused(_ map: [String], _ sentence: String) {
    let error = #expect(throws: EnvironmentError.self) { try FrozenLake(map: map) }
    #expect(error?.description == sentence)
    if map.isEmpty { return }  // which as an option stands for the map that has a name
    let option = self.sentence(.usage) {
      _ = try make("FrozenLake-v1", seed: 0, options: ["desc": .list(map.map { .text($0) })])
    }
    #expect(option == "FrozenLake-v1: \(sentence)")
  }
}
