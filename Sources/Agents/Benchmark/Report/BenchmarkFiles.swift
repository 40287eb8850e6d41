import Foundation

extension BenchmarkSummary {
  /// A row a run, for spreadsheets and scripts; what is not known is empty.
  public var csv: String {
    let phases = runs.reduce(into: [String]()) { names, run in
      for phase in run.phases where !names.contains(phase.name) { names.append(phase.name) }
    }
    let header =
      [
        "agent", "environment", "seed", "steps", "seconds", "steps_per_second", "final_return",
        "best_return", "mean_curve_return", "steps_to_threshold", "seconds_to_threshold",
        "peak_tensor_bytes",
      ] + phases.map { "seconds_\($0)" }
    let rows = runs.map { run -> [String] in
      let threshold = tasks.first { $0.environment == run.environment }?.threshold
      let reach = threshold.flatMap { run.curve.reach($0) }
      func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
      return [
        run.agent, run.environment, "\(run.seed)", "\(run.steps)", text(run.seconds),
        text(run.stepsPerSecond), text(run.finalReturn), text(run.bestReturn),
        text(run.curve.meanHeight(to: plan.steps)), reach.map { "\($0.steps)" } ?? "",
        text(reach?.seconds), run.peakTensorBytes.map { "\($0)" } ?? "",
      ] + phases.map { name in text(run.phases.first { $0.name == name }?.seconds) }
    }
    return ([header] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
  }

  /// Writes `results.csv`, `benchmark.json`, `report.html` and an SVG of each environment's learning curves
  /// into the benchmark's folder.
  ///
  /// - Throws: `RunError` when the disk refuses; files that were there stay whole.
  public func write(in path: String) throws {
    try DurableFile.replace("\(path)/results.csv", with: Data(csv.utf8))
    try Benchmark.write(self, to: "\(path)/benchmark.json")
    try DurableFile.replace("\(path)/report.html", with: Data(html.utf8))
    for task in tasks {
      let name = task.environment.replacing("/", with: "-")
      try DurableFile.replace("\(path)/curves-\(name).svg", with: Data(picture(of: task).utf8))
    }
  }
}
