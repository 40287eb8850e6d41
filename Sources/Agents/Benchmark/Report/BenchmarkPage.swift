import Foundation

extension BenchmarkSummary {
  /// One page of everything: pictures as SVG, tables, the machine; no script, nothing from the network.
  public var html: String {
    let agents = plan.agents.count == 1 ? plan.agents[0] : "\(plan.agents.count) agents"
    let places =
      plan.environments.count == 1
      ? plan.environments[0] : "\(plan.environments.count) environments"
    return PageStyle.page(
      title: "Swirl benchmark: \(agents) on \(places)",
      introduction + warningBox + curves + finals + thresholds + acrossTasks + profiles + chances
        + speed + everySeed + method)
  }

  private func colour(_ agent: String) -> Int {
    (plan.agents.firstIndex(of: agent) ?? 0) % PageStyle.colours
  }

  private var introduction: String {
    let list = { (names: [String]) in names.map(Markup.escaped).joined(separator: ", ") }
    return "<h1>Swirl benchmark</h1>\n<p>\(list(plan.agents)) on \(list(plan.environments)): "
      + "\(plan.seeds) \(plan.seeds == 1 ? "seed" : "seeds") each, "
      + "\(Markup.count(Double(plan.steps))) environment steps a run"
      + (plan.settings.isEmpty
        ? ", settings of the presets"
        : ", settings of the presets with <code>\(list(plan.settings))</code>")
      + ". A policy is judged by its mean return over \(plan.episodes) fresh episodes, acting "
      + "deterministically.</p>\n"
  }

  private var warningBox: String {
    if warnings.isEmpty { return "" }
    return "<div class=\"warn\" role=\"note\">"
      + warnings.map { "<p>\(Markup.escaped($0))</p>" }.joined() + "</div>\n"
  }

  private var legend: String {
    if plan.agents.count == 1 { return "" }
    return "<ul class=\"legend\">"
      + plan.agents.map {
        "<li><span class=\"swatch c\(colour($0))\"></span>\(Markup.escaped($0))</li>"
      }.joined() + "</ul>\n"
  }

  private static func cards(_ drawings: [String]) -> String {
    "<div class=\"cards\">"
      + drawings.map { "<div class=\"card\">\($0)</div>" }.joined(separator: "\n")
      + "</div>\n"
  }

  // MARK: - Learning

  private var curves: String {
    "<h2>Learning curves</h2>\n<p class=\"soft\">Interquartile mean over the seeds; the band is its "
      + "95 % interval.</p>\n" + legend + Self.cards(tasks.map { curves(of: $0).svg })
  }

  /// The learning curves of one environment as a picture of its own, for pages elsewhere.
  func picture(of task: Task) -> String {
    curves(of: task).picture(
      legend: plan.agents.map { (name: $0, colour: colour($0)) })
  }

  private func curves(of task: Task) -> Plot {
    let cells = cells.filter { $0.environment == task.environment && !$0.curve.steps.isEmpty }
    let values = cells.flatMap { $0.curve.low + $0.curve.high + [$0.interquartileMean.value] }
    var plot = Plot(
      title: task.environment, x: 0...Double(plan.steps),
      y: Axis.range(of: values + (task.threshold.map { [$0] } ?? [])),
      xTitle: "environment steps", yTitle: "return", label: Markup.count)
    if let threshold = task.threshold {
      plot.level(threshold, "solved: \(Markup.number(threshold))")
    }
    for cell in cells {
      plot.band(cell.curve.steps, cell.curve.low, cell.curve.high, colour: colour(cell.agent))
    }
    for cell in cells {
      plot.line(
        cell.curve.steps, cell.curve.value, colour: colour(cell.agent),
        note: "\(cell.agent), interquartile mean of \(cell.seeds) seeds")
    }
    return plot
  }

