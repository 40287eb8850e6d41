import Foundation
import Testing

/// `--option`, for every subcommand that makes environments.
@Suite struct OptionTests {
  @Test func rolloutTakesOptions() throws {
    let line = "rollout Pendulum-v1 --json --steps 5"
    let plain = try BuiltProgram.swirl(line)
    let heavy = try BuiltProgram.swirl(line + " --option gravity=12")
    #expect(heavy.status == 0 && heavy.errors.isEmpty)
    #expect(heavy.lines.count == 6 && heavy.output != plain.output)
    #expect(try BuiltProgram.swirl(line + " --option g=10").output == plain.output)
    let lake = try BuiltProgram.swirl(
      "rollout FrozenLake-v1 --json --steps 9 --option desc=SFFFFFFG --option is_slippery=false")
    #expect(lake.status == 0, "\(lake.errors)")
  }

  @Test func speedTakesOptions() throws {
    let line = "speed environments --row TMaze-v0 --seconds 0.01 --workers 1 --json --option"
    let rows = try jsonArray(BuiltProgram.swirl("\(line) length=3").output)
    #expect(
      rows.map { $0["name"] as? String } == ["TMaze-v0 with length=3, 1024 environments"])
    expectRefusal(try .init("\(line) length=0"), status: 64, saying: "length of TMaze-v0")
    expectRefusal(try .init("speed environments --option g=3"), status: 64, saying: "--row")
    expectRefusal(try .init("speed engine --row exp_1m --option g=3"), status: 64, saying: "--row")
  }

  @Test func badInputGetsASentence() throws {
    for (option, words) in [
      ("gravty=12", ["no option 'gravty'", "did you mean"]),
      ("g=1000", ["g of Pendulum-v1", "100"]),
      ("g=nan", ["g of Pendulum-v1", "100"]), ("g", ["name=value"]),
      ("x_init=-1", ["x_init", "from 0 to 100"]),
    ] {
      for command in ["rollout Pendulum-v1", "train ppo Pendulum-v1 --out /nowhere"] {
        let result = try BuiltProgram.swirl("\(command) --option \(option)")
        expectRefusal(result, status: 64, saying: words[0], words.last ?? "")
      }
    }
    expectRefusal(
      try .init("rollout FrozenLake-v1 --option desc=SH,HG"), status: 64, saying: "no path over ice"
    )
    expectRefusal(
      try .init("rollout PointMass-v0 --option g=1"), status: 64, saying: "it takes none")
  }

  /// Actions that are none, for spaces of every kind that has some.
  @Test func badActionsGetASentence() throws {
    let folder = try TemporaryFolder()
    for (id, actions) in [
      ("Pendulum-v1", ["[3]", "[NaN]", "[Infinity]", "[0, 0]", "[]", "-2.1"]),
      ("Taxi-v4", ["6", "-1", "0.5", "NaN", "[1, 2]"]),
      ("Navigation2D-v0", ["[0]", "[0, 2.1]", "[1.1, 0]", "0", "[0, NaN]", "[0, 0, 0]"]),
      ("MinAtar/Breakout-v1", ["3", "-1"]),
    ] {
      for action in actions {
        let file = try folder.write("\(action)\n", to: "actions")
        expectRefusal(
          try BuiltProgram.swirl.run(["rollout", id, "--actions", file]), status: 65,
          saying: "\(file):1: the action is not in the action space")
      }
    }
    for map in ["SHG", "SFG,HH", "SXG", "FFG", "SFF"] {
      expectRefusal(
        try BuiltProgram.swirl.run(["rollout", "FrozenLake-v1", "--option", "desc=\(map)"]),
        status: 64, saying: "FrozenLake-v1: ", "map")
    }
  }

  @Test func outdatedIdsAreSaidToBe() throws {
    let result = try BuiltProgram.swirl("rollout Taxi-v3 --json --steps 2")
    #expect(result.status == 0)
    #expect(result.errors.split(separator: "\n").count == 1)
    #expect(result.errors.contains("Taxi-v3 is outdated and Taxi-v4 takes its place"))
  }

  /// The options are settings of the run: recorded, used again by what comes after.
  @Test func runsKeepTheirOptions() throws {
    let folder = try TemporaryFolder()
    let short = "train ppo RepeatPrevious-v0 --set n_steps=64 --set n_epochs=1 --workers 1"
    let (whole, parts, file) = (folder.path("whole"), folder.path("parts"), folder.path("file"))
    // Episodes of 9 steps pay a ninth less one for each right answer: nothing else does.
    let options = "--option length=9 --option delay=0"
    #expect(
      try BuiltProgram.swirl("\(short) \(options) --steps 2048 --out \(whole)").status == 0)
    let config = try RunFolder(whole).text("config.yaml")
    #expect(config.contains("env_kwargs: {delay: 0, length: 9}\n"), "\(config)")

    #expect(try BuiltProgram.swirl("\(short) \(options) --steps 1024 --out \(parts)").status == 0)
    #expect(try BuiltProgram.swirl("train --resume \(parts) --steps 2048").status == 0)
    #expect(try RunFolder(parts).model() == RunFolder(whole).model())

    let settings = try folder.write("env_kwargs:\n  length: 9\n  delay: 0\n", to: "settings.yaml")
    let result = try BuiltProgram.swirl(
      "\(short) --config \(settings) --steps 2048 --out \(file)")
    #expect(result.status == 0, "\(result.errors)")
    #expect(try RunFolder(file).model() == RunFolder(whole).model())

    func lengths(_ line: String) throws -> [Int] {
      let report = try BuiltProgram.swirl("evaluate \(line) --episodes 3 --json")
      return try #require(try jsonLines(report.output).first?["lengths"] as? [Int])
    }
    #expect(try lengths(whole) == [9, 9, 9])
    #expect(try lengths("\(whole) --option length=12") == [12, 12, 12])
    let listed = try RunFolder(whole).text("evaluations.json")
    #expect(listed.contains("9,9,9") && !listed.contains("12,12,12"))

    expectRefusal(
      try .init("train --resume \(whole) --option length=3 --steps 4096"), status: 64,
      saying: "--option")
    expectRefusal(
      try .init("evaluate \(whole) --option lenght=3"), status: 64, saying: "'length'")
    let bad = try folder.write("env_kwargs: {length: [1]}\n", to: "bad.yaml")
    expectRefusal(
      try .init("\(short) --config \(bad) --out \(folder.path("bad"))"), status: 64,
      saying: "option length of RepeatPrevious-v0 is [1]")
    let none = try folder.write("env_kwargs: 3\n", to: "none.yaml")
    expectRefusal(
      try .init("\(short) --config \(none) --out \(folder.path("none"))"), status: 64,
      saying: "{gravity: 12}")
  }
}
