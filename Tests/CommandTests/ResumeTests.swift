import Foundation
import Testing

/// Interrupted runs. One at a time: the tests race a process, and there may be two cores only.
@Suite(.serialized) struct ResumeTests {
  private static let isLong = ProcessInfo.processInfo.environment["SWIRL_LONG_TESTS"] == "1"
  /// Checkpoints as often as the loop can write them, so that a kill can hit every part of writing one.
  private static func training(_ agent: String, in folder: TemporaryFolder) throws -> [String] {
    if let offPolicy = offPolicyTraining(agent) { return offPolicy }
    let steps = agent == "ppo" ? "30000" : "10000"
    let environment = agent == "sarsa" ? "FrozenLake-v1" : "CartPole-v1"
    var arguments = [
      "train", agent, environment, "--steps", steps, "--checkpoint-every", "0.02",
      "--eval-every", "2500", "--eval-episodes", "2",
    ]
    if agent == "bc" || agent == "gail" {
      let (run, file) = (folder.path("shown"), folder.path("shown.safetensors"))
      for line in [
        "train ppo CartPole-v1 --steps 2048 --out \(run)",
        "evaluate \(run) --episodes 5 --save-demonstrations \(file)",
      ] {
        try #require(try BuiltProgram.swirl(line).status == 0)
      }
      arguments += ["--demonstrations", file]
    }
    return arguments
  }

  /// Small networks and a replay buffer that comes round more than once.
  private static func offPolicyTraining(_ agent: String) -> [String]? {
    guard ["ddpg", "td3", "sac", "dqn"].contains(agent) else { return nil }
    var settings = [
      "net_arch=[16, 16]", "batch_size=16", "buffer_size=800", "learning_starts=100",
      "report_interval=20",
    ]
    if agent == "dqn" {
      settings += [
        "train_freq=4", "gradient_steps=2", "prioritized_replay=true", "dueling=true", "n_atoms=7",
        "target_update_interval=50", "n_steps=3",
      ]
    }
    let environment = agent == "dqn" ? "CartPole-v1" : "Pendulum-v1"
    return [
      "train", agent, environment, "--steps", "4000", "--checkpoint-every", "0.02", "--eval-every",
      "1000", "--eval-episodes", "2",
    ] + settings.flatMap { ["--set", $0] }
  }

