import Runtime

/// A frozen lake with holes: walk to the goal over ice that may carry you aside.
///
/// Equal to Gymnasium 1.4's FrozenLake for a seed and actions.
///
/// Observation: the cell, row by row from 0. Actions: 0 left, 1 down, 2 right, 3 up. On slippery ice the
/// step goes the way intended with the success rate, else to either side of it with equal odds; walls
/// stop it. An episode starts on a start cell and ends in a hole or on the goal. Reward: 1 for reaching
/// the goal, else 0, unless `rewards` says otherwise. The registered versions: 4×4 with 100 steps and
/// 8×8 with 200 steps.
///
/// | letter | cell |
/// |---|---|
/// | `S` | a start |
/// | `F` | ice |
/// | `H` | a hole |
/// | `G` | a goal |
///
/// Source: Gymnasium 1.4, which names none.
public struct FrozenLake: TabularEnvironment {
  /// What reaching a cell earns.
  public struct Rewards: Hashable, Sendable, Codable {
    public var goal, hole, ice: Double

    @inlinable
    public init(goal: Double = 1, hole: Double = 0, ice: Double = 0) {
      self.goal = goal
      self.hole = hole
      self.ice = ice
    }
  }

  @usableFromInline var cell = 0
  // The cell's, so that no step divides.
  @usableFromInline var row = 0
  @usableFromInline var column = 0
  /// The letters of the map, row by row.
  @usableFromInline let cells: [UInt8]
  /// The start cell, if there is one only.
  @usableFromInline let onlyStart: Int?
  public let rows: Int
  public let columns: Int
  public let isSlippery: Bool
  public let successRate: Double
  public let rewards: Rewards

  /// Creates a lake with a map of Gymnasium's.
  public init(
    _ size: Size = .fourByFour, isSlippery: Bool = true, successRate: Double = 1.0 / 3.0,
    rewards: Rewards = Rewards()
  ) {
    Self.check(successRate)
    self.init(
      checked: size.map, isSlippery: isSlippery, successRate: successRate, rewards: rewards)
  }

  /// Creates a lake with a map of your own, a string a row.
  ///
  /// - Throws: ``EnvironmentError`` if the rows are not of one length, hold other letters than `SFHG`,
  ///   or no path leads from a start to a goal.
  public init(
    map: [String], isSlippery: Bool = true, successRate: Double = 1.0 / 3.0,
    rewards: Rewards = Rewards()
  ) throws(EnvironmentError) {
    Self.check(successRate)
    try Self.check(map)
    self.init(checked: map, isSlippery: isSlippery, successRate: successRate, rewards: rewards)
  }

  private init(checked map: [String], isSlippery: Bool, successRate: Double, rewards: Rewards) {
    let cells = map.flatMap(\.utf8)
    let starts = cells.indices.filter { cells[$0] == UInt8(ascii: "S") }
    onlyStart = starts.count == 1 ? starts[0] : nil
    self.cells = cells
    rows = map.count
    columns = map[0].utf8.count
    self.isSlippery = isSlippery
    self.successRate = successRate
    self.rewards = rewards
  }

  private static func check(_ successRate: Double) {
    if !(0...1).contains(successRate) {
      stop("FrozenLake", "the success rate is \(successRate); it must be from 0 to 1")
    }
  }

  public var observationSpace: Discrete { Discrete(cells.count) }

  public var actionSpace: Discrete {
    @inlinable get { Discrete(4) }
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    let draw = random.random()
    cell = onlyStart ?? start(draw)
    (row, column) = cell.quotientAndRemainder(dividingBy: columns)
  }

  @inlinable
  func start(_ draw: Double) -> Int {
    var count = 0
    for letter in cells where letter == UInt8(ascii: "S") { count += 1 }
    var odds = 0.0
    for (index, letter) in cells.enumerated() where letter == UInt8(ascii: "S") {
      odds += 1 / Double(count)
      if odds > draw { return index }
    }
    return 0
  }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    // Gymnasium draws whether there is a choice or not.
    let draw = random.random()
    if isOver(cell) { return StepResult(reward: 0, ending: .terminated) }
    var direction = action
    if isSlippery {
      // The way to the right of the one intended comes first, then it, then the way to the left.
      let aside = (1 - successRate) / 2
      direction &+= aside > draw ? 3 : aside + successRate > draw ? 0 : 1
      // Where rounding leaves the sum of the three below the draw, Gymnasium takes the first.
      if aside + successRate + aside <= draw { direction = action &+ 3 }
    }
    // Without branches, which random moves would have mispredicted.
    direction &= 3
    let across = direction == 2 ? 1 : direction == 0 ? -1 : 0
    let down = direction == 1 ? 1 : direction == 3 ? -1 : 0
    column = max(0, min(columns &- 1, column &+ across))
    row = max(0, min(rows &- 1, row &+ down))
    cell = row &* columns &+ column
    return StepResult(reward: reward(for: cell), ending: isOver(cell) ? .terminated : .none)
  }

  public var stateFault: String? {
    let (size, overflows) = rows.multipliedReportingOverflow(by: columns)
    if rows < 1 || columns < 1 || overflows || size != cells.count {
      return "a lake of \(rows) × \(columns) cells has \(cells.count)"
    }
    if let stray = cells.first(where: { !"SFHG".utf8.contains($0) }) {
      return "a cell is the letter \(stray); it must be one of SFHG"
    }
    let last = cells.count - 1
    return firstFault(
      fault("cell", cell, in: 0...last),
      fault("start", onlyStart ?? 0, in: 0...last),
      fault("row", row, in: cell / columns...cell / columns),
      fault("column", column, in: cell % columns...cell % columns))
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(cell)
  }

  @inlinable public var state: Int { cell }

  @inlinable public var stateCount: Int { cells.count }

  public var starts: [(state: Int, probability: Double)] {
    let starts = cells.indices.filter { cells[$0] == UInt8(ascii: "S") }
    return starts.map { (state: $0, probability: 1 / Double(starts.count)) }
  }

  public func transitions(from state: Int, taking action: Int) -> [Transition] {
    if isOver(state) {
      return [Transition(probability: 1, nextState: state, reward: 0, terminated: true)]
    }
    let aside = (1 - successRate) / 2
    let ways = isSlippery ? [(aside, 3), (successRate, 0), (aside, 1)] : [(1, 0)]
    return ways.map { probability, turn in
      let next = neighbour(of: state, direction: (action + turn) & 3)
      return Transition(
        probability: probability, nextState: next, reward: reward(for: next),
        terminated: isOver(next))
    }
  }

  @inlinable
  func neighbour(of state: Int, direction: Int) -> Int {
    switch direction {
    case 0: state % columns == 0 ? state : state - 1
    case 1: state + columns >= cells.count ? state : state + columns
    case 2: (state + 1) % columns == 0 ? state : state + 1
    default: state < columns ? state : state - columns
    }
  }

  @inlinable
  func isOver(_ state: Int) -> Bool {
    cells[state] == UInt8(ascii: "G") || cells[state] == UInt8(ascii: "H")
  }

  @inlinable
  func reward(for state: Int) -> Double {
    switch cells[state] {
    case UInt8(ascii: "G"): rewards.goal
    case UInt8(ascii: "H"): rewards.hole
    default: rewards.ice
    }
  }
}
