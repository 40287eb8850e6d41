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

  /// A saved episode goes on as it did: the same lines, whatever they were sampled or read from.
  @Test(arguments: ["CartPole-v1", "Taxi-v4", "Pendulum-v1", "MinAtar/Breakout-v1", "Blackjack-v1"])
  func goesOnFromAFile(_ id: String) throws {
    let folder = try TemporaryFolder()
    let file = folder.path("episode")
    let line = "rollout \(id) --json --seed 4 --action-seed 9 --steps 60"
    let whole = try BuiltProgram.swirl(line)
    let saving = try BuiltProgram.swirl("\(line) --save \(file) --at 23")
    #expect(saving.output == whole.output && saving.errors.isEmpty)
    let rest = try BuiltProgram.swirl("rollout --from \(file) --json --steps 37")
    #expect(rest.status == 0, "\(rest.errors)")
    let first = try #require(try jsonLines(String(rest.lines[0])).first)
    #expect(first["step"] as? Int == 23 && first["restored"] as? Bool == true)
    #expect(Set(first.keys) == ["step", "observation", "restored"])
    // All that the whole rollout says after step 23 and the reset that may follow it.
    let steps = try jsonLines(whole.output)
    let place = try #require(
      steps.lastIndex { $0["step"] as? Int == 23 })
    #expect(rest.lines.dropFirst() == whole.lines[(place + 1)...])

    // In several pieces, the last of them with actions of one's own.
    let (second, third) = (folder.path("second"), folder.path("third"))
    #expect(
      try BuiltProgram.swirl("rollout --from \(file) --steps 20 --save \(second)").status == 0)
    #expect(
      try BuiltProgram.swirl("rollout \(id) --from \(second) --steps 9 --save \(third) --at 50")
        .status == 0)
    let last = try BuiltProgram.swirl("rollout --from \(third) --json --steps 10")
    #expect(last.lines.dropFirst() == rest.lines.suffix(last.lines.count - 1))
  }

  @Test func badFilesToGoOnFromGetASentence() throws {
    let folder = try TemporaryFolder()
    let file = folder.path("episode")
    #expect(try BuiltProgram.swirl("rollout CartPole-v1 --steps 5 --save \(file)").status == 0)
    for (line, status, words) in [
      ("--from /nowhere/e", 66, "/nowhere/e"), ("--from \(folder.url.path)", 65, folder.url.path),
      ("--from \(file) --seed 3", 64, "leave out --seed"),
      ("--from \(file) --option low=0", 64, "leave out --option"),
      ("Taxi-v4 --from \(file)", 64, "CartPole-v1"),
      ("--from \(file) --at 7", 64, "--save"),
      ("--from \(file) --steps 4 --save x --at 3", 64, "5 to 9"),
      ("CartPole-v1 --steps 4 --save x --at 5", 64, "0 to 4"), ("", 64, "--from"),
      ("--from", 64, "--from"),
    ] as [(String, Int32, String)] {
      expectRefusal(try .init("rollout \(line)"), status: status, saying: words)
    }
    let result = try BuiltProgram.swirl("rollout CartPole-v1 --steps 4 --save /nowhere/e --json")
    #expect(result.status == 66 && result.errors.contains("/nowhere/e"))
    let text = try String(contentsOfFile: file, encoding: .utf8)
    for bad in [
      "", "not one\n", String(text.dropLast(9)), text.replacing("CartPole", with: "CartPola"),
    ] {
      let other = try folder.write(bad, to: "bad")
      expectRefusal(try .init("rollout --from \(other)"), status: 65, saying: other)
    }
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
