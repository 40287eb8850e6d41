import Foundation
import Swirl

extension TrainCommand {
  /// What is printed once training has ended.
  struct Summary {
    var run: String
    var steps: Int
    var seconds: Double
    var stepsPerSecond: Double
    var meanReturn: Double?
    var evaluation: EvaluationResult?
    /// The best evaluation made while training, the first of equals.
    var best: RunDirectory.Evaluation?
    var bestModel = ""
    /// Why training ended before its steps were taken.
    var stopReason: String?

    /// Of the evaluations that a plan asked for while training.
    mutating func addBest(_ plan: EvaluationPlan, of directory: RunDirectory) throws {
      best = try directory.evaluations().filter { $0.seed == plan.seed }.max { $0.mean < $1.mean }
      bestModel = directory.bestModelFile
    }

    func printJSON() {
      Output.standard.text("{\"run\": ")
      Output.standard.string(run)
      Output.standard.text(", \"steps\": ")
      Output.standard.number(steps)
      Output.standard.text(", \"seconds\": ")
      Output.standard.number(seconds)
      Output.standard.text(", \"steps_per_second\": ")
      Output.standard.number(stepsPerSecond)
      Output.standard.text(", \"mean_return\": ")
      // No episode may have ended; null is what JSON has for that.
      if let meanReturn, meanReturn.isFinite {
        Output.standard.number(meanReturn)
      } else {
        Output.standard.text("null")
      }
      Output.standard.text("}")
      Output.standard.endLine()
    }

    func printText() {
      var line = "trained \(grouped(steps)) steps"
      if seconds > 0 {
        line += " in \(fixed(seconds, 2)) s (\(withPrefix(stepsPerSecond)) steps/s)"
      }
      if let meanReturn, meanReturn.isFinite {
        line += ", mean return of the last episodes \(fixed(meanReturn, 1))"
      }
      Output.standard.text(line)
      Output.standard.endLine()
      if let stopReason {
        Output.standard.text("stopped early: \(stopReason)")
        Output.standard.endLine()
      }
      if let evaluation {
        Output.standard.text(
          "evaluated over \(evaluation.episodes) fresh episodes: mean return "
            + fixed(evaluation.mean, 1))
        Output.standard.endLine()
      }
      if let best {
        Output.standard.text(
          "best of its evaluations: mean return \(fixed(best.mean, 1)) at step \(grouped(best.step)), "
            + "kept in \(bestModel)")
        Output.standard.endLine()
      }
      Output.standard.text("run directory: \(run)")
      Output.standard.endLine()
    }
  }
}
