import ArgumentParser
import Foundation
import Logging
import Swirl

/// `swirl train`: starts a run or goes on with one.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train an agent; writes a run directory.",
    usage: """
      swirl train sft|grpo|ppo-lm|kimi <task> --model <model> [--lora <rank>] [--steps <steps>] [--set <key=value>]...
      swirl train <agent> <env> [--steps <steps>] [--seed <seed>] [--envs <envs>] [--workers <workers>] \
      [--config <file>] [--set <key=value>]... [--option <name=value>]... [--eval-every <steps>] \
      [--out <dir>] [--json]
      swirl train --resume <dir> [--steps <steps>] [--workers <workers>] [--json]
      """,
    discussion: """
      Settings come from the preset for the agent and environment, then --config, then --set, then \
      --envs and --option, which stands for the setting env_kwargs. The result is the same for any number of workers, and a run that was killed goes on with \
      --resume as if it had not been. With --eval-every the policy is evaluated as training goes on, on \
      episodes that training never plays; the best is kept in best/model.safetensors.

      sft, grpo, ppo-lm and kimi train a language model on a text task: addition, subtraction, multiplication, \
      countdown, maximum-gap, sorting, letter-counting, bracket-matching, grid-world, text/CartPole-v1, or a file of \
      problems that ends in .jsonl. A step is then an update of the model, and --option is of the task. --lora trains \
      low-rank adapters beside it, --set adapter=bottleneck or --set adapter=prefix others.
      """)

  @Argument(
    help: ArgumentHelp(
      "What learns: ppo, a2c, trpo, reinforce, qac, ddpg, td3, sac, dqn; bc, gail or gail-trpo from demonstrations; sarsa, "
        + "expected-sarsa or q-learning on a table; sft, grpo, ppo-lm or kimi, language models.",
      valueName: "agent"))
  var agent: String?

  @Argument(
    help: ArgumentHelp(
      "What it learns in; 'swirl envs' lists the environments. A language model's task.",
      valueName: "env"))
  var environment: String?

  @Option(
    help: ArgumentHelp("Go on with the run in this directory.", valueName: "dir"))
  var resume: String?

  @Option(
    parsing: .unconditional,
    help: "Environment steps to take in all; 100_000 when left out. With --resume a new end.",
    transform: wholeNumber(in: Limits.steps))
  var steps: Int?

  @Option(
    parsing: .unconditional, help: "What every random stream is made from; 0 when left out.",
    transform: seedNumber)
  var seed: UInt64?

  @Option(
    parsing: .unconditional, help: "Environments stepped side by side; the setting n_envs.",
    transform: wholeNumber(in: Limits.environments))
  var envs: Int?

  @Option(
    parsing: .unconditional, help: "Threads; as many as there are processors when left out.",
    transform: wholeNumber(in: Limits.workers))
  var workers: Int?

  @Option(help: ArgumentHelp("A YAML file of settings.", valueName: "file"))
  var config: String?

  @Option(
    name: .customLong("set"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("One setting, such as gamma=0.98.", valueName: "key=value"))
  var settings: [String] = []

  @OptionGroup var options: OptionArguments

  @Option(
    help: ArgumentHelp(
      "A language model: a GGUF file, a Hugging Face folder, a run, a known name or 'characters', a small one made "
        + "from scratch; the setting model_name_or_path.", valueName: "model"))
  var model: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Train low-rank adapters of this rank beside a frozen language model; the setting lora_r.",
      valueName: "rank"), transform: wholeNumber(in: 1...65_536))
  var lora: Int?

  @Option(
    name: .customLong("reward-program"),
    help: ArgumentHelp(
      "A program that marks a language model's answers, JSON lines in and numbers out; the setting reward_program.",
      valueName: "command"))
  var rewardProgram: String?

  @Option(
    help: ArgumentHelp(
      "What bc and gail learn from, as 'swirl evaluate --save-demonstrations' writes it; the setting "
        + "demonstrations.", valueName: "file"))
  var demonstrations: String?

  @Option(
    help: ArgumentHelp(
      "The run directory to make; runs/<agent>-<env>-s<seed> when left out.", valueName: "dir"))
  var out: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Seconds between two checkpoints.", valueName: "seconds"),
    transform: TrainCommand.interval)
  var checkpointEvery = 30.0

  @OptionGroup var evaluation: EvaluationArguments

  @OptionGroup var viewing: TrainingViewArguments

  @Flag(help: "Print one JSON object at the end, for programs.")
  var json = false

  @Sendable private static func interval(_ text: String) throws -> Double {
    guard let seconds = Double(text), seconds >= 0, seconds <= 1e6 else {
      throw ValidationError("give a number of seconds from 0 to 1000000")
    }
    return seconds
  }

  static let agents: [any TrainableAgent.Type] = [
    PPO.self, A2C.self, TRPO.self, REINFORCE.self, QAC.self, BehaviorCloning.self, GAIL<PPO>.self,
    GAIL<TRPO>.self, SARSA.self, ExpectedSARSA.self, QLearning.self, DDPG.self, TD3.self, SAC.self,
    DQN.self,
  ]

  /// The agent of a name, or nil.
  private static func agent(_ name: String) -> (any TrainableAgent.Type)? {
    agents.first { $0.name == name }
  }

  mutating func run() throws {
    LoggingSystem.bootstrap { _ in ConsoleLog() }
    // From the first moment on: a signal during start-up is then looked at as soon as training runs.
    StopSignals.install()
    if viewing.isGiven {
      // Before a window opens.
      let name = try resume.map { try RunDirectory(reading: $0).description().agent } ?? agent
      if let learner = name.flatMap(Self.languageAgent) {
        throw Self.useless("--view and --video-every", for: learner)
      }
    }
    try viewing.showing(
      title: [agent, environment ?? resume].compactMap { $0 }.joined(separator: " on ")
    ) {
      [self] callbacks in
      if let resume {
        try goOn(with: resume, callbacks)
      } else {
        try start(callbacks)
      }
    }
  }
}

