import Foundation
import Testing

/// The subcommands that read: `envs`, `evaluate`, `export`, `speed`, and `swirl` itself.
@Suite struct ReadingTests {
  @Test func helpIsThereForEverySubcommand() throws {
    let help = try BuiltProgram.swirl("--help")
    #expect(help.status == 0)
    for name in ["envs", "train", "evaluate", "rollout", "speed", "export"] {
      #expect(help.output.contains(name))
      let own = try BuiltProgram.swirl("\(name) --help")
      #expect(own.status == 0)
      #expect(own.output.contains("USAGE: swirl \(name)"))
      #expect(own.errors.isEmpty)
    }
    #expect(try BuiltProgram.swirl("--version").status == 0)
    #expect(try BuiltProgram.swirl("").output == help.output)
    expectRefusal(try .init("evalute"), status: 64, saying: "'evaluate'")
    expectRefusal(try .init("--versoin"), status: 64, saying: "--versoin")
  }

  @Test func listsEnvironments() throws {
    let result = try BuiltProgram.swirl("envs --json")
    let rows = try jsonArray(result.output)
    let row = try #require(rows.first { $0["id"] as? String == "CartPole-v1" })
    #expect(
      Set(row.keys) == [
        "id", "observation_space", "action_space", "max_episode_steps", "reward_threshold",
      ])
    #expect(row["action_space"] as? String == "Discrete(2)")
    #expect(row["max_episode_steps"] as? Int == 500)
    #expect(row["reward_threshold"] as? Double == 475)
    #expect(try BuiltProgram.swirl("envs").output.contains("CartPole-v1"))
  }

  @Test func printsThePageOfAnEnvironment() throws {
    let page = try BuiltProgram.swirl("envs Pendulum-v1")
    #expect(page.status == 0 && page.errors.isEmpty)
    for words in [
      "angular velocity", "rad/s", "−8 … 8", "truncated after 200 steps", "g, gravity = 10",
      "Pendulum-v0",
    ] {
      #expect(page.output.contains(words), "\(words) in \(page.output)")
    }
    #expect(page.lines.allSatisfy { $0.count <= 100 })
    // Bounds stand in the table alone where they are many.
    let room = try BuiltProgram.swirl("envs Navigation2D-v0")
    #expect(room.lines.contains("  Box(…, (29,), float32)"))
    let ids = try jsonArray(try BuiltProgram.swirl("envs --json").output).compactMap {
      $0["id"] as? String
    }
    let wanted = ids.filter { $0.hasSuffix("0") || $0.hasPrefix("T") }
    for id in wanted {
      let result = try BuiltProgram.swirl("envs \(id) --json")
      let about = try #require(try jsonLines(result.output).first)
      #expect(about["id"] as? String == id)
      for key in [
        "summary", "observation_space", "action_space", "observations", "actions", "dynamics",
        "reward", "start", "endings", "options", "versions", "replaces", "source", "mask_size",
        "metrics", "max_episode_steps", "reward_threshold",
      ] {
        #expect(about[key] != nil, "\(id) \(key)")
      }
    }
    let bits = try BuiltProgram.swirl("envs BitFlipping-v0 --json --option n=3")
    let about = try #require(try jsonLines(bits.output).first)
    #expect(about["action_space"] as? String == "Discrete(3)")
    let option = try #require((about["options"] as? [[String: Any]])?.first)
    #expect(option["name"] as? String == "n" && option["type"] as? String == "integer")
    #expect(option["value"] as? Int == 3 && option["default"] as? Int == 15)

    expectRefusal(try .init("envs Pendulm-v1"), status: 64, saying: "'Pendulum-v1'")
    expectRefusal(try .init("envs Pendulum-v1 --option h=3"), status: 64, saying: "no option 'h'")
    expectRefusal(try .init("envs --option g=3"), status: 64, saying: "--option needs")
  }

  @Test func evaluates() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("run")
    #expect(try BuiltProgram.swirl("train ppo CartPole-v1 --steps 4096 --out \(out)").status == 0)
    let line = "evaluate \(out) --episodes 12 --seed 5 --json"
    let result = try BuiltProgram.swirl(line)
    let report = try #require(try jsonLines(result.output).first)
    #expect(
      Set(report.keys)
        == ["mean_return", "std_return", "iqm", "returns", "lengths", "episodes", "seed"])
    let returns = try #require(report["returns"] as? [Double])
    #expect(returns.count == 12)
    #expect(report["lengths"] as? [Double] == returns)  // CartPole pays one a step
    #expect(report["episodes"] as? Int == 12)
    #expect(report["seed"] as? Int == 5)
    let mean = try #require(report["mean_return"] as? Double)
    #expect(abs(mean - returns.reduce(0, +) / 12) < 1e-9)

    #expect(try BuiltProgram.swirl(line).output == result.output)
    #expect(try BuiltProgram.swirl(line + " --stochastic").output != result.output)
    #expect(try BuiltProgram.swirl("evaluate \(out) --episodes 3").output.contains("mean return"))

    expectRefusal(try .init("evaluate /nowhere/run"), status: 66, saying: "/nowhere/run")
    expectRefusal(try .init("evaluate \(folder.url.path)"), status: 66, saying: folder.url.path)
    expectRefusal(try .init("evaluate \(out) --episodes 0"), status: 64, saying: "--episodes")
    expectRefusal(try .init("evaluate"), status: 64)
  }

  @Test func exportsSafetensors() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("run")
    let file = folder.path("policy.safetensors")
    #expect(try BuiltProgram.swirl("train ppo CartPole-v1 --steps 1024 --out \(out)").status == 0)
    let result = try BuiltProgram.swirl("export \(out) --format safetensors --out \(file)")
    #expect(result.status == 0, "\(result.errors)")
    let data = try Data(contentsOf: URL(fileURLWithPath: file))
    let headerSize = data.prefix(8).enumerated().reduce(0) {
      $0 + Int($1.element) << (8 * $1.offset)
    }
    let header = try #require(
      try JSONSerialization.jsonObject(with: data.dropFirst(8).prefix(headerSize)) as? [String: Any]
    )
    let shapes = header.filter { $0.key != "__metadata__" }.compactMap {
      ($0.value as? [String: Any])?["shape"] as? [Int]
    }
    #expect(shapes.contains { $0.reduce(1, *) == 64 * 4 })

    expectRefusal(
      try .init("export \(out) --format onyx --out \(file)"), status: 64, saying: "onyx", "'onnx'")
    expectRefusal(
      try .init("export \(out) --format safetensors --out \(file)"), status: 64, saying: file)
    expectRefusal(
      try .init("export /nowhere/run --format safetensors"), status: 66, saying: "/nowhere/run")
  }

  /// A file that onnxruntime reads is checked in PolicyTests; here, that the command writes one.
  @Test func exportsONNX() throws {
    let folder = try TemporaryFolder()
    let (out, file) = (folder.path("run"), folder.path("policy.onnx"))
    #expect(try BuiltProgram.swirl("train ppo CartPole-v1 --steps 1024 --out \(out)").status == 0)
    let result = try BuiltProgram.swirl("export \(out) --format onnx --out \(file)")
    #expect(result.status == 0, "\(result.errors)")
    let data = try Data(contentsOf: URL(fileURLWithPath: file))
    #expect(data.starts(with: [0x08, 0x08, 0x12, 0x05] + Array("swirl".utf8)))
    for name in ["observation", "action", "logits", "swirl.environment", "CartPole-v1"] {
      #expect(data.range(of: Data(name.utf8)) != nil, "\(name)")
    }
    expectRefusal(
      try .init("export \(out) --format onnx --out \(file)"), status: 64, saying: file)
  }

  @Test func savesDemonstrationsToLearnFrom() throws {
    let folder = try TemporaryFolder()
    let (out, file) = (folder.path("run"), folder.path("shown.safetensors"))
    #expect(try BuiltProgram.swirl("train ppo CartPole-v1 --steps 4096 --out \(out)").status == 0)
    let line = "evaluate \(out) --episodes 6 --json"
    let result = try BuiltProgram.swirl("\(line) --save-demonstrations \(file)")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output == (try BuiltProgram.swirl(line).output))
    #expect(result.errors.contains("6 episodes"))
    expectRefusal(
      try .init("\(line) --save-demonstrations \(file)"), status: 64,
      saying: file, "--save-demonstrations")
    for agent in ["bc", "gail-trpo"] {
      let trained = try BuiltProgram.swirl(
        "train \(agent) CartPole-v1 --steps 600 --demonstrations \(file) --out \(folder.path(agent))"
      )
      #expect(trained.status == 0, "\(trained.errors)")
      #expect(try BuiltProgram.swirl("evaluate \(folder.path(agent)) --episodes 1").status == 0)
    }
    for (line, status, word) in [
      ("bc CartPole-v1", 64, "--demonstrations"),
      ("bc Acrobot-v1 --demonstrations \(file)", 64, "Discrete(3)"),
      ("bc CartPole-v1 --demonstrations /nowhere/shown", 66, "/nowhere/shown"),
      ("gail CartPole-v1 --demonstrations \(out)/config.yaml", 65, "config.yaml"),
      ("ppo CartPole-v1 --demonstrations \(file)", 64, "no demonstrations"),
      ("q-learning CartPole-v1", 64, "one discrete number"),
    ] {
      expectRefusal(
        try .init("train \(line) --out \(folder.path("bad"))"), status: Int32(status), saying: word)
    }
  }

  @Test func measuresSpeed() throws {
    for part in ["environments --seconds 0.005 --workers 1", "training --seconds 0.05"] {
      let result = try BuiltProgram.swirl("speed \(part) --json")
      #expect(result.status == 0, "\(result.errors)")
      let rows = try jsonArray(result.output)
      #expect(!rows.isEmpty)
      for row in rows {
        #expect(Set(row.keys) == ["name", "value", "unit", "threads", "roofline"])
        #expect(try #require(row["value"] as? Double) > 0)
      }
    }
    let wrapped = try BuiltProgram.swirl.run([
      "speed", "environments", "--row", "CartPole-v1 in four wrappers", "--row", "Pendulum-v1",
      "--seconds",
      "0.01", "--workers", "1", "--json",
    ])
    #expect(
      try jsonArray(wrapped.output).map { $0["name"] as? String } == [
        "Pendulum-v1, 1024 environments", "CartPole-v1 in four wrappers, 1024 environments",
      ])
    expectRefusal(
      try .init("speed environments --row Pendulum-v0"), status: 64, saying: "Pendulum-v1")
    // The engine's rows are compared with other projects' by their names.
    let engine = try jsonArray(BuiltProgram.swirl("speed engine --seconds 0.01 --json").output)
    for threads in [1, 2] {
      let rows = engine.filter { $0["threads"] as? Int == threads }
      #expect(
        rows.compactMap { $0["name"] as? String } == [
          "gemm_64", "gemm_256x64x64", "gemm_1x64x64", "gemm_512x576x1536", "gemm_2048",
          "mlp_train_b64", "mlp_train_b256", "mlp_train_b2048", "ddpg_nets_train_b256",
          "nature_cnn_train_b32", "lstm_train", "attention_2048", "transformer_block_512", "exp_1m",
          "tanh_1m", "gelu_1m", "op_overhead",
        ])
      for row in rows {
        #expect(Set(row.keys) == ["name", "value", "unit", "threads", "roofline"])
        #expect(try #require(row["value"] as? Double) > 0)
        #expect(row["unit"] as? String == "us")
        let share = row["roofline"] as? Double
        if row["name"] as? String == "op_overhead" {
          #expect(row["roofline"] is NSNull)
        } else {
          #expect(try #require(share) > 0)
        }
      }
    }
    #expect(engine.allSatisfy { [1, 2].contains($0["threads"] as? Int) })
    let one = try jsonArray(
      BuiltProgram.swirl("speed engine --row exp_1m --seconds 0.01 --workers 1 --json").output)
    #expect(one.map { $0["name"] as? String } == ["exp_1m"])
    expectRefusal(try .init("speed engine --row gem_64"), status: 64, saying: "gem_64", "gemm_64")
    expectRefusal(try .init("speed --row gemm_64"), status: 64, saying: "engine")
    expectRefusal(try .init("speed enviroments"), status: 64, saying: "enviroments", "environments")
    expectRefusal(try .init("speed engine --seconds 0"), status: 64, saying: "--seconds")
  }
}
