import ArgumentParser
import Foundation
import Logging
import Swirl

/// `swirl bench`: agents × environments × seeds, and a page of what came out.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Benchmark agents over environments and seeds; writes a report.",
    discussion: """
      Trains every agent in every environment from several seeds, with its presets, several runs side by side \
      on one thread each, and judges each policy over 100 fresh episodes whose seeds no training uses. The \
      folder holds a run directory for each run, results.csv, benchmark.json and report.html, one page that \
      needs nothing else. A benchmark that was stopped goes on when it is started again with the same --out; \
      with more agents, environments or seeds it grows.
      """)

  @Option(
    help: ArgumentHelp(
      "What learns, such as ppo,a2c; ppo when left out.", valueName: "agent,…"))
  var agents: String?

  @Option(
    help: ArgumentHelp(
      "What it learns in, such as CartPole-v1,Acrobot-v1; CartPole-v1 when left out.",
      valueName: "env,…"))
  var envs: String?

  @Option(
    parsing: .unconditional,
    help: "Runs of each agent in each environment, with the seeds from 0 on; 5 when left out.",
    transform: wholeNumber(in: 1...10_000))
  var seeds: Int?

  @Option(
    parsing: .unconditional, help: "Environment steps of a run; 100_000 when left out.",
    transform: wholeNumber(in: Limits.steps))
  var steps: Int?

  @Option(
    parsing: .unconditional, help: "Fresh episodes that judge a policy; 100 when left out.",
    transform: wholeNumber(in: 1...100_000))
  var episodes: Int?

  @Option(
    name: .customLong("eval-every"), parsing: .unconditional,
    help: ArgumentHelp(
      "Steps between two evaluations during training, which make the learning curve; a twentieth of --steps when left out.",
      valueName: "steps"),
    transform: wholeNumber(in: Limits.steps))
  var evaluationInterval: Int?

  @Option(
    name: .customLong("set"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "One setting of every agent, over its preset, such as gamma=0.98.", valueName: "key=value"))
  var settings: [String] = []

  @Option(
    parsing: .unconditional,
    help: "Runs side by side; as many as there are processors when left out.",
    transform: wholeNumber(in: Limits.workers))
  var jobs: Int?

  @Option(
    help: ArgumentHelp(
      "The folder of the benchmark, made or gone on with; bench when left out.", valueName: "dir"))
  var out = "bench"

  @Flag(help: "Print one JSON object at the end, for programs.")
  var json = false

  mutating func run() throws {
    LoggingSystem.bootstrap { _ in ConsoleLog() }
    StopSignals.install()
    guard !out.isEmpty else {
      throw CommandFailure(.usage, "--out is empty; give the folder of the benchmark")
    }
    let jobs = jobs ?? ProcessInfo.processInfo.activeProcessorCount
    let isNew = try Benchmark.plan(in: out) == nil
    let benchmark = try Benchmark(
      in: out, plan: try plan(), agents: TrainCommand.agents, version: Version.current)
    if isNew { benchmark.missingPresets.forEach(Console.note) }
    let table = LiveTable(benchmark.plan)
    let end = benchmark.run(jobs: jobs) { table.show($0) }
    table.finish()
    if case .stopped(let signal) = end {
      Console.note("stopped; go on with: swirl bench --out \(out)")
      throw ExitCode(128 + signal)
    }
    let summary = try benchmark.summary(jobs: jobs)
    try summary.write(in: out)
    if json { printJSON(summary) } else { printText(summary) }
    guard case .finished(let failures) = end, let first = failures.first else { return }
    Output.standard.flush()
    throw CommandFailure(
      .other,
      "\(failures.count) of \(benchmark.plan.runs.count) runs failed, the first of them \(first.run): "
        + first.sentence)
  }

  /// What the arguments ask for, with what the folder's benchmark was begun with where they say nothing;
  /// nil where they say nothing at all.
  private func plan() throws -> BenchmarkPlan? {
    let earlier = try Benchmark.plan(in: out)
    if earlier != nil, agents == nil, envs == nil, seeds == nil, steps == nil, episodes == nil,
      evaluationInterval == nil, settings.isEmpty
    {
      return nil
    }
    let known = TrainCommand.agents.map { $0.name }
    let chosen = try agents.map { try Self.names($0, "--agents") } ?? earlier?.agents ?? ["ppo"]
    for name in chosen where !known.contains(name) {
      throw CommandFailure.unknown("agent", name, among: known)
    }
    let environments =
      try envs.map { text in
        // The id that an outdated one stands for is what the runs are of.
        try Self.names(text, "--envs").map { try environmentSpec($0).id }
      } ?? earlier?.environments ?? ["CartPole-v1"]
    return BenchmarkPlan(
      agents: chosen, environments: environments, seeds: seeds ?? earlier?.seeds ?? 5,
      steps: steps ?? earlier?.steps ?? 100_000, episodes: episodes ?? earlier?.episodes ?? 100,
      evaluationInterval: evaluationInterval ?? earlier?.evaluationInterval,
      settings: settings.isEmpty ? earlier?.settings ?? [] : settings)
  }

  private static func names(_ text: String, _ option: String) throws -> [String] {
    let names = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
    guard !names.isEmpty else {
      throw CommandFailure(.usage, "\(option) names nothing; give names with commas between them")
    }
    if let twice = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
      throw CommandFailure(.usage, "\(option) names \(names[twice]) twice")
    }
    return names
  }

  // MARK: - What is said at the end

  private func printText(_ summary: BenchmarkSummary) {
    let rows = summary.cells.map { cell in
      [
        cell.environment, cell.agent, "\(cell.seeds)", fixed(cell.interquartileMean.value, 2),
        "\(fixed(cell.interquartileMean.interval.low, 2)) to "
          + fixed(cell.interquartileMean.interval.high, 2),
        fixed(cell.worst, 2), fixed(cell.best, 2),
        cell.stepsToThreshold.map { grouped(Int($0)) } ?? "-",
        "\(withPrefix(cell.stepsPerSecond)) steps/s",
      ]
    }
    printColumns(
      [
        [
          "environment", "agent", "seeds", "IQM", "95 % interval", "worst", "best",
          "steps to solve", "speed",
        ]
      ] + rows)
    for warning in summary.warnings { line("note: \(warning)") }
    line("report: \(out)/report.html")
  }

  private func line(_ text: String) {
    Output.standard.text(text)
    Output.standard.endLine()
  }

  private func printJSON(_ summary: BenchmarkSummary) {
    Output.standard.text("{\"report\": ")
    Output.standard.string("\(out)/report.html")
    Output.standard.text(", \"results\": ")
    Output.standard.list(summary.cells) { output, cell in
      output.text("{\"environment\": ")
      output.string(cell.environment)
      output.text(", \"agent\": ")
      output.string(cell.agent)
      output.text(", \"seeds\": ")
      output.number(cell.seeds)
      for (name, value) in [
        ("iqm", cell.interquartileMean.value), ("iqm_low", cell.interquartileMean.interval.low),
        ("iqm_high", cell.interquartileMean.interval.high), ("mean", cell.mean),
        ("worst", cell.worst), ("best", cell.best), ("steps_per_second", cell.stepsPerSecond),
      ] {
        output.text(", \"\(name)\": ")
        output.number(value)
      }
      output.text("}")
    }
    Output.standard.text(", \"warnings\": ")
    Output.standard.list(summary.warnings) { $0.string($1) }
    Output.standard.text("}")
    Output.standard.endLine()
  }
}
