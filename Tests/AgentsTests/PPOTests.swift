import Agents
import CAllocationCounter
import Envs
import Foundation
import Policy
import Replay
import Runtime
import Tensors
import Testing

private func small(_ change: (inout PPOConfiguration) -> Void = { _ in }) -> PPOConfiguration {
  var configuration = PPOConfiguration()
  configuration.stepsPerRollout = 40
  configuration.batchSize = 150
  configuration.epochs = 2
  configuration.learningRate = .linear(3e-3)
  configuration.normalizeObservations = true
  configuration.normalizeRewards = true
  change(&configuration)
  return configuration
}

private func bits(_ agent: PPO) throws -> [String: Data] { try agent.snapshot() }

/// Law 2: the number of workers decides only who computes what.
@Test(arguments: ["CartPole-v1", "PointMass-v0"])
func workersDoNotChangeABit(_ id: String) throws {
  var results: [[String: Data]] = []
  for workers in [1, 2, 3, 5] {
    var environments = try make(id, count: 7, seed: 3)
    var agent = try PPO(for: environments, small(), seed: 3)
    try agent.train(on: &environments, steps: 1500, workers: workers)
    results.append(try bits(agent))
  }
  for result in results.dropFirst() { #expect(result == results[0]) }
}

@Test func seedsDiffer() throws {
  func model(_ seed: UInt64) throws -> Data? {
    var environments = try make("CartPole-v1", count: 4, seed: seed)
    var agent = try PPO(for: environments, small(), seed: seed)
    try agent.train(on: &environments, steps: 320, workers: 1)
    return try bits(agent)["model.safetensors"]
  }
  #expect(try model(1) == model(1))
  #expect(try model(1) != model(2))
}

/// Law 6, in one process: saved in the middle and restored into fresh values, training ends with the same
/// bytes.
@Test(arguments: ["CartPole-v1", "PointMass-v0"])
func aRestoredAgentContinuesExactly(_ id: String) throws {
  let pool = WorkerPool(threads: 2)
  var environments = try make(id, count: 4, seed: 8)
  var agent = try PPO(for: environments, small(), seed: 8, totalSteps: 1600)
  for _ in 0..<4 { _ = try agent.iterate(on: &environments, pool: pool) }
  let files = try agent.snapshot()
  let state = try environments.encodedState()
  for _ in 0..<6 { _ = try agent.iterate(on: &environments, pool: pool) }

  var freshEnvironments = try make(id, count: 4, seed: 99)
  var fresh = try PPO(for: freshEnvironments, small(), seed: 99, totalSteps: 1600)
  try fresh.restore(files, directory: "checkpoint")
  try freshEnvironments.restoreState(state)
  for _ in 0..<6 { _ = try fresh.iterate(on: &freshEnvironments, pool: pool) }
  #expect(try bits(fresh) == bits(agent))
  #expect(try freshEnvironments.encodedState() == environments.encodedState())
}

/// A copied agent and copied environments are a fork: training one leaves the other alone.
@Test func aCopyIsAFork() throws {
  let pool = WorkerPool(threads: 1)
  var environments = try make("CartPole-v1", count: 4, seed: 8)
  var agent = try PPO(for: environments, small(), seed: 8, totalSteps: 1600)
  _ = try agent.iterate(on: &environments, pool: pool)
  let (copy, copied) = (agent, environments)
  let before = try bits(copy)
  _ = try agent.iterate(on: &environments, pool: pool)
  #expect(try bits(copy) == before)
  var (again, environmentsAgain) = (copy, copied)
  _ = try again.iterate(on: &environmentsAgain, pool: pool)
  #expect(try bits(again) == bits(agent))
}

/// The first minibatch sees the policy that sampled it: the ratio is exactly 1, so nothing is clipped,
/// the KL divergence is exactly 0 and, with normalised advantages, the policy loss is 0 but for rounding.
@Test(arguments: ["CartPole-v1", "PointMass-v0"])
func theFirstRatioIsExactlyOne(_ id: String) throws {
  var environments = try make(id, count: 4, seed: 5)
  let configuration = small {
    $0.batchSize = 160
    $0.epochs = 1
  }
  var agent = try PPO(for: environments, configuration, seed: 5, totalSteps: 1000)
  let report = try agent.iterate(on: &environments, pool: WorkerPool(threads: 1))
  let losses = Dictionary(uniqueKeysWithValues: report.losses.map { ($0.name, $0.value) })
  #expect(losses["approx_kl"] == 0)
  #expect(losses["clip_fraction"] == 0)
  #expect(abs(losses["policy_loss"] ?? 1) < 1e-6)
}

@Test func targetKLStopsEarly() throws {
  func updates(_ targetKL: Double?) throws -> Double {
    var environments = try make("CartPole-v1", count: 4, seed: 5)
    let configuration = small {
      $0.targetKL = targetKL
      $0.learningRate = 0.05
      $0.epochs = 10
    }
    var agent = try PPO(for: environments, configuration, seed: 5, totalSteps: 1000)
    let report = try agent.iterate(on: &environments, pool: WorkerPool(threads: 1))
    return report.losses.first { $0.name == "updates" }?.value ?? 0
  }
  #expect(try updates(nil) == 20)
  #expect(try updates(0.01) < 10)
}

@Test func everyVariantTrains() throws {
  let variants: [(inout PPOConfiguration) -> Void] = [
    { $0.valueClipRange = 0.2 }, { $0.normalizeAdvantage = false },
    { $0.entropyCoefficient = 0.01 },
    { $0.activation = .relu }, { $0.orthogonalInitialization = false },
    { $0.networkArchitecture = [] }, { $0.batchSize = 1 },
  ]
  for variant in variants {
    var environments = try make("CartPole-v1", count: 2, seed: 5)
    var agent = try PPO(for: environments, small(variant), seed: 5)
    try agent.train(on: &environments, steps: 160, workers: 2)
    #expect(agent.model.parameters.allSatisfy { $0.value.scalars.allSatisfy(\.isFinite) })
  }
}

/// An environment that breaks at a step of its own choosing.
private struct Broken: Environment {
  enum Fault: String, Codable { case observation, reward }
  var fault: Fault
  var steps = 0
  var observationSpace: Box { Box(shape: [2], in: -1...1) }
  var actionSpace: Discrete { Discrete(2) }
  mutating func reset(using random: inout PCG64) {}
  mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    steps += 1
    return StepResult(reward: fault == .reward && steps == 13 ? .infinity : 1)
  }
  func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = 0
    observation[1] = fault == .observation && steps >= 7 ? .nan : 0
  }
}

