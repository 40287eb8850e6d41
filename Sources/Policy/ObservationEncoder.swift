import Envs

/// How a raw observation row becomes the row a network reads: numbers as they are (normalised where
/// asked for), bytes as shares of their space's upper bound, what the space calls discrete one-hot.
public struct ObservationEncoder: Sendable, Equatable, Codable {
  enum Part: Sendable, Equatable, Codable {
    case numbers(Int)
    case oneHot(classes: Int, start: Int)
  }

  let parts: [Part]
  /// What bytes are multiplied by where raw rows hold bytes; nil where they hold numbers.
  let byteScale: Float?
  /// Numbers of a raw row.
  public let rawSize: Int
  /// Numbers of an encoded row.
  public let encodedSize: Int
  package let isIdentity: Bool

  init(parts: [Part], byteScale: Float? = nil) {
    self.parts = parts
    self.byteScale = byteScale
    var (raw, encoded) = (0, 0)
    for part in parts {
      switch part {
      case .numbers(let count): (raw, encoded) = (raw + count, encoded + count)
      case .oneHot(let classes, _): (raw, encoded) = (raw + 1, encoded + classes)
      }
    }
    (rawSize, encodedSize) = (raw, encoded)
    isIdentity =
      byteScale == nil && parts.allSatisfy { if case .numbers = $0 { true } else { false } }
  }

  /// Whether raw rows hold bytes rather than Float32.
  public var readsBytes: Bool { byteScale != nil }

  /// Bytes of one number of a raw row.
  public var elementSize: Int { readsBytes ? 1 : 4 }

  private enum CodingKeys: String, CodingKey { case parts, byteScale }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let parts = try values.decode([Part].self, forKey: .parts)
    let byteScale = try values.decodeIfPresent(Float.self, forKey: .byteScale)
    let limit = 1_000_000
    guard parts.count <= limit, byteScale?.isFinite ?? true,
      parts.allSatisfy({
        switch $0 {
        case .numbers(let count): 0...limit ~= count
        case .oneHot(let classes, let start): 1...limit ~= classes && -limit...limit ~= start
        }
      })
    else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "sizes out of range"))
    }
    self.init(parts: parts, byteScale: byteScale)
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(parts, forKey: .parts)
    try values.encodeIfPresent(byteScale, forKey: .byteScale)
  }

  /// Rows of `count` numbers that are read as they are.
  public static func numbers(_ count: Int) -> ObservationEncoder {
    ObservationEncoder(parts: [.numbers(count)])
  }

  /// Rows of `count` bytes that are read as shares of `highest`.
  public static func bytes(_ count: Int, highest: Float = 255) -> ObservationEncoder {
    ObservationEncoder(parts: [.numbers(count)], byteScale: 1 / highest)
  }

  /// Writes `rows` encoded rows.
  package func encode(
    rows: Int, _ raw: UnsafeRawPointer, normalizer: ObservationNormalizer?,
    into encoded: UnsafeMutablePointer<Float>
  ) {
    if let byteScale {
      let bytes = raw.assumingMemoryBound(to: UInt8.self)
      encode(rows: rows, normalizer, into: encoded) { Float(bytes[$0]) * byteScale }
    } else {
      let numbers = raw.assumingMemoryBound(to: Float.self)
      encode(rows: rows, normalizer, into: encoded) { numbers[$0] }
    }
  }

  @inline(__always)
  private func encode(
    rows: Int, _ normalizer: ObservationNormalizer?, into encoded: UnsafeMutablePointer<Float>,
    _ number: (Int) -> Float
  ) {
    var source = 0
    var target = encoded
    for _ in 0..<rows {
      var position = 0
      for part in parts {
        switch part {
        case .numbers(let count):
          if let normalizer {
            for i in 0..<count {
              target[i] = normalizer.normalized(number(source + position + i), position + i)
            }
          } else {
            for i in 0..<count { target[i] = number(source + position + i) }
          }
          position += count
          target += count
        case .oneHot(let classes, let start):
          // Compared as numbers: one from a file or a faulty environment may fit no Int.
          let choice = number(source + position).rounded(.towardZero) - Float(start)
          for i in 0..<classes { target[i] = choice == Float(i) ? 1 : 0 }
          position += 1
          target += classes
        }
      }
      source += rawSize
    }
  }

  /// The first number of raw rows that stands for a choice and is none of its options, if there is one.
  package func firstStray(in rows: [Float]) -> Float? {
    for row in stride(from: 0, to: rows.count, by: rawSize) {
      var position = row
      for part in parts {
        switch part {
        case .numbers(let count): position += count
        case .oneHot(let classes, let start):
          let choice = rows[position]
          guard choice == choice.rounded(), Float(start)..<Float(start + classes) ~= choice else {
            return choice
          }
          position += 1
        }
      }
    }
    return nil
  }
}
