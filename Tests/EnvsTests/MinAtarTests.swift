import CAllocationCounter
import Envs
import Foundation
import Runtime
import Testing

@Suite struct MinAtarTests {
  /// Replays a golden with the game's own program's actions and compares everything.
  private func replay<E: Environment>(
    _ golden: MinAtarGoldens.Episode, _ game: E, prepare: (inout E) throws -> Void = { _ in }
  ) throws where E.Action == Int, E.Element == UInt8 {
    var environment = game
    var random = PCG64(seed: golden.seed)
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var row = [UInt8](repeating: 9, count: game.observationSpace.flatSize)
    func observe() {
      var span = row.mutableSpan
      environment.observe(into: &span)
      for byte in row { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    environment.reset(using: &random)
    try prepare(&environment)
    observe()
    var (rewards, endings) = ([[Int]](), [Int]())
    for (step, action) in golden.actions.enumerated() {
      let result = environment.step(action.wholeNumberValue!, using: &random)
      if result.reward != 0 { rewards.append([step, Int(result.reward)]) }
      observe()
      if result.ending != .none {
        endings.append(step)
        environment.reset(using: &random)
        try prepare(&environment)
        observe()
      }
    }
    #expect(rewards == golden.rewards)
    #expect(endings == golden.endings)
    #expect(hash == UInt64(golden.observations, radix: 16))
  }

  @Test(arguments: Goldens.minAtar.episodes.indices)
  func equalsMinAtar(_ index: Int) throws {
    let golden = Goldens.minAtar.episodes[index]
    func run<E: Environment>(_ game: E) throws where E.Action == Int, E.Element == UInt8 {
      if golden.sticky {
        try replay(golden, Sticky(game, probability: 0.1))
      } else {
        try replay(golden, game)
      }
    }
    switch golden.game {
    case "asterix": try run(Asterix(actions: .all))
    case "breakout": try run(Breakout(actions: .all))
    case "freeway": try run(Freeway(actions: .all))
    case "seaquest" where golden.divers > 0:
      try replay(golden, Seaquest()) { game in
        // A saved game with other numbers in it.
        let state = String(decoding: try JSONEncoder().encode(game), as: UTF8.self)
          .replacing("\"divers\":0", with: "\"divers\":\(golden.divers)")
        game = try JSONDecoder().decode(Seaquest.self, from: Data(state.utf8))
      }
    case "seaquest": try run(Seaquest())
    case "space_invaders": try run(SpaceInvaders(actions: .all))
    default: Issue.record("the golden file has a game \(golden.game) that no test knows")
    }
  }

  @Test func goldensReachWhatMatters() {
    for game in Set(Goldens.minAtar.episodes.map(\.game)) {
      let episodes = Goldens.minAtar.episodes.filter { $0.game == game }
      #expect(episodes.contains { !$0.endings.isEmpty })
      #expect(episodes.contains { !$0.rewards.isEmpty })
      if game != "breakout" && game != "freeway" {
        #expect(episodes.contains { $0.ramp > 0 }, "\(game) never became harder")
      }
    }
    let seaquest = Goldens.minAtar.episodes.filter { $0.game == "seaquest" }
    #expect(seaquest.flatMap(\.rewards).contains { $0[1] > 4 }, "no surfacing with six divers")
    let breakout = Goldens.minAtar.episodes.filter { $0.game == "breakout" }
    let bricks = breakout.flatMap { golden in
      zip([-1] + golden.endings, golden.endings).map { start, end in
        golden.rewards.count { $0[0] > start && $0[0] <= end }
      }
    }
    #expect(bricks.contains { $0 > 30 }, "no second wall of bricks")
  }

  @Test func minimalActionsAreMinAtars() throws {
    // Number of minimal action i among all six: none, left, up, right, down, fire.
    let minimal: [(id: String, moves: [Int])] = [
      ("Asterix", [0, 1, 2, 3, 4]), ("Breakout", [0, 1, 3]), ("Freeway", [0, 2, 4]),
      ("Seaquest", [0, 1, 2, 3, 4, 5]), ("SpaceInvaders", [0, 1, 3, 5]),
    ]
    for (id, moves) in minimal {
      var few = try makeEpisode("MinAtar/\(id)-v1", seed: 7)
      var all = try makeEpisode("MinAtar/\(id)-v0", seed: 7)
      #expect("\(few.actionSpace)" == "Discrete(\(moves.count))")
      #expect("\(all.actionSpace)" == "Discrete(6)")
      for step in 0..<400 {
        let action = (step / 3 + step % 2) % moves.count
        let (a, b) = (try few.step([Float(action)]), try all.step([Float(moves[action])]))
        #expect(a == b)
        if a.ending != .none { break }
      }
    }
  }

  @Test func allPassTheChecker() throws {
    let counter = countsAllocations ? { Int(allocations_of_this_thread()) } : nil
    try checkEnvironment(Sticky(Asterix(), probability: 0.1), countingAllocations: counter)
    try checkEnvironment(Sticky(Breakout(), probability: 0.1), countingAllocations: counter)
    try checkEnvironment(Sticky(Freeway(), probability: 0.1), countingAllocations: counter)
    try checkEnvironment(Sticky(Seaquest(), probability: 0.1), countingAllocations: counter)
    try checkEnvironment(Sticky(SpaceInvaders(), probability: 0.1), countingAllocations: counter)
  }

  @Test func stickyActionsRepeatAsOftenAsTheySay() {
    // Rewards a step in which the action was not taken.
    struct Echo: Environment {
      var last = 0
      var observationSpace: Discrete { Discrete(2) }
      var actionSpace: Discrete { Discrete(2) }
      mutating func reset(using random: inout PCG64) { last = 0 }
      mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
        defer { last = action }
        return StepResult(reward: action == last ? 1 : 0)
      }
      func observe(into observation: inout MutableSpan<Float>) { observation[0] = Float(last) }
    }
    var sticky = Sticky(Echo(), probability: 0.25)
    var random = PCG64(seed: 3)
    sticky.reset(using: &random)
    var repeats = 0.0
    for _ in 0..<20_000 {
      repeats += sticky.step(1 - sticky.base.last, using: &random).reward
    }
    // Binomial(20000, 1/4): five standard deviations are 306.
    #expect((repeats - 5000).magnitude < 306)
  }
}
