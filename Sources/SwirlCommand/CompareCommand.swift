import ArgumentParser
import Swirl

/// `swirl compare`: did a change make agents worse?
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare two sets of runs; exits with 1 when the second is worse.",
    discussion: """
      A set is the folder of a benchmark, a folder of run directories, or one run directory. Runs of the same \
      agent in the same environment are compared by the mean returns of their final evaluations; two sets of \
      one agent each are compared environment by environment. The verdict is a regression where the interval \
      of the probability that a run of B beats one of A lies below one half, over all tasks or in one of them, \
      and chance alone would put B so low in fewer than one of forty comparisons.
      """)

  @Argument(help: ArgumentHelp("What was before.", valueName: "a"))
  var a: String

  @Argument(help: ArgumentHelp("What is now.", valueName: "b"))
  var b: String

  @Flag(help: "Print one JSON object, for programs.")
  var json = false

  mutating func run() throws {
    let comparison = try Comparison(of: a, and: b)
    if json { printJSON(comparison) } else { printText(comparison) }
    if comparison.verdict == .regression { throw ExitCode(1) }
  }

  private func printText(_ comparison: Comparison) {
    func interval(_ estimate: BenchmarkSummary.Estimate) -> String {
      "\(fixed(estimate.interval.low, 3)) to \(fixed(estimate.interval.high, 3))"
    }
    let rows = comparison.tasks.map { task in
      [
        task.environment, task.agent, "\(task.runsOfA), \(task.runsOfB)",
        fixed(task.interquartileMeanOfA, 2), fixed(task.interquartileMeanOfB, 2),
        fixed(task.probability.value, 3), interval(task.probability), task.verdict.rawValue,
      ]
    }
    printColumns(
      [["environment", "agent", "runs", "IQM of A", "IQM of B", "P(B > A)", "interval", "verdict"]]
        + rows)
    for warning in comparison.warnings { line("note: \(warning)") }
    let verdict =
      switch comparison.verdict {
      case .regression: "regression: B is worse than A"
      case .improvement: "improvement: B is better than A"
      case .noDifference: "no difference shown"
      case .undecided:
        "undecided: so few runs can lie apart by chance; "
          + "\(Comparison.fewestRuns(tasks: comparison.tasks.count)) of each task on each side are enough"
      }
    line(
      "\(verdict); a run of B beats one of A with probability \(fixed(comparison.probability.value, 3)) "
        + "(95 % interval \(interval(comparison.probability)))")
  }

  private func line(_ text: String) {
    Output.standard.text(text)
    Output.standard.endLine()
  }

  private func printJSON(_ comparison: Comparison) {
    func write(
      _ output: inout Output, _ estimate: BenchmarkSummary.Estimate, _ verdict: Comparison.Verdict
    ) {
      output.text("\"verdict\": ")
      output.string(verdict.rawValue)
      output.text(", \"probability_of_improvement\": ")
      output.number(estimate.value)
      output.text(", \"interval\": ")
      output.list([estimate.interval.low, estimate.interval.high]) { $0.number($1) }
    }
    Output.standard.text("{")
    write(&Output.standard, comparison.probability, comparison.verdict)
    Output.standard.text(", \"tasks\": ")
    Output.standard.list(comparison.tasks) { output, task in
      output.text("{\"agent\": ")
      output.string(task.agent)
      output.text(", \"environment\": ")
      output.string(task.environment)
      for (name, runs) in [("runs_a", task.runsOfA), ("runs_b", task.runsOfB)] {
        output.text(", \"\(name)\": ")
        output.number(runs)
      }
      for (name, value) in [
        ("iqm_a", task.interquartileMeanOfA), ("iqm_b", task.interquartileMeanOfB),
      ] {
        output.text(", \"\(name)\": ")
        output.number(value)
      }
      output.text(", ")
      write(&output, task.probability, task.verdict)
      output.text("}")
    }
    Output.standard.text(", \"warnings\": ")
    Output.standard.list(comparison.warnings) { $0.string($1) }
    Output.standard.text("}")
    Output.standard.endLine()
  }
}
