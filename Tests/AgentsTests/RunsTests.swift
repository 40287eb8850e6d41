import Agents
import Envs
import Foundation
import Policy
import Tensors
import Testing

/// A folder that is removed when the test ends.
private final class Folder {
  let path = NSTemporaryDirectory() + "swirl-runs-\(UUID().uuidString)"
  var run: String { path + "/run" }
  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

private let settings: PPOConfiguration = {
  var configuration = PPOConfiguration()
  configuration.environmentCount = 2
  configuration.stepsPerRollout = 32
  configuration.batchSize = 32
  configuration.epochs = 1
  return configuration
}()

private func description(_ steps: Int) -> RunDescription {
  RunDescription(
    agent: "ppo", environment: "CartPole-v1", seed: 3, totalSteps: steps, version: "test",
    simd: "test")
}

private func start(_ path: String, steps: Int = 640) throws -> TrainingRun<PPO> {
  let environments = try make("CartPole-v1", count: 2, seed: 3)
  return try TrainingRun(
    creating: path, description(steps), configuration: settings,
    agent: PPO(for: environments, settings, seed: 3), environments: environments)
}

private func resume(_ path: String, steps: Int? = nil) throws -> TrainingRun<PPO> {
  try TrainingRun(resuming: path, totalSteps: steps) { description, yaml in
    let configuration = try PPOConfiguration().applying(yaml: yaml, file: "config.yaml")
    let environments = try make(
      description.environment, count: configuration.environmentCount, seed: description.seed)
    return (try PPO(for: environments, configuration, seed: description.seed), environments)
  }
}

private func model(_ path: String) throws -> Data? {
  try RunDirectory(reading: path).latestCheckpoint()?.files["model.safetensors"]
}

@Test func aRunLeavesWhatItPromises() throws {
  let folder = try Folder()
  var run = try start(folder.run)
  var reports = 0
  #expect(try run.train(workers: 1) { _ in reports += 1 } == .finished)
  #expect(reports == 10)
  let names = try FileManager.default.contentsOfDirectory(atPath: folder.run)
  #expect(Set(names).isSuperset(of: ["config.yaml", "run.json", "metrics.csv", "checkpoints"]))
  #expect(names.contains { $0.hasPrefix("events.out.tfevents") })
  #expect(!names.contains { $0.hasSuffix(".tmp") })
  let directory = try RunDirectory(reading: folder.run)
  #expect(directory.checkpointSteps() == [640])
  let description = try directory.description()
  #expect(description.sessions.map(\.lastStep) == [640])
  #expect(description.cpu != "")
  let rows = try String(contentsOfFile: folder.run + "/metrics.csv", encoding: .utf8)
    .split(separator: "\n")
  #expect(rows.count == 11)
  #expect(
    rows[0].hasPrefix(
      "steps,iteration,episodes,mean_return,mean_length,seconds,steps_per_second,policy_loss,"))
  let policy = try ActorCritic(decoding: try #require(try model(folder.run)), file: "m")
  #expect(policy.parameters.map(\.value.scalars) == run.agent.model.parameters.map(\.value.scalars))
}

/// Checkpoints at any distance, three kept, and the end is the same as without them.
@Test func interruptedRunsEndWithTheSameBytes() throws {
  let (whole, pieces) = (try Folder(), try Folder())
  var run = try start(whole.run)
  _ = try run.train(workers: 2)
  do {
    var first = try start(pieces.run)
    _ = try first.train(workers: 1, interval: .zero)
  }
  #expect(try RunDirectory(reading: pieces.run).checkpointSteps().count == 3)
  #expect(try model(pieces.run) == model(whole.run))

  // As a crash leaves it: the last two checkpoints gone, another half written, one half removed.
  let checkpoints = pieces.run + "/checkpoints"
  for step in [640, 576] {
    try FileManager.default.removeItem(atPath: "\(checkpoints)/step-\(step)")
  }
  for name in [".writing-step-576", ".removing-step-64"] {
    try FileManager.default.createDirectory(
      atPath: "\(checkpoints)/\(name)", withIntermediateDirectories: true)
    try Data("half".utf8).write(to: URL(filePath: "\(checkpoints)/\(name)/model.safetensors"))
  }
  do {
    var again = try resume(pieces.run)
    #expect(again.agent.stepCount == 512)
    _ = try again.train(workers: 2)
  }
  #expect(try model(pieces.run) == model(whole.run))
  #expect(
    try FileManager.default.contentsOfDirectory(atPath: checkpoints).allSatisfy {
      $0.hasPrefix("step-")
    })
  // The rows that came after the checkpoint were cut and written again.
  let rows = try String(contentsOfFile: pieces.run + "/metrics.csv", encoding: .utf8)
    .split(separator: "\n").dropFirst().compactMap {
      $0.split(separator: ",").first.flatMap { Int($0) }
    }
  #expect(rows == (1...10).map { $0 * 64 })
}

