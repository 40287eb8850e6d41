import Agents
import CAllocationCounter
import Envs
import Foundation
import Policy
import Replay
import Runtime
import Tensors
import Testing

/// PPO with every kind of network and objective keeps the laws: exact resume, independence of the workers, a
/// first ratio of exactly 1, quiet rollouts and updates.
struct PPONetworkTests {
  struct Variant: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let environment: String
    let change: @Sendable (inout PPOConfiguration) -> Void

    var configuration: PPOConfiguration {
      var configuration = PPOConfiguration()
      configuration.stepsPerRollout = 40
      configuration.batchSize = 160
      configuration.epochs = 2
      configuration.learningRate = .linear(3e-3)
      configuration.networkArchitecture = [32]
      change(&configuration)
      return configuration
    }
  }

  static let variants: [Variant] = [
    Variant(testDescription: "a perceptron", environment: "CartPole-v1") {
      $0.normalizeObservations = true
    },
    Variant(testDescription: "shared convolutions", environment: "MinAtar/Breakout-v1") {
      $0.networkArchitecture = []
    },
    Variant(testDescription: "convolutions apart", environment: "MinAtar/Freeway-v1") {
      $0.sharesFeatures = false
    },
    Variant(testDescription: "a dictionary's picture", environment: "Beacon") {
      $0.normalizeObservations = true
    },
    Variant(testDescription: "a dictionary's picture and a GRU", environment: "Beacon") {
      $0.sharesFeatures = false
      $0.recurrence = .gru
      $0.recurrentUnits = 12
    },
    Variant(testDescription: "shared layers", environment: "CartPole-v1") {
      $0.sharedArchitecture = [16]
    },
    Variant(testDescription: "an LSTM", environment: "PositionOnlyCartPole-v0") {
      $0.recurrence = .lstm
      $0.recurrentUnits = 16
      $0.normalizeObservations = true
    },
    Variant(testDescription: "a shared GRU of two layers", environment: "RepeatPrevious-v0") {
      $0.recurrence = .gru
      $0.recurrentUnits = 12
      $0.recurrentLayers = 2
      $0.sharesRecurrence = true
    },
    Variant(testDescription: "noise by state", environment: "Pendulum-v1") {
      $0.exploresByState = true
      $0.noiseSteps = 7
    },
    Variant(testDescription: "noise by state and an LSTM", environment: "PointMass-v0") {
      $0.exploresByState = true
      $0.recurrence = .lstm
      $0.recurrentUnits = 16
    },
    Variant(testDescription: "a KL penalty", environment: "CartPole-v1") {
      $0.klCoefficient = 0.5
    },
  ]

  private func agent(_ variant: Variant, seed: UInt64) throws -> (PPO, AnyVectorEnvironment) {
    let environments =
      variant.environment == "Beacon"
      ? VectorEnvironment(count: 4, seed: seed) { BeaconChoice() }.erased
      : try make(variant.environment, count: 4, seed: seed)
    return (
      try PPO(for: environments, variant.configuration, seed: seed, totalSteps: 1600), environments
    )
  }

  @Test(arguments: variants)
  func workersDoNotChangeABit(_ variant: Variant) throws {
    var results: [[String: Data]] = []
    for workers in [1, 3] {
      var (agent, environments) = try agent(variant, seed: 3)
      let pool = WorkerPool(threads: workers)
      for _ in 0..<4 { _ = try agent.iterate(on: &environments, pool: pool) }
      results.append(try agent.snapshot())
    }
    #expect(results[0] == results[1])
  }

  @Test(arguments: variants)
  func aRestoredAgentContinuesExactly(_ variant: Variant) throws {
    let pool = WorkerPool(threads: 2)
    var (agent, environments) = try agent(variant, seed: 8)
    for _ in 0..<4 { _ = try agent.iterate(on: &environments, pool: pool) }
    let (files, state) = (try agent.snapshot(), try environments.encodedState())
    for _ in 0..<4 { _ = try agent.iterate(on: &environments, pool: pool) }

    var (fresh, freshEnvironments) = try self.agent(variant, seed: 99)
    try fresh.restore(files, directory: "checkpoint")
    try freshEnvironments.restoreState(state)
    for _ in 0..<4 { _ = try fresh.iterate(on: &freshEnvironments, pool: pool) }
    #expect(try fresh.snapshot() == agent.snapshot())
  }

  /// Steps that a rollout took one by one are, to the bit, what an update computes of whole sequences, also
  /// in a rollout that begins in the middle of episodes.
  @Test(arguments: variants)
  func theFirstRatioIsExactlyOne(_ variant: Variant) throws {
    let pool = WorkerPool(threads: 1)
    var (agent, environments) = try agent(variant, seed: 5)
    var configuration = variant.configuration
    configuration.epochs = 1
    agent = try PPO(for: environments, configuration, seed: 5, totalSteps: 1600)
    for _ in 0..<3 {
      let report = try agent.iterate(on: &environments, pool: pool)
      let losses = Dictionary(uniqueKeysWithValues: report.losses.map { ($0.name, $0.value) })
      #expect(losses["approx_kl"] == 0)
      #expect(losses["clip_fraction"] == 0)
    }
  }

  /// A rollout a hundred times as long allocates no more, so a warm step allocates nothing.
  @Test(.enabled(if: allocations_are_counted()), arguments: variants)
  func rolloutStepsAllocateNothing(_ variant: Variant) throws {
    var (agent, environments) = try agent(variant, seed: 1)
    let workers = RolloutWorkers(pool: WorkerPool(threads: 1))
    var streams = (0..<4).map { PCG64(seed: $0) }
    var memory = [Float](repeating: 0, count: 4 * agent.model.memorySize)
    func allocations(steps: Int) -> UInt64 {
      let buffer = RolloutBuffer(
        stepCount: steps, environmentCount: 4, observationSize: environments.observationSize,
        actionSize: environments.actionSize, elementSize: environments.observesBytes ? 1 : 4,
        memorySize: agent.model.memorySize)
      let before = allocations_of_this_thread()
      workers.collect(
        agent.model, in: &environments, streams: &streams, memory: &memory, noiseSteps: 3,
        into: buffer)
      return UInt64(allocations_of_this_thread() - before)
    }
    _ = try agent.iterate(on: &environments, pool: WorkerPool(threads: 1))
    _ = allocations(steps: 10)
    #expect(allocations(steps: 1000) == allocations(steps: 10))
  }

  @Test(arguments: variants)
  func warmUpdatesTakeNoBufferFromTheSystem(_ variant: Variant) throws {
    var (agent, environments) = try agent(variant, seed: 1)
    let pool = WorkerPool(threads: 1)
    for _ in 0..<10 { _ = try agent.iterate(on: &environments, pool: pool) }
    let misses = BufferPool.missesOfThisThread
    for _ in 0..<20 { _ = try agent.iterate(on: &environments, pool: pool) }
    #expect(BufferPool.missesOfThisThread == misses)
  }

  /// A checkpoint of other networks is refused, whichever way they differ.
  @Test func checkpointsOfOtherNetworksAreRefused() throws {
    let pool = WorkerPool(threads: 1)
    let recurrent = try #require(Self.variants.first { $0.testDescription == "an LSTM" })
    var (agent, environments) = try agent(recurrent, seed: 1)
    _ = try agent.iterate(on: &environments, pool: pool)
    let files = try agent.snapshot()
    let changes: [(inout PPOConfiguration) -> Void] = [
      { $0.recurrence = .none }, { $0.recurrence = .gru }, { $0.recurrentUnits = 8 },
      { $0.sharesRecurrence = true }, { $0.recurrentLayers = 2 }, { $0.klCoefficient = 1 },
      { $0.sharedArchitecture = [3] }, { $0.normalizeObservations = false },
    ]
    for change in changes {
      var configuration = recurrent.configuration
      change(&configuration)
      var other = try PPO(for: environments, configuration, seed: 1)
      #expect(throws: RunError.self) { try other.restore(files, directory: "checkpoint") }
    }
  }

  @Test func settingsThatDoNotFitAreNamed() throws {
    let cartPole = try make("CartPole-v1", count: 1, seed: 1)
    let breakout = try make("MinAtar/Breakout-v1", count: 1, seed: 1)
    func message(
      _ environments: AnyVectorEnvironment, _ assignment: String
    ) throws -> String {
      let error = #expect(throws: (any Error).self) {
        try PPO(for: environments, PPOConfiguration().applying(assignment), seed: 1)
      }
      return "\(error.map { "\($0)" } ?? "")"
    }
    #expect(
      try message(cartPole, "features_extractor=nature").contains("pictures of three axes"))
    #expect(try message(breakout, "features_extractor=nature").contains("larger pictures"))
    #expect(try message(breakout, "normalize_observations=true").contains("normalise"))
    #expect(
      try message(cartPole, "features_extractor=resnet")
        .contains("auto, nature, minatar or flatten is needed"))
    #expect(try message(cartPole, "recurrent=rnn").contains("none, lstm or gru is needed"))
    #expect(try message(cartPole, "activation=gelu").contains("relu or sigmoid is needed"))
    #expect(try message(cartPole, "sde_sample_freq=0").contains("sde_sample_freq is 0"))
    #expect(try message(cartPole, "kl_coef=-1").contains("kl_coef is -1"))
    #expect(throws: RunError.self) { try QAC(for: breakout, seed: 1) }
  }

  /// β adapts to how far the whole update moved the policy, which is not nothing after a single minibatch.
  @Test func thePenaltyAdaptsToTheUpdate() throws {
    func penalty(_ learningRate: Double) throws -> Double? {
      var configuration = PPOConfiguration()
      configuration.klCoefficient = 1
      configuration.stepsPerRollout = 40
      configuration.epochs = 1
      configuration.batchSize = 160
      configuration.learningRate = .constant(learningRate)
      var environments = try make("CartPole-v1", count: 4, seed: 1)
      var agent = try PPO(for: environments, configuration, seed: 1)
      let report = try agent.iterate(on: &environments, pool: WorkerPool(threads: 2))
      #expect(report.losses.first { $0.name == "approx_kl" }?.value == 0)
      return report.losses.first { $0.name == "kl_coef" }?.value
    }
    #expect(try penalty(0.3) == 2)
    #expect(try penalty(1e-6) == 0.5)
  }

  /// Worked by hand: log r = 0 costs nothing and gains A; r = 2 gains 2 A and pays β (1 − log 2).
  @Test func penalizedSurrogate() {
    let loss = penalizedSurrogateLoss(
      logRatio: Tensor([0, Float(log(2.0))]), advantages: Tensor([3, 3]), coefficient: 0.5)
    #expect(loss.scalars[0] == -3)
    #expect(abs(Double(loss.scalars[1]) - (0.5 * (1 - log(2.0)) - 6)) < 1e-6)
    #expect(adaptedPenalty(1, divergence: 0.02, target: 0.01) == 2)
    #expect(adaptedPenalty(1, divergence: 0.001, target: 0.01) == 0.5)
    #expect(adaptedPenalty(1, divergence: 0.01, target: 0.01) == 1)
  }
}
