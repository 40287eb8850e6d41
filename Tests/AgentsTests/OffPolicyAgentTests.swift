import Agents
import Envs
import Foundation
import Policy
import Replay
import Runtime
import Tensors
import Testing

/// What every agent that learns from replay must keep.
@Suite struct OffPolicyAgentTests {
  private static func small<Own>(_ own: Own.Type) -> Settings<Own>
  where Own: AgentSettings, Own.Shared == ReplaySettings {
    var settings = Settings<Own>()
    settings.shared.networkArchitecture = [12, 8]
    settings.shared.learningStarts = 40
    settings.shared.batchSize = 16
    settings.shared.bufferSize = 300
    settings.shared.reportInterval = 25
    settings.shared.trainFrequency = 2
    settings.shared.stepsPerReturn = 2
    return settings
  }

  /// Every file of a checkpoint, the shared ones included.
  private static func files(_ agent: some Agent) throws -> [String: Data] {
    var files = try agent.snapshot()
    for segment in agent.segments { files[segment.name] = segment.data() }
    return files
  }

  private static func eachContinuous(_ body: (any TrainableAgent.Type, Any) throws -> Void) rethrows
  {
    var drifting = small(DDPGSettings.self)
    drifting.noiseType = .ornsteinUhlenbeck
    drifting.shared.normalizeObservations = true
    var constant = small(SACSettings.self)
    constant.entropyCoefficient = .constant(0.2)
    constant.noiseStd = 0.1
    try body(DDPG.self, drifting)
    try body(TD3.self, small(TD3Settings.self))
    try body(SAC.self, small(SACSettings.self))
    try body(SAC.self, constant)
  }