// MARK: - Starting and resuming

extension TrainCommand {
  private func start(_ callbacks: [any Callback]) throws {
    guard let agent, let name = environment else {
      throw ValidationError(
        "'swirl train' needs an agent and an environment, such as 'swirl train ppo CartPole-v1'")
    }
    if let learner = Self.languageAgent(agent) { return try startLanguage(learner, name) }
    guard let learner = Self.agent(agent) else {
      throw CommandFailure.unknown(
        "agent", agent, among: Self.agents.map { $0.name } + Self.languageAgents.map { $0.name })
    }
    if let (name, _) = [
      ("--model", model != nil), ("--lora", lora != nil),
      ("--reward-program", rewardProgram != nil),
    ].first(where: { $0.1 }) {
      throw CommandFailure(
        .usage, "\(agent) trains no language model; leave out \(name)")
    }
    // The id that an outdated one stands for is what the run is of.
    try start(learner, try environmentSpec(name).id, callbacks)
  }

  private func start<Learner: TrainableAgent>(
    _ type: Learner.Type, _ environment: String, _ callbacks: [any Callback]
  ) throws {
    var configuration = Learner.Configuration.preset(environment)
    if let config {
      configuration = try configuration.applying(yaml: try Self.text(of: config), file: config)
    }
    for setting in settings { configuration = try configuration.applying(setting) }
    if let demonstrations {
      guard Learner.Configuration.keys.contains("demonstrations") else {
        throw CommandFailure(
          .usage, "\(Learner.name) learns from no demonstrations; leave out --demonstrations")
      }
      // A run is resumed from wherever the person is then.
      let path = URL(filePath: demonstrations).standardizedFileURL.path
      configuration = try configuration.applying("demonstrations=\"\(path)\"")
    }
    if let envs { configuration.environmentCount = envs }
    configuration.environmentOptions.merge(try options.values(for: environment)) { $1 }
    try configuration.validate()

    let seed = seed ?? 0
    let environments = try make(
      environment, count: configuration.environmentCount, seed: seed,
      options: configuration.environmentOptions)
    configuration.environmentOptions = environments.spec?.options ?? [:]
    let plan = try evaluation.plan(for: environments, named: environment, seed: seed)
    let learner = try Learner(for: environments, configuration, seed: seed, totalSteps: nil)
    if let replay = (learner as? any OffPolicyAgent)?.replayByteCount {
      Console.note("the replay buffer takes \(ReplayMemory.text(replay)) of memory once it is full")
    }
    let description = RunDescription(
      agent: Learner.name, environment: environment, seed: seed, totalSteps: steps ?? 100_000,
      version: Version.current, simd: simdLevel, evaluation: plan)
    let path =
      if let out { try RunName.usable(out) } else {
        try RunName.claim(agent: Learner.name, environment: environment, seed: seed)
      }
    let run = try TrainingRun(
      creating: path, description, configuration: configuration, agent: learner,
      environments: environments, callbacks: callbacks)
    if let sentence = Learner.missingPreset(for: environment) { Console.note(sentence) }
    try drive(run, description, path)
  }

