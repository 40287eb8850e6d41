import Agents
import Envs
import Foundation
import Policy
import Replay
import Runtime
import Tensors
import Testing

@Suite struct DQNTests {
  private static func small(_ change: (inout DQNConfiguration) -> Void = { _ in })
    -> DQNConfiguration
  {
    var settings = DQNConfiguration()
    settings.networkArchitecture = [12, 8]
    settings.learningStarts = 30
    settings.batchSize = 16
    settings.bufferSize = 300
    settings.reportInterval = 24
    settings.targetUpdateInterval = 50
    settings.gradientSteps = -1
    change(&settings)
    return settings
  }

  private static let variants: [DQNConfiguration] = [
    small(), small { $0.doubleQ = true },
    small {
      $0.dueling = true
      $0.normalizeObservations = true
    },
    small { $0.prioritizedReplay = true },
    small {
      $0.atomCount = 11
      $0.lowestValue = 0
      $0.highestValue = 30
      $0.stepsPerReturn = 3
    },
    small {
      $0.dueling = true
      $0.doubleQ = true
      $0.atomCount = 5
      $0.prioritizedReplay = true
      $0.tau = 0.1
    },
  ]

  private static func files(_ agent: DQN) throws -> [String: Data] {
    var files = try agent.snapshot()
    for segment in agent.segments { files[segment.name] = segment.data() }
    return files
  }

  @Test(arguments: variants.indices)
  func workersDoNotChangeABit(_ variant: Int) throws {
    var results: [[String: Data]] = []
    for workers in [1, 3] {
      var environments = try make("CartPole-v1", count: 5, seed: 3)
      var agent = try DQN(for: environments, Self.variants[variant], seed: 3)
      try agent.train(on: &environments, steps: 500, workers: workers)
      results.append(try Self.files(agent))
    }
    #expect(results[0] == results[1])
  }

  @Test(arguments: variants.indices)
  func aRestoredAgentContinuesExactly(_ variant: Int) throws {
    let pool = WorkerPool(threads: 1)
    let settings = Self.variants[variant]
    var environments = try make("CartPole-v1", count: 3, seed: 8)
    var agent = try DQN(for: environments, settings, seed: 8, totalSteps: 1200)
    for _ in 0..<6 { _ = try agent.iterate(on: &environments, pool: pool) }
    let (files, state) = (try Self.files(agent), try environments.encodedState())
    for _ in 0..<4 { _ = try agent.iterate(on: &environments, pool: pool) }
    var freshEnvironments = try make("CartPole-v1", count: 3, seed: 99)
    var fresh = try DQN(for: freshEnvironments, settings, seed: 99, totalSteps: 1200)
    try fresh.restore(files, directory: "checkpoint")
    try freshEnvironments.restoreState(state)
    for _ in 0..<4 { _ = try fresh.iterate(on: &freshEnvironments, pool: pool) }
    #expect(try Self.files(fresh) == Self.files(agent))
  }

  @Test func warmIterationsTakeNoBufferFromTheSystem() throws {
    for settings in Self.variants {
      var environments = try make("CartPole-v1", count: 2, seed: 1)
      var agent = try DQN(for: environments, settings, seed: 1, totalSteps: 100_000)
      let pool = WorkerPool(threads: 1)
      for _ in 0..<10 { _ = try agent.iterate(on: &environments, pool: pool) }
      let misses = BufferPool.missesOfThisThread
      for _ in 0..<20 { _ = try agent.iterate(on: &environments, pool: pool) }
      #expect(BufferPool.missesOfThisThread == misses)
    }
  }

