import Envs

/// How a raw observation row becomes the row a network reads: numbers as they are (normalised where
/// asked for), what the space calls discrete one-hot.
public struct ObservationEncoder: Sendable, Equatable, Codable {
  enum Part: Sendable, Equatable, Codable {
    case numbers(Int)
    case oneHot(classes: Int, start: Int)
  }

  let parts: [Part]
  /// Numbers of a raw row.
  public let rawSize: Int
  /// Numbers of an encoded row.
  public let encodedSize: Int
  let isIdentity: Bool

  init(parts: [Part]) {
    self.parts = parts
    var (raw, encoded) = (0, 0)
    for part in parts {
      switch part {
      case .numbers(let count): (raw, encoded) = (raw + count, encoded + count)
      case .oneHot(let classes, _): (raw, encoded) = (raw + 1, encoded + classes)
      }
    }
    (rawSize, encodedSize) = (raw, encoded)
    isIdentity = parts.allSatisfy { if case .numbers = $0 { true } else { false } }
  }

  public init(from decoder: any Decoder) throws {
    let parts = try [Part](from: decoder)
    let limit = 1_000_000
    guard parts.count <= limit,
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
    self.init(parts: parts)
  }

  public func encode(to encoder: any Encoder) throws { try parts.encode(to: encoder) }

  /// Rows of `count` numbers that are read as they are.
  public static func numbers(_ count: Int) -> ObservationEncoder {
    ObservationEncoder(parts: [.numbers(count)])
  }

  /// Writes `rows` encoded rows.
  package func encode(
    rows: Int, _ raw: UnsafePointer<Float>, normalizer: ObservationNormalizer?,
    into encoded: UnsafeMutablePointer<Float>
  ) {
    var source = raw
    var target = encoded
    for _ in 0..<rows {
      var position = 0
      for part in parts {
        switch part {
        case .numbers(let count):
          if let normalizer {
            for i in 0..<count {
              target[i] = normalizer.normalized(source[position + i], position + i)
            }
          } else {
            target.update(from: source + position, count: count)
          }
          position += count
          target += count
        case .oneHot(let classes, let start):
          let choice = Int(source[position]) - start
          for i in 0..<classes { target[i] = i == choice ? 1 : 0 }
          position += 1
          target += classes
        }
      }
      source += rawSize
    }
  }
}
