import Foundation
import Runtime

/// What References/make_random.py wrote down of NumPy.
struct RandomGoldens: Decodable {
  struct Sequence: Decodable {
    let seed: Bits
    let key: [UInt32]
    let words32: [UInt32]
    let words64: [Bits]
  }
  struct Spawned: Decodable {
    let children: [[Bits]]
    let grandchild: [Bits]
    let far: [Bits]
    let generator: [Bits]
  }
  struct Stream: Decodable {
    let seed: Bits
    let raw, random, uniform, normal, standardNormal, exponential, standardExponential: [Bits]
    let rawDigest, randomDigest, standardNormalDigest: Bits
    let standardExponentialDigest, permutationDigest: Bits
    let permutation: [Int32]
  }
  struct Integers: Decodable {
    let low, last: Int
    let draws: [Int]
    let digest, after: Bits
  }
  struct Mixed: Decodable {
    let digest: Bits
    let next: [Int]
  }
  struct Tail: Decodable {
    let kind: String
    let place: Int
    let value: Bits
  }

  let numpy: String
  let many: Int
  let sequences: [Sequence]
  let spawned: Spawned
  let streams: [Stream]
  let integers: [Integers]
  let mixed: Mixed
  let tails: [Tail]
  let tables: [String: Bits]

  static let shared: RandomGoldens = {
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/random.json")
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(RandomGoldens.self, from: Data(contentsOf: path))
    } catch {
      fatalError("\(path.path) does not hold the golden values: \(error)")
    }
  }()
}

/// A 64-bit word written as 16 hexadecimal digits.
struct Bits: Decodable, Equatable, CustomStringConvertible {
  let word: UInt64

  init(_ word: UInt64) { self.word = word }
  init(_ value: Double) { self.word = value.bitPattern }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let word = UInt64(try container.decode(String.self), radix: 16) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not hexadecimal")
    }
    self.word = word
  }

  var description: String { String(word, radix: 16) }
}

/// The script's digest of many draws: it changes with any bit of any of them, and with their order.
func digest(_ count: Int, _ draw: () -> UInt64) -> Bits {
  var hash: UInt64 = 0
  for _ in 0..<count { hash = hash &* 0x9e37_79b9_7f4a_7c15 &+ draw() }
  return Bits(hash)
}