@Test func withoutACheckpointARunStartsOver() throws {
  let (folder, whole) = (try Folder(), try Folder())
  do { _ = try start(folder.run) }
  var run = try resume(folder.run)
  #expect(run.agent.stepCount == 0)
  _ = try run.train(workers: 1)
  var other = try start(whole.run)
  _ = try other.train(workers: 1)
  #expect(try model(folder.run) == model(whole.run))
}

@Test func aFinishedRunCanGoOn() throws {
  let folder = try Folder()
  do {
    var run = try start(folder.run)
    _ = try run.train(workers: 1)
  }
  var longer = try resume(folder.run, steps: 768)
  _ = try longer.train(workers: 1)
  #expect(try RunDirectory(reading: folder.run).checkpointSteps() == [640, 768])
  // TensorBoard drops events from the step of a session's start on: 641, as a varint, and START.
  let start = Data([0x10, 0x81, 0x05, 0x3A, 0x02, 0x08, 0x01])
  let files = try FileManager.default.contentsOfDirectory(atPath: folder.run)
    .filter { $0.hasPrefix("events.") }
    .compactMap { FileManager.default.contents(atPath: folder.run + "/" + $0) }
  #expect(files.filter { $0.range(of: start) != nil }.count == 1)
}

@Test func aRunHasOneWriter() throws {
  let folder = try Folder()
  let run = try start(folder.run)
  let second = #expect(throws: RunError.self) { try resume(folder.run) }
  #expect(second?.kind == .usage)
  #expect(
    second?.description.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
  let taken = #expect(throws: RunError.self) { try start(folder.run) }
  #expect(taken?.description.contains("--resume") == true)
  withExtendedLifetime(run) {}
}

@Test func whatIsNoRunIsSaid() throws {
  let folder = try Folder()
  let none = #expect(throws: RunError.self) { try resume(folder.path + "/nowhere") }
  #expect(none?.kind == .missing)
  let empty = #expect(throws: RunError.self) { try resume(folder.path) }
  #expect(empty?.kind == .missing)
  #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
}

/// Every file of a checkpoint damaged in several ways: one sentence that names it, nothing changed.
@Test(arguments: [
  "model.safetensors", "state.safetensors", "state.json", "environments.json", "manifest.json",
])
func aDamagedCheckpointIsFound(_ name: String) throws {
  let folder = try Folder()
  do {
    var run = try start(folder.run)
    _ = try run.train(workers: 1)
  }
  let path = folder.run + "/checkpoints/step-640/" + name
  let good = try #require(FileManager.default.contents(atPath: path))
  var flipped = good
  flipped[good.count / 2] ^= 4
  for damaged in [Data(), good.prefix(good.count / 2), flipped, good + Data([0]), nil] {
    try? FileManager.default.removeItem(atPath: path)
    try damaged?.write(to: URL(filePath: path))
    let before = try FileManager.default.subpathsOfDirectory(atPath: folder.run).sorted()
    // A flipped bit of the manifest may leave a list that is still right.
    if name == "manifest.json" && damaged == flipped
      || damaged == good + Data([0]) && name == "manifest.json"
    {
      _ = try? resume(folder.run)
      continue
    }
    let error = #expect(throws: RunError.self) { try resume(folder.run) }
    #expect(error?.kind == .data)
    #expect(error?.description.contains(name) == true, "\(error?.description ?? "")")
    #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.run).sorted() == before)
  }
  try good.write(to: URL(filePath: path))
  #expect(try resume(folder.run).agent.stepCount == 640)
}

