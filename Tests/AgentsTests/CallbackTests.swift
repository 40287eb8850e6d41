import Agents
import Envs
import Foundation
import Policy
import Tensors
import Testing

private let settings: PPOConfiguration = {
  var configuration = PPOConfiguration()
  configuration.environmentCount = 2
  configuration.stepsPerRollout = 32
  configuration.batchSize = 32
  configuration.epochs = 2
  configuration.learningRate = 3e-3
  return configuration
}()

private func agent(seed: UInt64 = 3) throws -> (PPO, AnyVectorEnvironment) {
  let environments = try make("CartPole-v1", count: 2, seed: seed)
  return (try PPO(for: environments, settings, seed: seed), environments)
}

/// An evaluation result that a test makes up.
private struct Scripted: Callback {
  var means: [Double]
  mutating func iterationEnded(_ moment: inout TrainingMoment) throws {
    if means.isEmpty { return }
    moment.report.evaluation = EvaluationResult(
      returns: [means.removeFirst()], lengths: [1], seed: 0)
  }
}

/// The number of iterations until training stops, and why.
private func iterations(_ callbacks: [any Callback]) throws -> (count: Int, reason: String?) {
  var (agent, environments) = try agent()
  var count = 0
  let reason = try agent.train(on: &environments, steps: 64 * 12, callbacks: callbacks) { _ in
    count += 1
  }
  return (count, reason)
}

/// Evaluation is nothing but `evaluate` at these moments, and training ends with the same weights as without
/// it.
@Test func evaluationsAreMadeOnScheduleAndDisturbNothing() throws {
  var (watched, environments) = try agent()
  var (plain, others) = try agent()
  var evaluations: [(step: Int, result: EvaluationResult)] = []
  var policies: [Actor] = []
  try watched.train(
    on: &environments, steps: 640, workers: 2,
    callbacks: [PeriodicEvaluation(every: 150, episodes: 3, seed: 77)]
  ) { report in
    if let evaluation = report.evaluation { evaluations.append((report.steps, evaluation)) }
    #expect(report.phases.map(\.name) == ["rollout", "advantages", "update", "evaluation"])
  }
  try plain.train(on: &others, steps: 640, workers: 1) { _ in }
  #expect(evaluations.map(\.step) == [192, 320, 512, 640])
  #expect(try watched.snapshot() == plain.snapshot())

  var (again, fresh) = try agent()
  for (step, result) in evaluations {
    try again.train(on: &fresh, steps: step, workers: 1) { _ in }
    policies.append(again.policy)
    let expected = try evaluate(
      again.policy, in: make("CartPole-v1", count: 3, seed: 77), seed: 77)
    #expect(expected == result, "step \(step)")
  }
  #expect(Set(evaluations.map(\.result.returns)).count > 1)
}

@Test func trainingStopsAtAReturn() throws {
  let means = [1.0, 5, 10, 20]
  #expect(try iterations([Scripted(means: means), StopAtReturn(10)]).count == 3)
  #expect(
    try iterations([Scripted(means: means), StopAtReturn(10)]).reason?.contains("10.0") == true)
  #expect(try iterations([Scripted(means: means), StopAtReturn(20.5)]) == (12, nil))
  // Before the evaluation it has nothing to look at.
  #expect(try iterations([StopAtReturn(0), Scripted(means: means)]) == (12, nil))
}

@Test func trainingStopsWithoutImprovement() throws {
  func stopped(_ means: [Double], _ patience: Int) throws -> Int {
    try iterations([Scripted(means: means), StopWithoutImprovement(evaluations: patience)]).count
  }
  #expect(try stopped([3, 4, 4, 3, 9, 9], 2) == 4)
  #expect(try stopped([3, 4, 4, 5, 5, 4, 3], 3) == 7)
  #expect(try stopped([-9, -9], 1) == 2)
  #expect(try stopped([1, 2, 3, 4], 1) == 12)
}

