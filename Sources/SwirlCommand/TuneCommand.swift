import ArgumentParser
import Foundation
import Logging
import Swirl
import Synchronization

/// `swirl tune`: which settings make an agent learn best in an environment.
struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune", abstract: "Search for settings; writes a table and a page of the trials.",
    discussion: """
      The space is a YAML file, a line a setting: {uniform: [a, b]}, {log_uniform: [a, b]}, {int: [a, b]} or \
      {choice: [a, b, …]}; all other settings are the preset's. Random search trains every trial to its end; \
      successive halving begins with all and gives the best third three times the steps, again and again. \
      Trials run side by side on one thread each, and a search that was stopped goes on when it is started \
      again. The folder ends with trials.csv, search.html and best.yaml, which 'swirl train --config' takes.
      """)

  @Argument(help: ArgumentHelp("What learns.", valueName: "agent"))
  var agent: String

  @Argument(help: ArgumentHelp("What it learns in.", valueName: "env"))
  var environment: String

  @Option(help: ArgumentHelp("The YAML file of the space.", valueName: "file"))
  var space: String

  @Option(
    parsing: .unconditional, help: "How many points of the space are tried; 20 when left out.",
    transform: wholeNumber(in: 1...100_000))
  var trials = 20

  @Option(
    parsing: .unconditional, help: "Environment steps of a whole trial; 100_000 when left out.",
    transform: wholeNumber(in: Limits.steps))
  var steps = 100_000

  @Option(
    parsing: .unconditional, help: "Runs of each trial, whose mean is its score; 1 when left out.",
    transform: wholeNumber(in: 1...1000))
  var seeds = 1

  @Option(
    parsing: .unconditional, help: "Fresh episodes that judge a policy; 20 when left out.",
    transform: wholeNumber(in: 1...100_000))
  var episodes = 20

  @Option(
    help: ArgumentHelp("random or halving; random when left out.", valueName: "method"),
    transform: TuneCommand.method)
  var method = SearchPlan.Method.random

  @Option(
    parsing: .unconditional, help: "What the trials are drawn from; 0 when left out.",
    transform: seedNumber)
  var seed: UInt64 = 0

  @Option(
    parsing: .unconditional,
    help: "Runs side by side; as many as there are processors when left out.",
    transform: wholeNumber(in: Limits.workers))
  var jobs: Int?

  @Option(
    help: ArgumentHelp(
      "The folder of the search, made or gone on with; tune-<agent>-<env> when left out.",
      valueName: "dir"))
  var out: String?

  @Flag(help: "Print one JSON object at the end, for programs.")
  var json = false

  @Sendable private static func method(_ text: String) throws -> SearchPlan.Method {
    guard let method = SearchPlan.Method(rawValue: text) else {
      throw ValidationError("give random or halving")
    }
    return method
  }

  mutating func run() throws {
    LoggingSystem.bootstrap { _ in ConsoleLog() }
    StopSignals.install()
    guard let type = TrainCommand.agents.first(where: { $0.name == agent }) else {
      throw CommandFailure.unknown("agent", agent, among: TrainCommand.agents.map { $0.name })
    }
    let environment = try environmentSpec(environment).id
    let out = out ?? "tune-\(agent)-\(environment.replacing("/", with: "-"))"
    guard !out.isEmpty else {
      throw CommandFailure(.usage, "--out is empty; give the folder of the search")
    }
    let plan = SearchPlan(
      agent: agent, environment: environment,
      space: try SearchSpace(yaml: try TrainCommand.text(of: space), file: space), method: method,
      trials: trials, steps: steps, seeds: seeds, episodes: episodes, seed: seed)
    let isNew = !FileManager.default.fileExists(atPath: "\(out)/search.json")
    let search = try Search(in: out, plan: plan, type: type, version: Version.current)
    if isNew, let sentence = type.missingPreset(for: environment) { Console.note(sentence) }
    let shown = try Shown(search.plan)
    let end = try search.run(
      jobs: jobs ?? ProcessInfo.processInfo.activeProcessorCount
    ) { shown.show($0) }
    shown.finish()
    if case .stopped(let signal) = end {
      Console.note("stopped; go on with the same command")
      throw ExitCode(128 + signal)
    }
    try search.write()
    if json { printJSON(search) } else { printText(search) }
  }

  /// A bar on a terminal, a line a trial in a pipe.
  private final class Shown: Sendable {
    private struct State {
      var bar: Progress
      var best: Double?
      var tried = 0
    }
    private let plan: SearchPlan
    private let state: Mutex<State>

    init(_ plan: SearchPlan) throws {
      self.plan = plan
      let title = "\(plan.agent) \(plan.environment)"
      state = Mutex(State(bar: Progress(title: title, total: try plan.totalSteps())))
    }

    func show(_ event: Search.Event) {
      state.withLock { state in
        switch event {
        case .progress(let steps, _):
          if Console.isTerminal { state.bar.update(step: steps, recentReturn: state.best) }
        case .tried(let trial, let rung):
          if rung == plan.rungs.count - 1, let score = trial.score {
            state.best = max(state.best ?? score, score)
          }
          state.tried += 1
          let settings = plan.space.dimensions.map {
            "\($0.key)=\(trial.settings[$0.key] ?? "")"
          }.joined(separator: " ")
          let found =
            trial.score.map {
              "return \(fixed($0, 1)) after \(grouped(trial.rungs.last?.steps ?? 0)) steps"
            }
            ?? "failed: \(trial.failure ?? "")"
          if Console.isTerminal {
            state.bar.note("trial \(trial.number): \(found)  \(settings)")
          } else {
            Console.line("trial \(trial.number): \(found)  \(settings)")
          }
        }
      }
    }

    func finish() { state.withLock { $0.bar.finish() } }
  }

  private func printText(_ search: Search) {
    let keys = search.plan.space.dimensions.map(\.key)
    let ranking = search.ranking
    printColumns(
      [["trial", "return", "steps"] + keys]
        + ranking.prefix(10).map { trial in
          [
            "\(trial.number)", trial.score.map { fixed($0, 2) } ?? "failed",
            grouped(trial.rungs.last?.steps ?? 0),
          ] + keys.map { trial.settings[$0] ?? "" }
        })
    if ranking.count > 10 { line("… and \(ranking.count - 10) more in \(search.path)/trials.csv") }
    if search.bestSettings != nil { line("best settings: \(search.path)/best.yaml") }
    line("page: \(search.path)/search.html")
  }

  private func line(_ text: String) {
    Output.standard.text(text)
    Output.standard.endLine()
  }

  private func printJSON(_ search: Search) {
    Output.standard.text("{\"page\": ")
    Output.standard.string("\(search.path)/search.html")
    Output.standard.text(", \"trials\": ")
    Output.standard.list(search.ranking) { output, trial in
      output.text("{\"trial\": ")
      output.number(trial.number)
      output.text(", \"score\": ")
      if let score = trial.score { output.number(score) } else { output.text("null") }
      output.text(", \"steps\": ")
      output.number(trial.rungs.last?.steps ?? 0)
      output.text(", \"settings\": ")
      output.list(search.plan.space.dimensions, open: "{", close: "}") { output, dimension in
        output.string(dimension.key)
        output.text(": ")
        // As YAML writes it: a program that wants the value reads it as such.
        output.string(trial.settings[dimension.key] ?? "")
      }
      output.text("}")
    }
    Output.standard.text("}")
    Output.standard.endLine()
  }
}
