import Envs
import Runtime
import Testing

/// What `References/checksums.py` wrote down of one of Gymnasium's environments: a checksum a seed.
struct ChecksumRun: Decodable, Sendable, CustomTestStringConvertible {
  let name, policy: String
  let parameters: [String: Double]
  let limit: Int?
  let steps, terminated, truncated: Int
  let checksums: String
  let map: [String]?

  var testDescription: String {
    ([name] + parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
      .joined(separator: " ")
  }

  /// One for each seed 0, 1, 2 …
  var checksumOfSeed: [UInt32] {
    var digits = checksums[...]
    var values: [UInt32] = []
    while !digits.isEmpty {
      values.append(UInt32(digits.prefix(8), radix: 16)!)
      digits = digits.dropFirst(8)
    }
    return values
  }

  /// The rule that replaces a sampled action, for odd seeds.
  typealias Policy = (_ action: inout [Float], _ observation: [Float]) -> Void

  /// Plays what Gymnasium played and compares all of it, or a part in debug builds, which are slow.
  func compare<E: Environment>(_ environment: E, policy: Policy)
  where E.Element == Float, E.ActionSpace.Value: Hashable {
    let expected = checksumOfSeed
    var terminated = 0
    var truncated = 0
    #if DEBUG
      let count = min(expected.count, 20)
    #else
      let count = expected.count
    #endif
    for seed in 0..<count {
      let played = play(environment, seed: UInt64(seed), policy: policy)
      terminated += played.terminated
      truncated += played.truncated
      if played.checksum != expected[seed] {
        Issue.record("\(testDescription) differs from Gymnasium with seed \(seed)")
        return
      }
    }
    if count == expected.count {
      #expect(terminated == self.terminated && truncated == self.truncated)
    }
  }

  private func play<E: Environment>(
    _ environment: E, seed: UInt64, policy: Policy
  ) -> (checksum: UInt32, terminated: Int, truncated: Int) where E.Element == Float {
    var checksum = CRC32()
    var (terminated, truncated) = (0, 0)
    let space = environment.actionSpace
    var actions = space.streams(seed: seed + 1)
    var episode = Episode(environment, seed: seed, timeLimit: limit)
    var observation = episode.observation()
    checksum.add(observation)
    for _ in 0..<steps {
      var action = space.sampleRow(using: &actions)
      if seed % 2 == 1 { policy(&action, observation) }
      let result = action.withUnsafeBufferPointer {
        episode.step(E.Action(row: $0.baseAddress!, count: $0.count))
      }
      observation = episode.observation()
      checksum.add(observation)
      checksum.add(result.reward.bitPattern)
      checksum.add(result.ending.rawValue)
      if result.ending == .none { continue }
      if result.ending == .terminated { terminated += 1 } else { truncated += 1 }
      episode.reset()
      observation = episode.observation()
      checksum.add(observation)
    }
    return (checksum.value, terminated, truncated)
  }
}

/// The checksum of zlib and PNG.
struct CRC32 {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0xedb8_8320 : rest >> 1 }
  }
  private var rest: UInt32 = .max

  var value: UInt32 { ~rest }

  mutating func add(_ number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.littleEndian) { bytes in
      for byte in bytes {
        rest = rest >> 8 ^ Self.table[Int(UInt8(truncatingIfNeeded: rest) ^ byte)]
      }
    }
  }

  mutating func add(_ numbers: [Float]) {
    for number in numbers { add(number.bitPattern) }
  }
}
