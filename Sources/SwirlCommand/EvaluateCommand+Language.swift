import Swirl

// A language model's evaluation: problems that were kept out of training, answered once each.
extension EvaluateCommand {
  func evaluateLanguage<Learner: LanguageAgent>(
    _ type: Learner.Type, _ description: RunDescription
  ) throws {
    if demonstrationFile != nil {
      throw CommandFailure(
        .usage,
        "the run is of a language model, which shows no demonstrations; leave out "
          + "--save-demonstrations")
    }
    let run = try RunDirectory(reading: directory)
    guard let step = run.checkpointSteps().last else {
      throw CommandFailure(
        .missingFile,
        "\(directory) has no checkpoint yet; go on with: swirl train --resume \(directory)")
    }
    let configuration = try LanguageConfiguration<Learner.Settings>()
      .applying(yaml: try run.configuration(), file: "\(directory)/config.yaml")
    let trained = configuration.shared.taskOptions
    let chosen = trained.merging(
      try taskOptions(options.assignments, of: description.environment)
    ) { $1 }
    let source = try makeTask(description.environment, options: chosen)
    let seed = seed ?? description.seed &+ 1
    let found = try evaluate(
      try TextPolicy(directory), on: source, problems: episodes, seed: seed,
      temperature: stochastic ? 1 : 0,
      limit: Learner.Settings.completionLimit(configuration.own))
    if chosen == trained {
      do { try run.add(found.result, step: step, deterministic: !stochastic) } catch {
        // The answer counts more than its record, and a run may lie where it cannot be written.
        Console.note("the evaluation is not listed with the run: \(error)")
      }
    }
    if json {
      printJSON(
        found.result, more: [("accuracy", found.accuracy), ("mean_score", found.meanScore)])
      return
    }
    let result = found.result
    let right = found.completions.count { $0.isRight }
    var lines = [
      "\(description.agent) on \(description.environment) after \(grouped(step)) updates, "
        + "\(found.completions.count) unseen problems (seed \(seed)):",
      "  right        \(right) of \(found.completions.count)",
      "  accuracy     \(fixed(100 * found.accuracy, 1)) ± \(fixed(100 * result.standardError, 1)) % "
        + "(standard error)",
      "  mean score   \(fixed(found.meanScore, 3))",
    ]
    for completion in found.completions.prefix(3) {
      lines.append("  e.g.         \(short(completion.prompt)) → \(short(completion.text))")
    }
    for line in lines {
      Output.standard.text(line)
      Output.standard.endLine()
    }
  }

  /// A text on one line that a terminal has room for.
  private func short(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return line.count > 60 ? line.prefix(57) + "…" : line
  }
}
