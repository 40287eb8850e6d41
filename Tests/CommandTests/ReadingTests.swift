import Foundation
import Testing

/// The subcommands that read: `envs`, `speed`, and `swirl` itself.
@Suite struct ReadingTests {
  @Test func helpIsThereForEverySubcommand() throws {
    let help = try BuiltProgram.swirl("--help")
    #expect(help.status == 0)
    for name in ["envs", "rollout", "speed"] {
      #expect(help.output.contains(name))
      let own = try BuiltProgram.swirl("\(name) --help")
      #expect(own.status == 0)
      #expect(own.output.contains("USAGE: swirl \(name)"))
      #expect(own.errors.isEmpty)
    }
    #expect(try BuiltProgram.swirl("--version").status == 0)
    #expect(try BuiltProgram.swirl("").output == help.output)
    expectRefusal(try .init("rolout"), status: 64, saying: "'rollout'")
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

  @Test func measuresSpeed() throws {
    for part in ["environments", "engine"] {
      let result = try BuiltProgram.swirl("speed \(part) --seconds 0.05 --json")
      #expect(result.status == 0, "\(result.errors)")
      let rows = try jsonArray(result.output)
      #expect(!rows.isEmpty)
      for row in rows {
        #expect(Set(row.keys) == ["name", "value", "unit", "threads", "roofline"])
        #expect(try #require(row["value"] as? Double) > 0)
      }
    }
    expectRefusal(try .init("speed enviroments"), status: 64, saying: "enviroments", "environments")
    expectRefusal(try .init("speed engine --seconds 0"), status: 64, saying: "--seconds")
  }
}
