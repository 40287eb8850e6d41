import Runtime

extension FrozenLake {
  /// The maps that Gymnasium names.
  public enum Size: String, CaseIterable, Sendable, Codable {
    case fourByFour = "4x4"
    case eightByEight = "8x8"

    public var map: [String] {
      switch self {
      case .fourByFour: ["SFFF", "FHFH", "FFFH", "HFFG"]
      case .eightByEight:
        [
          "SFFFFFFF", "FFFFFFFF", "FFFHFFFF", "FFFFFHFF", "FFFHFFFF", "FHHFFFHF", "FHFFHFHF",
          "FFFHFFFG",
        ]
      }
    }
  }

  /// A random square map with a path from the start, top left, to the goal, bottom right: the one of
  /// Gymnasium's `generate_random_map(size, p, seed)`.
  ///
  /// - Parameters:
  ///   - size: cells a side, 2 to 1000.
  ///   - frozen: the probability that a cell is ice; more than 1 counts as 1.
  /// - Throws: ``EnvironmentError`` if a parameter is out of range or none of 10,000 maps has a path.
  public static func randomMap(
    size: Int = 8, frozen: Double = 0.8, seed: UInt64
  ) throws(EnvironmentError) -> [String] {
    guard (2...1000).contains(size) else {
      throw EnvironmentError(.usage, "the map's size is \(size); it must be from 2 to 1000")
    }
    guard frozen > 0 else {
      throw EnvironmentError(
        .usage, "the probability of ice is \(frozen); it must be above 0, or no map has a path")
    }
    let odds = min(1, frozen)
    let threshold = odds / (odds + (1 - odds))
    var random = PCG64(seed: seed)
    for _ in 0..<10_000 {
      var cells: [UInt8] = []
      for _ in 0..<size * size {
        cells.append(UInt8(ascii: threshold > random.random() ? "F" : "H"))
      }
      cells[0] = UInt8(ascii: "S")
      cells[size * size - 1] = UInt8(ascii: "G")
      if hasPath(cells, columns: size) {
        return (0..<size).map { row in
          String(decoding: cells[row * size..<(row + 1) * size], as: UTF8.self)
        }
      }
    }
    throw EnvironmentError(
      .usage,
      "none of 10000 random maps of size \(size) with ice of probability \(frozen) has a path; "
        + "a larger probability makes one likelier")
  }

  static func check(_ map: [String]) throws(EnvironmentError) {
    guard let columns = map.first?.utf8.count, columns > 0 else {
      throw EnvironmentError(.data, "the map is empty; it must hold a start and a goal")
    }
    for (row, text) in map.enumerated() {
      guard text.utf8.count == columns else {
        throw EnvironmentError(
          .data,
          "row \(row + 1) of the map has \(text.utf8.count) cells and the first \(columns); all must "
            + "have as many")
      }
      if let letter = text.first(where: { !"SFHG".contains($0) }) {
        throw EnvironmentError(
          .data,
          "row \(row + 1) of the map holds '\(letter)'; a cell is S, F, H or G (start, ice, hole, goal)"
        )
      }
    }
    guard hasPath(map.flatMap(\.utf8), columns: columns) else {
      throw EnvironmentError(
        .data, "no path over ice leads from a start (S) to a goal (G) of the map; it needs one")
    }
  }

  /// Whether ice leads from a start to a goal.
  private static func hasPath(_ cells: [UInt8], columns: Int) -> Bool {
    var isSeen = cells.map { $0 == UInt8(ascii: "S") }
    var frontier = cells.indices.filter { isSeen[$0] }
    while let cell = frontier.popLast() {
      if cells[cell] == UInt8(ascii: "G") { return true }
      var next: [Int] = []
      if cell % columns > 0 { next.append(cell - 1) }
      if cell % columns < columns - 1 { next.append(cell + 1) }
      if cell >= columns { next.append(cell - columns) }
      if cell + columns < cells.count { next.append(cell + columns) }
      for cell in next where !isSeen[cell] && cells[cell] != UInt8(ascii: "H") {
        isSeen[cell] = true
        frontier.append(cell)
      }
    }
    return false
  }
}
