import Agents
import Foundation
import Runtime
import Synchronization
import Testing

private final class Folder {
  let path = NSTemporaryDirectory() + "swirl-search-\(UUID().uuidString)"
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

private let text = """
  learning_rate: {log_uniform: [1e-4, 1e-2]}
  n_steps: {int: [16, 18]}
  gamma: {uniform: [0.9, 0.99]}
  net_arch: {choice: [[8], [8, 8]]}
  """

private func plan(
  _ method: SearchPlan.Method, trials: Int = 4, space: String = text
) throws -> SearchPlan {
  SearchPlan(
    agent: "a2c", environment: "Identity-v0",
    space: try SearchSpace(yaml: space, file: "space.yaml"),
    method: method, trials: trials, steps: 2400, episodes: 3, seed: 7)
}

private func search(_ plan: SearchPlan, in folder: Folder) throws -> Search {
  try Search(in: folder.path, plan: plan, type: A2C.self, version: "test")
}

@Suite struct SearchTests {
  @Test func pointsLieInTheirSpace() throws {
    let space = try SearchSpace(yaml: text, file: "space.yaml")
    var random = PCG64(seed: 1)
    var (rates, steps, shapes) = ([Double](), Set<String>(), Set<String>())
    for _ in 0..<400 {
      let point = space.draw(using: &random)
      #expect(point.map(\.key) == ["learning_rate", "n_steps", "gamma", "net_arch"])
      rates.append(try #require(Double(point[0].value)))
      steps.insert(point[1].value)
      #expect(0.9...0.99 ~= (Double(point[2].value) ?? 0))
      shapes.insert(point[3].value)
    }
    #expect(rates.allSatisfy { 1e-4...1e-2 ~= $0 })
    // As many below the middle of the logarithms as above it.
    #expect(abs(rates.count { $0 < 1e-3 } - 200) < 50)
    #expect(steps == ["16", "17", "18"])
    #expect(shapes == ["[8]", "[8, 8]"])
    // A trial is the same whenever it is asked for.
    let plan = try plan(.random)
    #expect(plan.settings(of: 3).map(\.value) == plan.settings(of: 3).map(\.value))
    #expect(plan.settings(of: 3).map(\.value) != plan.settings(of: 2).map(\.value))
  }

  /// Four digits would lie outside.
  @Test func roundedNumbersStayInTheirRange() throws {
    let space = try SearchSpace(
      yaml: "gamma: {uniform: [0.99991, 0.99994]}\nlr: {log_uniform: [1.00001, 1.00004]}",
      file: "space.yaml")
    var random = PCG64(seed: 1)
    for _ in 0..<20 {
      let point = space.draw(using: &random).compactMap { Double($0.value) }
      #expect(0.99991...0.99994 ~= point[0] && 1.00001...1.00004 ~= point[1], "\(point)")
    }
  }

  @Test func aSpaceThatIsNoneGetsASentence() {
    let cases = [
      ("", "names no setting"), ("- 1", "is not a mapping"), ("gamma: 0.9", "must be one of"),
      ("gamma: {unifrom: [0, 1]}", "did you mean 'uniform'"),
      ("gamma: {uniform: 3}", "needs a list"),
      ("gamma: {uniform: [1, 0]}", "the lower one first"),
      ("gamma: {uniform: [0, 1, 2]}", "two numbers"),
      ("gamma: {log_uniform: [0, 1]}", "positive numbers"),
      ("n_steps: {int: [1, 2.5]}", "whole numbers"),
      ("n_steps: {int: [0, 9223372036854775807]}", "2^53"),
      ("n_steps: {int: [-9007199254740993, 1]}", "2^53"),
      ("gamma: {choice: []}", "needs a value"), ("gamma: [", "cannot be read as YAML"),
      (String(repeating: "[", count: 5000), "nested too deeply"),
    ]
    for (yaml, words) in cases {
      #expect { try SearchSpace(yaml: yaml, file: "space.yaml") } throws: {
        "\($0)".contains(words) && "\($0)".contains("space.yaml")
      }
    }
  }

  @Test func rungsGiveAThirdThreeTimesTheSteps() throws {
    var plan = try plan(.halving, trials: 27)
    plan.steps = 27_000
    #expect(plan.rungs.map(\.trials) == [27, 9, 3, 1])
    #expect(plan.rungs.map(\.steps) == [1000, 3000, 9000, 27_000])
    // Not so few steps that there is nothing to judge.
    plan.steps = 2400
    #expect(plan.rungs.map(\.steps) == [266, 800, 2400])
    plan.method = .random
    #expect(plan.rungs.map(\.trials) == [27] && plan.rungs.map(\.steps) == [2400])
  }

