import Runtime

/// Members of several spaces together, in order.
public struct Tuple: Space {
  public let spaces: [any Space]

  public init(_ spaces: [any Space]) { self.spaces = spaces }

  public init(_ spaces: any Space...) { self.spaces = spaces }

  public var flatSize: Int { spaces.reduce(0) { $0 + $1.flatSize } }

  public func streams(seed: UInt64) -> SpaceStreams { SpaceStreams(seed: seed, parts: spaces) }

  public func sample(using random: inout PCG64) -> [SpaceValue] {
    var value: [SpaceValue] = []
    for space in spaces { value.append(space.erasedSample(using: &random)) }
    return value
  }

  public func sample(using streams: inout SpaceStreams) -> [SpaceValue] {
    var value: [SpaceValue] = []
    for (index, space) in spaces.enumerated() {
      value.append(space.erasedSample(using: &streams.parts[index]))
    }
    return value
  }

  public func contains(_ value: [SpaceValue]) -> Bool {
    value.count == spaces.count && zip(spaces, value).allSatisfy { $0.contains(erased: $1) }
  }

  public func flatten(_ value: [SpaceValue], into row: inout MutableSpan<Float>) {
    var position = 0
    for (space, part) in zip(spaces, value) {
      position = space.flatten(erased: part, into: &row, at: position)
    }
  }

  public func unflatten(_ row: Span<Float>) -> [SpaceValue]? {
    guard row.count == flatSize else { return nil }
    var value: [SpaceValue] = []
    var position = 0
    for space in spaces {
      let part = row.extracting(position..<position + space.flatSize)
      guard let member = space.erasedMember(part) else { return nil }
      value.append(member)
      position += space.flatSize
    }
    return value
  }

  public func erase(_ value: [SpaceValue]) -> SpaceValue { .tuple(value) }

  public func restore(_ value: SpaceValue) -> [SpaceValue]? {
    guard case .tuple(let value) = value else { return nil }
    return value
  }

  public static func == (first: Tuple, second: Tuple) -> Bool {
    first.spaces.map { AnyHashable($0) } == second.spaces.map { AnyHashable($0) }
  }

  public func hash(into hasher: inout Hasher) {
    for space in spaces { hasher.combine(AnyHashable(space)) }
  }

  public var description: String {
    "Tuple(\(spaces.map(\.description).joined(separator: ", ")))"
  }
}

extension Space {
  func erasedSample(using random: inout PCG64) -> SpaceValue { erase(sample(using: &random)) }

  func erasedSample(using streams: inout SpaceStreams) -> SpaceValue {
    erase(sample(using: &streams))
  }

  func contains(erased value: SpaceValue) -> Bool { restore(value).map(contains) ?? false }

  func erasedMember(_ row: Span<Float>) -> SpaceValue? { unflatten(row).map(erase) }

  /// Writes a part of a row and returns where the next part begins.
  func flatten(
    erased value: SpaceValue, into row: inout MutableSpan<Float>, at position: Int
  ) -> Int {
    guard let value = restore(value) else {
      stop("flatten", "\(value) is no member of \(self)")
    }
    let part = self.row(of: value)
    for index in part.indices { row[position + index] = part[index] }
    return position + part.count
  }
}