  private var finals: String {
    let drawings = tasks.map { task in
      IntervalChart(
        title: task.environment,
        rows: cells.filter { $0.environment == task.environment }.map { cell in
          IntervalChart.Row(
            label: cell.agent, colour: colour(cell.agent), estimate: cell.interquartileMean,
            points: runs.filter { $0.agent == cell.agent && $0.environment == cell.environment }
              .compactMap(\.finalReturn))
        }, level: task.threshold
      ).svg
    }
    let rows = cells.map { cell in
      [
        Markup.escaped(cell.environment), Markup.escaped(cell.agent), "\(cell.seeds)",
        Markup.estimate(cell.interquartileMean), Markup.number(cell.mean),
        Markup.number(cell.worst), Markup.number(cell.best),
        cell.meanHeight.map { Markup.number($0) } ?? "–",
      ]
    }
    return
      "<h2>Final returns</h2>\n<p class=\"soft\">The line is the interquartile mean of the seeds, the bar its "
      + "95 % interval, a dot one seed; dashed is the return that counts as solved. Best is the interquartile "
      + "mean of the best each seed was seen at, area the mean height of the learning curve.</p>\n"
      + Self.cards(drawings)
      + Markup.table(
        ["environment", "agent", "seeds", "final, IQM", "mean", "worst seed", "best", "area"], rows,
        names: 2)
  }

  private var thresholds: String {
    let cells = cells.filter { cell in
      tasks.contains { $0.environment == cell.environment && $0.threshold != nil }
    }
    if cells.isEmpty { return "" }
    let rows = cells.map { cell in
      [
        Markup.escaped(cell.environment), Markup.escaped(cell.agent),
        "\(cell.reached) of \(cell.seeds)",
        cell.stepsToThreshold.map(Markup.count) ?? "–",
        cell.secondsToThreshold.map(Markup.seconds) ?? "–",
      ]
    }
    return
      "<h2>Steps and seconds to solve</h2>\n<p class=\"soft\">When the learning curve first reaches the "
      + "environment's threshold: medians over the seeds, of which those that never did count as later "
      + "than any other.</p>\n"
      + Markup.table(
        ["environment", "agent", "seeds that did", "steps", "seconds"], rows, names: 2)
  }

  // MARK: - Across tasks

  private var acrossTasks: String {
    if aggregates.isEmpty { return "" }
    func chart(_ title: String, _ value: (Aggregate) -> Estimate) -> String {
      IntervalChart(
        title: title,
        rows: aggregates.map {
          IntervalChart.Row(label: $0.agent, colour: colour($0.agent), estimate: value($0))
        }
      ).svg
    }
    let scales = tasks.map { task in
      "\(Markup.escaped(task.environment)) \(Markup.number(task.randomReturn)) to "
        + "\(Markup.number(task.fullReturn))"
        + (task.threshold == nil ? " (the best run of this benchmark)" : "")
    }
    return
      "<h2>Across the tasks</h2>\n<p class=\"soft\">Scores go from 0, random actions, to 1, solved: "
      + scales.joined(separator: "; ") + ". Of the optimality gap less is better.</p>\n"
      + Self.cards([
        chart("Interquartile mean", \.interquartileMean), chart("Median", \.median),
        chart("Mean", \.mean), chart("Optimality gap", \.optimalityGap),
      ])
  }

  private var profiles: String {
    guard let profile, let first = profile.thresholds.first, let last = profile.thresholds.last
    else { return "" }
    let isOneTask = tasks.count == 1
    var plot = Plot(
      title: isOneTask ? tasks[0].environment : "All tasks", x: first...last, y: 0...1,
      xTitle: isOneTask ? "return τ" : "score τ", yTitle: "share of runs above τ")
    for line in profile.agents {
      plot.band(profile.thresholds, line.low, line.high, colour: colour(line.agent))
    }
    for line in profile.agents {
      plot.line(profile.thresholds, line.share, colour: colour(line.agent), note: line.agent)
    }
    return "<h2>Performance profiles</h2>\n<p class=\"soft\">How many runs end above each "
      + "\(isOneTask ? "return" : "score"): higher everywhere is better, and where lines cross neither agent "
      + "is.</p>\n" + legend + Self.cards([plot.svg])
  }

  private var chances: String {
    if improvements.isEmpty { return "" }
    let rows = improvements.map {
      IntervalChart.Row(
        label: "\($0.agent) > \($0.over)", colour: colour($0.agent), estimate: $0.probability)
    }
    let chart = IntervalChart(
      title: "P(a run of the first beats one of the second)", rows: rows, range: 0...1, level: 0.5,
      labelWidth: 150)
    return
      "<h2>Probability of improvement</h2>\n<p class=\"soft\">By final returns, ties counted half, averaged "
      + "over the tasks. Where the interval holds ½ the runs do not tell which is better.</p>\n"
      + Self.cards([chart.svg])
  }

  // MARK: - Speed and the rest

