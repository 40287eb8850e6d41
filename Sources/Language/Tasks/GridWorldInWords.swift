import Envs
import Runtime

/// A walk through a grid with walls, told in words: the model is told where it stands, where the
/// goal is and which ways are open, and names a direction a turn.
public struct GridWorldInWords: TextEnvironment {
  /// Rows and columns.
  public let size: Int
  public let turnLimit: Int

  private var cell = 0
  private var goal = 0
  private var walls: Set<Int> = []
  private var shortest = 0
  private var moves = 0
  private var messages = 0
  private var understood = 0

  public init(size: Int = 4, turnLimit: Int = 12) {
    self.size = min(max(size, 2), 20)
    self.turnLimit = min(max(turnLimit, 1), 400)
  }

  public var components: [RewardComponent] {
    [
      RewardComponent("correct", weight: 0.6), RewardComponent("short", weight: 0.2),
      RewardComponent("nearer", weight: 0.1), RewardComponent("format", weight: 0.1),
    ]
  }

  private static let directions = ["north", "east", "south", "west"]

  /// The cell in a direction, nil where a wall or the border is in the way.
  private func neighbour(_ cell: Int, _ direction: Int) -> Int? {
    let row = cell / size + [-1, 0, 1, 0][direction]
    let column = cell % size + [0, 1, 0, -1][direction]
    guard 0..<size ~= row, 0..<size ~= column else { return nil }
    let next = row * size + column
    return walls.contains(next) ? nil : next
  }

  /// Steps from a cell to the goal; nil where there is no way.
  private func distance(from start: Int) -> Int? {
    var (seen, frontier, steps) = (Set([start]), [start], 0)
    while !frontier.isEmpty {
      if frontier.contains(goal) { return steps }
      var next: [Int] = []
      for cell in frontier {
        for direction in 0..<4 {
          if let other = neighbour(cell, direction), seen.insert(other).inserted {
            next.append(other)
          }
        }
      }
      (frontier, steps) = (next, steps + 1)
    }
    return nil
  }

  public mutating func begin(_ index: Int, of split: TaskSplit, seed: UInt64) -> String {
    var random = split.stream(index, seed: seed)
    for attempt in 0..<1000 {
      let cells = size * size
      walls = Set((0..<cells / 5).map { _ in random.integers(0..<cells) })
      cell = random.integers(0..<cells)
      goal = random.integers(0..<cells)
      walls.subtract([cell, goal])
      guard cell != goal, let steps = distance(from: cell), 2 * steps <= max(turnLimit, 2) else {
        continue
      }
      shortest = steps
      let key = "\(size) \(walls.sorted()) \(cell) \(goal)"
      if TaskSplit(ofKey: key) == split || attempt > 900 { break }
    }
    (moves, messages, understood) = (0, 0, 0)
    return
      "You walk through a grid of \(size) rows and \(size) columns; row 1 is the northernmost, column "
      + "1 the westernmost. The goal is in row \(goal / size + 1), column \(goal % size + 1). Answer "
      + "each message with one word: north, east, south or west. \(view)"
  }

  /// What there is to see from where the walker stands.
  private var view: String {
    let open = (0..<4).filter { neighbour(cell, $0) != nil }.map { Self.directions[$0] }
    return "You are in row \(cell / size + 1), column \(cell % size + 1). Open ways: "
      + (open.isEmpty ? "none" : open.joined(separator: ", ")) + "."
  }

  public mutating func respond(to message: String) -> TextTurn {
    messages += 1
    let word = message.lowercased().filter(\.isLetter)
    let isLast = messages >= turnLimit
    guard let direction = Self.directions.firstIndex(of: word) else {
      return TextTurn(
        "Answer with one word: north, east, south or west. " + view,
        ending: isLast ? .truncated : .none)
    }
    understood += 1
    guard let next = neighbour(cell, direction) else {
      return TextTurn("There is no way \(word). " + view, ending: isLast ? .truncated : .none)
    }
    cell = next
    moves += 1
    if cell == goal { return TextTurn("You have reached the goal.", ending: .terminated) }
    return TextTurn(view, ending: isLast ? .truncated : .none)
  }

  public var marks: [Double] {
    let isSolved = cell == goal
    let left = distance(from: cell) ?? shortest
    return [
      isSolved ? 1 : 0, isSolved ? Double(shortest) / Double(max(messages, 1)) : 0,
      max(0, 1 - Double(left) / Double(max(shortest, 1))),
      Double(understood) / Double(max(messages, 1)),
    ]
  }
}
