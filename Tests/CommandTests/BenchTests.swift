import Foundation
import Testing

@Suite struct BenchTests {
  private static let small =
    "bench --agents ppo,a2c --envs Identity-v0 --seeds 2 --steps 600 --episodes 4"

  @Test func writesItsFilesAndIsPlainInAPipe() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("bench")
    let result = try BuiltProgram.swirl("\(Self.small) --jobs 2 --json --out \(out)")
    #expect(result.status == 0, "\(result.errors)")
    let last = try #require(try jsonLines(result.output).last)
    #expect(last["report"] as? String == "\(out)/report.html")
    let results = try #require(last["results"] as? [[String: Any]])
    #expect(results.map { $0["agent"] as? String } == ["ppo", "a2c"])
    #expect(results.allSatisfy { $0["seeds"] as? Int == 2 && $0["iqm"] is Double })
    #expect(
      (last["warnings"] as? [String])?.contains { $0.contains("2 seeds are too few") } == true)
    #expect(!result.errors.contains("\u{1B}") && !result.errors.contains("\r"))
    // A line for each run, and for each agent that its defaults are used.
    #expect(result.errors.split(separator: "\n").count == 6, "\(result.errors)")
    #expect(result.errors.contains("ppo has no preset for Identity-v0; its defaults are used"))
    let names = try FileManager.default.contentsOfDirectory(atPath: out)
    #expect(
      Set(names).isSuperset(of: [
        "plan.json", "results.csv", "benchmark.json", "report.html", "runs",
        "curves-Identity-v0.svg",
      ]))
    let run = RunFolder(out + "/runs/ppo-Identity-v0-s1")
    #expect(!run.checkpointSteps.isEmpty)
    // Its runs are ordinary ones.
    #expect(try BuiltProgram.swirl("evaluate \(run.url.path) --episodes 3").status == 0)

    // Nothing is left to do, and more seeds are added to what there is.
    let again = try BuiltProgram.swirl("bench --out \(out)")
    #expect(again.status == 0 && again.errors.isEmpty, "\(again.errors)")
    #expect(again.output.contains("report.html"))
    let more = try BuiltProgram.swirl("bench --seeds 3 --out \(out)")
    #expect(more.status == 0, "\(more.errors)")
    #expect(more.errors.split(separator: "\n").count == 2, "\(more.errors)")
  }

  /// Killed at any moment and started again, a benchmark ends with the bytes of one that never was.
  @Test(arguments: [0.15, 0.4]) func goesOnAfterAKill(_ seconds: Double) throws {
    let folder = try TemporaryFolder()
    let line = "bench --envs CartPole-v1 --seeds 2 --steps 12000 --episodes 4 --jobs 2 --out "
    let whole = try BuiltProgram.swirl(line + folder.path("whole"))
    #expect(whole.status == 0, "\(whole.errors)")
    let killed = try BuiltProgram.swirl.start(
      (line + folder.path("killed")).split(separator: " ").map(String.init))
    usleep(UInt32(seconds * 1e6))
    killed.kill(SIGKILL)
    _ = try killed.wait()
    let result = try BuiltProgram.swirl(line + folder.path("killed"))
    #expect(result.status == 0, "\(result.errors)")
    for seed in 0..<2 {
      let name = "runs/ppo-CartPole-v1-s\(seed)"
      #expect(
        try RunFolder(folder.path("killed/\(name)")).model()
          == RunFolder(folder.path("whole/\(name)")).model())
    }
  }

  @Test func anInterruptSaysHowToGoOn() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("bench")
    let running = try BuiltProgram.swirl.start([
      "bench", "--seeds", "3", "--steps", "2000000", "--out", out,
    ])
    #expect(
      waitUntil(seconds: 60) {
        FileManager.default.fileExists(atPath: out + "/runs/ppo-CartPole-v1-s0/metrics.csv")
      })
    running.kill(SIGINT)
    let result = try running.wait()
    #expect(result.status == 130, "\(result.errors)")
    #expect(result.errors.contains("swirl bench --out \(out)"))
    #expect(!RunFolder(out + "/runs/ppo-CartPole-v1-s0").checkpointSteps.isEmpty)
  }

  @Test func badInputGetsASentence() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("bench")
    let cases: [(String, Int32, [String])] = [
      ("bench --agents pop", 64, ["agent 'pop'", "'ppo'"]),
      ("bench --agents ,", 64, ["--agents"]),
      ("bench --agents ppo,ppo", 64, ["ppo twice"]),
      ("bench --envs CartPoel-v1", 64, ["CartPole-v1"]),
      ("bench --seeds 0", 64, ["--seeds", "whole number from 1"]),
      ("bench --steps many", 64, ["--steps", "whole number from 1"]),
      ("bench --jobs 0", 64, ["--jobs", "whole number from 1"]),
      ("bench --set gama=0.9", 64, ["gama", "gamma"]),
      ("bench --agents qac --envs Pendulum-v1", 64, ["qac"]),
    ]
    for (line, status, words) in cases {
      let result = try BuiltProgram.swirl(line + " --out \(out)")
      expectRefusal(result, status: status)
      for word in words { #expect(result.errors.contains(word), "\(line): \(result.errors)") }
      #expect(!FileManager.default.fileExists(atPath: out), "\(line) made a folder")
    }
    let begun = try BuiltProgram.swirl("\(Self.small) --out \(out)")
    #expect(begun.status == 0, "\(begun.errors)")
    let before = try RunFolder(out).contents()
    let changed = try BuiltProgram.swirl("bench --steps 700 --out \(out)")
    expectRefusal(changed, status: 64, saying: "--steps 600", "another folder")
    #expect(try RunFolder(out).contents() == before)
    try folder.write("{}", to: "bench/plan.json")
    expectRefusal(try BuiltProgram.swirl("bench --out \(out)"), status: 65, saying: "plan.json")
  }
}
