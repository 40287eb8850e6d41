import Agents
import Envs
import Foundation
import Policy
import Runtime
import Tensors
import Testing

/// A folder that is removed when the test ends.
private final class Folder {
  let path = NSTemporaryDirectory() + "swirl-imitation-\(UUID().uuidString)"
  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  func file(_ name: String) -> String { "\(path)/\(name)" }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A rule that balances the pole well, as a network without hidden layers: push to where it falls.
private func balancing() throws -> Actor {
  var random = PCG64(seed: 0)
  let environments = try make("CartPole-v1", seed: 0)
  var model = ActorCritic(
    encoder: try ObservationEncoder(environments.observationSpace),
    head: try ActionHead(environments.actionSpace), architecture: .init(hidden: []), using: &random
  ).actor
  model.policy.perceptron.layers[0].weight = Tensor([0, 0, 0, 0.2, 0, 1, 0, 1]).reshaped([4, 2])
  return model
}

private func recorded(_ count: Int = 4) throws -> Demonstrations {
  try demonstrations(
    of: balancing(), in: make("CartPole-v1", count: count, seed: 5), seed: 5, player: "a rule"
  ).demonstrations
}

@Suite struct DemonstrationTests {
  /// What is recorded is what `evaluate` plays, and replays to the same observations and rewards.
  @Test func episodesAreThoseThatWerePlayed() throws {
    let model = try balancing()
    let environments = VectorEnvironment(count: 3, seed: 5, timeLimit: 500) { CartPole() }
    let (shown, result) = try demonstrations(of: model, in: environments.erased, seed: 5)
    #expect(result == (try evaluate(model, in: environments.erased, seed: 5)))
    #expect(result.mean > 150)
    #expect(shown.returns == result.returns && shown.episodes == 3)
    #expect(shown.count == result.lengths.reduce(0, +))
    #expect(try recorded(2).origin.environment == "CartPole-v1")

    let first = result.lengths[0]
    var episode = environments[0]
    let (rows, actions) = (shown.observations.scalars, shown.actions.scalars)
    for t in 0..<first {
      #expect(Array(rows[t * 4..<t * 4 + 4]) == episode.observation(), "step \(t)")
      let outcome = episode.step(Int(actions[t]))
      #expect(outcome.ending == shown.endings[t])
    }
    #expect(Array(shown.finalObservations.scalars[0..<4]) == episode.observation())
  }

  @Test func filesReadBack() throws {
    let shown = try recorded()
    let again = try Demonstrations(decoding: shown.encoded(), file: "x")
    #expect(again.origin == shown.origin && again.endings == shown.endings)
    #expect(again.rewards == shown.rewards)
    #expect(again.observations.scalars == shown.observations.scalars)
    #expect(again.actions.scalars == shown.actions.scalars)
    #expect(again.finalObservations.scalars == shown.finalObservations.scalars)
  }

  @Test func damagedFilesGetASentence() throws {
    let data = try recorded(2).encoded()
    var other = data
    // An ending becomes 9.
    other[other.index(other.startIndex, offsetBy: data.count - 1)] = 9
    for (bad, word) in [
      (Data(data.prefix(100)), ""), (Data(), ""), (Data(data.dropLast()), ""), (other, "ending"),
    ] {
      let error = #expect(throws: SafetensorsError.self) {
        try Demonstrations(decoding: bad, file: "bad.safetensors")
      }
      #expect(error?.description.contains("bad.safetensors") == true, "\(error as Any)")
      #expect(word.isEmpty || error?.description.contains(word) == true, "\(error as Any)")
    }
  }
}

@Suite struct BehaviorCloningTests {
  private func configuration(_ file: String) -> BehaviorCloningConfiguration {
    var configuration = BehaviorCloningConfiguration()
    configuration.demonstrations = file
    return configuration
  }

