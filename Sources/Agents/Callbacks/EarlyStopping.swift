import Foundation

/// Stops training once an evaluation's mean return is `threshold` or more. Stands after a
/// `PeriodicEvaluation`.
public struct StopAtReturn: Callback {
  public let threshold: Double

  public init(_ threshold: Double) { self.threshold = threshold }

  public mutating func iterationEnded(_ moment: inout TrainingMoment) throws {
    guard let evaluation = moment.report.evaluation else { return }
    if let reason = reason(evaluation, step: moment.report.steps) { moment.stop(reason) }
  }

  /// Why the evaluation ends training, or nil.
  func reason(_ evaluation: EvaluationResult, step: Int) -> String? {
    guard evaluation.mean >= threshold else { return nil }
    return
      "the mean return of \(evaluation.episodes) episodes is \(evaluation.mean) at step \(step), "
      + "and \(threshold) was asked for"
  }
}

/// Stops training once so many evaluations in a row were no better than the best before them. Stands after
/// a `PeriodicEvaluation`.
public struct StopWithoutImprovement: Callback {
  /// Evaluations without improvement that are waited for.
  public let evaluations: Int
  var state = State()

  struct State: Codable {
    var best: Double?
    var waited = 0
  }

  public init(evaluations: Int) { self.evaluations = max(evaluations, 1) }

  public mutating func iterationEnded(_ moment: inout TrainingMoment) throws {
    guard let evaluation = moment.report.evaluation else { return }
    if let reason = reason(evaluation, step: moment.report.steps) { moment.stop(reason) }
  }

  /// Takes an evaluation into account; why it ends training, or nil.
  mutating func reason(_ evaluation: EvaluationResult, step: Int) -> String? {
    if let best = state.best, !(evaluation.mean > best) {
      state.waited += 1
    } else {
      state = State(best: evaluation.mean)
    }
    guard state.waited >= evaluations, let best = state.best else { return nil }
    return "\(evaluations) evaluations in a row were no better than \(best), up to step \(step)"
  }

  public func snapshot() throws -> [String: Data] { ["patience.json": try encodedState(state)] }

  public mutating func restore(_ files: [String: Data], in directory: RunDirectory) throws {
    state = try decodedState(State.self, "patience.json", of: files) ?? State()
  }
}
