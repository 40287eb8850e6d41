import Agents
import Foundation
import Language
import Runtime
import Tensors
import Testing

/// Every kind of adapter, trained by its settings beside the small model.
@Suite struct AdapterTrainingTests {
  static let kinds = [
    (["lora_r=4"], ["lora_"]), (["adapter=lora"], ["lora_"]),
    (["adapter=bottleneck", "bottleneck_size=6"], ["adapter_"]),
    (["adapter=prefix", "num_virtual_tokens=3"], ["prefix_"]),
  ]

  private func settings<Own: LanguageAgentSettings>(
    _ assignments: [String]
  ) throws -> LanguageConfiguration<Own> {
    try assignments.reduce(smallLanguage()) { try $0.applying($1) }
  }

  private func value(_ report: TrainingReport, _ name: String) throws -> Double {
    try #require(report.losses.first { $0.name == name }?.value)
  }

  /// log π of an answer's tokens.
  private func logProbabilities(_ model: LanguageModel, _ tokens: [Int]) -> [Float] {
    let hidden = model.hidden(tokens, sequences: SequenceOffsets(lengths: [tokens.count]))
    return model.logProbabilities(
      of: Array(tokens.dropFirst()), at: hidden.sliced(0..<tokens.count - 1).contiguous()
    ).logProbabilities.scalars
  }

