import Foundation

/// The columns of a run's `metrics.csv`, a row an iteration.
struct MetricsTable {
  /// The names of the columns, in order.
  private(set) var names: [String] = []
  private var columns: [[Double]] = []
  /// The steps taken at each row.
  private(set) var steps: [Int] = []

  /// - Throws: `RunError` of kind `data` where a column that every run has is missing or a row is not one of
  ///   numbers; a file that is not there has no rows, and a last line that was cut short does not count.
  init(of directory: RunDirectory) throws {
    let path = directory.file("metrics.csv")
    guard let data = FileManager.default.contents(atPath: path) else { return }
    var lines = String(decoding: data, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    lines.removeLast()
    guard let header = lines.first else { return }
    names = header.split(separator: ",").map(String.init)
    columns = names.map { _ in [] }
    for name in ["steps", "episodes", "mean_return", "seconds"] where !names.contains(name) {
      throw RunError(.data, "\(path) is damaged: it has no column \(name)")
    }
    let stepColumn = names.firstIndex(of: "steps")
    for (number, line) in lines.enumerated().dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      guard cells.count == names.count else {
        throw RunError(
          .data,
          "\(path) is damaged: line \(number + 1) has \(cells.count) values, not \(names.count)")
      }
      for (column, cell) in cells.enumerated() {
        guard let value = Double(cell) else {
          throw RunError(
            .data,
            "\(path) is damaged: '\(cell.prefix(40))' in line \(number + 1) is not a number")
        }
        if column == stepColumn {
          guard let count = Int(exactly: value), count >= 0 else {
            throw RunError(
              .data,
              "\(path) is damaged: '\(cell.prefix(40))' in line \(number + 1) is no number of steps"
            )
          }
          steps.append(count)
        }
        columns[column].append(value)
      }
    }
  }

  /// A column's values; none where there is no such column.
  subscript(name: String) -> [Double] {
    names.firstIndex(of: name).map { columns[$0] } ?? []
  }

  /// Seconds of training at each row, through all processes that trained the run: the column counts each
  /// process's own. Evaluations, which are made after a row's time is taken, are not training.
  ///
  /// - Parameter starts: The steps from which each process went on.
  func seconds(through starts: [Int]) -> [Double] {
    let evaluations = self[Self.evaluationColumn]
    var (before, last, evaluated) = (0.0, 0.0, 0.0)
    return self["seconds"].enumerated().map { row, now in
      if row > 0,
        starts.contains(where: { steps[row - 1] <= $0 && $0 < steps[row] })
      {
        before += last
        (last, evaluated) = (0, 0)
      }
      last = max(last, now - evaluated)
      if evaluations.indices.contains(row) { evaluated += evaluations[row] }
      return before + last
    }
  }

  private static let evaluationColumn = "seconds_evaluation"

  /// The phases of an iteration with the seconds they took in all, in their order. What a rollout takes
  /// beside its environments is called inference.
  var phases: [RunRecord.PhaseTime] {
    let all = names.filter { $0.hasPrefix("seconds_") && $0 != Self.evaluationColumn }.map { name in
      RunRecord.PhaseTime(
        name: String(name.dropFirst("seconds_".count)), seconds: self[name].reduce(0, +))
    }
    guard let rollout = all.first(where: { $0.name == "rollout" }),
      let environment = all.first(where: { $0.name == "environment" })
    else { return all }
    let inference = max(0, rollout.seconds - environment.seconds)
    return [environment, RunRecord.PhaseTime(name: "inference", seconds: inference)]
      + all.filter { $0 != rollout && $0 != environment }
  }
}
