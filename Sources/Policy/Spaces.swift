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

extension ObservationEncoder {
  /// Numbers of a `Box` or `MultiBinary` as they are, discrete ones one-hot, the parts of a tuple or
  /// dictionary one after another in their declared order.
  public init(_ space: any Space) throws { self.init(parts: try Self.parts(space)) }

  private static func parts(_ space: any Space) throws -> [Part] {
    switch space {
    case let box as Box: [.numbers(box.flatSize)]
    case let binary as MultiBinary: [.numbers(binary.flatSize)]
    case let discrete as Discrete: [.oneHot(classes: discrete.n, start: discrete.start)]
    case let several as MultiDiscrete:
      zip(several.counts, several.start).map { .oneHot(classes: $0, start: $1) }
    case let tuple as Tuple: try tuple.spaces.flatMap { try parts($0) }
    case let dictionary as Dict: try dictionary.spaces.flatMap { try parts($0) }
    default: throw UnsupportedSpace(description: "a policy cannot read observations of \(space)")
    }
  }
}
