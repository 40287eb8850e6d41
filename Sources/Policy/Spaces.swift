import Envs

/// A space that a policy or an algorithm has no way to handle.
public struct UnsupportedSpace: Error, CustomStringConvertible, Sendable {
  public let description: String
}

extension ActionHead {
  /// The head that acts in a space: categorical for `Discrete`, one for each part of a `MultiDiscrete`, one of
  /// two for each bit of a `MultiBinary`, Gaussian for a `Box` of numbers.
  public init(_ space: any Space) throws {
    switch space {
    case let discrete as Discrete: self = .categorical(count: discrete.n, start: discrete.start)
    case let several as MultiDiscrete:
      self = .multiCategorical(counts: several.counts, start: several.start)
    case let binary as MultiBinary:
      self = .multiCategorical(
        counts: .init(repeating: 2, count: binary.flatSize),
        start: .init(repeating: 0, count: binary.flatSize))
    case let box as Box:
      self = .gaussian(low: box.low.map(Float.init), high: box.high.map(Float.init))
    default:
      throw UnsupportedSpace(
        description:
          "a policy cannot act in \(space); it needs a Discrete, MultiDiscrete, MultiBinary or Box "
          + "action space")
    }
  }
}

extension ActionHead {
  /// Whether actions of this head are actions of a space.
  package func acts(in space: any Space) -> Bool {
    guard let natural = try? ActionHead(space) else { return false }
    switch (self, natural) {
    case (.deterministic(let low, let high), .gaussian(let least, let most)),
      (.squashedGaussian(let low, let high), .gaussian(let least, let most)):
      return low == least && high == most
    case (.values(let count, let start, _, _, _), .categorical(let options, let first)):
      return count == options && start == first
    default: return self == natural
    }
  }
}

extension ObservationEncoder {
  /// Numbers of a `Box` or `MultiBinary` as they are but pictures of bytes as shares of their upper bound,
  /// discrete ones one-hot, the parts of a tuple or dictionary one after another in their declared order.
  ///
  /// - Parameter bytes: Whether rows hold bytes: every `Box` then becomes shares of its upper bound.
  public init(_ space: any Space, bytes: Bool = false) throws {
    self.init(
      parts: try space.leaves.flatMap { try Self.parts($0, bytes: bytes) }, readsBytes: bytes)
  }

  /// How policies read what these environments observe.
  public init(for environments: some VectorizedEnvironments) throws {
    try self.init(environments.observationSpace, bytes: environments.observesBytes)
  }

  private static func parts(_ leaf: any Space, bytes: Bool) throws -> [Part] {
    switch leaf {
    case let box as Box:
      guard bytes || Picture.isOfBytes(box) else { return [.numbers(box.flatSize)] }
      guard let highest = box.high.max(), highest > 0 else {
        throw UnsupportedSpace(
          description: "a policy reads bytes of a Box with bounds above 0 only, not of \(box)")
      }
      return [.shares(count: box.flatSize, scale: 1 / Float(highest))]
    case let binary as MultiBinary: return [.numbers(binary.flatSize)]
    case let discrete as Discrete: return [.oneHot(classes: discrete.n, start: discrete.start)]
    case let several as MultiDiscrete:
      return zip(several.counts, several.start).map { .oneHot(classes: $0, start: $1) }
    default: throw UnsupportedSpace(description: "a policy cannot read observations of \(leaf)")
    }
  }
}

extension Picture {
  /// Whether a `Box` is a picture of bytes by its shape and type, whatever rows hold.
  static func isOfBytes(_ box: Box) -> Bool { box.shape.count == 3 && box.elementType == .uint8 }

  /// The pictures among what rows of a space hold: each `Box` of three axes, where it begins in an encoded
  /// row, and whether it is of bytes.
  ///
  /// - Parameter bytes: Whether rows hold bytes.
  package static func all(
    in space: any Space, bytes: Bool
  ) throws -> [(picture: Picture, first: Int, isOfBytes: Bool)] {
    var first = 0
    return try space.leaves.compactMap { leaf in
      let size = try ObservationEncoder(leaf, bytes: bytes).encodedSize
      defer { first += size }
      guard let box = leaf as? Box, let picture = Picture(box) else { return nil }
      return (picture, first, bytes || isOfBytes(box))
    }
  }

  /// A `Box` of three axes as a picture, the shortest at its end taken for the channels; nil for other
  /// spaces.
  public init?(_ space: any Space) {
    guard let box = space as? Box, box.shape.count == 3 else { return nil }
    let (a, b, c) = (box.shape[0], box.shape[1], box.shape[2])
    if a < min(b, c) {
      self.init(height: b, width: c, channels: a, channelsFirst: true)
    } else {
      self.init(height: a, width: b, channels: c)
    }
  }
}