@Test(arguments: [
  (Broken.Fault.observation, "observation[1] is nan", "at step 7"),
  (Broken.Fault.reward, "the reward is inf", "at step 13"),
])
private func aBrokenEnvironmentStopsTraining(
  _ fault: Broken.Fault, _ field: String, _ step: String
) throws {
  var environments = VectorEnvironment(count: 3, seed: 4) { Broken(fault: fault) }
  var agent = try PPO(for: environments, small { $0.normalizeObservations = false }, seed: 4)
  let before = try bits(agent)["model.safetensors"]
  let error = #expect(throws: TrainingFailure.self) {
    try agent.train(on: &environments, steps: 1000, workers: 2)
  }
  let sentence = error?.description ?? ""
  #expect(sentence.contains("environment 0"), "\(sentence)")
  #expect(sentence.contains("seed 4"), "\(sentence)")
  #expect(sentence.contains(field), "\(sentence)")
  #expect(sentence.contains(step), "\(sentence)")
  #expect(try bits(agent)["model.safetensors"] == before)
}

/// An environment that allows one action only, a different one each step.
private struct Guided: Environment {
  var position = 0
  var observationSpace: Discrete { Discrete(4, start: 2) }
  var actionSpace: Discrete { Discrete(4) }
  var maskSize: Int { 4 }
  mutating func reset(using random: inout PCG64) { position = 0 }
  mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    // A forbidden action shows as an infinite reward, which training refuses.
    let reward = action == position ? 1 : Double.infinity
    position = (position + 1) % 4
    return StepResult(reward: reward, ending: position == 0 ? .terminated : .none)
  }
  func observe(into observation: inout MutableSpan<Float>) { observation[0] = Float(position + 2) }
  func actionMask(into mask: inout MutableSpan<Bool>) {
    for i in 0..<4 { mask[i] = i == position }
  }
}