  /// With one action a state shown three times of four, the best policy gives it ¾.
  @Test func theOptimumIsTheShareOfEachAction() throws {
    let folder = try Folder()
    let count = 400
    let states = (0..<count).map { Float($0 % 2) }
    let actions = (0..<count).map { Float($0 % 2 == 0 ? ($0 % 8 < 6 ? 1 : 0) : 3) }
    let environments = VectorEnvironment(count: 1, seed: 1) { IdentityTask(4) }
    let shown = try Demonstrations(
      origin: .init(
        environment: nil, options: [:], observationSpace: "\(environments.observationSpace)",
        actionSpace: "\(environments.actionSpace)", player: "a rule", seed: nil),
      observations: Tensor(states).reshaped([count, 1]),
      actions: Tensor(actions).reshaped([count, 1]),
      rewards: .init(repeating: 0, count: count),
      endings: .init(repeating: .terminated, count: count),
      finalObservations: .zeros(Shape(count, 1)))
    try shown.encoded().write(to: URL(filePath: folder.file("shown")))
    var settings = configuration(folder.file("shown"))
    settings.entropyCoefficient = 0
    settings.batchSize = 100
    settings.learningRate = .linear(1e-2)
    var agent = try BehaviorCloning(for: environments, settings, seed: 3)
    var stepped = environments
    try agent.train(on: &stepped, steps: 100_000, workers: 2) { _ in }
    let p = agent.policy.distribution(Tensor([1, 0, 0, 0, 0, 1, 0, 0]).reshaped([2, 4]))
    let shares = [1, 0].map {
      p.logProbability(of: Tensor([Float($0), 3]).reshaped([2, 1])).exp().scalars
    }
    #expect((shares[0][0] - 0.75).magnitude < 0.02, "\(shares)")
    #expect((shares[1][0] - 0.25).magnitude < 0.02, "\(shares)")
    #expect(shares[0][1] > 0.98, "\(shares)")
  }

  /// A state that is none, in a file that somebody wrote.
  @Test(arguments: [1e30, -1, 16, 2.5] as [Float])
  func observationsThatAreNoneAreRefused(_ state: Float) throws {
    let folder = try Folder()
    let environments = try make("FrozenLake-v1", seed: 1)
    for isFinal in [false, true] {
      let shown = try Demonstrations(
        origin: .init(
          environment: nil, options: [:], observationSpace: "\(environments.observationSpace)",
          actionSpace: "\(environments.actionSpace)", player: "a person", seed: nil),
        observations: Tensor([0, isFinal ? 4 : state], shape: [2, 1]),
        actions: Tensor([1, 1], shape: [2, 1]), rewards: [0, 0], endings: [.none, .terminated],
        finalObservations: Tensor([isFinal ? state : 8], shape: [1, 1]))
      try shown.encoded().write(to: URL(filePath: folder.file("shown")))
      let error = #expect(throws: RunError.self) {
        try BehaviorCloning(for: environments, configuration(folder.file("shown")), seed: 1)
      }
      #expect(error?.kind == .data)
      #expect(error?.description.contains("an observation with \(state)") == true)
    }
  }

  @Test func itBalancesAsItWasShown() throws {
    let folder = try Folder()
    try recorded(10).encoded().write(to: URL(filePath: folder.file("shown")))
    var environments = try make("CartPole-v1", seed: 1)
    var agent = try BehaviorCloning(for: environments, configuration(folder.file("shown")), seed: 1)
    var first: Double?
    var last = 0.0
    try agent.train(on: &environments, steps: 60_000) { report in
      last = report.losses[0].value
      first = first ?? last
    }
    #expect(last < 0.5 * (first ?? 0))
    let shown = try evaluate(balancing(), in: make("CartPole-v1", count: 20, seed: 8), seed: 8).mean
    let copied = try evaluate(agent.policy, in: make("CartPole-v1", count: 20, seed: 8), seed: 8)
      .mean
    #expect(copied > 0.8 * shown, "\(copied) of \(shown)")
  }

  @Test func aRestoredAgentContinuesExactly() throws {
    let folder = try Folder()
    try recorded().encoded().write(to: URL(filePath: folder.file("shown")))
    try recorded(5).encoded().write(to: URL(filePath: folder.file("other")))
    var environments = try make("CartPole-v1", seed: 1)
    var settings = configuration(folder.file("shown"))
    settings.normalizeObservations = true
    var agent = try BehaviorCloning(for: environments, settings, seed: 1, totalSteps: 20_000)
    try agent.train(on: &environments, steps: 3000, workers: 1) { _ in }
    let files = try agent.snapshot()
    var again = try BehaviorCloning(for: environments, settings, seed: 7, totalSteps: 20_000)
    try again.restore(files, directory: "x")
    try agent.train(on: &environments, steps: 8000, workers: 1) { _ in }
    try again.train(on: &environments, steps: 8000, workers: 3) { _ in }
    #expect(try agent.snapshot() == again.snapshot())
    settings.demonstrations = folder.file("other")
    var third = try BehaviorCloning(for: environments, settings, seed: 1)
    let error = #expect(throws: RunError.self) { try third.restore(files, directory: "x") }
    #expect(error?.description.contains("does not hold the demonstrations") == true)
  }

  @Test func demonstrationsOfAnotherEnvironmentAreRefused() throws {
    let folder = try Folder()
    try recorded(2).encoded().write(to: URL(filePath: folder.file("shown")))
    let error = #expect(throws: RunError.self) {
      try BehaviorCloning(
        for: make("Acrobot-v1", seed: 1), configuration(folder.file("shown")), seed: 1)
    }
    #expect(error?.kind == .usage && error?.description.contains("Discrete(3)") == true)
    #expect(
      #expect(throws: RunError.self) {
        try BehaviorCloning(for: make("CartPole-v1", seed: 1), seed: 1)
      }?.description.contains("--demonstrations") == true)
    #expect(
      #expect(throws: RunError.self) {
        try BehaviorCloning(
          for: make("CartPole-v1", seed: 1), configuration("/nowhere"), seed: 1)
      }?.kind == .missing)
  }
}

