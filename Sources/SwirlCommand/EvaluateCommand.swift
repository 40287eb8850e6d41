import ArgumentParser
import Swirl

/// `swirl evaluate`: how good the policy of a run is, on episodes it has never seen.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Evaluate the policy of a run over fresh episodes.",
    discussion: """
      Every episode has a random stream of its own and counts, however long it takes. The policy acts \
      deterministically unless --stochastic is given. The environment has the options of the run; with \
      --option it has others, and the evaluation is not listed with the run.
      """)

  @Argument(help: ArgumentHelp("A run directory.", valueName: "run"))
  var directory: String

  @Option(
    parsing: .unconditional, help: "How many episodes.",
    transform: wholeNumber(in: Limits.episodes))
  var episodes = 100

  @Option(
    parsing: .unconditional,
    help: "What the episodes are made from; one more than the run's seed when left out.",
    transform: seedNumber)
  var seed: UInt64?

  @Flag(help: "Draw actions from the policy instead of taking the most probable one.")
  var stochastic = false

  @Option(
    name: .customLong("save-demonstrations"),
    help: ArgumentHelp(
      "Write the episodes to a new file that 'swirl train bc' and 'swirl train gail' learn from.",
      valueName: "file"))
  var demonstrationFile: String?

  @OptionGroup var options: OptionArguments

  @Flag(help: "Print one JSON object, for programs.")
  var json = false

  mutating func run() throws {
    let description = try RunDirectory(reading: directory).description()
    if let learner = TrainCommand.languageAgent(description.agent) {
      return try evaluateLanguage(learner, description)
    }
    let saved = try SavedPolicy(run: directory)
    let (result, threshold) = try saved.evaluated(
      episodes: episodes, seed: seed, deterministic: !stochastic,
      options: options.values(for: saved.description.environment),
      savingDemonstrationsTo: demonstrationFile)
    if json {
      printJSON(result)
    } else {
      printText(result, saved, threshold: threshold)
    }
  }

  /// - Parameter more: Keys and numbers beside those of every evaluation.
  func printJSON(_ result: EvaluationResult, more: [(String, Double)] = []) {
    Output.standard.text("{\"mean_return\": ")
    Output.standard.number(result.mean)
    Output.standard.text(", \"std_return\": ")
    Output.standard.number(result.standardDeviation)
    Output.standard.text(", \"iqm\": ")
    Output.standard.number(result.interquartileMean)
    Output.standard.text(", \"returns\": ")
    Output.standard.list(result.returns) { $0.number($1) }
    Output.standard.text(", \"lengths\": ")
    Output.standard.list(result.lengths) { $0.number($1) }
    Output.standard.text(", \"episodes\": ")
    Output.standard.number(result.episodes)
    Output.standard.text(", \"seed\": ")
    Output.standard.text(String(result.seed))
    for (key, value) in more {
      Output.standard.text(", \"\(key)\": ")
      Output.standard.number(value)
    }
    Output.standard.text("}")
    Output.standard.endLine()
  }

  private func printText(_ result: EvaluationResult, _ saved: SavedPolicy, threshold: Double?) {
    let description = saved.description
    var lines = [
      "\(description.agent) on \(description.environment) after \(grouped(saved.step)) steps, "
        + "\(episodes) fresh episodes (seed \(result.seed)):",
      "  mean return  \(fixed(result.mean, 2)) ± \(fixed(result.standardError, 2)) (standard error)",
      "  deviation    \(fixed(result.standardDeviation, 2))",
      "  IQM          \(fixed(result.interquartileMean, 2))",
      "  range        \(result.returns.min() ?? 0) to \(result.returns.max() ?? 0)",
    ]
    if let threshold {
      let verdict = result.mean >= threshold ? "reached" : "not reached"
      lines.append("  threshold    \(threshold) \(verdict)")
    }
    for line in lines {
      Output.standard.text(line)
      Output.standard.endLine()
    }
  }
}