@Test func forbiddenActionsAreNeverTaken() throws {
  var environments = VectorEnvironment(count: 3, seed: 4) { Guided() }
  var agent = try PPO(for: environments, small { $0.normalizeRewards = false }, seed: 4)
  var last = 0.0
  try agent.train(on: &environments, steps: 600, workers: 2) { last = $0.meanReturn }
  #expect(last == 4)
  let result = try evaluate(agent.policy, in: Guided(), episodes: 3, seed: 1)
  #expect(result.returns == [4, 4, 4] && result.lengths == [4, 4, 4])
}

@Test func spacesPPOCannotActInAreNamed() throws {
  struct Panel: Environment {
    var observationSpace: Box { Box(shape: [1], in: 0...1) }
    var actionSpace: Tuple { Tuple([Discrete(2), Box(shape: [1], in: 0...1)]) }
    mutating func reset(using random: inout PCG64) {}
    mutating func step(_ action: [Float], using random: inout PCG64) -> StepResult {
      StepResult(reward: 0)
    }
    func observe(into observation: inout MutableSpan<Float>) { observation[0] = 0 }
  }
  let environments = VectorEnvironment(count: 1, seed: 1) { Panel() }
  let error = #expect(throws: UnsupportedSpace.self) { try PPO(for: environments, seed: 1) }
  #expect(error?.description.contains("Tuple(Discrete(2)") == true)
}

private protocol Panel {
  associatedtype Levers: Space
  static var space: Levers { get }
  /// The options of each lever, numbered from `start`.
  static var counts: [Int] { get }
  static var start: Int { get }
}

private enum Dials: Panel {
  static let space = MultiDiscrete([3, 2, 4], start: [5, 5, 5])
  static let (counts, start) = ([3, 2, 4], 5)
}

private enum Switches: Panel {
  static let space = MultiBinary(3)
  static let (counts, start) = ([2, 2, 2], 0)
}

/// Levers that should be set as the observation shows them; the reward is the share that is.
private struct Levers<P: Panel>: Environment {
  private var wanted = [Int](repeating: 0, count: P.counts.count)

  var observationSpace: MultiDiscrete { MultiDiscrete(P.counts) }
  var actionSpace: P.Levers { P.space }

  mutating func reset(using random: inout PCG64) {
    wanted = P.counts.map { random.integers(0..<$0) }
  }

  mutating func step(_ action: [Float], using random: inout PCG64) -> StepResult {
    let right = zip(action, wanted).filter { Int($0) - P.start == $1 }.count
    reset(using: &random)
    return StepResult(reward: Double(right) / Double(P.counts.count))
  }

  func observe(into observation: inout MutableSpan<Float>) {
    for i in wanted.indices { observation[i] = Float(wanted[i]) }
  }
}

@Test func severalDiscreteActionsAreLearnt() throws {
  func learns<P: Panel>(_ environment: Levers<P>) throws {
    var configuration = PPOConfiguration()
    configuration.stepsPerRollout = 64
    configuration.learningRate = 3e-3
    var environments = VectorEnvironment(count: 8, seed: 1, timeLimit: 20) { environment }
    var agent = try PPO(for: environments, configuration, seed: 1)
    try agent.train(on: &environments, steps: 20_000)
    let result = try evaluate(agent.policy, in: environment, episodes: 20, seed: 2, timeLimit: 20)
    #expect(result.mean > 19, "\(environment.actionSpace)")
    let saved = try ActorCritic(decoding: agent.model.encoded(), file: "model")
    #expect(saved.head == agent.model.head)
    // The other agents of rollouts act in them too.
    var other = try TRPO(for: environments, .init(), seed: 1)
    try other.train(on: &environments, steps: 2048)
    #expect(other.model.parameters.allSatisfy { $0.value.scalars.allSatisfy(\.isFinite) })
  }
  try learns(Levers<Dials>())
  try learns(Levers<Switches>())
}

