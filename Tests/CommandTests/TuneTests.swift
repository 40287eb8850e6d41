import Foundation
import Testing

@Suite struct TuneTests {
  private static let space = "learning_rate: {log_uniform: [1e-4, 1e-2]}\nn_steps: {int: [8, 32]}\n"

  @Test func findsSettingsThatTrainTakes() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(Self.space, to: "space.yaml")
    let out = folder.path("tune")
    let line =
      "tune a2c Identity-v0 --space \(file) --trials 4 --steps 1200 --episodes 3 --method halving --jobs 2 --out \(out)"
    let result = try BuiltProgram.swirl(line + " --json")
    #expect(result.status == 0, "\(result.errors)")
    #expect(!result.errors.contains("\u{1B}") && result.errors.contains("trial 0: return"))
    #expect(result.errors.contains("a2c has no preset for Identity-v0; its defaults are used"))
    let trials = try #require(try jsonLines(result.output).last?["trials"] as? [[String: Any]])
    #expect(trials.count == 4 && trials[0]["steps"] as? Int == 1200)
    let settings = try #require(trials[0]["settings"] as? [String: String])
    #expect(Set(settings.keys) == ["learning_rate", "n_steps"])
    for name in ["search.html", "trials.csv", "best.yaml", "search.json", "trials.json"] {
      #expect(FileManager.default.fileExists(atPath: "\(out)/\(name)"), "\(name)")
    }
    let run = try BuiltProgram.swirl(
      "train a2c Identity-v0 --steps 100 --config \(out)/best.yaml --out \(folder.path("run"))")
    #expect(run.status == 0, "\(run.errors)")
    // Again: all is done.
    let again = try BuiltProgram.swirl(line)
    #expect(again.status == 0 && again.errors.isEmpty, "\(again.errors)")
    #expect(again.output.contains("best.yaml"))
  }

  @Test func goesOnAfterAKill() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(Self.space, to: "space.yaml")
    let line =
      "tune ppo CartPole-v1 --space \(file) --trials 4 --steps 6000 --episodes 3 --method halving --jobs 2 --json --out "
    let whole = try BuiltProgram.swirl(line + folder.path("whole"))
    #expect(whole.status == 0, "\(whole.errors)")
    let killed = try BuiltProgram.swirl.start(
      (line + folder.path("killed")).split(separator: " ").map(String.init))
    usleep(300_000)
    killed.kill(SIGKILL)
    _ = try killed.wait()
    let result = try BuiltProgram.swirl(line + folder.path("killed"))
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      result.output.replacing("/killed/", with: "/")
        == whole.output.replacing("/whole/", with: "/"))
  }

  @Test func badInputGetsASentence() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(Self.space, to: "space.yaml")
    let bad = try folder.write("gama: {uniform: [0, 1]}", to: "bad.yaml")
    let out = folder.path("tune")
    let cases: [(String, Int32, [String])] = [
      ("tune pop CartPole-v1 --space \(file)", 64, ["agent 'pop'", "'ppo'"]),
      ("tune ppo CartPoel-v1 --space \(file)", 64, ["CartPole-v1"]),
      ("tune ppo CartPole-v1", 64, ["--space"]),
      ("tune ppo CartPole-v1 --space /nowhere.yaml", 66, ["/nowhere.yaml"]),
      ("tune ppo CartPole-v1 --space \(bad)", 64, ["gama", "'gamma'"]),
      ("tune ppo CartPole-v1 --space \(file) --method grid", 64, ["random or halving"]),
      (
        "tune ppo CartPole-v1 --space \(file) --trials 100000 --seeds 1000 --steps 1000000000000",
        64,
        ["more steps than can be counted"]
      ),
      ("tune ppo CartPole-v1 --space \(file) --trials 0", 64, ["--trials", "whole number from 1"]),
    ]
    for (line, status, words) in cases {
      let result = try BuiltProgram.swirl(line + " --out \(out)")
      expectRefusal(result, status: status)
      for word in words { #expect(result.errors.contains(word), "\(line): \(result.errors)") }
      #expect(!FileManager.default.fileExists(atPath: out), "\(line) made a folder")
    }
  }
}
