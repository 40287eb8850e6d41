import Foundation
import Testing

/// The scripts of `Examples/`, run for a few steps.
@Suite struct ExampleTests {
  @Test func trainPPO() throws {
    let result = try BuiltProgram(name: "TrainPPO").run(["4096"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("mean return"))
  }

  @Test func customEnvironment() throws {
    let folder = try TemporaryFolder()
    let result = try BuiltProgram(name: "CustomEnvironment").run(["8192"], in: folder.url)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("mean return"))
  }

  @Test func dynamicProgramming() throws {
    let result = try BuiltProgram(name: "DynamicProgramming").run([])
    #expect(result.status == 0, "\(result.errors)")
    // Gymnasium's 4x4 lake: up from the start would be wrong, left is right.
    #expect(result.output.hasSuffix("←↑↑↑\n←H←H\n↑↓←H\nH→↓G\n"))
  }

  @Test func ownCommand() throws {
    let program = BuiltProgram(name: "OwnCommand")
    let folder = try TemporaryFolder()
    let run = folder.path("run")
    let envs = try jsonArray(program.run(["envs", "--json"]).output)
    #expect(envs.contains { $0["id"] as? String == "Corridor-v0" })
    let trained = try program.run(
      [
        "train", "ppo", "Corridor-v0", "--steps", "20000", "--set", "n_steps=128", "--envs", "8",
        "--out", run,
      ])
    #expect(trained.status == 0, "\(trained.errors)")
    let result = try program.run(["evaluate", run, "--episodes", "5", "--json"])
    let report = try #require(try jsonLines(result.output).first)
    #expect(abs((try #require(report["mean_return"] as? Double)) - 0.93) < 1e-6)
    let longer = try program.run(["rollout", "Corridor-v0", "--json", "--option", "cells=12"])
    #expect(try jsonLines(longer.output).first?["step"] as? Int == 0)
    #expect(try program.run(["envs", "Corridor-v0"]).output.contains("How long the corridor is."))
    expectRefusal(
      try program.run(["rollout", "Corridor-v0", "--option", "cells=1"]), status: 64,
      saying: "cells", "from 2 to 90")
    // The plain command does not know the environment, and says so.
    expectRefusal(try BuiltProgram.swirl("evaluate \(run)"), status: 64, saying: "Corridor-v0")
  }
}
