import Agents
import Envs
import Foundation
import Policy
import Replay
import Runtime
import Tensors
import Testing

/// What every agent that learns from rollouts must keep; PPO's own tests have the rest.
@Suite struct OnPolicyAgentTests {
  private static func a2c() -> A2CConfiguration {
    var settings = A2CConfiguration()
    settings.normalizeObservations = true
    settings.normalizeRewards = true
    // More rows than a chunk has, so that gradients are summed.
    settings.stepsPerRollout = 40
    return settings
  }

  private static func trpo() -> TRPOConfiguration {
    var settings = TRPOConfiguration()
    settings.stepsPerRollout = 40
    settings.batchSize = 150
    settings.criticUpdates = 2
    settings.normalizeObservations = true
    return settings
  }

  private static func reinforce() -> REINFORCEConfiguration {
    var settings = REINFORCEConfiguration()
    settings.normalizeObservations = true
    settings.longestEpisode = 30
    return settings
  }

  private static func qac() -> QACConfiguration {
    var settings = QACConfiguration()
    settings.normalizeObservations = true
    settings.stepsPerReport = 20
    return settings
  }

  /// Law 2: the number of workers decides only who computes what.
  @Test(arguments: ["CartPole-v1", "PointMass-v0"])
  func workersDoNotChangeABit(_ id: String) throws {
    func check<A: TrainableAgent>(_ type: A.Type, _ settings: A.Configuration) throws {
      var results: [[String: Data]] = []
      for workers in [1, 2, 3] {
        var environments = try make(id, count: 7, seed: 3)
        var agent = try A(for: environments, settings, seed: 3, totalSteps: nil)
        try agent.train(on: &environments, steps: 1500, workers: workers)
        results.append(try agent.snapshot())
      }
      for result in results.dropFirst() { #expect(result == results[0], "\(A.name)") }
    }
    try check(A2C.self, Self.a2c())
    try check(TRPO.self, Self.trpo())
    try check(REINFORCE.self, Self.reinforce())
    if id == "CartPole-v1" { try check(QAC.self, Self.qac()) }
  }

  /// Law 6, in one process: saved in the middle and restored into fresh values, training ends with the
  /// same bytes.
  @Test(arguments: ["CartPole-v1", "PointMass-v0"])
  func aRestoredAgentContinuesExactly(_ id: String) throws {
    func check<A: TrainableAgent>(_ type: A.Type, _ settings: A.Configuration) throws {
      let pool = WorkerPool(threads: 2)
      var environments = try make(id, count: 4, seed: 8)
      var agent = try A(for: environments, settings, seed: 8, totalSteps: 1600)
      for _ in 0..<4 { _ = try agent.iterate(on: &environments, pool: pool) }
      let (files, state) = (try agent.snapshot(), try environments.encodedState())
      for _ in 0..<6 { _ = try agent.iterate(on: &environments, pool: pool) }

      var freshEnvironments = try make(id, count: 4, seed: 99)
      var fresh = try A(for: freshEnvironments, settings, seed: 99, totalSteps: 1600)
      try fresh.restore(files, directory: "checkpoint")
      try freshEnvironments.restoreState(state)
      for _ in 0..<6 { _ = try fresh.iterate(on: &freshEnvironments, pool: pool) }
      #expect(try fresh.snapshot() == agent.snapshot(), "\(A.name)")
    }
    try check(A2C.self, Self.a2c())
    var adam = Self.a2c()
    adam.usesRMSprop = false
    try check(A2C.self, adam)
    try check(TRPO.self, Self.trpo())
    try check(REINFORCE.self, Self.reinforce())
    if id == "CartPole-v1" { try check(QAC.self, Self.qac()) }
  }

  /// Law 5: once warm, an iteration takes every buffer from the pool.
  @Test func warmIterationsTakeNoBufferFromTheSystem() throws {
    func check<A: TrainableAgent>(
      _ type: A.Type, _ settings: A.Configuration, in id: String
    ) throws {
      let pool = WorkerPool(threads: 1)
      var environments = try make(id, count: 4, seed: 8)
      var agent = try A(for: environments, settings, seed: 8, totalSteps: 100_000)
      for _ in 0..<10 { _ = try agent.iterate(on: &environments, pool: pool) }
      let misses = BufferPool.missesOfThisThread
      for _ in 0..<20 { _ = try agent.iterate(on: &environments, pool: pool) }
      #expect(BufferPool.missesOfThisThread == misses, "\(A.name)")
    }
    try check(A2C.self, Self.a2c(), in: "CartPole-v1")
    try check(TRPO.self, Self.trpo(), in: "CartPole-v1")
    // Episodes of one length.
    try check(REINFORCE.self, Self.reinforce(), in: "PointMass-v0")
    try check(QAC.self, Self.qac(), in: "CartPole-v1")
  }

  /// Every agent that can learns from pictures, saves its convolutions and acts by what it saved.
  @Test func picturesAreLearntFrom() throws {
    func check<A: TrainableAgent>(_ type: A.Type, _ settings: A.Configuration) throws {
      var settings = settings
      settings = try settings.applying("normalize_observations=false")
      settings = try settings.applying("net_arch=[16]")
      var environments = try make("MinAtar/Breakout-v1", count: 3, seed: 1)
      var agent = try A(for: environments, settings, seed: 1, totalSteps: 1000)
      let before = try agent.policy.encoded()
      try agent.train(on: &environments, steps: 500, workers: 2)
      let data = try agent.policy.encoded()
      #expect(data != before, "\(A.name)")
      let saved = try Actor(decoding: data, file: "m")
      #expect(saved.policy.features?.pictures.count == 1)
      let fresh = try make("MinAtar/Breakout-v1", count: 3, seed: 9)
      #expect(
        try evaluate(saved, in: fresh, seed: 9) == evaluate(agent.policy, in: fresh, seed: 9))
    }
    try check(A2C.self, Self.a2c())
    try check(TRPO.self, Self.trpo())
    try check(REINFORCE.self, Self.reinforce())
  }

