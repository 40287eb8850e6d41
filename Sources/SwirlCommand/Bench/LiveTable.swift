import Foundation
import Swirl
import Synchronization

/// How far many runs are: a table that redraws itself on a terminal, a plain line a run in a pipe.
///
///     environment  agent  seeds  done  now                       last return
///     CartPole-v1  ppo    5      2     seeds 2, 3 at 62 %, 8 %   421.1
///     7/20 runs  ━━━━━━━━━━━━────────────────────  38 %  1:20 left
final class LiveTable: Sendable {
  private let plan: BenchmarkPlan
  private let isTable: Bool
  private let started = ContinuousClock.now
  private let state = Mutex(State())

  private struct State {
    /// Runs that are under way, with the steps they have taken.
    var active: [BenchmarkPlan.Run: Int] = [:]
    /// Final returns, and training's until then.
    var returns: [BenchmarkPlan.Run: Double] = [:]
    var finished: Set<BenchmarkPlan.Run> = []
    var failed: Set<BenchmarkPlan.Run> = []
    /// Steps taken by this process; what was there before it says nothing about the time left.
    var stepsHere = 0
    var stepsBefore = 0
    var drawnLines = 0
    var drawn: ContinuousClock.Instant?
  }

  init(_ plan: BenchmarkPlan, isTable: Bool = Console.isTerminal) {
    self.plan = plan
    self.isTable = isTable
  }

  func show(_ event: Benchmark.Event) {
    state.withLock { state in
      var sentence: String?
      switch event {
      case .began(let run, let step):
        state.active[run] = step
        state.stepsBefore += step
        if step > 0 { sentence = "\(run): goes on from step \(grouped(step))" }
      case .progress(let run, let report):
        state.stepsHere += report.steps - (state.active[run] ?? 0)
        state.active[run] = report.steps
        if report.meanReturn.isFinite { state.returns[run] = report.meanReturn }
      case .finished(let run, let record, let isNew):
        state.active[run] = nil
        state.finished.insert(run)
        if !isNew { state.stepsBefore += plan.steps }
        state.returns[run] = record.finalReturn
        sentence =
          isNew
          ? "\(run): return \(fixed(record.finalReturn ?? .nan, 1)) after \(grouped(record.steps)) steps in "
            + "\(fixed(record.seconds, 1)) s (\(withPrefix(record.stepsPerSecond)) steps/s)"
          : nil
      case .failed(let run, let reason):
        state.active[run] = nil
        state.failed.insert(run)
        sentence = "\(run) failed: \(reason)"
      }
      if isTable {
        if case .failed = event, let sentence {
          erase(&state)
          Console.note(sentence)
        }
        draw(&state, now: state.active.isEmpty)
      } else if let sentence {
        Console.line(
          "[\(state.finished.count + state.failed.count)/\(plan.runs.count)] \(sentence)")
      }
    }
  }

  /// Leaves the table where it is.
  func finish() {
    state.withLock { state in
      if isTable { draw(&state, now: true) }
    }
  }

  private func erase(_ state: inout State) {
    if state.drawnLines > 0 { Console.write("\u{1B}[\(state.drawnLines)A\r\u{1B}[J") }
    state.drawnLines = 0
  }

  private func draw(_ state: inout State, now: Bool) {
    let time = ContinuousClock.now
    if let drawn = state.drawn, !now, time - drawn < .milliseconds(150) { return }
    state.drawn = time
    let lines = (table(state) + [total(state)])
    erase(&state)
    Console.write(lines.map { $0 + "\n" }.joined())
    state.drawnLines = lines.count
  }

  private func table(_ state: State) -> [String] {
    var rows = [["environment", "agent", "done", "return", "now"]]
    for environment in plan.environments {
      for agent in plan.agents {
        let runs = plan.runs.filter { $0.agent == agent && $0.environment == environment }
        let done = runs.filter { state.finished.contains($0) }
        let failures = runs.count { state.failed.contains($0) }
        let known = (done.isEmpty ? runs : done).compactMap { state.returns[$0] }
        let now = runs.compactMap { run in
          state.active[run].map { "seed \(run.seed) \(min(100, $0 * 100 / plan.steps)) %" }
        }
        rows.append([
          environment, agent,
          "\(done.count)/\(runs.count)" + (failures > 0 ? ", \(failures) failed" : ""),
          known.isEmpty ? "" : fixed(known.reduce(0, +) / Double(known.count), 1),
          now.joined(separator: ", "),
        ])
      }
    }
    let widths = (0..<5).map { column in rows.map { $0[column].count }.max() ?? 0 }
    let columns = Console.columns
    let lines = rows.enumerated().map { number, row in
      let cells = zip(row, widths).map {
        $0 + String(repeating: " ", count: $1 - $0.count)
      }
      let text = String(cells.joined(separator: "  ").prefix(max(0, columns - 1)))
      return number == 0 ? Console.paint(text, .dim) : text
    }
    // A terminal that is too low would scroll what is to be drawn again: then the last line says it all.
    return lines.count + 2 <= Console.rows ? lines : []
  }

  private func total(_ state: State) -> String {
    let all = plan.runs.count * plan.steps
    let failed = state.failed.count * plan.steps
    let steps = min(all, state.stepsHere + state.stepsBefore + failed)
    let share = all > 0 ? Double(steps) / Double(all) : 1
    let seconds = Double((ContinuousClock.now - started) / .seconds(1))
    let rate = Double(state.stepsHere) / max(seconds, 1e-9)
    let done = Int(share * 30)
    var line =
      "\(state.finished.count)/\(plan.runs.count) runs  "
      + Console.paint(String(repeating: "━", count: done), .green)
      + Console.paint(String(repeating: "─", count: 30 - done), .dim)
      + "  \(Int(share * 100)) %  \(withPrefix(rate)) steps/s"
    if rate > 0, steps < all { line += "  \(clock(Double(all - steps) / rate)) left" }
    return line
  }
}