  /// Law 2: the number of workers decides only who computes what.
  @Test(arguments: ["Pendulum-v1", "PointMass-v0"])
  func workersDoNotChangeABit(_ id: String) throws {
    func check<A: TrainableAgent>(_ type: A.Type, _ settings: Any) throws {
      let settings = try #require(settings as? A.Configuration)
      var results: [[String: Data]] = []
      for workers in [1, 2, 3] {
        var environments = try make(id, count: 5, seed: 3)
        var agent = try A(for: environments, settings, seed: 3, totalSteps: nil)
        try agent.train(on: &environments, steps: 600, workers: workers)
        results.append(try Self.files(agent))
      }
      for result in results.dropFirst() { #expect(result == results[0], "\(A.name)") }
    }
    try Self.eachContinuous { try check($0, $1) }
  }

  /// Law 6, in one process: saved in the middle and restored into fresh values, training ends with the same bytes.
  @Test(arguments: ["Pendulum-v1", "PointMass-v0"])
  func aRestoredAgentContinuesExactly(_ id: String) throws {
    func check<A: TrainableAgent>(_ type: A.Type, _ settings: Any) throws {
      let settings = try #require(settings as? A.Configuration)
      let pool = WorkerPool(threads: 2)
      var environments = try make(id, count: 3, seed: 8)
      var agent = try A(for: environments, settings, seed: 8, totalSteps: 1600)
      for _ in 0..<6 { _ = try agent.iterate(on: &environments, pool: pool) }
      let (files, state) = (try Self.files(agent), try environments.encodedState())
      for _ in 0..<4 { _ = try agent.iterate(on: &environments, pool: pool) }

      var freshEnvironments = try make(id, count: 3, seed: 99)
      var fresh = try A(for: freshEnvironments, settings, seed: 99, totalSteps: 1600)
      try fresh.restore(files, directory: "checkpoint")
      try freshEnvironments.restoreState(state)
      for _ in 0..<4 { _ = try fresh.iterate(on: &freshEnvironments, pool: pool) }
      #expect(try Self.files(fresh) == Self.files(agent), "\(A.name)")
    }
    try Self.eachContinuous { try check($0, $1) }
  }

  /// Without its buffer an agent goes on, and learns nothing before it has filled anew.
  @Test func aBufferThatWasNotSavedFillsAnew() throws {
    var settings = Self.small(TD3Settings.self)
    settings.shared.savesReplay = false
    let pool = WorkerPool(threads: 1)
    var environments = try make("Pendulum-v1", count: 1, seed: 8)
    var agent = try TD3(for: environments, settings, seed: 8, totalSteps: 1000)
    for _ in 0..<4 { _ = try agent.iterate(on: &environments, pool: pool) }
    let files = try Self.files(agent)
    #expect(!files.keys.contains { $0.hasPrefix("replay") })
    var fresh = try TD3(for: environments, settings, seed: 9, totalSteps: 1000)
    try fresh.restore(files, directory: "checkpoint")
    let before = fresh.networks.parameters.map(\.value.scalars)
    _ = try fresh.iterate(on: &environments, pool: pool)
    #expect(fresh.networks.parameters.map(\.value.scalars) == before)
    _ = try fresh.iterate(on: &environments, pool: pool)
    #expect(fresh.networks.parameters.map(\.value.scalars) != before)
  }

  /// Law 5: once warm, an iteration takes every buffer from the pool.
  @Test func warmIterationsTakeNoBufferFromTheSystem() throws {
    func check<A: TrainableAgent>(_ type: A.Type, _ settings: Any) throws {
      let settings = try #require(settings as? A.Configuration)
      var environments = try make("Pendulum-v1", count: 2, seed: 1)
      var agent = try A(for: environments, settings, seed: 1, totalSteps: 100_000)
      let pool = WorkerPool(threads: 1)
      for _ in 0..<10 { _ = try agent.iterate(on: &environments, pool: pool) }
      let misses = BufferPool.missesOfThisThread
      for _ in 0..<20 { _ = try agent.iterate(on: &environments, pool: pool) }
      #expect(BufferPool.missesOfThisThread == misses, "\(A.name)")
    }
    try Self.eachContinuous { try check($0, $1) }
  }

  @Test func whatTheyCannotLearnInIsRefused() throws {
    let discrete = try make("CartPole-v1", seed: 1)
    #expect(
      (#expect(throws: RunError.self) { try DDPG(for: discrete, seed: 1) })?.description
        .contains("ddpg acts by rows of numbers") == true)
    let pendulum = try make("Pendulum-v1", seed: 1)
    for (assignment, words) in [
      ("buffer_size=10000000000", "of memory"), ("buffer_size=10", "buffer_size is 10"),
      ("tau=0", "tau is 0"), ("batch_size=0", "batch_size"), ("noise_std=-1", "noise_std"),
      ("gradient_steps=-2", "gradient_steps"), ("shared_net_arch=[8]", "share no layers"),
      ("train_freq=0", "train_freq"),
    ] {
      let settings = try DDPGConfiguration().applying(assignment)
      let error = #expect(throws: RunError.self) { try DDPG(for: pendulum, settings, seed: 1) }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
      #expect(error?.kind == .usage)
    }
    for (assignment, words) in [
      ("noise_type=pink", "normal or ornstein-uhlenbeck"), ("buffer_sise=3", "'buffer_size'"),
    ] {
      let error = #expect(throws: RunError.self) { try DDPGConfiguration().applying(assignment) }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
    let error = #expect(throws: RunError.self) { try SACConfiguration().applying("ent_coef=much") }
    #expect(error?.description.contains("auto") == true)
    #expect(
      try SACConfiguration().applying("ent_coef=auto_0.5").entropyCoefficient == .automatic(0.5))
  }

  /// The first op whose result was no number is named, and the minibatch it came from is there to look at.
  @Test func lossesThatAreNotFiniteEndTraining() throws {
    func check<A: TrainableAgent>(_ type: A.Type, _ settings: A.Configuration) throws {
      var environments = try make("Pendulum-v1", count: 1, seed: 2)
      var agent = try A(for: environments, settings, seed: 2, totalSteps: nil)
      let failure = #expect(throws: TrainingFailure.self) {
        try agent.train(on: &environments, steps: 1000)
      }
      #expect(failure?.description.contains("is not finite") == true)
      #expect(failure?.description.contains("a lower learning_rate may help") == true)
      #expect(failure?.batch["next_observations"]?.shape == [16, 3])
    }
    var settings = Self.small(DDPGSettings.self)
    settings.learningRate = 1e30
    try check(DDPG.self, settings)
    var soft = Self.small(SACSettings.self)
    soft.learningRate = 1e30
    try check(SAC.self, soft)
  }

