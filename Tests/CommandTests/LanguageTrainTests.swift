import Foundation
import Testing

/// `swirl train` and `swirl evaluate` of language models, on the project's own small one.
@Suite(.serialized) struct LanguageTrainTests {
  private static let model = [
    "--model", "characters", "--option", "bare=true", "--set", "hidden_size=32", "--set",
    "num_hidden_layers=2", "--set", "num_attention_heads=2", "--set", "max_completion_length=5",
  ]

  private static func training(_ agent: String, steps: Int) -> [String] {
    let batch = agent == "sft" ? "per_device_train_batch_size=8" : "generation_batch_size=16"
    return ["train", agent, "addition", "--steps", "\(steps)", "--set", batch] + model
  }

  @Test func warmsUpReinforcesAndEvaluates() throws {
    let folder = try TemporaryFolder()
    let (warm, run) = (folder.path("warm"), folder.path("run"))
    let first = try BuiltProgram.swirl.run(
      Self.training("sft", steps: 20) + ["--eval-every", "10", "--out", warm, "--json"])
    #expect(first.status == 0, "\(first.errors)")
    #expect(try jsonLines(first.output).first?["steps"] as? Int == 20)
    #expect(try !RunFolder(warm).data("best/model.safetensors").isEmpty)
    expectRefusal(
      try BuiltProgram.swirl("train --resume \(warm) --video-every 1"), status: 64,
      saying: "--video-every")
    let second = try BuiltProgram.swirl(
      "train grpo addition --option bare=true --model \(warm) --lora 4 --steps 4 --out \(run) "
        + "--set max_completion_length=5 --set generation_batch_size=16 --set beta=0.01")
    #expect(second.status == 0, "\(second.errors)")
    let lines = try RunFolder(run).text("completions.jsonl").split(separator: "\n")
    #expect(lines.count == 4 * 16)
    let header = try #require(
      try RunFolder(run).text("metrics.csv").split(separator: "\n").first)
    for name in [
      "frac_reward_zero_std", "completions/clipped_ratio", "rewards/correct/mean", "entropy",
      "clip_ratio/high_mean", "grad_norm", "learning_rate",
    ] {
      #expect(header.contains(name))
    }
    let result = try BuiltProgram.swirl("evaluate \(run) --episodes 20 --json")
    let report = try #require(try jsonLines(result.output).first)
    #expect(0...1 ~= (try #require(report["accuracy"] as? Double)))
    #expect((report["returns"] as? [Double])?.count == 20)
    #expect(try BuiltProgram.swirl("evaluate \(run)").output.contains("unseen problems"))
    // Exported and read again, it answers as it did.
    let export = folder.path("exported")
    let wrote = try BuiltProgram.swirl("export \(run) --format huggingface --out \(export)")
    #expect(wrote.status == 0, "\(wrote.errors)")
    let again = try BuiltProgram.swirl(
      "train sft addition --option bare=true --model \(export) --steps 1 --out "
        + folder.path("again"))
    #expect(again.status == 0, "\(again.errors)")
    let adapter = folder.path("adapter")
    let kept = try BuiltProgram.swirl("export \(run) --format peft --out \(adapter)/")
    #expect(kept.status == 0, "\(kept.errors)")
    #expect(
      Set(try FileManager.default.contentsOfDirectory(atPath: adapter))
        == ["adapter_config.json", "adapter_model.safetensors"])
    let none = try BuiltProgram.swirl("export \(warm) --format peft --out \(adapter)-none")
    #expect(none.status == 64 && none.errors.contains("no adapters to write"))
  }

  @Test(arguments: ["bottleneck", "prefix"])
  func otherAdaptersServeWhereverAModelDoes(_ kind: String) throws {
    let folder = try TemporaryFolder()
    let run = folder.path("run")
    let trained = try BuiltProgram.swirl.run(
      Self.training("grpo", steps: 2) + ["--set", "adapter=\(kind)", "--out", run])
    #expect(trained.status == 0, "\(trained.errors)")
    let written = try RunFolder(run).text("config.yaml")
    let size = kind == "prefix" ? "num_virtual_tokens: 16" : "bottleneck_size: 64"
    #expect(written.contains("adapter: \(kind)\n") && written.contains(size))
    let resumed = try BuiltProgram.swirl("train --resume \(run) --steps 3")
    #expect(resumed.status == 0, "\(resumed.errors)")
    let text = try folder.write("1+2=3", to: "text")
    for line in [
      "evaluate \(run) --episodes 3", "generate \(run) --prompt 1+2= --tokens 4 --seed 1",
      "score \(run) --text \(text)",
    ] {
      let used = try BuiltProgram.swirl(line)
      #expect(used.status == 0 && !used.output.isEmpty, "\(used.errors)")
    }
    expectRefusal(try BuiltProgram.swirl("chat \(run)"), status: 65, saying: "chat template")
    expectRefusal(
      try BuiltProgram.swirl("export \(run) --format huggingface --out \(folder.path("hf"))"),
      status: 64, saying: "cannot be added into the weights")
    let adapter = folder.path("adapter")
    let exported = try BuiltProgram.swirl("export \(run) --format peft --out \(adapter)")
    if kind == "prefix" {
      #expect(exported.status == 0, "\(exported.errors)")
      let config = try String(contentsOfFile: "\(adapter)/adapter_config.json", encoding: .utf8)
      #expect(config.contains("PREFIX_TUNING"))
    } else {
      expectRefusal(exported, status: 64, saying: "peft does not have")
    }
  }

  @Test(arguments: ["sft", "grpo", "ppo-lm", "kimi"])
  func killedAndResumedEqualsUninterrupted(_ agent: String) throws {
    let folder = try TemporaryFolder()
    let training = Self.training(agent, steps: 60) + ["--checkpoint-every", "0.02"]
    let whole = folder.path("whole")
    let started = Date()
    #expect(try BuiltProgram.swirl.run(training + ["--out", whole]).status == 0)
    let duration = Date().timeIntervalSince(started)
    let out = folder.path("killed")
    var arguments = training + ["--out", out]
    for _ in 0..<2 {
      let running = try BuiltProgram.swirl.start(arguments)
      usleep(UInt32(Double.random(in: 0...duration * 0.7) * 1e6))
      running.kill(SIGKILL)
      _ = try running.wait()
      if FileManager.default.fileExists(atPath: out + "/run.json") {
        arguments = ["train", "--resume", out]
      }
    }
    let result = try BuiltProgram.swirl.run(arguments)
    #expect(result.status == 0, "\(result.errors)")
    #expect(try RunFolder(out).model() == RunFolder(whole).model())
    let name = "completions.jsonl"
    if agent != "sft" { #expect(try RunFolder(out).data(name) == RunFolder(whole).data(name)) }
  }

  @Test func rewardProgramsAndFilesOfProblems() throws {
    let folder = try TemporaryFolder()
    let problems = (0..<40).map { "{\"prompt\": \"\($0)+1=\", \"answer\": \($0 + 1)}\n" }
    let file = try folder.write(problems.joined(), to: "problems.jsonl")
    let script = try folder.write("while read -r line; do echo 0.5; done", to: "reward.sh")
    let trained = try BuiltProgram.swirl.run(
      [
        "train", "grpo", file, "--steps", "2", "--out", folder.path("run"), "--reward-program",
        "/bin/sh \(script)", "--set", "generation_batch_size=16",
      ] + Self.model.filter { $0 != "bare=true" && $0 != "--option" })
    #expect(trained.status == 0, "\(trained.errors)")
    let rows = try RunFolder(folder.path("run")).text("metrics.csv").split(separator: "\n")
    #expect(rows.count == 3)
    let broken = try folder.write("exit 5", to: "broken.sh")
    expectRefusal(
      try BuiltProgram.swirl.run(
        [
          "train", "grpo", file, "--steps", "2", "--out", folder.path("other"),
          "--reward-program", "/bin/sh \(broken)", "--set", "generation_batch_size=16",
        ] + Self.model.filter { $0 != "bare=true" && $0 != "--option" }), status: 65,
      saying: "status 5")
    let chats =
      "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}\n{\"text\": \"hello there\"}\n"
    let texts = try folder.write("{\"text\": \"hello there\"}\n", to: "texts.jsonl")
    #expect(
      try BuiltProgram.swirl(
        "train sft \(texts) --model characters --steps 2 --set hidden_size=32 --out "
          + folder.path("texts")
      ).status == 0)
    // Whoever wants evaluations is told before anything is made.
    for line in ["train sft \(texts)", "train sft \(file) --option held_out=0"] {
      expectRefusal(
        try BuiltProgram.swirl(
          line + " --model characters --eval-every 1 --out \(folder.path("none"))"), status: 64,
        saying: "held_out")
      #expect(!FileManager.default.fileExists(atPath: folder.path("none")))
    }
    let empty = try folder.write("\n{\"text\": \"\"}\n", to: "empty.jsonl")
    expectRefusal(
      try BuiltProgram.swirl("train sft \(empty) --model characters --out \(folder.path("none"))"),
      status: 65, saying: "empty.jsonl, line 2:")
    let bad = try folder.write(chats.replacing("user", with: "nobody"), to: "bad.jsonl")
    expectRefusal(
      try BuiltProgram.swirl("train sft \(bad) --model characters"), status: 65,
      saying: "line 1", "role")
  }

  @Test func namesAreNoPathsAndPathsAreWhole() throws {
    let folder = try TemporaryFolder()
    for name in ["addition", "characters"] {
      try FileManager.default.createDirectory(
        atPath: folder.path(name), withIntermediateDirectories: true)
    }
    let named = try BuiltProgram.swirl.run(
      Self.training("sft", steps: 1) + ["--out", "named"], in: folder.url)
    #expect(named.status == 0, "\(named.errors)")
    let lines = (10..<40).map { "{\"prompt\": \"\($0)\", \"answer\": \"\($0)\"}\n" }
    try folder.write(lines.prefix(20).joined(), to: "problems.jsonl")
    try folder.write(lines.suffix(10).joined(), to: "test.jsonl")
    let filed = try BuiltProgram.swirl.run(
      [
        "train", "sft", "problems.jsonl", "--option", "evaluation=test.jsonl", "--eval-every", "1",
        "--steps", "1", "--out", "filed", "--model", "characters", "--set", "hidden_size=32",
      ], in: folder.url)
    #expect(filed.status == 0, "\(filed.errors)")
    for run in ["named", "filed"] {
      let resumed = try BuiltProgram.swirl("train --resume \(folder.path(run)) --steps 2")
      #expect(resumed.status == 0, "\(resumed.errors)")
    }
  }

  @Test(arguments: [
    ("train grpo adition --model characters", 64, "addition"),
    ("train grop addition --model characters", 64, "grpo"),
    ("train grpo addition --model /nowhere.gguf --lora 4", 66, "/nowhere.gguf"),
    ("train grpo addition --model characters --lora 500", 64, "rank"),
    ("train grpo addition --model characters --lora 4 --set adapter=prefix", 64, "lora_r is 4"),
    ("train grpo addition --model characters --set adapter=wing", 64, "bottleneck or prefix"),
    ("train grpo addition --model characters --set bottleneck_size=8", 64, "no adapter is set"),
    ("train grpo addition --model characters --envs 4", 64, "--envs"),
    ("train grpo addition --model characters --option digits=12", 64, "from 1 to 7"),
    ("train grpo addition --model characters --set num_generations=1", 64, "num_generations"),
    ("train grpo /nowhere.jsonl --model characters", 66, "/nowhere.jsonl"),
    ("train grpo addition --model characters --reward-program /nowhere", 66, "/nowhere"),
    ("train grpo grid-world --model characters --reward-program true", 64, "conversation"),
    ("train sft grid-world --model characters", 64, "right answers"),
    ("train ppo CartPole-v1 --lora 4", 64, "--lora"),
  ])
  func refusesWhatCannotBe(line: String, status: Int, saying: String) throws {
    let folder = try TemporaryFolder()
    expectRefusal(
      try BuiltProgram.swirl(line + " --out \(folder.path("run"))"), status: Int32(status),
      saying: saying)
  }

  @Test func ownTasksAreInTheCommand() throws {
    let folder = try TemporaryFolder()
    let trained = try BuiltProgram(name: "CustomTask").run(
      ["train", "sft", "reversal", "--steps", "3", "--out", folder.path("run")]
        + Self.model.filter { $0 != "bare=true" && $0 != "--option" })
    #expect(trained.status == 0, "\(trained.errors)")
    let example = try BuiltProgram(name: "TrainGRPO").run(["1", "characters"])
    #expect(example.status == 0, "\(example.errors)")
    #expect(example.output.contains("right after training"))
  }
}
