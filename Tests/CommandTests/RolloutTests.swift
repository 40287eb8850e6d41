import Foundation
import Testing

@Suite struct RolloutTests {
  private static var isLong: Bool { ProcessInfo.processInfo.environment["SWIRL_LONG_TESTS"] == "1" }

  /// What Gymnasium's CartPole-v1 did, from `References/rollout_checksums.py`.
  struct Row {
    var seed: Int
    var actions: [Int]?
    var checksum: UInt64

    init?(_ line: Substring) {
      let parts = line.split(separator: ",")
      guard parts.count == 3, let seed = Int(parts[0]), let checksum = UInt64(parts[2], radix: 16)
      else { return nil }
      self.seed = seed
      self.checksum = checksum
      if parts[1] != "sampled" {
        actions = parts[1].flatMap { digit in
          let four = digit.hexDigitValue ?? 0
          return [four >> 3 & 1, four >> 2 & 1, four >> 1 & 1, four & 1]
        }
      }
    }
  }

  static func reference() throws -> [Row] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("References/rollout_checksums.csv")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap(Row.init)
  }

  @Test func cartPoleEqualsGymnasium() throws {
    let rows = try Self.reference()
    #expect(rows.count == 1010)
    let folder = try TemporaryFolder()
    // The sampled seeds take a process each: a few in the everyday run, all of them in the long one.
    for row in rows where Self.isLong || row.seed < 25 || row.actions != nil {
      var arguments = ["rollout", "CartPole-v1", "--json", "--seed", "\(row.seed)"]
      if let actions = row.actions {
        arguments += [
          "--actions", try folder.write(actions.map { "\($0)\n" }.joined(), to: "actions"),
        ]
      } else {
        arguments += ["--steps", "600", "--action-seed", "\(row.seed + 1)"]
      }
      let result = try BuiltProgram.swirl.run(arguments)
      #expect(result.status == 0, "\(result.errors)")
      #expect(try Self.checksum(of: result.output) == row.checksum, "seed \(row.seed)")
    }
  }

  struct Line: Decodable {
    var action: Int?
    var observation: [Double]
    var reset: Bool?
    var reward: Double?
    var terminated: Bool?
    var truncated: Bool?
  }

  private static func checksum(of output: String) throws -> UInt64 {
    var value: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ bytes: some Sequence<UInt8>) {
      for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    func little(_ bits: some FixedWidthInteger) -> [UInt8] {
      withUnsafeBytes(of: bits.littleEndian) { Array($0) }
    }
    for text in output.split(separator: "\n") {
      // Not JSONSerialization, which reads some numbers one bit off on Linux.
      let line = try JSONDecoder().decode(Line.self, from: Data(text.utf8))
      if let action = line.action { add([UInt8(action)]) }
      for number in line.observation {
        // Written as the Double that equals the Float32, so that it reads back in either precision.
        if Double(Float(number)) != number { Issue.record("\(number) is no Float32") }
        add(little(Float(number).bitPattern))
      }
      if line.reset == nil {
        add(little(try #require(line.reward).bitPattern))
        add([
          try #require(line.terminated as Bool?) ? 1 : 0,
          try #require(line.truncated as Bool?) ? 1 : 0,
        ])
      }
    }
    return value
  }

  @Test func linesAreShapedAsDocumented() throws {
    let result = try BuiltProgram.swirl("rollout CartPole-v1 --json --seed 42 --steps 40")
    let lines = try jsonLines(result.output)
    #expect(Set(lines[0].keys) == ["step", "observation", "reset"])
    #expect(lines[0]["step"] as? Int == 0)
    #expect(lines[0]["reset"] as? Bool == true)
    #expect(
      Set(lines[1].keys) == ["step", "action", "observation", "reward", "terminated", "truncated"])
    #expect(lines[1]["reward"] as? Double == 1)
    #expect(lines.filter { $0["reset"] == nil }.map { $0["step"] as? Int } == Array(1...40))
    // Every ending, and nothing else, is followed by a reset line.
    for (line, next) in zip(lines, lines.dropFirst()) {
      let ended = line["terminated"] as? Bool == true || line["truncated"] as? Bool == true
      #expect((next["reset"] != nil) == ended)
    }
    #expect(result.errors.isEmpty)
  }

  /// Gymnasium's time limit truncates at its last step whether or not the task ends there.
  @Test func anEndingAtTheTimeLimitIsBoth() throws {
    let folder = try TemporaryFolder()
    // Against the wall of a T-maze, then along it and up, so that the hundredth step ends it.
    let actions = Array(repeating: 3, count: 89) + Array(repeating: 1, count: 10) + [0]
    let file = try folder.write(actions.map { "\($0)\n" }.joined(), to: "actions")
    let result = try BuiltProgram.swirl.run(["rollout", "TMaze-v0", "--json", "--actions", file])
    let steps = try jsonLines(result.output).filter { $0["reset"] == nil }
    let flags = steps.map { [$0["terminated"] as? Bool, $0["truncated"] as? Bool] }
    #expect(flags == Array(repeating: [false, false], count: 99) + [[true, true]])
  }

  @Test func sameSeedSameLines() throws {
    let line = "rollout CartPole-v1 --json --steps 100 --seed 7 --action-seed 3"
    #expect(try BuiltProgram.swirl(line).output == BuiltProgram.swirl(line).output)
    #expect(
      try BuiltProgram.swirl(line).output
        != BuiltProgram.swirl("rollout CartPole-v1 --json --steps 100 --seed 8 --action-seed 3")
        .output)
  }

  @Test func badInputGetsASentence() throws {
    let folder = try TemporaryFolder()
    expectRefusal(try .init("rollout CartPol-v1"), status: 64, saying: "CartPol-v1", "CartPole-v1")
    expectRefusal(try .init("rollout CartPole-v1 --steps 0"), status: 64, saying: "--steps", "1 to")
    expectRefusal(
      try .init("rollout CartPole-v1 --steps -5"), status: 64, saying: "--steps", "1 to")
    expectRefusal(try .init("rollout CartPole-v1 --seed x"), status: 64, saying: "--seed", "0 to")
    expectRefusal(
      try .init("rollout CartPole-v1 --actions /nowhere/a"), status: 66, saying: "/nowhere/a")
    for (text, sentence) in [
      ("0\nleft\n", ":2: an action is a JSON number"), ("0\n1\n2\n", ":3: "), ("[0\n", ":1: "),
      ("0.5\n", ":1: "),
      ("\n\n", "no action"), ("[0, 1]\n", ":1: "), ("nan\n", ":1: "),
    ] {
      let file = try folder.write(text, to: "actions")
      expectRefusal(
        try BuiltProgram.swirl.run(["rollout", "CartPole-v1", "--actions", file]), status: 65,
        saying: file, sentence)
    }
    let file = try folder.write("0\n1\n", to: "actions")
    expectRefusal(
      try BuiltProgram.swirl.run(["rollout", "CartPole-v1", "--actions", file, "--steps", "3"]),
      status: 64,
      saying: "--steps", "2 actions")
  }
}

extension BuiltProgram.Result {
  init(_ line: String) throws { self = try BuiltProgram.swirl(line) }
}
