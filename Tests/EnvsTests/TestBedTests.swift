import CAllocationCounter
import Envs
import Runtime
import Testing

@Suite struct TestBedTests {
  @Test func keepTheirPromises() throws {
    let counter = countsAllocations ? { Int(allocations_of_this_thread()) } : nil
    try checkEnvironment(IdentityTask(3), countingAllocations: counter)
    try checkEnvironment(BitFlipping(), countingAllocations: counter)
    try checkEnvironment(ChainWalk(), countingAllocations: counter)
    try checkEnvironment(TwoArmedBandit(), countingAllocations: counter)
    try checkEnvironment(RepeatPrevious(), countingAllocations: counter)
    try checkEnvironment(RepeatPrevious(16, delay: 15, length: 20))
    try checkEnvironment(RepeatPrevious(2, delay: 0, length: 1))
    try checkEnvironment(TMaze(), countingAllocations: counter)
    try checkEnvironment(TMaze(length: 1))
    try checkEnvironment(
      FilterObservation(CartPole(), keeping: [0, 2]), countingAllocations: counter)
    try checkEnvironment(
      FilterObservation(Pendulum(), keeping: [0, 1]), countingAllocations: counter)
  }

  @Test func tablesAreWhatHappens() {
    checkTable(IdentityTask(3))
    checkTable(BitFlipping(4))
    checkTable(ChainWalk())
    checkTable(TwoArmedBandit())
    checkTable(TMaze(length: 3))
  }

  @Test func bothMethodsAgree() {
    checkAgreement(IdentityTask(5), gamma: 0.9)
    checkAgreement(BitFlipping(5), gamma: 0.9)
    checkAgreement(ChainWalk(), gamma: 0.95)
    checkAgreement(TwoArmedBandit(), gamma: 0.9)
    checkAgreement(TMaze(), gamma: 0.99)
  }

  @Test func identityIsWorthWhatItsPageSays() {
    let solution = valueIteration(IdentityTask(4), gamma: 0.9)
    #expect(solution.values.allSatisfy { $0.isClose(to: 10) })
    #expect(solution.policy == [0, 1, 2, 3])
    var episode = Episode(IdentityTask(), seed: 1, timeLimit: 100)
    while episode.ending == .none { episode.step(episode.environment.state) }
    #expect(episode.returnSoFar == 100)
  }

