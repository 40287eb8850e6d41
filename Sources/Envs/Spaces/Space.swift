import Runtime

/// The set that observations or actions come from, and how a row of numbers is read as one.
///
/// Rows hold Float32 numbers as stored: a discrete value is one number, a tuple or dictionary its
/// parts in order. `description` is what Gymnasium prints.
public protocol Space: Sendable, Hashable, CustomStringConvertible {
  associatedtype Value: Hashable & Sendable

  /// Numbers in a row.
  var flatSize: Int { get }

  /// A random member; a composite space draws all its parts from the one generator.
  func sample(using random: inout PCG64) -> Value

  /// A random member, each part drawn from its own generator, as Gymnasium's composite spaces do.
  func sample(using streams: inout SpaceStreams) -> Value

  /// The generators of Gymnasium's `space.seed(seed)`.
  func streams(seed: UInt64) -> SpaceStreams

  func contains(_ value: Value) -> Bool

  /// Writes a member as `flatSize` numbers.
  func flatten(_ value: Value, into row: inout MutableSpan<Float>)

  /// Reads a row; nil if it is no member.
  func unflatten(_ row: Span<Float>) -> Value?

  /// Whether a row is a member.
  func contains(row: Span<Float>) -> Bool

  /// Writes a random member, an allowed one if there is a mask; allocates nothing for the spaces
  /// that actions usually come from.
  func sample(
    into row: inout MutableSpan<Float>, allowed mask: Span<Bool>?,
    using random: inout PCG64)

  /// A value of this space in a form that all spaces share, and back.
  func erase(_ value: Value) -> SpaceValue
  func restore(_ value: SpaceValue) -> Value?
}

extension Space {
  public func streams(seed: UInt64) -> SpaceStreams { SpaceStreams(generator: PCG64(seed: seed)) }

  public func sample(using streams: inout SpaceStreams) -> Value {
    sample(using: &streams.generator)
  }

  public func contains(row: Span<Float>) -> Bool { unflatten(row) != nil }

  public func sample(
    into row: inout MutableSpan<Float>, allowed mask: Span<Bool>?,
    using random: inout PCG64
  ) {
    flatten(sample(using: &random), into: &row)
  }

  /// A random member as a row, each part drawn from its own generator.
  public func sampleRow(using streams: inout SpaceStreams) -> [Float] {
    row(of: sample(using: &streams))
  }

  /// The spaces that a tuple or dictionary is made of in the end, in the order of a row; any other space
  /// itself.
  package var leaves: [any Space] {
    switch self {
    case let tuple as Tuple: tuple.spaces.flatMap { $0.leaves }
    case let dictionary as Dict: dictionary.spaces.flatMap { $0.leaves }
    default: [self]
    }
  }

  /// Whether a row is a member.
  public func contains(row: [Float]) -> Bool { contains(row: row.span) }

  /// Reads a row; nil if it is no member.
  public func unflatten(_ row: [Float]) -> Value? { unflatten(row.span) }

  /// A member as a row.
  public func row(of value: Value) -> [Float] {
    var row = [Float](repeating: 0, count: flatSize)
    var span = row.mutableSpan
    flatten(value, into: &span)
    return row
  }
}

/// A member of any space.
public indirect enum SpaceValue: Hashable, Sendable {
  case integer(Int)
  case integers([Int])
  case numbers([Double])
  case bits([Bool])
  case text(String)
  case tuple([SpaceValue])
  case dictionary([String: SpaceValue])
}

/// The generators that a space samples from: one, and for a composite space one tree for each part.
public struct SpaceStreams: Sendable, Hashable, Codable {
  public var generator: PCG64
  public var parts: [SpaceStreams]

  public init(generator: PCG64, parts: [SpaceStreams] = []) {
    self.generator = generator
    self.parts = parts
  }

  /// Seeds the parts of a composite space as Gymnasium does: from a generator of the space's own.
  init(seed: UInt64, parts spaces: [any Space]) {
    generator = PCG64(seed: seed)
    parts = []
    for space in spaces {
      parts.append(space.streams(seed: UInt64(generator.integers(0..<0x7fff_ffff))))
    }
  }
}