@Suite struct GAILTests {
  /// Goodfellow et al., proposition 1: at the optimum the logit is the log-ratio of the densities.
  @Test func theOrdinaryOptimumIsTheLogRatio() {
    let (p, q): ([Float], [Float]) = ([0.5, 0.3, 0.2], [0.1, 0.3, 0.6])
    func rows(_ shares: [Float]) -> Tensor {
      Tensor(
        shares.enumerated().flatMap { i, share in
          (0..<Int((share * 10).rounded())).flatMap { _ in (0..<3).map { Float($0 == i ? 1 : 0) } }
        }, shape: Shape(10, 3))
    }
    var random = PCG64(seed: 1)
    var discriminator = Discriminator(
      network: MultilayerPerceptron(sizes: [3, 16, 1], using: &random))
    var optimizer = Adam(learningRate: 0.02)
    for _ in 0..<3000 {
      let (_, gradients) = valueWithGradient(at: discriminator) {
        Discriminator.Loss.ordinary(demonstrated: $0(rows(p)), played: $0(rows(q)))
      }
      optimizer.update(&discriminator, gradients)
    }
    let logits = discriminator(Tensor([1, 0, 0, 0, 1, 0, 0, 0, 1], shape: Shape(3, 3))).scalars
    for i in 0..<3 {
      #expect((logits[i] - log(p[i] / q[i])).magnitude < 0.01, "\(logits)")
    }
  }

  @Test func lossesAndRewardsAreTheirFormulas() {
    let (f, g) = (Tensor([0.5, -1]), Tensor([2, 0.25]))
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    let ordinary =
      -(log(sigmoid(0.5)) + log(sigmoid(-1))) / 2
      - (log(1 - sigmoid(2)) + log(1 - sigmoid(0.25))) / 2
    let loss = Discriminator.Loss.ordinary(demonstrated: f, played: g).item
    #expect((Double(loss) - ordinary).magnitude < 1e-6)
    #expect(Discriminator.Loss.wasserstein(demonstrated: f, played: g).item == 1.125 + 0.25)
    let paid = Discriminator.Loss.ordinary.rewards(f).scalars
    #expect((Double(paid[0]) + log(1 - sigmoid(0.5))).magnitude < 1e-6)
    #expect(Discriminator.Loss.wasserstein.rewards(f).scalars == [1.5, 0])
  }

