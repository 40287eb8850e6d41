import Agents
import Envs
import Foundation
import Policy
import Replay
import Runtime
import Tensors
import Testing

/// Agents read the pictures of a dictionary by convolutions and the rest beside them.
@Suite struct DictionaryPictureTests {
  private static func choices(_ count: Int, seed: UInt64) -> AnyVectorEnvironment {
    VectorEnvironment(count: count, seed: seed) { BeaconChoice() }.erased
  }

  private static func reaches(_ count: Int, seed: UInt64) -> AnyVectorEnvironment {
    VectorEnvironment(count: count, seed: seed) { BeaconReach() }.erased
  }

  private static func files(_ agent: some Agent) throws -> [String: Data] {
    var files = try agent.snapshot()
    for segment in agent.segments { files[segment.name] = segment.data() }
    return files
  }

  /// Neither the picture nor the numbers alone give more than 4.
  @Test func ppoLearnsFromBoth() throws {
    var configuration = PPOConfiguration()
    configuration.stepsPerRollout = 64
    configuration.batchSize = 128
    configuration.epochs = 4
    configuration.learningRate = .constant(1e-3)
    configuration.gamma = 0
    var environments = Self.choices(8, seed: 1)
    var agent = try PPO(for: environments, configuration, seed: 1)
    try agent.train(on: &environments, steps: 16_000)
    #expect(agent.model.actor.policy.features?.pictures.count == 1)
    let result = try evaluate(agent.policy, in: Self.choices(50, seed: 5), seed: 5)
    #expect(result.mean > 7, "\(result.mean)")
  }

  @Test func dqnLearnsFromBoth() throws {
    var settings = DQNConfiguration()
    settings.shared.bufferSize = 4000
    settings.shared.batchSize = 64
    settings.shared.learningStarts = 500
    settings.shared.gamma = 0
    settings.learningRate = .constant(1e-3)
    var environments = Self.choices(4, seed: 1)
    var agent = try DQN(for: environments, settings, seed: 1)
    try agent.train(on: &environments, steps: 8000)
    let result = try evaluate(agent.policy, in: Self.choices(50, seed: 5), seed: 5)
    #expect(result.mean > 7, "\(result.mean)")
  }

  @Test func sacLearnsFromBoth() throws {
    var settings = SACConfiguration()
    settings.shared.networkArchitecture = [32]
    settings.shared.bufferSize = 4000
    settings.shared.batchSize = 64
    settings.shared.learningStarts = 300
    settings.shared.gamma = 0
    settings.learningRate = .constant(2e-3)
    var environments = Self.reaches(2, seed: 1)
    var agent = try SAC(for: environments, settings, seed: 1)
    try agent.train(on: &environments, steps: 3000)
    let saved = try Actor(decoding: try agent.policy.encoded(), file: "m")
    let result = try evaluate(saved, in: Self.reaches(50, seed: 5), seed: 5)
    #expect(result.mean > -2.5, "\(result.mean)")
  }

