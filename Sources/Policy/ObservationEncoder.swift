import Envs

/// How a raw observation row becomes the row a network reads: numbers as they are (normalised where
/// asked for), pictures and other bytes as shares of their space's upper bound, what the space calls
/// discrete one-hot.
public struct ObservationEncoder: Sendable, Equatable, Codable {
  enum Part: Sendable, Equatable, Codable {
    case numbers(Int)
    /// What is multiplied by `scale` and never normalised.
    case shares(count: Int, scale: Float)
    case oneHot(classes: Int, start: Int)
  }

  let parts: [Part]
  /// Whether raw rows hold bytes rather than Float32.
  public let readsBytes: Bool
  /// Numbers of a raw row.
  public let rawSize: Int
  /// Numbers of an encoded row.
  public let encodedSize: Int
  package let isIdentity: Bool

  init(parts: [Part], readsBytes: Bool = false) {
    self.parts = parts
    self.readsBytes = readsBytes
    var (raw, encoded) = (0, 0)
    for part in parts {
      switch part {
      case .numbers(let count), .shares(let count, _):
        (raw, encoded) = (raw + count, encoded + count)
      case .oneHot(let classes, _): (raw, encoded) = (raw + 1, encoded + classes)
      }
    }
    (rawSize, encodedSize) = (raw, encoded)
    isIdentity =
      !readsBytes && parts.allSatisfy { if case .numbers = $0 { true } else { false } }
  }

  /// Bytes of one number of a raw row.
  public var elementSize: Int { readsBytes ? 1 : 4 }

  /// The last is of files from before a row of bytes could have parts: the scale of all of it.
  private enum CodingKeys: String, CodingKey { case parts, readsBytes, byteScale }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    var parts = try values.decode([Part].self, forKey: .parts)
    var readsBytes = try values.decodeIfPresent(Bool.self, forKey: .readsBytes) ?? false
    if let scale = try values.decodeIfPresent(Float.self, forKey: .byteScale) {
      readsBytes = true
      parts = parts.map {
        if case .numbers(let n) = $0 { .shares(count: n, scale: scale) } else { $0 }
      }
    }
    let limit = 1_000_000
    guard parts.count <= limit,
      parts.allSatisfy({
        switch $0 {
        case .numbers(let count): 0...limit ~= count
        case .shares(let count, let scale): 0...limit ~= count && scale.isFinite
        case .oneHot(let classes, let start): 1...limit ~= classes && -limit...limit ~= start
        }
      })
    else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "sizes out of range"))
    }
    self.init(parts: parts, readsBytes: readsBytes)
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(parts, forKey: .parts)
    if readsBytes { try values.encode(true, forKey: .readsBytes) }
  }

  /// Rows of `count` numbers that are read as they are.
  public static func numbers(_ count: Int) -> ObservationEncoder {
    ObservationEncoder(parts: [.numbers(count)])
  }

  /// Rows of `count` bytes that are read as shares of `highest`.
  public static func bytes(_ count: Int, highest: Float = 255) -> ObservationEncoder {
    ObservationEncoder(parts: [.shares(count: count, scale: 1 / highest)], readsBytes: true)
  }

  /// Writes `rows` encoded rows.
  package func encode(
    rows: Int, _ raw: UnsafeRawPointer, normalizer: ObservationNormalizer?,
    into encoded: UnsafeMutablePointer<Float>
  ) {
    if readsBytes {
      let bytes = raw.assumingMemoryBound(to: UInt8.self)
      encode(rows: rows, normalizer, into: encoded) { Float(bytes[$0]) }
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
        case .shares(let count, let scale):
          for i in 0..<count { target[i] = number(source + position + i) * scale }
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
        case .numbers(let count), .shares(let count, _): position += count
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
