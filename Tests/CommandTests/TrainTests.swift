import Foundation
import Testing

@Suite struct TrainTests {
  @Test func writesARunDirectory() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("run")
    let result = try BuiltProgram.swirl(
      "train ppo CartPole-v1 --steps 8192 --seed 3 --json --out \(out)")
    #expect(result.status == 0, "\(result.errors)")
    let last = try #require(try jsonLines(result.output).last)
    #expect(Set(last.keys) == ["run", "steps", "seconds", "steps_per_second", "mean_return"])
    #expect(last["run"] as? String == out)
    #expect(try #require(last["steps"] as? Int) >= 8192)
    #expect(try #require(last["mean_return"] as? Double) > 15)

    let run = RunFolder(out)
    let step = try #require(run.checkpointSteps.last)
    #expect(step == last["steps"] as? Int)
    let names = Set(try FileManager.default.contentsOfDirectory(atPath: run.checkpoint(step).path))
    #expect(names.isSuperset(of: ["model.safetensors", "state.safetensors", "state.json"]))
    let files = try FileManager.default.contentsOfDirectory(atPath: out)
    #expect(
      Set(files).isSuperset(of: [
        "config.yaml", "metrics.csv", "run.json", "evaluations.json", "checkpoints",
      ]))
    #expect(files.contains { $0.hasPrefix("events.out.tfevents") })
    #expect(try run.text("config.yaml").contains("n_envs: 8"))
    #expect(try run.text("config.yaml").contains("gae_lambda: 0.8"))
  }

  /// No bar and no colour in a pipe: ten plain lines at most, apart from notes.
  @Test func isPlainInAPipe() throws {
    let folder = try TemporaryFolder()
    let result = try BuiltProgram.swirl(
      "train ppo CartPole-v1 --steps 8192 --out \(folder.path("run"))")
    #expect(!result.errors.contains("\u{1B}") && !result.errors.contains("\r"))
    #expect(!result.output.contains("\u{1B}") && !result.output.contains("\r"))
    #expect(result.errors.split(separator: "\n").count <= 12)
    #expect(result.errors.contains("100 %"))
  }

  @Test func settingsComeFromFileAndCommandLine() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("n_steps: 64\nlearning_rate: lin_0.002\n", to: "settings.yaml")
    let out = folder.path("run")
    let result = try BuiltProgram.swirl.run([
      "train", "ppo", "CartPole-v1", "--steps", "1024", "--envs", "4", "--config", file, "--set",
      "gamma=0.9",
      "--set", "net_arch=[32, 16]", "--out", out,
    ])
    #expect(result.status == 0, "\(result.errors)")
    let settings = try RunFolder(out).text("config.yaml")
    for line in ["n_steps: 64", "learning_rate: lin_0.002", "gamma: 0.9", "n_envs: 4"] {
      #expect(settings.contains(line), "\(settings)")
    }
  }

  @Test func workersDoNotChangeTheResult() throws {
    let folder = try TemporaryFolder()
    for workers in [1, 2, 3] {
      let result = try BuiltProgram.swirl(
        "train ppo CartPole-v1 --steps 8192 --seed 5 --workers \(workers) --out \(folder.path("\(workers)"))"
      )
      #expect(result.status == 0, "\(result.errors)")
    }
    let one = try RunFolder(folder.path("1")).model()
    #expect(try RunFolder(folder.path("2")).model() == one)
    #expect(try RunFolder(folder.path("3")).model() == one)
  }

  @Test func badInputGetsASentence() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("run")
    let cases: [(String, Int32, [String])] = [
      ("trian ppo CartPole-v1", 64, ["trian", "'train'"]),
      ("train pop CartPole-v1", 64, ["agent 'pop'", "'ppo'"]),
      ("train ppo CartPoel-v1", 64, ["CartPoel-v1", "CartPole-v1"]),
      ("train ppo", 64, ["swirl train --help"]),
      ("train", 64, ["swirl train --help"]),
      ("train ppo CartPole-v1 extra", 64, ["extra"]),
      ("train ppo CartPole-v1 --stpes 5", 64, ["--stpes", "--steps"]),
      ("train ppo CartPole-v1 --steps 0", 64, ["--steps", "whole number from 1"]),
      ("train ppo CartPole-v1 --steps -1", 64, ["--steps", "whole number from 1"]),
      (
        "train ppo CartPole-v1 --steps 99999999999999999999999", 64,
        ["--steps", "whole number from 1"]
      ),
      ("train ppo CartPole-v1 --envs 0", 64, ["--envs", "whole number from 1"]),
      ("train ppo CartPole-v1 --envs 999999999", 64, ["--envs", "whole number from 1"]),
      ("train ppo CartPole-v1 --workers 0", 64, ["--workers", "whole number from 1"]),
      ("train ppo CartPole-v1 --workers 100000", 64, ["--workers", "whole number from 1"]),
      ("train ppo CartPole-v1 --seed -1", 64, ["--seed", "whole number from 0"]),
      ("train ppo CartPole-v1 --set gama=0.9", 64, ["gama", "gamma"]),
      ("train ppo CartPole-v1 --set gamma=high", 64, ["gamma", "high"]),
      ("train ppo CartPole-v1 --set gamma=2", 64, ["gamma", "2"]),
      ("train ppo CartPole-v1 --set n_epochs=0", 64, ["n_epochs"]),
      ("train ppo CartPole-v1 --set learning_rate=lni_0.1", 64, ["learning_rate", "lni_0.1"]),
      ("train ppo CartPole-v1 --set gamma", 64, ["gamma", "key=value"]),
      ("train ppo CartPole-v1 --config /nowhere/settings.yaml", 66, ["/nowhere/settings.yaml"]),
      ("train --resume /nowhere/run", 66, ["/nowhere/run"]),
    ]
    for (line, status, words) in cases {
      let result = try BuiltProgram.swirl(line.contains("--resume") ? line : line + " --out \(out)")
      expectRefusal(result, status: status)
      for word in words { #expect(result.errors.contains(word), "\(line): \(result.errors)") }
      #expect(!FileManager.default.fileExists(atPath: out), "\(line) made a run directory")
    }
    for text in ["gamma: [\n", "gama: 0.9\n", "- 1\n", "gamma: {a: 1}\n"] {
      let file = try folder.write(text, to: "bad.yaml")
      let result = try BuiltProgram.swirl("train ppo CartPole-v1 --config \(file) --out \(out)")
      #expect(result.status == 64 || result.status == 65, "\(text): \(result.errors)")
      #expect(result.errors.contains(file), "\(text): \(result.errors)")
    }
  }

  @Test func evaluatesOnASchedule() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("run")
    let result = try BuiltProgram.swirl(
      "train ppo CartPole-v1 --steps 6144 --seed 3 --eval-every 2048 --eval-episodes 4 --out \(out)"
    )
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("best of its evaluations"))
    let list = try #require(
      try JSONSerialization.jsonObject(with: RunFolder(out).data("evaluations.json"))
        as? [[String: Any]])
    #expect(list.map { $0["step"] as? Int } == [2048, 4096, 6144])
    #expect(list.allSatisfy { $0["seed"] as? Int == 4 && ($0["returns"] as? [Double])?.count == 4 })
    // What 'swirl evaluate' finds of the last checkpoint is the same.
    let again = try jsonLines(
      BuiltProgram.swirl("evaluate \(out) --episodes 4 --seed 4 --json").output)
    #expect(again.last?["returns"] as? [Double] == list.last?["returns"] as? [Double])
    #expect(try RunFolder(out).data("best/model.safetensors").count > 1000)
  }

  @Test func stopsEarly() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("run")
    let line = "train ppo CartPole-v1 --steps 1_000_000 --eval-every 1000 --eval-episodes 2"
    let result = try BuiltProgram.swirl(line + " --stop-at 5 --out \(out)")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("stopped early: the mean return of 2 episodes"))
    #expect(RunFolder(out).checkpointSteps == [1024])
    let again = try BuiltProgram.swirl("train --resume \(out)")
    #expect(again.status == 0 && again.output.contains("stopped early"), "\(again.errors)")
    #expect(RunFolder(out).checkpointSteps == [1024])
  }

  @Test func badEvaluationsGetASentence() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("run")
    let cases: [(String, [String])] = [
      ("CartPole-v1 --eval-every 0", ["--eval-every", "whole number from 1"]),
      ("CartPole-v1 --eval-episodes 3", ["--eval-episodes", "--eval-every"]),
      ("CartPole-v1 --stop-at 3", ["--stop-at", "--eval-every"]),
      ("CartPole-v1 --eval-every 9 --stop-at much", ["--stop-at", "much", "threshold"]),
      ("CartPole-v1 --eval-every 9 --patience 0", ["--patience", "whole number from 1"]),
      ("Pendulum-v1 --eval-every 9 --stop-at threshold", ["Pendulum-v1", "no reward threshold"]),
    ]
    for (line, words) in cases {
      let result = try BuiltProgram.swirl("train ppo \(line) --out \(out)")
      expectRefusal(result, status: 64)
      for word in words { #expect(result.errors.contains(word), "\(line): \(result.errors)") }
      #expect(!FileManager.default.fileExists(atPath: out), "\(line) made a run directory")
    }
  }

  @Test func refusesFoldersItCannotMake() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("", to: "file")
    for (out, word) in [("", "--out"), (file, "is a file"), (file + "/run", "is a file")] {
      let result = try BuiltProgram.swirl.run(["train", "ppo", "CartPole-v1", "--out", out])
      expectRefusal(result, status: 64, saying: word)
    }
  }

  @Test func neverOverwritesARun() throws {
    let folder = try TemporaryFolder()
    let line = "train ppo CartPole-v1 --steps 1024 --out \(folder.path("run"))"
    #expect(try BuiltProgram.swirl(line).status == 0)
    let before = try RunFolder(folder.path("run")).contents()
    let again = try BuiltProgram.swirl(line)
    expectRefusal(again, status: 64, saying: folder.path("run"), "--resume")
    #expect(try RunFolder(folder.path("run")).contents() == before)
  }

  /// Without `--out` every run gets a directory of its own below `runs`.
  @Test func namesItsRuns() throws {
    let folder = try TemporaryFolder()
    let line = "train ppo CartPole-v1 --steps 1024 --seed 4 --json"
    let first = try jsonLines(BuiltProgram.swirl(line, in: folder.url).output)
    let second = try jsonLines(BuiltProgram.swirl(line, in: folder.url).output)
    #expect(first.last?["run"] as? String == "runs/ppo-CartPole-v1-s4")
    #expect(second.last?["run"] as? String == "runs/ppo-CartPole-v1-s4-2")
  }
}