  private struct Golden: Decodable {
    var sizes: [Int]
    var rows: [Float]
    var parameters: [[Float]]
    var penalty: Double
    var gradients: [[Float]]
  }

  /// The same as PyTorch's, which differentiates twice.
  @Test func thePenaltysGradientIsThatOfDoubleBackpropagation() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/gradient_penalty.json")
    let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    var random = PCG64(seed: 0)
    let network = MultilayerPerceptron(sizes: golden.sizes, using: &random)
    let shapes = network.parameters.map(\.value.shape)
    let discriminator = Discriminator(
      network: network.replacingParameters(
        zip(golden.parameters, shapes).map { Tensor($0, shape: $1) }))
    let (penalty, gradients) = gradientPenalty(
      discriminator, at: Tensor(golden.rows, shape: Shape(4, 5)))
    #expect((penalty - golden.penalty).magnitude < 1e-5)
    for (gradient, expected) in zip(gradients, golden.gradients) {
      for (a, b) in zip(gradient.scalars, expected) { #expect((a - b).magnitude < 1e-5) }
    }
  }

  private func configuration<Learner: RolloutLearner>(
    _ type: GAIL<Learner>.Type, _ file: String, _ loss: Discriminator.Loss
  ) -> GAIL<Learner>.Configuration {
    var configuration = GAIL<Learner>.Configuration()
    configuration.own.discriminator.demonstrations = file
    configuration.own.discriminator.loss = loss
    configuration.own.discriminator.batchSize = 64
    configuration.stepsPerRollout = 128
    configuration.gamma = 0.98
    return configuration
  }

  /// Imitates a rule it is never paid for.
  @Test(arguments: [Discriminator.Loss.ordinary, .wasserstein])
  func itLearnsWhatWasShown(_ loss: Discriminator.Loss) throws {
    let folder = try Folder()
    try recorded(10).encoded().write(to: URL(filePath: folder.file("shown")))
    var environments = try make("CartPole-v1", count: 4, seed: 2)
    var settings = configuration(GAIL<PPO>.self, folder.file("shown"), loss)
    settings.own.learner.learningRate = 1e-3
    settings.own.discriminator.learningRate = 1e-3
    var agent = try GAIL<PPO>(for: environments, settings, seed: 2)
    let before = try evaluate(agent.policy, in: make("CartPole-v1", count: 20, seed: 9), seed: 9)
    try agent.train(on: &environments, steps: 40_000) { _ in }
    let after = try evaluate(agent.policy, in: make("CartPole-v1", count: 20, seed: 9), seed: 9)
    #expect(after.mean > 120 && after.mean > 3 * before.mean, "\(before.mean) then \(after.mean)")
  }

  @Test func aRestoredAgentContinuesExactly() throws {
    let folder = try Folder()
    try recorded().encoded().write(to: URL(filePath: folder.file("shown")))
    func check<Learner: RolloutLearner>(_ type: GAIL<Learner>.Type, _ loss: Discriminator.Loss)
      throws
    {
      let settings = configuration(type, folder.file("shown"), loss)
      var environments = try make("CartPole-v1", count: 2, seed: 3)
      var agent = try type.init(for: environments, settings, seed: 3, totalSteps: 4096)
      try agent.train(on: &environments, steps: 512, workers: 1) { _ in }
      let files = try agent.snapshot()
      var others = try make("CartPole-v1", count: 2, seed: 3)
      try others.restoreState(environments.encodedState())
      var again = try type.init(for: others, settings, seed: 8, totalSteps: 4096)
      try again.restore(files, directory: "x")
      try agent.train(on: &environments, steps: 1536, workers: 1) { _ in }
      try again.train(on: &others, steps: 1536, workers: 2) { _ in }
      #expect(try agent.snapshot() == again.snapshot())
    }
    try check(GAIL<PPO>.self, .ordinary)
    try check(GAIL<TRPO>.self, .wasserstein)
    #expect(GAIL<PPO>.name == "gail" && GAIL<TRPO>.name == "gail-trpo")
  }
}