  /// A whole step of A2C by hand: the gradient of the textbook's loss and RMSprop's formula.
  @Test func anUpdateOfA2CIsTheTextbooks() throws {
    var settings = A2CConfiguration()
    settings.maxGradNorm = 1e9
    settings.entropyCoefficient = 0.02
    var environments = try make("CartPole-v1", count: 3, seed: 1)
    var agent = try A2C(for: environments, settings, seed: 1)
    let before = agent.model
    _ = try agent.iterate(on: &environments, pool: WorkerPool(threads: 1))
    let rollout = agent.rollouts.latest
    let (_, gradients) = valueWithGradient(at: before) { model in
      let (logProbabilities, entropy, values) = model.evaluate(
        observations: rollout.observations, actions: rollout.actions)
      return -(rollout.advantages * logProbabilities).mean() - entropy.mean() * 0.02
        + (values - rollout.returns).squared().mean() * 0.5
    }
    for ((old, new), gradient) in zip(
      zip(before.parameters, agent.model.parameters), gradients)
    {
      // The mean square starts from ones and keeps 0.99 of it.
      let square = gradient.squared() * 0.01 + 0.99
      let expected = old.value - gradient * 7e-4 / (square + 1e-5).squareRoot()
      let error = (expected - new.value).magnitude().max().item
      #expect(error < 1e-6, "\(old.name)")
      #expect((old.value - new.value).magnitude().max().item > 0 || gradient.sum().item == 0)
    }
  }

  // MARK: - REINFORCE and QAC

  @Test func returnsOfAnEpisodeAreDiscountedFromItsEnd() {
    let episode = EpisodeColumns(observationSize: 1, actionSize: 1)
    // More steps than the columns begin with room for.
    for t in 0..<100 {
      var (x, a) = (Float(t), Float(-t))
      episode.append(observation: &x, action: &a, mask: nil, reward: t == 99 ? 4 : 1)
    }
    episode.finalValue = 10
    let returns = episode.returns(gamma: 0.5)
    #expect(returns[99] == 4 + 0.5 * 10)
    #expect(returns[98] == 1 + 0.5 * 9)
    #expect(abs(returns[0] - 2) < 1e-5)
    let observations = episode.observations.assumingMemoryBound(to: Float.self)
    #expect(observations[99] == 99 && episode.actions[99] == -99 && episode.count == 100)
    episode.removeAll()
    #expect(episode.returns(gamma: 0.5).isEmpty && episode.finalValue == 0)
  }