/// Both policies learn: quick checks, far below what the presets reach, on three seeds each.
@Test func policiesLearn() throws {
  for seed in 1...3 as ClosedRange<UInt64> {
    var environments = try make("CartPole-v1", count: 8, seed: seed)
    var agent = try PPO(for: environments, .preset("CartPole-v1"), seed: seed, totalSteps: 30_000)
    try agent.train(on: &environments, steps: 30_000, workers: 2)
    let result = try evaluate(agent.policy, in: make("CartPole-v1", count: 20, seed: 77), seed: 77)
    #expect(result.mean > 100, "CartPole, seed \(seed): \(result.mean)")

    var masses = try make("PointMass-v0", count: 8, seed: seed)
    let configuration = small {
      $0.stepsPerRollout = 64
      $0.batchSize = 128
      $0.epochs = 10
      $0.gamma = 0.95
      $0.learningRate = 3e-3
    }
    var pusher = try PPO(for: masses, configuration, seed: seed)
    let before = try evaluate(pusher.policy, in: make("PointMass-v0", count: 50, seed: 5), seed: 5)
    try pusher.train(on: &masses, steps: 40_000, workers: 2)
    let after = try evaluate(pusher.policy, in: make("PointMass-v0", count: 50, seed: 5), seed: 5)
    #expect(before.mean < -8, "an untrained policy: \(before.mean)")
    #expect(after.mean > -3, "PointMass, seed \(seed): \(after.mean)")
  }
}

@Test func evaluationEpisodesDoNotDependOnEachOther() throws {
  var environments = try make("CartPole-v1", count: 4, seed: 5)
  var agent = try PPO(for: environments, small(), seed: 5)
  try agent.train(on: &environments, steps: 480, workers: 1)
  for deterministic in [true, false] {
    let many = try evaluate(
      agent.policy, in: make("CartPole-v1", count: 30, seed: 9), seed: 9,
      deterministic: deterministic)
    let few = try evaluate(
      agent.policy, in: make("CartPole-v1", count: 7, seed: 9), seed: 9,
      deterministic: deterministic)
    #expect(few.returns == Array(many.returns.prefix(7)))
    #expect(few.lengths.map(Double.init) == few.returns)
  }
  let result = EvaluationResult(returns: [1, 2, 3, 4, 100], lengths: [1, 1, 1, 1, 1], seed: 0)
  #expect(result.mean == 22 && result.interquartileMean == 3)
}

/// Law 5: once warm, an update takes every buffer from the pool.
@Test func warmUpdatesTakeNoBufferFromTheSystem() throws {
  var environments = try make("CartPole-v1", count: 4, seed: 1)
  var agent = try PPO(for: environments, small(), seed: 1, totalSteps: 100_000)
  let pool = WorkerPool(threads: 1)
  for _ in 0..<10 { _ = try agent.iterate(on: &environments, pool: pool) }
  let misses = BufferPool.missesOfThisThread
  for _ in 0..<50 { _ = try agent.iterate(on: &environments, pool: pool) }
  #expect(BufferPool.missesOfThisThread == misses)
}

/// An environment that writes fewer numbers than its space has, or more.
private struct Misshapen: Environment {
  var written: Int
  var observationSpace: Box { Box(shape: [3], in: -1...1) }
  var actionSpace: Discrete { Discrete(2) }
  mutating func reset(using random: inout PCG64) {}
  mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    StepResult(reward: 1)
  }
  func observe(into observation: inout MutableSpan<Float>) {
    for i in 0..<written { observation[i] = 0 }
  }
}

@Test func anEnvironmentOfAnotherShapeIsRefused() throws {
  for written in [2, 4] {
    let environments = VectorEnvironment(count: 2, seed: 1) { Misshapen(written: written) }
    let error = #expect(throws: EnvironmentError.self) { try PPO(for: environments, seed: 1) }
    #expect(error?.description.contains("Misshapen") == true)
  }
}

/// Rows of bytes without the axes of a picture are read as shares of their bound by ordinary layers.
@Test func plainBytesAreRead() throws {
  struct Bits: Environment {
    var observationSpace: Box { Box(shape: [4], in: 0...255, of: .uint8) }
    var actionSpace: Discrete { Discrete(2) }
    private var right = 0
    mutating func reset(using random: inout PCG64) { right = random.integers(0..<2) }
    mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
      StepResult(reward: action == right ? 1 : 0, ending: .terminated)
    }
    func observe(into observation: inout MutableSpan<UInt8>) {
      for i in 0..<4 { observation[i] = i == right ? 255 : 0 }
    }
  }
  var environments = VectorEnvironment(count: 4, seed: 1) { Bits() }
  var agent = try PPO(for: environments, small { $0.normalizeObservations = false }, seed: 1)
  try agent.train(on: &environments, steps: 6_400, workers: 1)
  #expect(try evaluate(agent.policy, in: Bits(), episodes: 50, seed: 2, timeLimit: 2).mean == 1)
}