@Test func theBestModelIsKept() throws {
  let file = NSTemporaryDirectory() + "swirl-best-\(UUID().uuidString)/model.safetensors"
  defer {
    try? FileManager.default.removeItem(atPath: (file as NSString).deletingLastPathComponent)
  }
  struct Copies: Callback {
    final class Store: @unchecked Sendable { var models: [Data] = [] }
    let store = Store()
    mutating func iterationEnded(_ moment: inout TrainingMoment) throws {
      store.models.append(try moment.policy.encoded())
    }
  }
  let copies = Copies()
  _ = try iterations([Scripted(means: [1, 7, 3, 7, 6]), copies, BestModel(file: file)])
  #expect(FileManager.default.contents(atPath: file) == copies.store.models[1])
  #expect(copies.store.models[1] != copies.store.models[3])
}

/// Whoever shows a policy shows what it expects, where the agent learns that.
@Test func aMomentHasTheValueFunction() throws {
  struct Looks: Callback {
    let expected: Bool
    mutating func iterationEnded(_ moment: inout TrainingMoment) throws {
      #expect((moment.model != nil) == expected)
      if let model = moment.model {
        #expect(try model.actor.encoded() == moment.policy.encoded())
      }
    }
  }
  #expect(try iterations([Looks(expected: true)]).count == 12)
  var environments = try make("CartPole-v1", count: 1, seed: 1)
  var learner = try DQN(for: environments, DQNConfiguration(), seed: 1)
  try learner.train(on: &environments, steps: 4, workers: 1, callbacks: [Looks(expected: false)])
}

// MARK: - In a run

