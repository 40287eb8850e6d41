import Agents
import Foundation
import Language
import Runtime
import Tensors
import Testing

@Test func runResumesAndCutsItsLogs() throws {
  let folder = NSTemporaryDirectory() + "swirl-\(UUID().uuidString)"
  defer { try? FileManager.default.removeItem(atPath: folder) }
  let source = try bareAddition()
  let settings: GRPOConfiguration = try smallLanguage("generation_batch_size=16")
  let configuration = try settings.resolved()
  func description(_ steps: Int) -> RunDescription {
    RunDescription(
      agent: "grpo", environment: "addition", seed: 1, totalSteps: steps, version: "test",
      simd: "test", evaluation: EvaluationPlan(every: 2, episodes: 10, seed: 9))
  }
  func make() throws -> GRPO { try GRPO(on: source, configuration, seed: 1) }
  var whole = try LanguageRun(
    creating: folder + "/whole", description(6), agent: make(), source: source)
  #expect(try whole.train(workers: 1) == .finished)
  do {
    var half = try LanguageRun(
      creating: folder + "/half", description(4), agent: make(), source: source)
    #expect(try half.train(workers: 1) == .finished)
  }
  // What a process wrote that died before its next checkpoint.
  let log = folder + "/half/completions.jsonl"
  let handle = try #require(FileHandle(forWritingAtPath: log))
  try handle.seekToEnd()
  try handle.write(contentsOf: Data("{\"step\": 5, \"prompt\": \"x\"}\n{\"step\": 5, \"pro".utf8))
  // The first byte of a character of two.
  try handle.write(contentsOf: Data([0xC3]))
  try handle.close()
  var resumed = try LanguageRun<GRPO>(resuming: folder + "/half", totalSteps: 6) { _, yaml in
    let settings = try GRPOConfiguration().applying(yaml: yaml, file: "config.yaml")
    #expect(settings == configuration)
    return (try make(), source)
  }
  #expect(try resumed.train(workers: 2) == .finished)
  for name in [
    "completions.jsonl", "evaluations.json", "checkpoints/step-6/model.safetensors",
    "best/model.safetensors",
  ] {
    let bytes = try #require(FileManager.default.contents(atPath: folder + "/whole/" + name))
    #expect(bytes == FileManager.default.contents(atPath: folder + "/half/" + name))
  }
  let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
  #expect(lines.count == 6 * 16)
  let first = try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any]
  #expect(first?["step"] as? Int == 1)
  #expect(first?["rewards"] is [String: Any])
  let pieces = try #require(first?["pieces"] as? [String])
  #expect(pieces.joined() == first?["completion"] as? String)
  #expect(pieces.count == first?["tokens"] as? Int)
  #expect((first?["log_probabilities"] as? [Double])?.count == pieces.count)
  // The run is a model.
  let policy = try TextPolicy(folder + "/half")
  let found = try evaluate(policy, on: source, problems: 10, seed: 9, limit: 5, workers: 1)
  let listed = try #require(try resumed.directory.evaluations().last)
  #expect(found.result.returns == listed.returns && found.result.lengths == listed.lengths)
  var more: SFTConfiguration = try smallLanguage()
  more.model = folder + "/half"
  _ = try SupervisedFineTuning(on: source, more, seed: 1)
}

@Test func aLanguageRunThatStoppedEarlyStaysStopped() throws {
  let folder = NSTemporaryDirectory() + "swirl-\(UUID().uuidString)"
  defer { try? FileManager.default.removeItem(atPath: folder) }
  let source = try bareAddition()
  let settings: GRPOConfiguration = try smallLanguage("generation_batch_size=16")
  let plan = EvaluationPlan(every: 1, episodes: 2, seed: 9, stopAtReturn: -1)
  func resume(_ steps: Int? = nil) throws -> LanguageRun<GRPO> {
    try LanguageRun(resuming: folder, totalSteps: steps) { _, _ in
      (try GRPO(on: source, settings, seed: 1), source)
    }
  }
  func steps(_ run: consuming LanguageRun<GRPO>) throws -> Int {
    var run = run
    _ = try run.train(workers: 1)
    return run.agent.stepCount
  }
  let description = RunDescription(
    agent: "grpo", environment: "addition", seed: 1, totalSteps: 4, version: "test", simd: "test",
    evaluation: plan)
  #expect(
    try steps(
      LanguageRun(
        creating: folder, description, agent: GRPO(on: source, settings, seed: 1), source: source))
      == 1)
  #expect(try steps(resume()) == 1)
  // Killed before the next checkpoint, it still has its new end.
  do { _ = try resume(6) }
  #expect(try steps(resume()) == 2)
}