  /// What a checkpoint would hold is looked at, not only the policy.
  @Test func networksThatAreNotFiniteReachNoCheckpoint() throws {
    let folder = NSTemporaryDirectory() + "swirl-networks-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var settings = Self.small(DDPGSettings.self)
    settings.shared.learningStarts = 200
    let environments = try make("Pendulum-v1", count: 1, seed: 2)
    var agent = try DDPG(for: environments, settings, seed: 2)
    agent.networks.targetCritics.visitParameters { $1 = Tensor(repeating: .nan, shape: $1.shape) }
    var run = try TrainingRun(
      creating: folder,
      RunDescription(
        agent: "ddpg", environment: "Pendulum-v1", seed: 2, totalSteps: 100, version: "test",
        simd: "test"), configuration: settings, agent: agent, environments: environments)
    let failure = #expect(throws: TrainingFailure.self) { try run.train(workers: 1) }
    #expect(failure?.description.contains("the parameter targetCritics.0") == true)
    #expect(try run.directory.latestCheckpoint() == nil)
  }

  /// An environment that shows a number that is none: at first, in the final observation of its third step, or
  /// in the first observation after that.
  private struct Broken: Environment {
    enum Fault: String, CaseIterable, Codable { case first, final, afterReset }
    var fault: Fault
    private var steps = 0
    private var taken = 0
    var observationSpace: Box { Box(shape: [2], in: -1...1) }
    var actionSpace: Discrete { Discrete(2) }

    init(_ fault: Fault) { self.fault = fault }

    mutating func reset(using random: inout PCG64) { steps = 0 }
    mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
      steps += 1
      taken += 1
      return StepResult(reward: 1, ending: steps == 3 ? .terminated : .none)
    }
    func observe(into observation: inout MutableSpan<Float>) {
      let isBad =
        switch fault {
        case .first: steps == 0
        case .final: steps == 3
        case .afterReset: steps == 0 && taken == 3
        }
      observation[0] = 0
      observation[1] = isBad ? .nan : 0
    }
  }

  /// Whatever an environment shows is looked at, by agents of every kind.
  @Test(arguments: Broken.Fault.allCases)
  private func everyObservationIsLookedAt(_ fault: Broken.Fault) throws {
    func check<A: TrainableAgent>(_ type: A.Type, _ settings: A.Configuration) throws {
      var environments = VectorEnvironment(count: 1, seed: 4) { Broken(fault) }
      var agent = try A(for: environments, settings, seed: 4, totalSteps: nil)
      let failure = #expect(throws: TrainingFailure.self, "\(A.name)") {
        try agent.train(on: &environments, steps: 40, workers: 1)
      }
      #expect(
        failure?.description.contains("gave a number that is not finite at step") == true,
        "\(A.name): \(failure?.description ?? "")")
      if fault == .final {
        #expect(failure?.description.contains("at step 3") == true, "\(A.name)")
      }
    }
    try check(DQN.self, Self.small(DQNSettings.self))
    try check(A2C.self, A2CConfiguration())
    try check(REINFORCE.self, REINFORCEConfiguration())
    try check(QAC.self, QACConfiguration())
  }

  /// The saved policy acts as the networks do, and nowhere beyond the bounds.
  @Test func savedPoliciesActAsTheAgent() throws {
    var environments = try make("Pendulum-v1", count: 1, seed: 2)
    var agent = try SAC(for: environments, Self.small(SACSettings.self), seed: 2)
    try agent.train(on: &environments, steps: 200)
    let saved = try Actor(decoding: try agent.policy.encoded(), file: "m")
    let fresh = try make("Pendulum-v1", count: 3, seed: 5)
    for deterministic in [true, false] {
      #expect(
        try evaluate(saved, in: fresh, seed: 5, deterministic: deterministic)
          == evaluate(agent.policy, in: fresh, seed: 5, deterministic: deterministic))
    }
    #expect(throws: RunError.self) {
      try evaluate(saved, in: make("MountainCarContinuous-v0", count: 1, seed: 1), seed: 1)
    }
  }

  @Test func theyLearnPendulum() throws {
    var settings = TD3Configuration.preset("Pendulum-v1")
    settings.shared.networkArchitecture = [64, 64]
    settings.shared.learningStarts = 1000
    settings.shared.batchSize = 64
    var environments = try make("Pendulum-v1", seed: 1)
    var agent = try TD3(for: environments, settings, seed: 1)
    try agent.train(on: &environments, steps: 8000)
    let mean = try evaluate(agent.policy, in: make("Pendulum-v1", count: 20, seed: 9), seed: 9).mean
    // A policy that has learnt nothing has about −1200.
    #expect(mean > -500, "\(mean)")
  }
}
