import Foundation

extension Search {
  /// The trials as one page: scores by trial, by setting and by rung, and a table; no script, nothing from
  /// the network.
  public var html: String {
    let trials = ranking
    return PageStyle.page(
      title: "Swirl search: \(plan.agent) on \(plan.environment)",
      introduction(trials) + pictures(trials) + table(trials) + method)
  }

  private func introduction(_ trials: [Trial]) -> String {
    let tried = trials.filter { !$0.rungs.isEmpty || $0.failure != nil }
    var text =
      "<h1>Search: \(Markup.escaped(plan.agent)) on \(Markup.escaped(plan.environment))</h1>\n"
    text +=
      "<p>\(tried.count) of \(plan.trials) trials, up to \(Markup.count(Double(plan.steps))) steps, "
      + "\(plan.seeds) \(plan.seeds == 1 ? "seed" : "seeds") each; a score is the mean return over "
      + "\(plan.episodes) fresh episodes.</p>\n"
    if let best = trials.first, let score = best.score {
      let settings = plan.space.dimensions.map { "\($0.key): \(best.settings[$0.key] ?? "")" }
      text +=
        "<p>Best: trial \(best.number) with <strong>\(Markup.number(score))</strong>, "
        + "<code>\(settings.map(Markup.escaped).joined(separator: "</code> <code>"))</code></p>\n"
    }
    if plan.seeds * plan.trials > 0, plan.seeds < 3 {
      text +=
        "<div class=\"warn\"><p>The best of many trials on \(plan.seeds == 1 ? "one seed" : "two seeds") is "
        + "partly luck: train it on new seeds (swirl bench) before believing its score.</p></div>\n"
    }
    return text
  }

  private func pictures(_ trials: [Trial]) -> String {
    let scored = trials.compactMap { trial in trial.score.map { (trial, $0) } }
    guard !scored.isEmpty else { return "" }
    let y = Axis.range(of: scored.map(\.1))
    var drawings = [byTrial(scored, y)]
    if plan.method == .halving { drawings.append(bySteps(trials)) }
    drawings += plan.space.dimensions.map { byValue(scored, $0, y) }
    return
      "<h2>Trials</h2>\n<p class=\"soft\">A dot is a trial; orange ones were trained to the end"
      + (plan.method == .halving ? ", blue ones stopped at an earlier rung" : "")
      + ". The line is the best so far.</p>\n<div class=\"cards\">"
      + drawings.map { "<div class=\"card\">\($0)</div>" }.joined(separator: "\n") + "</div>\n"
  }

  private func colour(_ trial: Trial) -> Int { trial.rungs.last?.steps == plan.steps ? 1 : 0 }

  private func note(_ trial: Trial, _ score: Double) -> String {
    "trial \(trial.number): \(Markup.number(score)) after \(trial.rungs.last?.steps ?? 0) steps"
  }

  private func byTrial(_ scored: [(Trial, Double)], _ y: ClosedRange<Double>) -> String {
    let inOrder = scored.sorted { $0.0.number < $1.0.number }
    var plot = Plot(
      title: "Score by trial", x: -0.5...max(0.5, Double(plan.trials) - 0.5), y: y, xTitle: "trial",
      yTitle: "mean return")
    var best = -Double.infinity
    let bests = inOrder.map { entry in
      best = max(best, entry.1)
      return best
    }
    plot.line(inOrder.map { Double($0.0.number) }, bests, colour: 7, note: "best so far")
    for (trial, score) in inOrder {
      plot.dot(Double(trial.number), score, colour: colour(trial), note: note(trial, score))
    }
    return plot.svg
  }

  private func bySteps(_ trials: [Trial]) -> String {
    let values = trials.flatMap { $0.rungs.map { mean($0.returns) } }
    var plot = Plot(
      title: "Rungs", x: 0...Double(plan.steps), y: Axis.range(of: values),
      xTitle: "environment steps", yTitle: "mean return", label: Markup.count)
    for trial in trials where !trial.rungs.isEmpty {
      let xs = trial.rungs.map { Double($0.steps) }
      let ys = trial.rungs.map { mean($0.returns) }
      plot.line(xs, ys, colour: colour(trial), note: "trial \(trial.number)")
      for (x, y) in zip(xs, ys) {
        plot.dot(x, y, colour: colour(trial), note: "trial \(trial.number): \(Markup.number(y))")
      }
    }
    return plot.svg
  }

  private func byValue(
    _ scored: [(Trial, Double)], _ dimension: SearchSpace.Dimension, _ y: ClosedRange<Double>
  ) -> String {
    let (place, range, label) = Self.axis(dimension.range)
    var plot = Plot(
      title: dimension.key, x: range, y: y, xTitle: dimension.key, yTitle: "mean return",
      label: label)
    for (trial, score) in scored {
      guard let text = trial.settings[dimension.key], let x = place(text) else { continue }
      plot.dot(
        x, score, colour: colour(trial), note: note(trial, score) + ", \(dimension.key) \(text)")
    }
    return plot.svg
  }

  /// Where a value stands on its axis, how far the axis goes and how a tick is written.
  private static func axis(
    _ range: SearchSpace.Range
  ) -> ((String) -> Double?, ClosedRange<Double>, (Double) -> String) {
    switch range {
    case .uniform(let low, let high): ({ Double($0) }, low...high, { Markup.number($0) })
    case .integer(let low, let high):
      ({ Double($0) }, Double(low)...Double(high), { Markup.number($0) })
    case .logUniform(let low, let high):
      (
        { Double($0).map(log10) }, log10(low)...log10(high),
        { Markup.number(pow(10, $0), digits: 2) }
      )
    case .choice(let values):
      (
        { text in values.firstIndex(of: text).map(Double.init) }, -0.5...Double(values.count) - 0.5,
        { tick in
          let index = Int(tick.rounded())
          guard Double(index) == tick, values.indices.contains(index) else { return "" }
          return Markup.escaped(String(values[index].prefix(14)))
        }
      )
    }
  }

  private func table(_ trials: [Trial]) -> String {
    let keys = plan.space.dimensions.map(\.key)
    let tried = trials.filter { !$0.rungs.isEmpty || $0.failure != nil }
    let rows = tried.map { trial -> [String] in
      let score = trial.score.map { Markup.number($0) } ?? "failed"
      let steps = trial.rungs.last.map { Markup.count(Double($0.steps)) } ?? "–"
      let values = keys.map { Markup.escaped(trial.settings[$0] ?? "") }
      return ["\(trial.number)", score, steps] + values + [Markup.escaped(trial.failure ?? "")]
    }
    return "<h2>Every trial</h2>\n"
      + Markup.table(["trial", "score", "steps"] + keys.map(Markup.escaped) + [""], rows)
  }

  private var method: String {
    let text =
      switch plan.method {
      case .random: "Random search: every trial is trained to its end."
      case .halving:
        "Successive halving (Jamieson and Talwalkar, 2016): "
          + plan.rungs.map { "\($0.trials) to \(Markup.count(Double($0.steps))) steps" }
          .joined(separator: ", ")
          + "; the best go on, with schedules that always run to the last step."
      }
    return
      "<h2>Method</h2>\n<p class=\"soft\">\(text) Trials are drawn from seed \(plan.seed), trained from "
      + "seeds below \(plan.seeds) and judged on seeds from \(SearchPlan.firstEvaluationSeed) on.</p>\n"
  }
}
