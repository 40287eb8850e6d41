import Runtime

/// Members of several spaces under names, sorted by name as Gymnasium sorts a plain dictionary.
///
/// ```swift
/// Dict(["position": Box(shape: [2], in: -1...1), "color": Discrete(3)])
/// ```
public struct Dict: Space {
  /// The names, in the order of the row's parts.
  public let keys: [String]
  /// The spaces, in the same order.
  public var spaces: [any Space] { parts.spaces }
  private let parts: Tuple

  /// Creates the space; with `sortKeys: false` the parts keep the order they are written in.
  public init(_ spaces: KeyValuePairs<String, any Space>, sortKeys: Bool = true) {
    // Python sorts strings by code point, and so does this; Swift's own order depends on Unicode
    // normalisation.
    let pairs =
      sortKeys
      ? spaces.sorted {
        $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars)
      } : Array(spaces)
    keys = pairs.map(\.key)
    parts = Tuple(pairs.map(\.value))
    if Set(keys).count != keys.count {
      stop("Dict", "a name appears twice among \(keys); each must be there once")
    }
  }

  public subscript(key: String) -> (any Space)? {
    keys.firstIndex(of: key).map { parts.spaces[$0] }
  }

  public var flatSize: Int { parts.flatSize }

  public func streams(seed: UInt64) -> SpaceStreams { parts.streams(seed: seed) }

  public func sample(using random: inout PCG64) -> [String: SpaceValue] {
    named(parts.sample(using: &random))
  }

  public func sample(using streams: inout SpaceStreams) -> [String: SpaceValue] {
    named(parts.sample(using: &streams))
  }

  public func contains(_ value: [String: SpaceValue]) -> Bool {
    value.count == keys.count && ordered(value).map(parts.contains) ?? false
  }

  public func flatten(_ value: [String: SpaceValue], into row: inout MutableSpan<Float>) {
    guard let values = ordered(value) else {
      stop("flatten", "\(value.keys.sorted()) are not the names of \(self)")
    }
    parts.flatten(values, into: &row)
  }

  public func unflatten(_ row: Span<Float>) -> [String: SpaceValue]? {
    parts.unflatten(row).map(named)
  }

  private func named(_ values: [SpaceValue]) -> [String: SpaceValue] {
    Dictionary(uniqueKeysWithValues: zip(keys, values))
  }

  private func ordered(_ value: [String: SpaceValue]) -> [SpaceValue]? {
    let values = keys.compactMap { value[$0] }
    return values.count == keys.count ? values : nil
  }

  public func erase(_ value: [String: SpaceValue]) -> SpaceValue { .dictionary(value) }

  public func restore(_ value: SpaceValue) -> [String: SpaceValue]? {
    guard case .dictionary(let value) = value else { return nil }
    return value
  }

  public var description: String {
    "Dict(\(zip(keys, parts.spaces).map { "'\($0)': \($1)" }.joined(separator: ", ")))"
  }
}
