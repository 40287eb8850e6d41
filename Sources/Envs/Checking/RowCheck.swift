import Runtime

/// Looks at what an environment writes into rows larger than they should be, so that one that
/// writes too much is told so rather than crashing.
@usableFromInline
enum RowCheck {
  /// Room past the end of the row.
  private static let slack = 256

  /// The observation.
  static func observation<E: Environment>(
    of environment: E, size: Int
  ) throws(EnvironmentError) -> [E.Element] {
    try row(
      "observe", "an observation", size: size, fills: (E.Element(7), E.Element(201)),
      because: "\(environment.observationSpace) holds \(size)", environment: E.self
    ) { environment.observe(into: &$0) }
  }

  /// The action mask.
  static func mask<E: Environment>(of environment: E) throws(EnvironmentError) -> [Bool] {
    let size = environment.maskSize
    return try row(
      "actionMask", "an action mask", size: size, fills: (false, true),
      because: "its maskSize is \(size)", environment: E.self
    ) { environment.actionMask(into: &$0) }
  }

  /// The readings.
  static func metrics<E: Environment>(of environment: E) throws(EnvironmentError) -> [Float] {
    let size = E.metricNames.count
    return try row(
      "metrics", "metrics", size: size, fills: (7, 201), because: "it has \(size) metric names",
      environment: E.self
    ) { environment.metrics(into: &$0) }
  }

  /// Writes twice over different contents: what then depends on them was not written.
  private static func row<E, Element: Equatable>(
    _ function: String, _ what: String, size: Int, fills: (Element, Element), because: String,
    environment: E.Type, _ body: (inout MutableSpan<Element>) -> Void
  ) throws(EnvironmentError) -> [Element] {
    func written(over fill: Element) -> [Element] {
      var row = [Element](repeating: fill, count: size + slack)
      var span = row.mutableSpan
      body(&span)
      return row
    }
    let (first, second) = (written(over: fills.0), written(over: fills.1))
    func isLeft(_ index: Int) -> Bool { first[index] == fills.0 && second[index] == fills.1 }
    if let last = (size..<size + slack).last(where: { !isLeft($0) }) {
      throw EnvironmentError(
        .data,
        "\(E.self).\(function) writes element \(last) of \(what), but \(because); it must write "
          + "elements 0 to \(size - 1)")
    }
    if let missing = (0..<size).first(where: isLeft) {
      throw EnvironmentError(
        .data,
        "\(E.self).\(function) leaves element \(missing) of \(what) unwritten, but \(because); it "
          + "must write elements 0 to \(size - 1)")
    }
    return Array(first.prefix(size))
  }

  /// What is wrong with an environment's type of action, if anything.
  static func action<E: Environment>(of environment: E.Type, in space: E.ActionSpace) -> String? {
    if E.Action.self == Int.self, !(space is Discrete) {
      return "\(E.self) takes an Int as its action and its action space is \(space); an Int goes "
        + "with a Discrete space"
    }
    // An InlineArray reads as many numbers as it holds, whatever the space says.
    let size = space.flatSize
    let room = max(size, MemoryLayout<E.Action>.size / MemoryLayout<Float>.size) + 1
    var row = [Float](repeating: 0, count: room)
    var random = PCG64(seed: 0)
    let sample = space.row(of: space.sample(using: &random))
    row.replaceSubrange(0..<size, with: sample)
    let count = row.withUnsafeBufferPointer {
      E.Action(row: $0.baseAddress!, count: size).rowCount
    }
    return count == size
      ? nil
      : "\(E.self)'s action \(E.Action.self) has \(count) numbers and its action space \(space) has "
        + "\(size); they must have as many"
  }
}

extension VectorEnvironment {
  public func checkRows() throws {
    for environment in environments {
      _ = try RowCheck.observation(of: environment, size: observationSize)
      if maskSize > 0 { _ = try RowCheck.mask(of: environment) }
    }
  }

  public func check(
    seed: UInt64 = 123, steps: Int = 1_000, episodesAreIndependent: Bool = true,
    countingAllocations allocations: (() -> Int)? = nil
  ) throws(EnvironmentError) {
    let check = EnvironmentCheck(
      original: environments[0], operations: operations, seed: seed, steps: steps,
      episodesAreIndependent: episodesAreIndependent)
    try check.all(allocations)
  }
}
