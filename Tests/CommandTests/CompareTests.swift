import Foundation
import Testing

@Suite struct CompareTests {
  /// Folders of run directories that were never trained.
  private func runs(_ returns: [Double], in folder: TemporaryFolder, _ name: String) throws
    -> String
  {
    for (seed, value) in returns.enumerated() {
      let path = "\(name)/s\(seed)"
      try FileManager.default.createDirectory(
        atPath: folder.path(path), withIntermediateDirectories: true)
      try folder.write(
        """
        {"agent": "ppo", "environment": "CartPole-v1", "seed": \(seed), "total_steps": 10, "version": "1",
         "cpu": "x", "simd": "x", "sessions": [{"started": "2026-01-01T00:00:00Z", "workers": 1,
         "firstStep": 0, "lastStep": 10, "seconds": 1}]}
        """, to: "\(path)/run.json")
      try folder.write(
        """
        [{"step": 10, "seed": 9, "deterministic": true, "returns": [\(value)], "lengths": [1]}]
        """, to: "\(path)/evaluations.json")
    }
    return folder.path(name)
  }

  @Test func exitsWithOneOnARegression() throws {
    let folder = try TemporaryFolder()
    let good = try runs([500, 490, 495, 480, 470], in: folder, "good")
    let bad = try runs([100, 90, 95, 80, 70], in: folder, "bad")
    let worse = try BuiltProgram.swirl("compare \(good) \(bad)")
    #expect(worse.status == 1, "\(worse.errors)")
    #expect(worse.errors.isEmpty)
    #expect(worse.output.contains("regression: B is worse than A"))
    #expect(worse.output.contains("probability 0.000"))
    let better = try BuiltProgram.swirl("compare \(bad) \(good) --json")
    #expect(better.status == 0)
    let object = try #require(try jsonLines(better.output).first)
    #expect(object["verdict"] as? String == "improvement")
    #expect(object["probability_of_improvement"] as? Double == 1)
    #expect(object["interval"] as? [Double] == [1, 1])
    let task = try #require((object["tasks"] as? [[String: Any]])?.first)
    #expect(task["runs_a"] as? Int == 5 && task["iqm_b"] as? Double == 488.3333333333333)
    let same = try BuiltProgram.swirl("compare \(good) \(good)")
    #expect(same.status == 0 && same.output.contains("no difference shown"))
  }

  @Test func badInputGetsASentence() throws {
    let folder = try TemporaryFolder()
    let good = try runs([1, 2, 3], in: folder, "good")
    expectRefusal(try BuiltProgram.swirl("compare \(good)"), status: 64, saying: "compare --help")
    expectRefusal(
      try BuiltProgram.swirl("compare \(good) /nowhere"), status: 66, saying: "/nowhere")
    try FileManager.default.createDirectory(
      atPath: folder.path("empty"), withIntermediateDirectories: true)
    expectRefusal(
      try BuiltProgram.swirl("compare \(good) \(folder.path("empty"))"), status: 66,
      saying: "holds no run")
    try folder.write("[]", to: "good/s0/evaluations.json")
    let rest = try BuiltProgram.swirl("compare \(good) \(good)")
    #expect(rest.status == 0 && rest.output.contains("1 of"), "\(rest.output)")
    try folder.write("{}", to: "good/s1/evaluations.json")
    expectRefusal(
      try BuiltProgram.swirl("compare \(good) \(good)"), status: 65, saying: "evaluations.json")
  }
}