  private func goOn(with path: String, _ callbacks: [any Callback]) throws {
    let fixed: [(String, Bool)] = [
      ("an agent", agent != nil), ("--seed", seed != nil), ("--envs", envs != nil),
      ("--config", config != nil), ("--set", !settings.isEmpty), ("--option", !options.isEmpty),
      ("--out", out != nil), ("--demonstrations", demonstrations != nil),
      ("--eval-every and what goes with it", !evaluation.isEmpty), ("--model", model != nil),
      ("--lora", lora != nil), ("--reward-program", rewardProgram != nil),
    ]
    if let (name, _) = fixed.first(where: { $0.1 }) {
      throw CommandFailure(
        .usage,
        "--resume goes on with the settings of \(path) and takes none but --steps and --workers; "
          + "leave out \(name)")
    }
    let description = try RunDirectory(reading: path).description()
    if let learner = Self.languageAgent(description.agent) {
      return try goOnLanguage(learner, description, path)
    }
    guard let learner = Self.agent(description.agent) else {
      throw CommandFailure(
        .badData, "\(path) is a run of the agent '\(description.agent)', which this program lacks")
    }
    try goOn(learner, description, path, callbacks)
  }

  private func goOn<Learner: TrainableAgent>(
    _ type: Learner.Type, _ recorded: RunDescription, _ path: String, _ callbacks: [any Callback]
  ) throws {
    var description = recorded
    if let steps { description.totalSteps = steps }
    let run = try TrainingRun<Learner>(
      resuming: path, totalSteps: steps, callbacks: callbacks
    ) { description, yaml in
      let configuration = try Learner.Configuration()
        .applying(yaml: yaml, file: "\(path)/config.yaml")
      let environments = try make(
        description.environment, count: configuration.environmentCount, seed: description.seed,
        options: configuration.environmentOptions)
      return (
        try Learner(
          for: environments, configuration, seed: description.seed, totalSteps: nil), environments
      )
    }
    if run.agent.stepCount == 0 {
      Console.note("\(path) has no checkpoint yet; the run starts over")
    }
    try drive(run, description, path)
  }

  static func text(of file: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw CommandFailure(.missingFile, "there is no readable file \(file) of settings")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw CommandFailure(.badData, "\(file) is not a text in UTF-8, as a file of settings is")
    }
    return text
  }
}

// MARK: - Driving

extension TrainCommand {
  private func drive<Learner: TrainableAgent>(
    _ run: consuming TrainingRun<Learner>, _ description: RunDescription, _ path: String
  ) throws {
    var run = run
    let title = "\(description.agent) \(description.environment)"
    var summary = try trained(
      title, path, total: description.totalSteps, from: run.agent.stepCount
    ) { try run.train(workers: $0, interval: $1, progress: $2) }
    if let plan = description.evaluation {
      try summary.addBest(plan, of: run.directory)
    } else if run.environments.timeLimit != nil {
      // Without a time limit a policy may play for ever; whoever wants that asks 'swirl evaluate'.
      summary.evaluation = try SavedPolicy(run: path).evaluated(episodes: 10).result
    }
    show(summary)
  }

  /// Trains with a bar of progress; a signal that stops it ends the process with the status for it.
  ///
  /// - Parameter train: Trains with so many threads and a checkpoint each interval, and reports.
  func trained(
    _ title: String, _ path: String, total: Int, from first: Int,
    _ train: (Int, Duration, (TrainingReport) -> Void) throws -> RunEnd
  ) throws -> Summary {
    var progress = Progress(title: title, total: total, firstStep: first)
    var last: TrainingReport?
    let end: RunEnd
    do {
      end = try train(
        workers ?? ProcessInfo.processInfo.activeProcessorCount, .seconds(checkpointEvery)
      ) { report in
        last = report
        progress.update(
          step: report.steps,
          recentReturn: report.meanReturn.isFinite ? report.meanReturn : nil)
      }
    } catch {
      progress.finish()
      throw error
    }
    progress.finish()
    let step = last?.steps ?? first
    var summary = Summary(
      run: path, steps: step, seconds: last?.seconds ?? 0,
      stepsPerSecond: last?.stepsPerSecond ?? 0, meanReturn: last?.meanReturn)
    switch end {
    case .finished: break
    case .ended(let reason): summary.stopReason = reason
    case .stopped(let signal):
      Console.note(
        "stopped at step \(grouped(step)) with a checkpoint; "
          + "go on with: swirl train --resume \(path)")
      throw ExitCode(128 + signal)
    }
    return summary
  }

  func show(_ summary: Summary) {
    if json { summary.printJSON() } else { summary.printText() }
  }
}