@Test func runsThatCannotBeEvaluatedAreRefused() throws {
  let path = NSTemporaryDirectory() + "swirl-\(UUID().uuidString)"
  let agent = try SupervisedFineTuning(
    file: exampleFile(#"{"text": "hello"}"#), smallLanguage(), seed: 1)
  let description = RunDescription(
    agent: "sft", environment: "x", seed: 1, totalSteps: 2, version: "test", simd: "test",
    evaluation: EvaluationPlan(every: 1, episodes: 1, seed: 2))
  #expect(throws: RunError.self) {
    _ = try LanguageRun(
      creating: path, description, agent: agent, source: .task(NoProblems()))
  }
  #expect(!FileManager.default.fileExists(atPath: path))
}

@Test func adaptersAreUsedBesideTheirModelAlone() throws {
  let folder = NSTemporaryDirectory() + "swirl-\(UUID().uuidString)"
  defer { try? FileManager.default.removeItem(atPath: folder) }
  let source = try bareAddition()
  func description(_ agent: String, _ steps: Int) -> RunDescription {
    RunDescription(
      agent: agent, environment: "addition", seed: 1, totalSteps: steps, version: "test",
      simd: "test")
  }
  func base() throws -> SupervisedFineTuning {
    try SupervisedFineTuning(on: source, smallLanguage("per_device_train_batch_size=8"), seed: 1)
  }
  func sentence(_ body: () throws -> Void) -> String {
    do { try body() } catch let error as RunError where error.kind == .data {
      return "\(error)"
    } catch { Issue.record("\(error)") }
    return ""
  }
  do {
    var run = try LanguageRun(
      creating: folder + "/base", description("sft", 1), agent: base(), source: source)
    #expect(try run.train(workers: 1) == .finished)
  }
  // A run on a run, and one on a folder of files.
  try TextPolicy(folder + "/base").write(toHuggingFaceFolder: folder + "/files")
  for name in ["base", "files"] {
    var settings: GRPOConfiguration = try smallLanguage("generation_batch_size=16", "lora_r=4")
    settings.model = "\(folder)/\(name)"
    var run = try LanguageRun(
      creating: "\(folder)/on-\(name)", description("grpo", 1),
      agent: GRPO(on: source, settings, seed: 1), source: source)
    #expect(try run.train(workers: 1) == .finished)
    _ = try TextPolicy("\(folder)/on-\(name)")
  }
  do {
    var run = try LanguageRun<SupervisedFineTuning>(
      resuming: folder + "/base", totalSteps: 2
    ) { _, _ in (try base(), source) }
    #expect(try run.train(workers: 1) == .finished)
  }
  try FileManager.default.removeItem(atPath: folder + "/files")
  try TextPolicy(folder + "/base").write(toHuggingFaceFolder: folder + "/files")
  for (name, change) in [("base", "is at step 2 now"), ("files", "has changed now")] {
    let path = "\(folder)/on-\(name)"
    #expect(sentence { _ = try TextPolicy(path) }.contains(change))
    let resumed = sentence {
      _ = try LanguageRun<GRPO>(resuming: path, totalSteps: 2) { _, _ in
        Issue.record("it was opened")
        return (try GRPO(on: source, smallLanguage(), seed: 1), source)
      }
    }
    #expect(resumed.contains(change))
  }
}