  @Test(arguments: kinds)
  func areTrainedAloneWithRatiosOfExactlyOne(_ kind: [String], _ names: [String]) throws {
    // Clip ranges that cut every ratio but 1.
    var agent = try GRPO(
      on: bareAddition(),
      settings(
        kind + ["generation_batch_size=32", "learning_rate=0.01", "epsilon=1e-30", "beta=0.05"]),
      seed: 1)
    let before = agent.policy.model
    var reports: [TrainingReport] = []
    try agent.train(steps: 3, workers: 2) { reports.append($0) }
    for report in reports {
      #expect(try value(report, "clip_ratio/high_mean") == 0)
      #expect(try value(report, "clip_ratio/low_mean") == 0)
      #expect(try value(report, "grad_norm") > 0)
    }
    // The distance is from the model without adapters, which a fresh prefix changes at once.
    #expect(try (value(reports[0], "kl") == 0) == (names != ["prefix_"]))
    let after = agent.policy.model
    #expect(!after.parameters.isEmpty)
    for ((name, was), (_, now)) in zip(before.parameters, after.parameters) {
      #expect(names.contains { name.contains($0) } && was.scalars != now.scalars, "\(name)")
    }
    let tokens = [3, 17, 29, 8, 2]
    let base = try GRPO(on: bareAddition(), settings([]), seed: 1).policy.model
    #expect(
      logProbabilities(after.withoutAdapters, tokens) == logProbabilities(base, tokens))
  }

  @Test(arguments: kinds.dropFirst())
  func resumeToTheSameBytes(_ kind: [String], _ names: [String]) throws {
    let source = try bareAddition()
    let batch = ["generation_batch_size=16", "learning_rate=lin_0.01"]
    try resumes(GRPO.self, settings(kind + batch + ["beta=0.1"]), on: source)
    try resumes(
      SupervisedFineTuning.self, settings(kind + ["per_device_train_batch_size=8"]), on: source)
    try resumes(LanguagePPO.self, settings(kind + batch), on: source)
    try resumes(Kimi.self, settings(kind + batch), on: source)
  }

  private func trained(
    _ path: String, _ assignments: [String], on model: String? = nil
  ) throws -> SFTConfiguration {
    let source = try bareAddition()
    var configuration: SFTConfiguration = try settings(
      ["per_device_train_batch_size=8", "learning_rate=0.01"] + assignments)
    if let model { configuration.model = model }
    let agent = try SupervisedFineTuning(on: source, configuration, seed: 1)
    var run = try LanguageRun(
      creating: path,
      RunDescription(
        agent: "sft", environment: "addition", seed: 1, totalSteps: 2, version: "test",
        simd: "test"), agent: agent, source: source)
    #expect(try run.train(workers: 1) == .finished)
    let tokens = [3, 17, 29, 8, 2]
    let (kept, read) = (run.agent.policy.model, try TextPolicy(path).model)
    #expect(logProbabilities(kept, tokens) == logProbabilities(read, tokens))
    return run.agent.configuration
  }

  @Test(arguments: kinds)
  func aRunIsReadTrainedOnAndExported(_ kind: [String], _ names: [String]) throws {
    let folder = NSTemporaryDirectory() + "swirl-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let first = try trained("\(folder)/first", kind)
    // Unless others are asked for, the same adapters are trained on.
    let second = try trained("\(folder)/second", [], on: "\(folder)/first")
    #expect(second.adapter == first.adapter && second.loraRank == first.loraRank)
    #expect(second.bottleneckSize == first.bottleneckSize)
    #expect(second.prefixTokens == first.prefixTokens)
    let model = try TextPolicy("\(folder)/second").model
    #expect(model.parameters.count == (try TextPolicy("\(folder)/first").model.parameters.count))
    func refusal(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    let other = refusal {
      _ = try trained("\(folder)/third", ["adapter=bottleneck"], on: "\(folder)/first")
    }
    let export = refusal {
      try TextPolicy("\(folder)/first").write(toHuggingFaceFolder: "\(folder)/export")
    }
    if names == ["lora_"] {
      // Low-rank adapters become a part of the weights that others stand beside.
      #expect(other.isEmpty && export.isEmpty)
    } else {
      #expect(other.contains("cannot be added into its weights") == (names == ["prefix_"]))
      #expect(export.contains("cannot be added into the weights"))
    }
  }

  @Test(arguments: [
    ("adapter=wing", "lora, bottleneck or prefix"), ("adapter=[]", "adapter"),
    ("adapter=bottleneck lora_r=4", "lora_r is 4, but must be 0 where adapter is bottleneck"),
    ("adapter=prefix bottleneck_size=4", "null where adapter is prefix"),
    ("num_virtual_tokens=4", "null where no adapter is set"),
    ("lora_r=4 num_virtual_tokens=4", "num_virtual_tokens is 4"),
    ("adapter=bottleneck bottleneck_size=0", "from 1 to 65536"),
    ("adapter=bottleneck bottleneck_size=500", "1 to 128"),
    ("adapter=prefix num_virtual_tokens=0", "from 1 to"),
    ("adapter=prefix num_virtual_tokens=128", "does not fit a context of 128"),
    ("adapter=prefix num_virtual_tokens=126", "leaves no room in a context of 2"),
    ("dtype=float16", "adapter"),
  ])
  func badSettingsGetASentence(_ assignments: String, _ part: String) throws {
    do {
      var agent = try GRPO(
        on: bareAddition(), settings(assignments.split(separator: " ").map(String.init)), seed: 1)
      try agent.train(steps: 1, workers: 1)
      Issue.record("\(assignments) was taken")
    } catch {
      #expect("\(error)".contains(part), "\(error)")
    }
  }

  @Test func aPrefixTakesItsPartOfTheContext() throws {
    // Of 128 tokens the prefix has 60; answers end where the rest does.
    var kimi = try Kimi(
      on: bareAddition(),
      settings([
        "adapter=prefix", "num_virtual_tokens=60", "generation_batch_size=8",
        "max_completion_length=200", "rollout_budget=40",
      ]), seed: 1)
    var lengths: [Int] = []
    while kimi.stepCount < 8 {
      try kimi.train(steps: kimi.stepCount + 1, workers: 2)
      lengths += kimi.samples.map(\.tokens)
    }
    #expect(lengths.allSatisfy { $0 < 68 } && lengths.contains { $0 > 40 })
    let long = String(repeating: "12 ", count: 80)
    var sft = try SupervisedFineTuning(
      file: exampleFile("{\"text\": \"\(long)\"}"),
      settings(["adapter=prefix", "num_virtual_tokens=60", "per_device_train_batch_size=2"]),
      seed: 1)
    try sft.train(steps: 1, workers: 1) { #expect($0.meanLength == 67) }
  }
}