  @Test(arguments: SearchPlan.Method.allCases)
  func aSearchLeavesWhatItPromises(_ method: SearchPlan.Method) throws {
    let folder = Folder()
    let plan = try plan(method)
    do {
      let search = try search(plan, in: folder)
      #expect(try search.run(jobs: 2) { _ in } == .finished)
      try search.write()
      let best = try #require(search.ranking.first)
      #expect(best.rungs.last?.steps == 2400)
      let whole = search.ranking.filter { $0.rungs.last?.steps == 2400 }
      #expect(whole.count == (method == .random ? 4 : 1))
      #expect(whole.compactMap(\.score).max() == best.score)
      // What goes on is what was best before.
      if method == .halving {
        let first = search.ranking.map { mean($0.rungs[0].returns) }
        #expect(first.max() == first[0])
      }
      #expect(search.bestSettings?.contains("learning_rate: ") == true)
    }
    let page = try String(contentsOfFile: folder.path + "/search.html", encoding: .utf8)
    for forbidden in ["http://", "https://", "<script", "nan"] {
      #expect(!page.contains(forbidden))
    }
    #expect(page.contains("Score by trial") && page.contains("learning_rate"))
    let rows = try String(contentsOfFile: folder.path + "/trials.csv", encoding: .utf8)
      .split(separator: "\n")
    #expect(rows.count == 5 && rows[0] == "trial,steps,score,learning_rate,n_steps,gamma,net_arch")
    let best = try String(contentsOfFile: folder.path + "/best.yaml", encoding: .utf8)
    _ = try A2CConfiguration().applying(yaml: best, file: "best.yaml")

    // Once more: nothing is trained again.
    let again = try search(plan, in: folder)
    let news = Mutex(0)
    _ = try again.run(jobs: 2) { event in
      if case .tried = event { news.withLock { $0 += 1 } }
    }
    #expect(news.withLock { $0 } == 0)
    #expect(again.ranking.map(\.number).first == Int(rows[1].prefix(1)))
    #expect { try search(plan, in: folder) } throws: {
      "\($0)".contains("is being searched by process")
    }
  }

  @Test func jobsDoNotChangeASearch() throws {
    let (one, three) = (Folder(), Folder())
    let a = try search(plan(.halving), in: one)
    let b = try search(plan(.halving), in: three)
    _ = try a.run(jobs: 1) { _ in }
    _ = try b.run(jobs: 3) { _ in }
    #expect(a.ranking == b.ranking)
  }

  @Test func whatFitsNoAgentFailsItsOwnTrial() throws {
    let folder = Folder()
    // Half of these are out of range.
    let space = "gamma: {choice: [0.9, 1.5]}"
    let search = try search(plan(.random, trials: 8, space: space), in: folder)
    #expect(try search.run(jobs: 2) { _ in } == .finished)
    let failed = search.ranking.filter { $0.failure != nil }
    #expect(!failed.isEmpty && failed.count < 8)
    #expect(failed.allSatisfy { $0.settings["gamma"] == "1.5" && $0.failure!.contains("gamma") })
    #expect(search.ranking[0].failure == nil)
  }

  /// A run that another process holds is no fault of its settings.
  @Test func whatIsNoFaultOfATrialEndsTheSearch() throws {
    let folder = Folder()
    let plan = try plan(.random)
    let search = try search(plan, in: folder)
    let recipe = RunRecipe(
      agent: plan.agent, environment: plan.environment, seed: 0, totalSteps: plan.steps,
      settings: plan.settings(of: 0).map { "\($0)=\($1)" }, path: folder.path + "/trials/t0-s0",
      version: "test")
    let held = try recipe.open(recipe.parts(for: A2C.self))
    #expect { try search.run(jobs: 1) { _ in } } throws: { "\($0)".contains("is being trained") }
    #expect(search.ranking.allSatisfy { $0.failure == nil })
    withExtendedLifetime(held) {}
  }

  @Test func anotherSearchIsRefused() throws {
    let folder = Folder()
    do { _ = try search(plan(.random), in: folder) }
    #expect(throws: RunError.self) { try search(plan(.halving), in: folder) }
    // More trials are the same search, further, and fewer take none of them away.
    do { #expect(try search(plan(.random, trials: 6), in: folder).plan.trials == 6) }
    do {
      let fewer = try search(plan(.random, trials: 2), in: folder)
      #expect(fewer.plan.trials == 6 && fewer.ranking.count == 6)
    }
    #expect { try search(plan(.random, space: "gama: {uniform: [0, 1]}"), in: Folder()) } throws: {
      "\($0)".contains("'gamma'")
    }
  }
}