private final class Folder {
  let path = NSTemporaryDirectory() + "swirl-callbacks-\(UUID().uuidString)"
  func run(_ name: String) -> String { "\(path)/\(name)" }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

private func description(_ plan: EvaluationPlan?, steps: Int = 640) -> RunDescription {
  RunDescription(
    agent: "ppo", environment: "CartPole-v1", seed: 3, totalSteps: steps, version: "test",
    simd: "test", evaluation: plan)
}

private func start(_ path: String, _ plan: EvaluationPlan?) throws -> TrainingRun<PPO> {
  let (agent, environments) = try agent()
  return try TrainingRun(
    creating: path, description(plan), configuration: settings, agent: agent,
    environments: environments)
}

private func resume(_ path: String, steps: Int? = nil) throws -> TrainingRun<PPO> {
  try TrainingRun(resuming: path, totalSteps: steps) { _, _ in try agent() }
}

/// What a run leaves that does not depend on the clock.
private func left(_ path: String) throws -> [String: Data] {
  let directory = try RunDirectory(reading: path)
  var files = try #require(try directory.latestCheckpoint()).files
  for name in ["evaluations.json", "best/model.safetensors"] {
    files[name] = FileManager.default.contents(atPath: "\(path)/\(name)")
  }
  return files
}

/// A crash between a checkpoint and what callbacks wrote after it leaves traces that resume removes.
@Test func callbacksGoOnAsIfNeverInterrupted() throws {
  let folder = Folder()
  let plan = EvaluationPlan(every: 100, episodes: 2, seed: 8, patience: 20)
  var whole = try start(folder.run("whole"), plan)
  #expect(try whole.train(workers: 1) == .finished)
  let expected = try left(folder.run("whole"))
  #expect(expected["callback-1-best.safetensors"] == expected["best/model.safetensors"])

  do {
    var pieces = try start(folder.run("pieces"), plan)
    _ = try pieces.train(workers: 2, interval: .zero)
  }
  #expect(try left(folder.run("pieces")) == expected)
  for step in [640, 576] {
    try FileManager.default.removeItem(atPath: folder.run("pieces/checkpoints/step-\(step)"))
  }
  try Data("another".utf8).write(to: URL(filePath: folder.run("pieces/best/model.safetensors")))
  do {
    var again = try resume(folder.run("pieces"))
    #expect(again.agent.stepCount == 512)
    let steps = try RunDirectory(reading: folder.run("pieces")).evaluations().map(\.step)
    #expect(steps == [128, 256, 320, 448, 512])
    _ = try again.train(workers: 1)
  }
  #expect(try left(folder.run("pieces")) == expected)

  // Without any checkpoint the run starts over, and so do its callbacks.
  for step in try RunDirectory(reading: folder.run("pieces")).checkpointSteps() {
    try FileManager.default.removeItem(atPath: folder.run("pieces/checkpoints/step-\(step)"))
  }
  do {
    var over = try resume(folder.run("pieces"))
    #expect(over.agent.stepCount == 0)
    #expect(!FileManager.default.fileExists(atPath: folder.run("pieces/best/model.safetensors")))
    #expect(try RunDirectory(reading: folder.run("pieces")).evaluations().isEmpty)
    _ = try over.train(workers: 1)
  }
  #expect(try left(folder.run("pieces")) == expected)
}

@Test func aRunThatStoppedEarlyStaysStopped() throws {
  let folder = Folder()
  let plan = EvaluationPlan(every: 100, episodes: 2, seed: 8, stopAtReturn: -1)
  do {
    var run = try start(folder.run("run"), plan)
    guard case .ended(let reason) = try run.train(workers: 1) else {
      Issue.record("the run went on")
      return
    }
    #expect(reason.contains("at step 128"))
    #expect(run.agent.stepCount == 128)
  }
  do {
    var again = try resume(folder.run("run"))
    guard case .ended = try again.train(workers: 1) else {
      Issue.record("the run went on")
      return
    }
    #expect(again.agent.stepCount == 128)
  }
  // With a new end it goes on, to the next evaluation, also where it was killed before its next checkpoint.
  do { _ = try resume(folder.run("run"), steps: 1000) }
  var longer = try resume(folder.run("run"))
  _ = try longer.train(workers: 1)
  #expect(longer.agent.stepCount == 256)
}

@Test func metricsAreWrittenAsJSONLinesToo() throws {
  let folder = Folder()
  do {
    var run = try start(folder.run("run"), EvaluationPlan(every: 200, episodes: 2, seed: 8))
    _ = try run.train(workers: 1, interval: .zero)
  }
  try FileManager.default.removeItem(atPath: folder.run("run/checkpoints/step-640"))
  do {
    var run = try resume(folder.run("run"))
    _ = try run.train(workers: 1)
  }
  func lines(_ name: String) throws -> [Substring] {
    try String(contentsOfFile: folder.run("run/\(name)"), encoding: .utf8).split(separator: "\n")
  }
  let table = try lines("metrics.csv").map { $0.split(separator: ",") }
  let objects = try lines("metrics.jsonl").map {
    try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
  }
  #expect(objects.count == 10 && table.count == 11)
  for (row, object) in zip(table.dropFirst(), objects) {
    for (name, value) in zip(table[0], row) {
      let number = object[String(name)] as? Double
      #expect(number == Double(value) || value == "nan" && number == nil, "\(name)")
    }
  }
  let evaluated = objects.filter { $0["evaluation_mean_return"] != nil }
  #expect(evaluated.map { $0["steps"] as? Int } == [256, 448, 640])
  let means = try RunDirectory(reading: folder.run("run")).evaluations().map {
    $0.returns.reduce(0, +) / 2
  }
  #expect(evaluated.map { $0["evaluation_mean_return"] as? Double } == means)
}

/// Numbers that stop being finite end training with the op that made them, and leave the minibatch.
@Test func numbersThatAreNotFiniteAreTrapped() throws {
  let folder = Folder()
  var wild = settings
  wild.learningRate = 1e25
  wild.maxGradNorm = 1e30
  let environments = try make("CartPole-v1", count: 2, seed: 3)
  var run = try TrainingRun(
    creating: folder.run("run"), description(nil), configuration: wild,
    agent: try PPO(for: environments, wild, seed: 3), environments: environments)
  let failure = #expect(throws: TrainingFailure.self) {
    try run.train(workers: 2, interval: .zero)
  }
  let sentence = try #require(failure?.description)
  #expect(sentence.contains("update 2"), "\(sentence)")
  #expect(sentence.contains("made the first"), "\(sentence)")
  let file = folder.run("run/failure-step-64.safetensors")
  #expect(sentence.contains(file), "\(sentence)")
  let (batch, metadata) = try Safetensors.decode(Data(contentsOf: URL(filePath: file)), file: file)
  #expect(batch["observations"]?.shape == Shape(32, 4))
  #expect(batch["advantages"]?.shape == Shape(32))
  #expect(sentence.hasPrefix(try #require(metadata["swirl.failure"])))
  #expect(try RunDirectory(reading: folder.run("run")).latestCheckpoint() == nil)
}
