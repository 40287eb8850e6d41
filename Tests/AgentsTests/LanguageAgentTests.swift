import Agents
import Foundation
import Language
import Runtime
import Tensors
import Testing

/// A model so small that an iteration takes milliseconds.
func smallLanguage<Own: LanguageAgentSettings>(
  _ assignments: String...
) throws -> LanguageConfiguration<Own> {
  var configuration = LanguageConfiguration<Own>()
  let shared = [
    "hidden_size=32", "num_hidden_layers=2", "num_attention_heads=2", "max_completion_length=5",
  ]
  for setting in shared + assignments { configuration = try configuration.applying(setting) }
  return configuration
}

func bareAddition() throws -> TextSource {
  try makeTask("addition", options: ["digits": 1, "bare": true])
}

private func model(_ agent: some LanguageAgent) throws -> Data {
  try #require(try agent.snapshot()["model.safetensors"])
}

private func numbers(_ report: TrainingReport, _ name: String) throws -> Double {
  try #require(report.losses.first { $0.name == name }?.value)
}

@Test(arguments: ["grpo", "dr_grpo", "dapo", "gspo", "cispo", "rloo", "reinforce++"])
func everyVariantLearns(variant: String) throws {
  var agent = try GRPO(
    on: bareAddition(),
    smallLanguage(
      "loss_type=\(variant)", "generation_batch_size=16", "beta=0.1", "learning_rate=0.01"),
    seed: 1)
  let before = try model(agent)
  var reports: [TrainingReport] = []
  try agent.train(steps: 2, workers: 1) { reports.append($0) }
  #expect(try model(agent) != before)
  for report in reports {
    for (name, value) in report.losses { #expect(value.isFinite, "\(name)") }
  }
  // Nothing is clipped where the policy is the one that sampled, and it is its own reference at
  // first.
  #expect(try numbers(reports[0], "clip_ratio/high_mean") == 0)
  #expect(try numbers(reports[0], "clip_ratio/low_mean") == 0)
  #expect(try numbers(reports[0], "kl") == 0)
  #expect(try numbers(reports[1], "kl") != 0)
}

@Test func firstRatiosAreExactlyOne() throws {
  // Clip ranges that cut every ratio but 1.
  var agent = try GRPO(
    on: bareAddition(),
    smallLanguage("epsilon=1e-30", "generation_batch_size=64", "temperature=0.7"), seed: 3)
  try agent.train(steps: 3, workers: 2) { report in
    #expect(report.losses.first { $0.name == "clip_ratio/high_mean" }?.value == 0)
    #expect(report.losses.first { $0.name == "clip_ratio/low_mean" }?.value == 0)
  }
}

@Test func threadsAndMicrobatchesChangeNothing() throws {
  func trained(_ budget: Int, workers: Int) throws -> (Data, [Double]) {
    var agent = try GRPO(
      on: bareAddition(), smallLanguage("generation_batch_size=32", "micro_batch_tokens=\(budget)"),
      seed: 5)
    var losses: [Double] = []
    try agent.train(steps: 3, workers: workers) { report in
      losses.append(report.losses.first { $0.name == "grad_norm" }!.value)
    }
    return (try model(agent), losses)
  }
  let whole = try trained(100_000, workers: 1)
  let cut = try trained(24, workers: 1)
  #expect(try trained(24, workers: 3).0 == cut.0)
  for (a, b) in zip(whole.1, cut.1) { #expect(abs(a - b) < 1e-4 * max(a, 1)) }
}

@Test func microbatchesDropTheSameInputs() throws {
  func losses(_ budget: Int, seed: UInt64 = 5) throws -> [Double] {
    var agent = try SupervisedFineTuning(
      on: bareAddition(),
      smallLanguage(
        "per_device_train_batch_size=16", "lora_r=4", "lora_dropout=0.5",
        "micro_batch_tokens=\(budget)"), seed: seed)
    var losses: [Double] = []
    try agent.train(steps: 2, workers: 2) { report in
      losses.append(report.losses.first { $0.name == "grad_norm" }!.value)
    }
    return losses
  }
  let whole = try losses(100_000)
  for (a, b) in zip(whole, try losses(24)) { #expect(abs(a - b) < 1e-4 * max(a, 1)) }
  // The members of a group share their prompt, also where a microbatch parts them.
  var norms: [Double] = []
  for budget in [100_000, 16] {
    var agent = try GRPO(
      on: .task(PartlyMarked()),
      smallLanguage(
        "generation_batch_size=64", "lora_r=4", "lora_dropout=0.5", "micro_batch_tokens=\(budget)"),
      seed: 5)
    try agent.train(steps: 1, workers: 1) { report in
      norms.append(report.losses.first { $0.name == "grad_norm" }!.value)
    }
  }
  #expect(norms[0] > 0 && abs(norms[0] - norms[1]) < 1e-4 * norms[0])
}

func resumes<A: LanguageAgent>(
  _ type: A.Type, _ configuration: LanguageConfiguration<A.Settings>, on source: TextSource
) throws {
  var whole = try A(on: source, configuration, seed: 2)
  whole.totalSteps = 8
  try whole.train(steps: 8, workers: 1)
  var first = try A(on: source, configuration, seed: 2)
  first.totalSteps = 8
  try first.train(steps: 4, workers: 2)
  let files = try first.snapshot()
  var second = try A(on: source, configuration, seed: 2)
  second.totalSteps = 8
  try second.restore(files, directory: "memory")
  #expect(second.stepCount == first.stepCount)
  try second.train(steps: 8, workers: 2)
  #expect(try second.snapshot() == whole.snapshot())
  var broken = files
  broken["model.safetensors"] = Data("{}".utf8)
  #expect(throws: (any Error).self) { try second.restore(broken, directory: "memory") }
}

@Test func everyAgentResumesToTheSameBytes() throws {
  let source = try bareAddition()
  try resumes(
    GRPO.self,
    smallLanguage("generation_batch_size=16", "learning_rate=lin_0.001", "dynamic_sampling=true"),
    on: source)
  try resumes(SupervisedFineTuning.self, smallLanguage("per_device_train_batch_size=8"), on: source)
  try resumes(
    LanguagePPO.self,
    smallLanguage("generation_batch_size=16", "num_ppo_epochs=2", "num_mini_batches=2"), on: source)
  try resumes(
    Kimi.self,
    smallLanguage(
      "generation_batch_size=16", "rollout_budget=2", "problem_pool=16", "curriculum_steps=6",
      "length_reward_weight=0.1", "length_reward_warmup=1", "baseline=log_z"), on: source)
  // The first iterations finish no group and so update nothing, which a warm-up and the streams of
  // dropout count.
  try resumes(
    Kimi.self,
    smallLanguage(
      "generation_batch_size=16", "max_completion_length=60", "rollout_budget=20", "warmup_steps=6",
      "lora_r=4", "lora_dropout=0.3", "learning_rate=0.01"), on: source)
}

@Test func partialRolloutsEndWithTheContext() throws {
  var agent = try Kimi(
    on: bareAddition(),
    smallLanguage("generation_batch_size=8", "max_completion_length=200", "rollout_budget=62"),
    seed: 1)
  var lengths: [Int] = []
  // Prompts are of a few tokens, and the context of 128.
  while agent.stepCount < 8 {
    try agent.train(steps: agent.stepCount + 1, workers: 2)
    lengths += agent.samples.map(\.tokens)
  }
  #expect(lengths.allSatisfy { $0 < 128 } && lengths.contains { $0 > 62 })
}

/// Marks answers by a sum of their characters, and cannot mark a third of them.
private struct PartlyMarked: GeneratedTask {
  var components: [RewardComponent] { [RewardComponent("correct")] }
  func draw(using random: inout PCG64) -> TextProblem {
    TextProblem("\(random.integers(0..<100))", answer: "1")
  }
  private func sum(_ answer: String) -> Int { answer.utf8.reduce(0) { $0 + Int($1) } }
  func marks(_ answer: String, for problem: TextProblem) -> [Double] {
    [Double(sum(answer) / 3 % 2)]
  }
  func marks(_ answers: [MarkedText]) throws -> [[Double]?] {
    answers.map { sum($0.answer) % 3 == 0 ? nil : marks($0.answer, for: $0.problem) }
  }
}

@Test func unmarkedAnswersCountNowhere() throws {
  func check(_ samples: [LanguageSample], _ reward: Double) {
    #expect(samples.contains { $0.rewards == nil } && samples.contains { $0.rewards != nil })
    for start in stride(from: 0, to: samples.count, by: 8) {
      let group = samples[start..<start + 8]
      let marked = group.filter { $0.rewards != nil }
      let mean = marked.map(\.reward).reduce(0, +) / Double(max(marked.count, 1))
      for sample in group {
        #expect(abs(sample.advantage - (sample.rewards == nil ? 0 : sample.reward - mean)) < 1e-9)
      }
    }
    let marked = samples.filter { $0.rewards != nil }.map(\.reward)
    #expect(abs(marked.reduce(0, +) / Double(marked.count) - reward) < 1e-9)
  }
  var grpo = try GRPO(
    on: .task(PartlyMarked()), smallLanguage("generation_batch_size=64", "loss_type=dr_grpo"),
    seed: 1)
  var reward = 0.0
  try grpo.train(steps: 1, workers: 1) { reward = $0.losses.first { $0.name == "reward" }!.value }
  check(grpo.samples, reward)
  var kimi = try Kimi(on: .task(PartlyMarked()), smallLanguage("generation_batch_size=64"), seed: 1)
  try kimi.train(steps: 1, workers: 1) { reward = $0.losses.first { $0.name == "reward" }!.value }
  check(kimi.samples, reward)
}

@Test func supervisedFineTuningFitsWhatItIsShown() throws {
  var agent = try SupervisedFineTuning(
    on: bareAddition(), smallLanguage("per_device_train_batch_size=32", "learning_rate=0.003"),
    seed: 1)
  var losses: [Double] = []
  try agent.train(steps: 60, workers: 1) { report in
    losses.append(report.losses.first { $0.name == "loss" }!.value)
  }
  #expect(losses[0] > 3.5)
  #expect(losses.suffix(5).reduce(0, +) / 5 < 2.2)
}

@Test func conversationsLearnTheModelsOwnTokens() throws {
  let source = try makeTask("grid-world", options: ["size": 2, "turns": 2])
  var agent = try GRPO(
    on: source,
    smallLanguage("generation_batch_size=8", "num_generations=4", "max_position_embeddings=1024"),
    seed: 1)
  try agent.train(steps: 2, workers: 1)
  #expect(agent.samples.count == 8)
  // Two answers of at most five tokens; what the world said is not counted.
  #expect(agent.samples.allSatisfy { 1...10 ~= $0.tokens })
}

private struct Unmarked: GeneratedTask {
  var components: [RewardComponent] { [RewardComponent("correct")] }
  func draw(using random: inout PCG64) -> TextProblem {
    TextProblem("\(random.integers(0..<100))", answer: "1")
  }
  func marks(_ answer: String, for problem: TextProblem) -> [Double] { [.nan] }
}

@Test func rewardsThatAreNoNumbersEndInASentence() throws {
  var agent = try GRPO(on: .task(Unmarked()), smallLanguage("generation_batch_size=8"), seed: 1)
  do {
    try agent.train(steps: 1, workers: 1)
    Issue.record("a reward of NaN was learnt from")
  } catch {
    #expect("\(error)".contains("marks are from 0 to 1"))
  }
}

/// A world that marks as its `given` says.
private struct Marking: TextEnvironment {
  var given: [Double]
  var components: [RewardComponent] { [RewardComponent("solved")] }
  var turnLimit: Int { 1 }
  var marks: [Double] { given }
  mutating func begin(_ index: Int, of split: TaskSplit, seed: UInt64) -> String { "go" }
  mutating func respond(to message: String) -> TextTurn { TextTurn("", ending: .terminated) }
}

@Test(arguments: [([2.0], "from 0 to 1"), ([], "0 marks"), ([1, 1], "2 marks")])
func worldsThatMarkWronglyGetASentence(given: [Double], part: String) throws {
  var agent = try GRPO(
    on: .environment(Marking(given: given)), smallLanguage("generation_batch_size=8"), seed: 1)
  do {
    try agent.train(steps: 1, workers: 1)
    Issue.record("marks of \(given) were learnt from")
  } catch {
    #expect("\(error)".contains(part))
  }
}

// MARK: - Files of examples

func exampleFile(_ lines: String...) throws -> String {
  let path = NSTemporaryDirectory() + "swirl-\(UUID().uuidString).jsonl"
  try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(fileURLWithPath: path))
  return path
}

@Test(arguments: [
  (#"{"text": ""}"#, "no tokens"), (#"{"text": "é"}"#, "no tokens"),
  (#"{"prompt": "", "completion": "a"}"#, "no tokens"), (#"{"prompt": "a"}"#, "no \"completion\""),
  (#"{"messages": [{"role": "user", "content": "a"}]}"#, "message of the assistant"),
  (#"{"messages": [{"role": "user"}]}"#, "\"role\""), ("{}", "neither"),
])
func examplesThatTeachNothingAreNamedByTheirLine(line: String, part: String) throws {
  let path = try exampleFile(#"{"text": "fine"}"#, "", line)
  do {
    _ = try SupervisedFineTuning(file: path, smallLanguage(), seed: 1)
    Issue.record("\(line) was taken")
  } catch {
    #expect("\(error)".contains("\(path), line 3: ") && "\(error)".contains(part), "\(error)")
  }
}

@Test func problemsOfAFileAreTaughtWithTheirWholeAnswers() throws {
  let lines = (10..<60).map { "{\"question\": \"\($0)\", \"answer\": \"1+1 #### 2\"}\n" }
  let source = try makeTask(exampleFile(lines.joined()))
  var agent = try SupervisedFineTuning(on: source, smallLanguage(), seed: 1)
  var lengths: [Double] = []
  try agent.train(steps: 1, workers: 1) { lengths.append($0.meanLength) }
  // A token a character, and the end.
  #expect(lengths == [11])
}

/// A conversation is what the template makes of it, whoever speaks after whom.
@Test(arguments: [
  "ua", "sua", "uaua", "uaa", "utatua", "aua", "uasua", "uauu", "usutaat",
]) func conversationsAreEncodedAsTheTemplateHasThem(roles: String) throws {
  let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "LanguageTests/References/tokenizers/smollm").path
  var tokenizer = try Tokenizer(folder: folder)
  tokenizer.chatTemplate = .chatML(defaultSystem: "Be brief.")
  tokenizer.endTokens = [try #require(tokenizer.token(of: "<|im_end|>"))]
  var random = PCG64(seed: 1)
  let model = LanguageModel(
    LanguageModelConfiguration(
      vocabularySize: tokenizer.vocabularySize, width: 8, blockCount: 1, headCount: 1,
      hiddenSize: 8, contextLength: 256, rotary: RotaryEmbedding(dim: 8)), using: &random)
  let names: [Character: ChatMessage.Role] = [
    "u": .user, "a": .assistant, "s": .system, "t": .tool,
  ]
  let messages = roles.enumerated().map { number, role in
    ChatMessage(names[role] ?? .user, "message \(number), from \(role).")
  }
  let example = try TextPolicy(model: model, tokenizer: tokenizer).example(messages)
  let last = try #require(messages.lastIndex { $0.role == .assistant })
  let whole = try tokenizer.encode(Array(messages[...last]), addingPrompt: false)
  let tokens = example.prompt + example.tokens
  // The template writes a newline after the last turn.
  #expect(whole.starts(with: tokens) && tokenizer.decode(whole[tokens.count...]) == "\n")
  let learnt = zip(example.tokens, example.isChosen).filter(\.1).map(\.0)
  #expect(
    tokenizer.decode(learnt)
      == messages.filter { $0.role == .assistant }.map { $0.content + "<|im_end|>" }.joined())
}

@Test(arguments: [
  ("num_generations=1", "num_generations"), ("generation_batch_size=12", "multiple"),
  ("temperature=0", "temperature"), ("temperature=1e-5", "0.0001 to 10000"),
  ("loss_type=trpo", "dr_grpo"), ("dtype=float16", "lora_r"),
  ("hidden_size=33", "multiple"), ("lora_target_modules=[wing]", "q_proj"),
  ("reward_weights=[1]", "components"), ("modle_name_or_path=x", "model_name_or_path"),
  ("lora_r=500", "rank"), ("model_name_or_path=/nowhere.gguf", "/nowhere.gguf"),
]) func badSettingsGetASentence(setting: String, part: String) {
  do {
    _ = try GRPO(on: bareAddition(), smallLanguage(setting), seed: 1)
    Issue.record("\(setting) was taken")
  } catch {
    #expect("\(error)".contains(part), "\(error)")
  }
}

@Test func settingsTravelThroughAFile() throws {
  var configuration = GRPOConfiguration()
  configuration.variant = .gspo
  configuration.loraRank = 16
  configuration.taskOptions = ["digits": 2, "bare": true]
  configuration.rewardProgram = "python3 'my reward.py'"
  let again = try GRPOConfiguration().applying(yaml: configuration.yaml, file: "config.yaml")
  #expect(again == configuration)
}

@Test func poolPrefersWhatIsNotSolved() {
  var pool = ProblemPool(8)
  var random = PCG64(seed: 1)
  #expect(
    pool.choose(8, share: 1, prioritizes: true, using: &random) == Array(0..<8))
  for problem in 0..<8 { pool.record(problem, solved: problem < 4 ? 8 : 0, of: 8) }
  var counts = [Int](repeating: 0, count: 8)
  for _ in 0..<500 {
    let chosen = pool.choose(2, share: 1, prioritizes: true, using: &random)
    #expect(Set(chosen).count == 2)
    for problem in chosen { counts[problem] += 1 }
  }
  #expect(counts[..<4].reduce(0, +) < 60)
  // The curriculum begins with what is easy.
  let easy = pool.choose(3, share: 0.5, prioritizes: true, using: &random)
  #expect(easy.allSatisfy { $0 < 4 })
  #expect(
    pool.choose(2, share: 1, prioritizes: false, except: Set(0..<6), using: &random).sorted()
      == [6, 7])
}
