import ArgumentParser
import Foundation
import Swirl

// Agents whose policy is a language model: the same arguments, run directories and reports, with a
// text task in place of an environment.
extension TrainCommand {
  static let languageAgents: [any LanguageAgent.Type] = [
    SupervisedFineTuning.self, GRPO.self, LanguagePPO.self, Kimi.self,
  ]

  /// The language agent of a name, or nil.
  static func languageAgent(_ name: String) -> (any LanguageAgent.Type)? {
    languageAgents.first { $0.name == name }
  }

  static func useless(_ option: String, for agent: any LanguageAgent.Type) -> CommandFailure {
    CommandFailure(
      .usage, "\(agent.name) trains a language model and has no use for \(option); leave it out")
  }

  func startLanguage<Learner: LanguageAgent>(_ type: Learner.Type, _ task: String) throws {
    let refused: [(String, Bool)] = [
      ("--envs", envs != nil), ("--demonstrations", demonstrations != nil),
    ]
    if let (name, _) = refused.first(where: { $0.1 }) {
      throw Self.useless(name, for: type)
    }
    var configuration = LanguageConfiguration<Learner.Settings>()
    if let config {
      configuration = try configuration.applying(yaml: try Self.text(of: config), file: config)
    }
    for setting in settings { configuration = try configuration.applying(setting) }
    if let model { configuration.shared.model = model }
    if let lora { configuration.shared.loraRank = lora }
    if let rewardProgram { configuration.shared.rewardProgram = rewardProgram }
    // A run is resumed from wherever the person is then. A name is no path, whatever lies there.
    let named = [TextPolicy.characters] + ModelStore.known.map(\.name)
    if !named.contains(configuration.shared.model) {
      configuration.shared.model = Self.absolute(configuration.shared.model)
    }
    let isFile = task.hasSuffix(".jsonl") || task.hasSuffix(".json")
    let task = isFile ? Self.absolute(task) : task
    configuration.shared.taskOptions.merge(try taskOptions(options.assignments, of: task)) { $1 }
    if isFile, case .text(let file)? = configuration.shared.taskOptions["evaluation"] {
      configuration.shared.taskOptions["evaluation"] = .text(Self.absolute(file))
    }
    try configuration.validate()

    let seed = seed ?? 0
    let plan = try evaluation.plan(named: task, seed: seed)
    let (learner, source) = try Self.made(type, task, configuration, seed: seed)
    if plan != nil { _ = try source.heldOutCount() }
    let description = RunDescription(
      agent: Learner.name, environment: task, seed: seed, totalSteps: steps ?? 200,
      version: Version.current, simd: simdLevel, evaluation: plan)
    let path =
      if let out { try RunName.usable(out) } else {
        try RunName.claim(
          agent: Learner.name, environment: URL(filePath: task).lastPathComponent, seed: seed)
      }
    let run = try LanguageRun(creating: path, description, agent: learner, source: source)
    try drive(run, description, path)
  }

  func goOnLanguage<Learner: LanguageAgent>(
    _ type: Learner.Type, _ recorded: RunDescription, _ path: String
  ) throws {
    var description = recorded
    if let steps { description.totalSteps = steps }
    let run = try LanguageRun<Learner>(resuming: path, totalSteps: steps) { description, yaml in
      let configuration = try LanguageConfiguration<Learner.Settings>()
        .applying(yaml: yaml, file: "\(path)/config.yaml")
      return try Self.made(type, description.environment, configuration, seed: description.seed)
    }
    if run.agent.stepCount == 0 {
      Console.note("\(path) has no checkpoint yet; the run starts over")
    }
    try drive(run, description, path)
  }

  /// The agent and its task; supervised fine-tuning reads files of examples that are no problems,
  /// too.
  private static func made<Learner: LanguageAgent>(
    _ type: Learner.Type, _ task: String,
    _ configuration: LanguageConfiguration<Learner.Settings>, seed: UInt64
  ) throws -> (Learner, TextSource) {
    let source: TextSource
    do {
      source = try makeTask(task, options: configuration.shared.taskOptions)
    } catch let error as ModelError where error.kind == .badData {
      guard task.hasSuffix(".jsonl"), (try? ProblemFile(task)) == nil,
        type == SupervisedFineTuning.self,
        let configuration = configuration as? SFTConfiguration,
        let learner = try SupervisedFineTuning(file: task, configuration, seed: seed) as? Learner
      else { throw error }
      return (learner, .task(NoProblems()))
    }
    return (try Learner(on: source, configuration, seed: seed), source)
  }

  /// A path that is there, whole; a name of something else stays as it is.
  private static func absolute(_ name: String) -> String {
    guard !name.isEmpty, FileManager.default.fileExists(atPath: name) else { return name }
    return URL(filePath: name).standardizedFileURL.path
  }

  private func drive<Learner: LanguageAgent>(
    _ run: consuming LanguageRun<Learner>, _ description: RunDescription, _ path: String
  ) throws {
    var run = run
    let title = "\(description.agent) \(URL(filePath: description.environment).lastPathComponent)"
    var summary = try trained(
      title, path, total: description.totalSteps, from: run.agent.stepCount
    ) { try run.train(workers: $0, interval: $1, report: $2) }
    if let plan = description.evaluation { try summary.addBest(plan, of: run.directory) }
    show(summary)
  }
}