  private var speed: String {
    var names: [String] = []
    for cell in cells {
      for phase in cell.phases where !names.contains(phase.name) { names.append(phase.name) }
    }
    // Microseconds a step, means over the seeds; the rest is files, checkpoints and what nobody timed.
    func parts(_ cell: Cell) -> [(name: String, value: Double)] {
      let runs = runs.filter { $0.agent == cell.agent && $0.environment == cell.environment }
      let steps = Double(max(runs.reduce(0) { $0 + $1.steps }, 1))
      let known = cell.phases.map {
        (name: $0.name, value: $0.seconds * Double(runs.count) / steps * 1e6)
      }
      let all = runs.reduce(0) { $0 + $1.seconds } / steps * 1e6
      return known + [(name: "other", value: max(0, all - known.reduce(0) { $0 + $1.value }))]
    }
    let all = names + ["other"]
    let drawings = tasks.map { task in
      StackedBars(
        title: task.environment,
        rows: cells.filter { $0.environment == task.environment }.map { cell in
          StackedBars.Row(
            label: cell.agent, parts: parts(cell),
            note: "\(Markup.count(cell.stepsPerSecond)) steps/s")
        }, names: all
      ).svg
    }
    let key =
      "<ul class=\"legend\">"
      + all.enumerated().map {
        "<li><span class=\"swatch p\($0 % PageStyle.colours)\"></span>\(Markup.escaped($1))</li>"
      }.joined() + "</ul>\n"
    let rows = cells.map { cell in
      [
        Markup.escaped(cell.environment), Markup.escaped(cell.agent),
        Markup.count(cell.stepsPerSecond), Markup.seconds(cell.seconds),
        cell.peakTensorBytes.map { Markup.bytes(Double($0)) } ?? "–",
      ]
    }
    return "<h2>Speed</h2>\n<p class=\"soft\">A run has one thread; \(machine.jobs) "
      + "\(machine.jobs == 1 ? "run was" : "runs were") trained at a time. Bars are microseconds a step by "
      + "phase, evaluations left out. The process held \(Markup.bytes(Double(machine.peakMemoryBytes))) at "
      + "its peak, all runs at that moment together.</p>\n" + key + Self.cards(drawings)
      + Markup.table(
        ["environment", "agent", "steps/s", "time", "peak of tensors"], rows, names: 2)
  }

  private var everySeed: String {
    let rows = runs.map { run in
      let threshold = tasks.first { $0.environment == run.environment }?.threshold
      let reach = threshold.flatMap { run.curve.reach($0) }
      return [
        Markup.escaped(run.environment), Markup.escaped(run.agent), "\(run.seed)",
        run.finalReturn.map { Markup.number($0) } ?? "–",
        run.bestReturn.map { Markup.number($0) } ?? "–",
        reach.map { Markup.count(Double($0.steps)) } ?? "–", Markup.count(Double(run.steps)),
        Markup.seconds(run.seconds), Markup.count(run.stepsPerSecond),
      ]
    }
    return "<h2>Every seed</h2>\n<details><summary>\(rows.count) runs</summary>\n"
      + Markup.table(
        [
          "environment", "agent", "seed", "final", "best", "steps to solve", "steps", "time",
          "steps/s",
        ], rows, names: 2) + "</details>\n"
  }

  private var method: String {
    let machineRows = [
      ["processor", Markup.escaped(machine.processor)], ["cores", "\(machine.cores)"],
      ["memory", Markup.bytes(Double(machine.memoryBytes))],
      ["system", Markup.escaped(machine.system)], ["SIMD", Markup.escaped(machine.simd)],
      [
        "Swirl",
        Markup.escaped(
          machine.version + (machine.commit.map { ", commit \($0.prefix(10))" } ?? "")),
      ],
    ]
    return "<h2>Machine and method</h2>\n" + Markup.table(["", ""], machineRows)
      + "<p class=\"soft\">Statistics as in Agarwal et al., “Deep Reinforcement Learning at the Edge of the "
      + "Statistical Precipice” (2021), equal to rliable's: the interquartile mean drops the lowest and "
      + "highest quarter of the runs; intervals are percentiles of 50,000 stratified bootstrap resamples, 2,000 "
      + "for curves and profiles. Training seeds are below \(plan.seeds), evaluation seeds begin at "
      + "\(BenchmarkPlan.firstEvaluationSeed).</p>\n"
  }
}