  @Test(arguments: [
    "ppo", "a2c", "trpo", "reinforce", "qac", "sarsa", "bc", "gail", "ddpg", "td3", "sac", "dqn",
  ])
  func killedAndResumedEqualsUninterrupted(_ agent: String) throws {
    let folder = try TemporaryFolder()
    let training = try Self.training(agent, in: folder)
    let whole = folder.path("whole")
    let started = Date()
    #expect(try BuiltProgram.swirl.run(training + ["--out", whole]).status == 0)
    let duration = Date().timeIntervalSince(started)
    let expected = try RunFolder(whole).model()

    var random = SystemRandomNumberGenerator()
    for round in 0..<(Self.isLong ? 40 : agent == "ppo" ? 3 : 1) {
      let out = folder.path("killed-\(round)")
      var arguments = training + ["--out", out]
      var moments: [Double] = []
      // Three kills a run, anywhere between the process's first instruction and the end of training.
      for _ in 0..<3 {
        let running = try BuiltProgram.swirl.start(arguments)
        let moment = Double.random(in: 0...duration * 0.7, using: &random)
        moments.append(moment)
        usleep(UInt32(moment * 1e6))
        running.kill(SIGKILL)
        _ = try running.wait()
        // Killed before the directory was made there is nothing to resume.
        if FileManager.default.fileExists(atPath: out + "/run.json") {
          arguments = ["train", "--resume", out]
        }
      }
      let result = try BuiltProgram.swirl.run(arguments)
      #expect(result.status == 0, "killed after \(moments) s: \(result.errors)")
      #expect(try RunFolder(out).model() == expected, "killed after \(moments) s")
      for name in ["evaluations.json", "best/model.safetensors"] {
        #expect(
          try RunFolder(out).data(name) == RunFolder(whole).data(name),
          "\(name), killed after \(moments) s")
      }
      #expect(
        try Self.steps(RunFolder(out)) == Self.steps(RunFolder(whole)), "killed after \(moments) s")
    }
  }

  /// The step column of the metrics: resuming neither repeats nor loses a row.
  private static func steps(_ run: RunFolder) throws -> [Substring] {
    try run.text("metrics.csv").split(separator: "\n").map { $0.prefix { $0 != "," } }
  }

  @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143))])
  func signalsLeaveACheckpoint(signal: Int32, status: Int32) throws {
    let folder = try TemporaryFolder()
    let out = folder.path("run")
    let running = try BuiltProgram.swirl.start([
      "train", "ppo", "CartPole-v1", "--steps", "1000000000", "--out", out,
    ])
    let metrics = URL(fileURLWithPath: out + "/metrics.csv")
    #expect(waitUntil(seconds: 20) { (try? Data(contentsOf: metrics).count) ?? 0 > 400 })
    running.kill(signal)
    let result = try running.wait()
    #expect(result.status == status, "\(result.errors)")
    #expect(result.errors.contains("swirl train --resume \(out)"))
    let step = try #require(RunFolder(out).checkpointSteps.last)
    #expect(step > 0)
    #expect(try BuiltProgram.swirl("evaluate \(out) --episodes 2").status == 0)
  }

  @Test func aFinishedRunStaysFinished() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("run")
    #expect(try BuiltProgram.swirl("train ppo CartPole-v1 --steps 2048 --out \(out)").status == 0)
    let before = try RunFolder(out).model()
    #expect(try BuiltProgram.swirl("train --resume \(out)").status == 0)
    #expect(try RunFolder(out).model() == before)
  }

  @Test func damagedCheckpointIsRefusedAndLeftAlone() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("run")
    #expect(try BuiltProgram.swirl("train ppo CartPole-v1 --steps 4096 --out \(out)").status == 0)
    let run = RunFolder(out)
    let checkpoint = run.checkpoint(try #require(run.checkpointSteps.last))
    for name in ["model.safetensors", "state.safetensors", "state.json"] {
      let file = checkpoint.appendingPathComponent(name)
      let good = try Data(contentsOf: file)
      var flipped = good
      flipped[good.count / 2] ^= 0x10
      for bad in [good.prefix(good.count / 2), Data(), good.prefix(5), flipped, good + Data([0])] {
        try bad.write(to: file)
        let before = try run.contents()
        for line in [
          "train --resume \(out)", "evaluate \(out)",
          "export \(out) --format safetensors --out \(out)-x",
        ] {
          if name != "model.safetensors", !line.hasPrefix("train") { continue }
          expectRefusal(try BuiltProgram.swirl(line), status: 65, saying: name)
        }
        #expect(try run.contents() == before)
      }
      try good.write(to: file)
    }
    #expect(try BuiltProgram.swirl("evaluate \(out) --episodes 1").status == 0)
  }

  /// Checkpoints share the pieces of a replay buffer; the one that goes on with a run reads them, and whoever
  /// wants the policy does not.
  @Test func damagedReplayIsRefusedAndLeftAlone() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("run")
    let training = try #require(Self.offPolicyTraining("td3"))
    #expect(try BuiltProgram.swirl.run(training + ["--out", out]).status == 0)
    let run = RunFolder(out)
    let segments = run.url.appendingPathComponent("segments")
    let numbers = try FileManager.default.contentsOfDirectory(atPath: segments.path).compactMap {
      Int($0.dropFirst("replay-".count).prefix { $0 != "." })
    }
    // 800 rows in pieces of 100, and those that an older checkpoint names; the newest is the latest's.
    #expect(numbers.count >= 7)
    let name = "replay-\(try #require(numbers.max())).bin"
    let file = segments.appendingPathComponent(name)
    let good = try Data(contentsOf: file)
    var flipped = good
    flipped[good.count / 2] ^= 0x10
    for bad in [flipped, good.dropLast(), nil] {
      if let bad { try bad.write(to: file) } else { try FileManager.default.removeItem(at: file) }
      let before = try run.contents()
      expectRefusal(
        try BuiltProgram.swirl("train --resume \(out) --steps 5000"), status: 65, saying: name)
      #expect(
        try BuiltProgram.swirl("export \(out) --format safetensors --out \(out)-x").status == 0)
      try? FileManager.default.removeItem(atPath: out + "-x")
      #expect(try run.contents() == before)
    }
    try good.write(to: file)
    #expect(try BuiltProgram.swirl("train --resume \(out) --steps 4100").status == 0)
  }

  @Test func aReplayBufferTooLargeIsRefused() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("run")
    expectRefusal(
      try BuiltProgram.swirl("train sac Pendulum-v1 --set buffer_size=20000000000 --out \(out)"),
      status: 64, saying: "buffer_size", "of memory")
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  @Test func aRunHasOneProcess() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("run")
    let line = ["train", "ppo", "CartPole-v1", "--steps", "1000000000", "--out", out]
    let running = try BuiltProgram.swirl.start(line)
    let metrics = URL(fileURLWithPath: out + "/metrics.csv")
    #expect(waitUntil(seconds: 20) { (try? Data(contentsOf: metrics).count) ?? 0 > 100 })
    let second = try BuiltProgram.swirl("train --resume \(out)")
    expectRefusal(second, status: 64, saying: out, "\(running.process.processIdentifier)")
    running.kill(SIGKILL)
    _ = try running.wait()
  }

  @Test func resumeRefusesChangedSettings() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("run")
    #expect(try BuiltProgram.swirl("train ppo CartPole-v1 --steps 2048 --out \(out)").status == 0)
    for change in ["--seed 9", "--envs 4", "--set gamma=0.5"] {
      expectRefusal(
        try BuiltProgram.swirl("train --resume \(out) \(change)"), status: 64, saying: "--resume")
    }
    expectRefusal(
      try BuiltProgram.swirl("train ppo CartPole-v1 --resume \(out)"), status: 64,
      saying: "--resume")
  }
}