  /// Workers change nothing, a restored agent continues with the same bytes, a warm iteration takes every
  /// buffer from the pool.
  private func keepsTheLaws<A: OffPolicyAgent>(
    _ type: A.Type, _ settings: A.Configuration, _ make: (Int, UInt64) -> AnyVectorEnvironment
  ) throws {
    var results: [[String: Data]] = []
    for workers in [1, 3] {
      var environments = make(3, 8)
      var agent = try A(for: environments, settings, seed: 8, totalSteps: 1000)
      let pool = WorkerPool(threads: workers)
      for _ in 0..<5 { _ = try agent.iterate(on: &environments, pool: pool) }
      let (files, state) = (try Self.files(agent), try environments.encodedState())
      for _ in 0..<3 { _ = try agent.iterate(on: &environments, pool: pool) }
      results.append(try Self.files(agent))
      var (freshEnvironments, random) = (make(3, 99), PCG64(seed: 1))
      var fresh = try A(for: freshEnvironments, settings, seed: random.next(), totalSteps: 1000)
      try fresh.restore(files, directory: "checkpoint")
      try freshEnvironments.restoreState(state)
      for _ in 0..<3 { _ = try fresh.iterate(on: &freshEnvironments, pool: pool) }
      results.append(try Self.files(fresh))
      if workers > 1 { continue }
      for _ in 0..<10 { _ = try agent.iterate(on: &environments, pool: pool) }
      let misses = BufferPool.missesOfThisThread
      for _ in 0..<10 { _ = try agent.iterate(on: &environments, pool: pool) }
      #expect(BufferPool.missesOfThisThread == misses, "\(A.name)")
    }
    for result in results.dropFirst() { #expect(result == results[0], "\(A.name)") }
  }

  private static func small<Own>(_ own: Own.Type) -> Settings<Own>
  where Own: AgentSettings, Own.Shared == ReplaySettings {
    var settings = Settings<Own>()
    settings.shared.networkArchitecture = [12]
    settings.shared.learningStarts = 40
    settings.shared.batchSize = 16
    settings.shared.bufferSize = 300
    settings.shared.reportInterval = 25
    settings.shared.trainFrequency = 2
    settings.shared.stepsPerReturn = 2
    settings.shared.normalizeObservations = true
    return settings
  }

  @Test func agentsOfReplayKeepTheLaws() throws {
    var settings = Self.small(DQNSettings.self)
    settings.prioritizedReplay = true
    try keepsTheLaws(DQN.self, settings, Self.choices)
    try keepsTheLaws(DDPG.self, Self.small(DDPGSettings.self), Self.reaches)
    try keepsTheLaws(TD3.self, Self.small(TD3Settings.self), Self.reaches)
    try keepsTheLaws(SAC.self, Self.small(SACSettings.self), Self.reaches)
  }

  /// A row of the replay holds each frame once, its pixels as bytes.
  @Test func picturesAreKeptAsBytes() throws {
    let environments = Self.choices(2, seed: 1)
    #expect(!environments.observesBytes && environments.observationSize == 86)
    let agent = try DQN(for: environments, Self.small(DQNSettings.self), seed: 1)
    let layout = ReplayLayout(observationSize: 86, byteRanges: [0..<84], actionSize: 1)
    #expect(layout.observationBytes == 84 + 8)
    #expect(agent.replayByteCount == ReplayBuffer.byteCount(capacity: 300, layout: layout))
  }

  /// Pictures of bytes alone, which DDPG, TD3 and SAC read by convolutions too.
  @Test func continuousAgentsReadPixels() throws {
    struct Pixels: Environment {
      var observationSpace: Box { Box(shape: [5, 5, 1], in: 0...255, of: .uint8) }
      var actionSpace: Box { Box(shape: [1], in: -1...1) }
      var seen: UInt8 = 0
      mutating func reset(using random: inout PCG64) { seen = 0 }
      mutating func step(_ action: InlineArray<1, Float>, using random: inout PCG64) -> StepResult {
        seen &+= 7
        return StepResult(reward: Double(action[0]), ending: seen > 100 ? .truncated : .none)
      }
      func observe(into observation: inout MutableSpan<UInt8>) {
        for i in 0..<25 { observation[i] = seen &+ UInt8(i) }
      }
    }
    var settings = Self.small(SACSettings.self)
    settings.shared.normalizeObservations = false
    try keepsTheLaws(SAC.self, settings) { count, seed in
      VectorEnvironment(count: count, seed: seed) { Pixels() }.erased
    }
    let environments = VectorEnvironment(count: 1, seed: 1) { Pixels() }.erased
    let error = #expect(throws: RunError.self) {
      try TD3(for: environments, Self.small(TD3Settings.self), seed: 1)
    }
    #expect(error?.description.contains("td3 cannot normalise observations of bytes") == true)
  }

  /// Every other agent takes a few steps in it.
  @Test func otherAgentsReadBoth() throws {
    func run<A: OnPolicyAgent>(_ type: A.Type) throws {
      var environments = Self.choices(2, seed: 3)
      var agent = try A(for: environments, A.Configuration(), seed: 3, totalSteps: nil)
      let before = agent.model.actor.policy.features?.parameters.map(\.value.scalars)
      try agent.train(on: &environments, steps: 4200)
      let after = agent.model.actor.policy.features?.parameters.map(\.value.scalars)
      #expect(before != nil && before != after, "\(A.name)")
    }
    try run(A2C.self)
    try run(TRPO.self)
    try run(REINFORCE.self)
    try run(QAC.self)
  }

  @Test func settingsSayWhatReadsPictures() throws {
    let environments = Self.choices(1, seed: 1)
    var configuration = PPOConfiguration()
    configuration.featureExtractor = .flatten
    #expect(
      try PPO(for: environments, configuration, seed: 1).model.actor.policy.features == nil)
    configuration.featureExtractor = .nature
    let error = #expect(throws: RunError.self) {
      try PPO(for: environments, configuration, seed: 1)
    }
    #expect(error?.description.contains("needs larger pictures than Dict(") == true)
  }
}