  /// Pictures stay bytes in the replay, and a convolution reads them.
  @Test func itLearnsFromPictures() throws {
    let settings = Self.small { $0.dueling = true }
    let pool = WorkerPool(threads: 1)
    var environments = try make("MinAtar/Breakout-v1", count: 2, seed: 8)
    #expect(environments.observesBytes)
    var agent = try DQN(for: environments, settings, seed: 8, totalSteps: 600)
    for _ in 0..<3 { _ = try agent.iterate(on: &environments, pool: pool) }
    let (files, state) = (try Self.files(agent), try environments.encodedState())
    let bytes = environments.observationSize
    #expect(
      ReplayBuffer.byteCount(
        capacity: 300, layout: .init(observationSize: bytes, observesBytes: true, actionSize: 1))
        == agent.replayByteCount)
    for _ in 0..<2 { _ = try agent.iterate(on: &environments, pool: pool) }
    var freshEnvironments = try make("MinAtar/Breakout-v1", count: 2, seed: 9)
    var fresh = try DQN(for: freshEnvironments, settings, seed: 9, totalSteps: 600)
    try fresh.restore(files, directory: "checkpoint")
    try freshEnvironments.restoreState(state)
    for _ in 0..<2 { _ = try fresh.iterate(on: &freshEnvironments, pool: pool) }
    #expect(try Self.files(fresh) == Self.files(agent))
    let saved = try Actor(decoding: try agent.policy.encoded(), file: "m")
    #expect(
      try evaluate(saved, in: freshEnvironments.fresh(count: 2, seed: 3), seed: 3).episodes == 2)
  }

  /// Both ends of a dueling network are one linear layer: the saved policy chooses as the network does.
  @Test(arguments: [1, 7])
  func aSavedDuelingNetworkHasItsValues(atoms: Int) throws {
    let settings = Self.small {
      $0.dueling = true
      $0.atomCount = atoms
    }
    var environments = try make("CartPole-v1", count: 1, seed: 2)
    var agent = try DQN(for: environments, settings, seed: 2)
    try agent.train(on: &environments, steps: 300)
    var random = PCG64(seed: 1)
    let x = Tensor.normal([20, 4], using: &random)
    let saved = try Actor(decoding: try agent.policy.encoded(), file: "m")
    let (found, expected) = (saved.policy(x).scalars, agent.networks.online(x).scalars)
    #expect(found.count == 20 * 2 * atoms)
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-4 * (1 + abs(b))) }
    let fresh = try make("CartPole-v1", count: 3, seed: 5)
    let drawn = try evaluate(saved, in: fresh, seed: 5, deterministic: false)
    #expect(try evaluate(saved, in: fresh, seed: 5).returns == drawn.returns)
  }

  @Test func whatDQNCannotLearnIsRefused() throws {
    let cartPole = try make("CartPole-v1", seed: 1)
    for (assignments, words) in [
      (["n_atoms=0"], "n_atoms"), (["v_min=3", "v_max=1"], "v_min is 3"),
      (["v_min=1e39", "v_max=1e40"], "v_min is 1e+39"), (["v_max=1e300"], "v_max, which is 1e+300"),
      (["v_min=0", "v_max=1e-46", "n_atoms=51"], "32 bits"),
      (["v_min=0", "v_max=1e-44", "n_atoms=51"], "32 bits"),
      (["goal_selection_strategy=future"], "the environment has no goals"),
      (["goal_selection_strategy=future", "prioritized_replay=true"], "prioritized_replay"),
      (["exploration_fraction=1.5"], "exploration_fraction"),
    ] {
      let settings = try assignments.reduce(DQNConfiguration()) { try $0.applying($1) }
      let error = #expect(throws: RunError.self) { try DQN(for: cartPole, settings, seed: 1) }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
    let error = #expect(throws: RunError.self) {
      try DQN(for: make("Pendulum-v1", seed: 1), seed: 1)
    }
    #expect(error?.description.contains("dqn chooses among discrete actions") == true)
    #expect(throws: RunError.self) {
      try DQNConfiguration().applying("goal_selection_strategy=past")
    }
  }

  // MARK: - Hindsight

  /// Every relabelled row: its goal was achieved later in its episode, and reward and ending are the
  /// environment's own for it.
  @Test(arguments: HindsightGoals.Strategy.allCases)
  func goalsInHindsightWereAchieved(_ strategy: HindsightGoals.Strategy) throws {
    let n = 5
    var environments = VectorEnvironment(count: 2, seed: 1, timeLimit: 5) { BitFlipping(n) }
    let columns = try #require(environments.goals)
    #expect(columns.achieved == 0..<5 && columns.desired == 5..<10)
    let goals = HindsightGoals(
      strategy, ratio: 3, achieved: columns.achieved, desired: columns.desired
    ) { achieved, desired in
      let result = columns.outcome(achieved, desired)
      return (result.reward, result.ending == .terminated)
    }
    // Played by hand, each episode's frames kept beside the buffer.
    var buffer = ReplayBuffer(
      capacity: 400, layout: .init(observationSize: 15, actionSize: 1), environmentCount: 2)
    var random = PCG64(seed: 7)
    var rows = [Float](repeating: 0, count: 30)
    var finals = rows
    var (actions, rewards) = ([Float](repeating: 0, count: 2), [Double](repeating: 0, count: 2))
    var endings = [Ending](repeating: .none, count: 2)
    environments.withStepper { stepper in
      rows.withUnsafeMutableBytes { stepper.observe(0..<2, into: $0.baseAddress!) }
      buffer.begin(rows)
      for _ in 0..<300 {
        for i in 0..<2 { actions[i] = Float(random.integers(0..<n)) }
        rows.withUnsafeMutableBytes { rows in
          finals.withUnsafeMutableBytes { finals in
            stepper.step(
              0..<2,
              StepRows(
                actions: actions, observations: rows.baseAddress!,
                finalObservations: finals.baseAddress!, rewards: &rewards, endings: &endings))
          }
        }
        buffer.append(
          actions: actions, rewards: rewards, endings: endings.map(\.rawValue),
          finalObservations: finals, observations: rows)
      }
    }
    let drawn = buffer.draw(2000, using: &random)
    var (now, next) = ([Float](repeating: 0, count: 30_000), [Float](repeating: 0, count: 30_000))
    now.withUnsafeMutableBytes { buffer.copyObservations(drawn, to: $0.baseAddress!) }
    var (earned, discounts): ([Float], [Float]) = ([], [])
    var nextRows: [Int] = []
    for row in drawn {
      let outcome = buffer.outcome(of: row, steps: 1, gamma: 0.9)
      earned.append(outcome.reward)
      discounts.append(outcome.discount)
      nextRows.append(outcome.next)
    }
    next.withUnsafeMutableBytes { buffer.copyObservations(nextRows, to: $0.baseAddress!) }
    let before = now
    goals.relabel(
      drawn, of: buffer, gamma: 0.9, observations: &now, next: &next, rewards: &earned,
      discounts: &discounts, using: &random)
    var (changed, reached) = (0, 0)
    for (i, row) in drawn.enumerated() {
      let here = i * 15..<i * 15 + 15
      let (old, new, after) = (Array(before[here]), Array(now[here]), Array(next[here]))
      #expect(old[0..<5] == new[0..<5] && old[10...] == new[10...])
      #expect(new[5..<10] == after[5..<10])
      let isReached = after[0..<5] == after[5..<10]
      #expect(earned[i] == (isReached ? 0 : -1))
      #expect(discounts[i] == (isReached ? 0 : 0.9))
      if old[5..<10] == new[5..<10] { continue }
      changed += 1
      reached += isReached ? 1 : 0
      // The goal is among what the episode came to after this row.
      var later: [[Float]] = []
      var place = row
      while buffer.isStep(place) {
        place = buffer.outcome(of: place, steps: 1, gamma: 1).next
        var frame = [Float](repeating: 0, count: 15)
        frame.withUnsafeMutableBytes { buffer.copyObservations([place], to: $0.baseAddress!) }
        later.append(Array(frame[0..<5]))
      }
      let goal = Array(new[5..<10])
      #expect(strategy == .final ? later.last == goal : later.contains(goal))
    }
    // Three of four get another goal, some of them by chance the one they had.
    #expect((1200...1540).contains(changed), "\(changed)")
    #expect(reached > 200)
  }

  @Test func hindsightFlipsBits() throws {
    func mean(_ strategy: HindsightGoals.Strategy?) throws -> Double {
      var settings = DQNConfiguration.preset("BitFlipping-v0")
      settings.goalStrategy = strategy
      settings.networkArchitecture = [64]
      settings.batchSize = 64
      let options: [String: OptionValue] = ["n": 8]
      var environments = try make("BitFlipping-v0", seed: 1, options: options)
      var agent = try DQN(for: environments, settings, seed: 1)
      try agent.train(on: &environments, steps: 6000)
      let fresh = try make("BitFlipping-v0", count: 50, seed: 9, options: options)
      return try evaluate(agent.policy, in: fresh, seed: 9).mean
    }
    // The best mean is −3.02; without goals nearly every episode takes all of its eight steps.
    let (withGoals, without) = (try mean(.future), try mean(nil))
    #expect(withGoals > -5, "\(withGoals)")
    #expect(without < -6, "\(without)")
  }

  /// The target moves as often as the steps ask for, also where several of these times pass at once.
  @Test func theTargetMakesUpForWhatPassed() throws {
    let settings = Self.small {
      $0.tau = 0.5
      $0.targetUpdateInterval = 8
      $0.trainFrequency = 24
      $0.reportInterval = 24
      $0.learningStarts = 1000
    }
    var environments = try make("CartPole-v1", seed: 1)
    var agent = try DQN(for: environments, settings, seed: 1)
    agent.networks.visitParameters { name, value in
      value = Tensor(repeating: name.hasPrefix("target") ? 0 : 1, shape: value.shape)
    }
    _ = try agent.iterate(on: &environments, pool: WorkerPool(threads: 1))
    for (name, value) in agent.networks.target.parameters {
      #expect(value.scalars.allSatisfy { $0 == 0.875 }, "\(name)")
    }
  }

  /// A loss that is finite may have a gradient that is not; nothing moves then.
  @Test func aGradientThatIsNotFiniteEndsTraining() throws {
    let settings = Self.small { $0.networkArchitecture = [1] }
    let environments = try make("CartPole-v1", seed: 1)
    var agent = try DQN(for: environments, settings, seed: 1)
    agent.networks.visitParameters { name, value in
      // A value of 1000 · (2 · 10⁻³⁸ · 3 · 10³⁸) has a slope of 3 · 10⁴¹ in its first weight.
      let isFirst = name.contains("layers.0")
      value = Tensor(
        repeating: name.hasSuffix("bias") ? 0 : isFirst ? 2e-38 : 1000, shape: value.shape)
    }
    let before = agent.networks.parameters.map(\.value.scalars)
    let batch = ReplayBatch(
      rows: [0], observations: Tensor([3e38, 0, 0, 0], shape: [1, 4]),
      actions: Tensor([0], shape: [1, 1]), rewards: Tensor([1]), next: .zeros([1, 4]),
      discounts: Tensor([0.9]))
    let failure = #expect(throws: TrainingFailure.self) { _ = try agent.learn(from: batch) }
    #expect(
      failure?.description.contains("the gradient of the value loss of update 1 is not finite")
        == true, "\(failure?.description ?? "")")
    #expect(agent.networks.parameters.map(\.value.scalars) == before)
  }

  @Test func itLearnsCartPole() throws {
    var settings = DQNConfiguration.preset("CartPole-v1")
    settings.networkArchitecture = [64, 64]
    settings.doubleQ = true
    var best = 0.0
    for seed in 1...2 as ClosedRange<UInt64> {
      var environments = try make("CartPole-v1", seed: seed)
      var agent = try DQN(for: environments, settings, seed: seed)
      try agent.train(on: &environments, steps: 15_000)
      let fresh = try make("CartPole-v1", count: 20, seed: 9)
      best = max(best, try evaluate(agent.policy, in: fresh, seed: 9).mean)
    }
    // A policy that has learnt nothing has about 10.
    #expect(best > 100, "\(best)")
  }
}
