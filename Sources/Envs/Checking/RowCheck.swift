import Runtime

/// Looks at what an environment writes into rows larger than they should be, so that one that
/// writes too much is told so rather than crashing.
enum RowCheck {
  /// Room past the end of the row.
  private static let slack = 256

  /// The observation, or a sentence on what is wrong with its size.
  static func observation<E: Environment>(
    of environment: E, size: Int
  ) throws(EnvironmentError) -> [E.Element] {
    let written = written(size: size + slack, fills: (E.Element(7), E.Element(201))) {
      environment.observe(into: &$0)
    }
    if let last = written.last(where: \.isWritten)?.index, last >= size {
      throw EnvironmentError(
        .data,
        "\(E.self).observe writes element \(last) of an observation of \(size) elements, which is "
          + "what \(environment.observationSpace) holds; write elements 0 through \(size - 1)")
    }
    if let missing = written.prefix(size).first(where: { !$0.isWritten })?.index {
      throw EnvironmentError(
        .data,
        "\(E.self).observe leaves element \(missing) of the observation unwritten; "
          + "\(environment.observationSpace) holds \(size) elements, write them all")
    }
    return written.prefix(size).map(\.value)
  }

  /// Which elements a body writes: those that do not depend on what was there before.
  private static func written<Element: ObservationElement>(
    size: Int, fills: (Element, Element), _ body: (inout MutableSpan<Element>) -> Void
  ) -> [(index: Int, value: Element, isWritten: Bool)] {
    func row(_ fill: Element) -> [Element] {
      var row = [Element](repeating: fill, count: size)
      var span = row.mutableSpan
      body(&span)
      return row
    }
    let (first, second) = (row(fills.0), row(fills.1))
    return first.indices.map { index in
      // NaN differs from itself, but whoever reads it finds it as such.
      let isLeft = first[index] == fills.0 && second[index] == fills.1
      return (index, first[index], !isLeft)
    }
  }
}

extension VectorEnvironment {
  public func checkRows() throws {
    for environment in environments {
      _ = try RowCheck.observation(of: environment, size: observationSize)
    }
  }
}