/// A manifest that matches files of nonsense: the parsers find it.
@Test func hostileStateGetsASentence() throws {
  let folder = try Folder()
  do { _ = try start(folder.run) }
  let files: [String: Data] = [
    "model.safetensors": Data("x".utf8), "state.safetensors": Data(), "state.json": Data("{}".utf8),
    "environments.json": Data("[]".utf8),
  ]
  try RunDirectory(reading: folder.run).writeCheckpoint(step: 64, files: files)
  let error = #expect(throws: RunError.self) { try resume(folder.run) }
  #expect(error?.kind == .data)
  #expect(error?.description.contains("state.json") == true, "\(error?.description ?? "")")
}

/// Two processes that were given one folder at once: the first keeps it, whole.
@Test func aFolderTakesOneRun() throws {
  let folder = try Folder()
  let run = try start(folder.run)
  try FileManager.default.removeItem(atPath: folder.run + "/run.json")
  let config = FileManager.default.contents(atPath: folder.run + "/config.yaml")
  var other = settings
  other.gamma = 0.5
  let environments = try make("CartPole-v1", count: 2, seed: 4)
  let error = #expect(throws: RunError.self) {
    try TrainingRun(
      creating: folder.run, description(64), configuration: other,
      agent: PPO(for: environments, other, seed: 4), environments: environments)
  }
  #expect(error?.kind == .usage)
  #expect(FileManager.default.contents(atPath: folder.run + "/config.yaml") == config)
  #expect(!FileManager.default.fileExists(atPath: folder.run + "/run.json"))
  withExtendedLifetime(run) {}
}

@Test func settingsChangedSinceTheCheckpointAreRefused() throws {
  let folder = try Folder()
  do {
    var run = try start(folder.run)
    _ = try run.train(workers: 1)
  }
  let path = folder.run + "/config.yaml"
  let good = try String(contentsOfFile: path, encoding: .utf8)
  func write(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: path)) }

  try write(good.replacing("gamma: 0.99", with: "gamma: 0.5"))
  let changed = #expect(throws: RunError.self) { try resume(folder.run) }
  #expect(changed?.kind == .data)
  #expect(
    changed?.description.contains("has gamma: 0.5 where the run was trained with gamma: 0.99")
      == true, "\(changed?.description ?? "")")

  try write(good.replacing("gamma: 0.99\n", with: ""))
  let removed = #expect(throws: RunError.self) { try resume(folder.run) }
  #expect(removed?.description.contains("no gamma") == true, "\(removed?.description ?? "")")

  // Comments and order are the reader's own.
  let shuffled = good.split(separator: "\n").reversed().joined(separator: "\n")
  try write("# mine\n" + shuffled + "\n")
  #expect(try resume(folder.run).agent.stepCount == 640)
}

@Test func aNewEndIsKeptAndCannotLieBehind() throws {
  let folder = try Folder()
  do {
    var run = try start(folder.run)
    _ = try run.train(workers: 1)
  }
  let error = #expect(throws: RunError.self) { try resume(folder.run, steps: 320) }
  #expect(error?.kind == .usage)
  #expect(error?.description.contains("640 steps") == true, "\(error?.description ?? "")")
  #expect(try RunDirectory(reading: folder.run).description().totalSteps == 640)
  // Killed before its first checkpoint: the schedules of the next resume run to the same end.
  do { _ = try resume(folder.run, steps: 768) }
  #expect(try RunDirectory(reading: folder.run).description().totalSteps == 768)
}

@Test func aRenamedCheckpointIsFound() throws {
  let folder = try Folder()
  do {
    var run = try start(folder.run)
    _ = try run.train(workers: 1)
  }
  let checkpoints = folder.run + "/checkpoints/"
  try FileManager.default.moveItem(
    atPath: checkpoints + "step-640", toPath: checkpoints + "step-9999")
  let error = #expect(throws: RunError.self) { try resume(folder.run) }
  #expect(error?.kind == .data)
  #expect(error?.description.contains("step 640") == true, "\(error?.description ?? "")")
}