  /// In a chain of one state with reward 1, every ending has a target of its own.
  @Test func targetsOfQACFollowTheActionTakenNext() throws {
    let environments = try make("CartPole-v1", seed: 1)
    var settings = QACConfiguration()
    settings.gamma = 0.9
    let agent = try QAC(for: environments, settings, seed: 1)
    let states: [Float] = [0.1, 0.2, 0.3, 0.4]
    let x = Tensor(states, shape: [1, 4])
    let q = agent.model.values(of: x).scalars
    let p = agent.model.actor.policy(x).logSoftmax().exp().scalars
    let targets = QAC.targets(
      of: agent.model, rewards: [1, 1, 1], endings: [.none, .truncated, .terminated],
      nextObservations: states + states + states, nextActions: [1, 0, 0], gamma: 0.9)
    #expect(abs(targets[0] - (1 + 0.9 * q[1])) < 1e-6)
    #expect(abs(targets[1] - (1 + 0.9 * (p[0] * q[0] + p[1] * q[1]))) < 1e-6)
    #expect(targets[2] == 1)
  }

  /// How often there is a report changes nothing in what is learnt, schedules included.
  @Test func reportsOfQACChangeNothing() throws {
    var models: [Data?] = []
    for steps in [10, 40] {
      var settings = Self.qac()
      settings.stepsPerReport = steps
      settings.learningRate = .linear(1e-2)
      var environments = try make("CartPole-v1", count: 2, seed: 1)
      var agent = try QAC(for: environments, settings, seed: 1)
      try agent.train(on: &environments, steps: 160, workers: 1)
      models.append(try agent.snapshot()["model.safetensors"])
    }
    #expect(models[0] == models[1])
  }

  /// Rollouts that no machine holds are refused before any of their memory is taken.
  @Test func rolloutsLargerThanTheMemoryAreRefused() throws {
    struct Wide: Environment {
      var observationSpace: Box { Box(shape: [2000], in: 0...1) }
      var actionSpace: Discrete { Discrete(2) }
      mutating func reset(using random: inout PCG64) {}
      mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
        StepResult(reward: 0)
      }
      func observe(into observation: inout MutableSpan<Float>) {
        for i in 0..<2000 { observation[i] = 0 }
      }
    }
    let environments = VectorEnvironment(count: 200, seed: 1) { Wide() }
    func check<A: TrainableAgent>(_ type: A.Type) throws {
      let settings = try ["n_steps=1000000", "net_arch=[2]"]
        .reduce(A.Configuration()) { try $0.applying($1) }
      let error = #expect(throws: RunError.self) {
        try A(for: environments, settings, seed: 1, totalSteps: nil)
      }
      #expect(error?.kind == .usage)
      #expect(
        error?.description.contains("n_envs × n_steps of 200 × 1000000 needs 1.6 TB") == true,
        "\(error?.description ?? "")")
    }
    try check(PPO.self)
    try check(A2C.self)
    try check(TRPO.self)
  }

  @Test func whatQACCannotActInIsRefused() throws {
    let error = #expect(throws: RunError.self) {
      try QAC(for: try make("PointMass-v0", seed: 1), seed: 1)
    }
    #expect(error?.description.contains("qac chooses among discrete actions") == true)
  }

  @Test(arguments: [UInt64(1), 2])
  func theyLearnCartPole(_ seed: UInt64) throws {
    func mean<A: TrainableAgent>(
      _ type: A.Type, _ settings: A.Configuration, steps: Int
    ) throws -> Double {
      var environments = try make(
        "CartPole-v1", count: settings.environmentCount, seed: seed)
      var agent = try A(for: environments, settings, seed: seed, totalSteps: steps)
      try agent.train(on: &environments, steps: steps)
      let fresh = try make("CartPole-v1", count: 50, seed: seed + 100)
      return try evaluate(agent.policy, in: fresh, seed: seed + 100).mean
    }
    #expect(try mean(A2C.self, .preset("CartPole-v1"), steps: 60_000) > 120)
    // Bounds that an agent which learns nothing stays far below, at any SIMD level.
    #expect(try mean(TRPO.self, .preset("CartPole-v1"), steps: 40_000) > 120)
    #expect(try mean(REINFORCE.self, .preset("CartPole-v1"), steps: 100_000) > 120)
  }
}
