import Agents
import Envs
import Foundation
import Runtime
import Tensors
import Testing

/// Two updates of each agent against PyTorch's, from the weights and minibatches that
/// References/make_off_policy.py wrote.
@Suite struct OffPolicyGoldens {
  private struct File: Decodable {
    struct Update: Decodable { var before, after: [String: [Float]] }
    var batch: [String: [Float]]
    var noises: [[Float]]
    var normals: [[[Float]]]
    var ddpg, td3, sac, dqn, doubleDQN: Update
    var projection: [String: [Float]]

    enum CodingKeys: String, CodingKey {
      case batch, noises, normals, ddpg, td3, sac, dqn
      case doubleDQN = "double_dqn"
      case projection
    }
  }

  private let golden: File

  init() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/off_policy.json")
    golden = try JSONDecoder().decode(File.self, from: Data(contentsOf: file))
  }

  private var batch: ReplayBatch { batch(actions: "actions", 2) }

  private func batch(actions: String, _ width: Int) -> ReplayBatch {
    func tensor(_ name: String, _ shape: Shape) -> Tensor {
      Tensor(golden.batch[name]!, shape: shape)
    }
    return ReplayBatch(
      rows: [0, 1, 2, 3, 4], observations: tensor("observations", [5, 3]),
      actions: tensor(actions, [5, width]), rewards: tensor("rewards", [5]),
      next: tensor("next", [5, 3]), discounts: tensor("discounts", [5]))
  }

  private struct Reacher: Environment {
    var actionSpace: Box { Box(shape: [2], in: -1...1) }
    var observationSpace: Box { Box(shape: [3], in: -10...10) }
    mutating func reset(using random: inout PCG64) {}
    mutating func step(_ action: [Float], using random: inout PCG64) -> StepResult {
      StepResult(reward: 0)
    }
    func observe(into observation: inout MutableSpan<Float>) {
      for i in 0..<3 { observation[i] = 0 }
    }
  }

  private struct Chooser: Environment {
    var actionSpace: Discrete { Discrete(3) }
    var observationSpace: Box { Box(shape: [3], in: -10...10) }
    mutating func reset(using random: inout PCG64) {}
    mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
      StepResult(reward: 0)
    }
    func observe(into observation: inout MutableSpan<Float>) {
      for i in 0..<3 { observation[i] = 0 }
    }
  }

  private func check<A: OffPolicyAgent>(
    _ update: File.Update, _ settings: A.Configuration, choosing: Bool = false,
    _ learn: (inout A, Int) throws -> Void
  ) throws {
    let environments =
      choosing
      ? VectorEnvironment(count: 1, seed: 1) { Chooser() }.erased
      : VectorEnvironment(count: 1, seed: 1) { Reacher() }.erased
    var agent = try A(for: environments, settings, seed: 1, totalSteps: nil)
    #expect(Set(agent.networks.parameters.map(\.name)) == Set(update.before.keys))
    agent.networks.visitParameters { $1 = Tensor(update.before[$0]!, shape: $1.shape) }
    for i in 0..<2 { try learn(&agent, i) }
    for (name, value) in agent.networks.parameters {
      for (found, expected) in zip(value.scalars, update.after[name]!) {
        #expect(abs(found - expected) < 2e-5, "\(A.name) \(name)")
      }
    }
  }

  private func settings<Own>(_ own: Own.Type) -> Settings<Own>
  where Own: AgentSettings, Own.Shared == ReplaySettings {
    var settings = Settings<Own>()
    settings.shared.networkArchitecture = [6, 4]
    settings.shared.tau = 0.05
    return settings
  }

  @Test func updatesOfDDPGArePyTorchs() throws {
    var settings = settings(DDPGSettings.self)
    settings.learningRate = 0.01
    try check(golden.ddpg, settings) { (agent: inout DDPG, _) in try agent.learn(from: batch) }
  }

  @Test func updatesOfTD3ArePyTorchs() throws {
    var settings = settings(TD3Settings.self)
    settings.learningRate = 0.01
    try check(golden.td3, settings) { (agent: inout TD3, i) in
      try agent.learn(from: batch, noise: Tensor(golden.noises[i], shape: [5, 2]))
    }
  }

  @Test func updatesOfSACArePyTorchs() throws {
    var settings = settings(SACSettings.self)
    settings.learningRate = 0.01
    settings.entropyCoefficient = .automatic(0.5)
    try check(golden.sac, settings) { (agent: inout SAC, i) in
      let normals = golden.normals[i].map { Tensor($0, shape: [5, 2]) }
      try agent.learn(from: batch, noise: normals[0], nextNoise: normals[1])
    }
  }

  @Test(arguments: [false, true])
  func updatesOfDQNArePyTorchs(double: Bool) throws {
    var settings = settings(DQNSettings.self)
    settings.learningRate = 0.01
    settings.doubleQ = double
    let batch = batch(actions: "choices", 1)
    try check(double ? golden.doubleDQN : golden.dqn, settings, choosing: true) {
      (agent: inout DQN, _) in _ = try agent.learn(from: batch)
    }
  }

  @Test func projectionsOfDistributionsAreTheAlgorithms() {
    let (batch, atoms) = (batch, 5)
    let projected = projectedDistribution(
      Tensor(golden.projection["probabilities"]!, shape: [5, atoms]), rewards: batch.rewards,
      discounts: batch.discounts, low: -2, high: 2)
    for (found, expected) in zip(projected.scalars, golden.projection["projected"]!) {
      #expect(abs(found - expected) < 1e-5)
    }
    // By hand: a state worth 1 for certain, half of which counts, and a reward of ¼ lie at ¾.
    let hand = projectedDistribution(
      Tensor([0, 0, 1], shape: [1, 3]), rewards: Tensor([0.25]), discounts: Tensor([0.5]), low: -1,
      high: 1)
    for (found, expected) in zip(hand.scalars, [0, 0.25, 0.75] as [Float]) {
      #expect(abs(found - expected) < 1e-6)
    }
    // A reward that is no number has no place, which its loss then shows.
    let lost = projectedDistribution(
      Tensor([0, 0, 1], shape: [1, 3]), rewards: Tensor([.nan]), discounts: Tensor([0.5]), low: -1,
      high: 1)
    #expect(lost.scalars.contains { $0.isNaN })
  }

  @Test func targetsStopWhereEpisodesTerminate() {
    let targets = temporalDifferenceTarget(
      rewards: Tensor([1, 2, 3]), discounts: Tensor([0.9, 0, 0.81]), values: Tensor([10, 10, -5]))
    for (found, expected) in zip(targets.scalars, [10, 2, -1.05] as [Float]) {
      #expect(abs(found - expected) < 1e-5)
    }
    #expect(smallest([Tensor([1, 5]), Tensor([2, 3])]).scalars == [1, 3])
  }
}