  @Test(arguments: [1.0, 0.9])
  func flippingBitsIsWorthWhatItsPageSays(_ gamma: Double) {
    let n = 4
    let flipping = BitFlipping(n)
    let solution = valueIteration(flipping, gamma: gamma)
    var sum = 0.0
    for start in flipping.starts {
      let distance = Double((start.state >> n ^ start.state & (1 << n - 1)).nonzeroBitCount)
      let value = gamma == 1 ? 1 - distance : -(1 - pow(gamma, distance - 1)) / (1 - gamma)
      #expect(solution.values[start.state].isClose(to: value))
      sum += distance
    }
    let mean = Double(n * (1 << (n - 1))) / Double(1 << n - 1)
    #expect((sum / Double(flipping.starts.count)).isClose(to: mean))
    if gamma == 1 { #expect(solution.value(atStartOf: flipping).isClose(to: 1 - mean)) }
  }

  @Test func hindsightAsksForTheReward() {
    var episode = Episode(BitFlipping(6), seed: 2)
    var random = PCG64(seed: 3)
    for _ in 0..<500 {
      let result = episode.step(random.integers(0..<6))
      let row = episode.observation()
      let reward = BitFlipping.reward(
        achieved: row.span.extracting(0..<6), desired: row.span.extracting(6..<12))
      #expect(reward == result.reward && (reward == 0) == (result.ending == .terminated))
      #expect(row[0..<6] == row[12..<18])
      if result.ending != .none { episode.reset() }
    }
  }

  @Test func theChainIsWorthWhatItsPageSays() {
    let chain = ChainWalk()
    for gamma in [0.84, 0.9, 0.99] {
      var (a, b) = ((10 * 0.8 + 2 * 0.2) / (1 - 0.8 * gamma), 0.2 * gamma / (1 - 0.8 * gamma))
      for _ in 1..<5 { (a, b) = (2 * 0.2 + 0.8 * gamma * a, 0.2 * gamma + 0.8 * gamma * b) }
      let solution = valueIteration(chain, gamma: gamma)
      #expect(solution.policy == [0, 0, 0, 0, 0])
      #expect(solution.values[0].isClose(to: a / (1 - b)))
      if gamma == 0.9 { #expect((solution.values[0] - 25.4991).magnitude < 1e-4) }
    }
    #expect(valueIteration(chain, gamma: 0.83).policy == [1, 0, 0, 0, 0])
  }

  @Test func banditAndMazeAreWorthWhatTheirPagesSay() {
    #expect(startValue(TwoArmedBandit(), gamma: 1).isClose(to: 0.6))
    #expect(startValue(TwoArmedBandit(0.9, 0.1), gamma: 1).isClose(to: 0.9))
    #expect(startValue(TMaze(), gamma: 1).isClose(to: 4))
    #expect(startValue(TMaze(), gamma: 0.99).isClose(to: 4 * pow(0.99, 10)))
    #expect((4 * pow(0.99, 10) - 3.6175).magnitude < 1e-4)
  }

  /// The signs are told apart at the start and nowhere else.
  @Test func theMazeShowsItsSignOnce() {
    var seen: Set<[Float]> = []
    for seed in 0..<20 {
      var episode = Episode(TMaze(length: 3), seed: UInt64(seed))
      let sign = episode.observation()
      seen.insert(sign)
      let turn = sign == [0, 1, 1] ? 0 : 2
      for _ in 0..<2 {
        episode.step(1)
        #expect(episode.observation() == [1, 0, 1])
      }
      episode.step(1)
      #expect(episode.observation() == [0, 1, 0])
      #expect(episode.step(turn) == StepResult(reward: 4, ending: .terminated))
    }
    #expect(seen == [[0, 1, 1], [1, 1, 0]])
  }

  @Test func memoryEarnsAllAndGuessingLosesHalf() {
    var episode = Episode(RepeatPrevious(), seed: 4)
    var guessed = 0.0
    for _ in 0..<2_000 {
      var seen = [Int(episode.observation()[0])]
      while episode.ending == .none {
        episode.step(seen.count > 4 ? seen[seen.count - 5] : 0)
        seen.append(Int(episode.observation()[0]))
      }
      #expect(seen.count == 53 && episode.returnSoFar.isClose(to: 1))
      episode.reset()
      while episode.ending == .none { episode.step(Int(episode.observation()[0])) }
      guessed += episode.returnSoFar
      episode.reset()
    }
    // A standard deviation of 0.125 an episode.
    #expect((guessed / 2_000 + 0.5).magnitude < 0.012)
  }

  @Test func velocitiesAreHidden() throws {
    var full = Episode(CartPole(), seed: 5)
    var hidden = Episode(FilterObservation(CartPole(), keeping: [0, 2]), seed: 5)
    for _ in 0..<8 {
      #expect(full.step(1) == hidden.step(1))
      #expect(hidden.observation() == [full.observation()[0], full.observation()[2]])
    }
    let poles = try make("PositionOnlyCartPole-v0", seed: 0)
    #expect(
      "\(poles.observationSpace)"
        == "Box([-4.8        -0.41887903], [4.8        0.41887903], (2,), float32)")
    let pendulums = try make("PositionOnlyPendulum-v0", seed: 0)
    #expect("\(pendulums.observationSpace)" == "Box(-1.0, 1.0, (2,), float32)")
  }

  @Test func allAreRegistered() throws {
    for (id, limit) in [
      ("Identity-v0", 100), ("BitFlipping-v0", 15), ("Chain-v0", 1000), ("TwoArmedBandit-v0", nil),
      ("RepeatPrevious-v0", nil), ("TMaze-v0", 100), ("PositionOnlyCartPole-v0", 500),
      ("PositionOnlyPendulum-v0", 200),
    ] as [(String, Int?)] {
      #expect(try make(id, seed: 0).timeLimit == limit)
    }
  }
}

private func pow(_ base: Double, _ exponent: Double) -> Double {
  (0..<Int(exponent)).reduce(1) { product, _ in product * base }
}
