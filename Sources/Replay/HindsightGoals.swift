import Runtime

/// Hindsight experience replay (Andrychowicz et al., 2017, https://arxiv.org/abs/1707.01495): steps learnt from
/// as if what was achieved later in their episode had been the goal all along.
///
/// Observations must be rows of Float32 with the achieved and the desired goal in columns of their own.
public struct HindsightGoals: Sendable {
  /// Which achieved goal of the same episode takes the place of the desired one.
  public enum Strategy: String, Sendable, CaseIterable {
    /// That of any later moment, each equally likely.
    case future
    /// That of the episode's last moment so far.
    case final
  }

  /// What a step earns that leaves one goal achieved where another was desired, and whether that ends the episode.
  public typealias Reward =
    @Sendable (_ achieved: UnsafePointer<Float>, _ desired: UnsafePointer<Float>) -> (
      reward: Double, terminated: Bool
    )

  public let strategy: Strategy
  /// Steps with another goal for each with its own.
  public let ratio: Int
  /// Columns of an observation that hold the achieved and the desired goal, as many each.
  public let achieved: Range<Int>
  public let desired: Range<Int>
  private let reward: Reward

  public init(
    _ strategy: Strategy, ratio: Int, achieved: Range<Int>, desired: Range<Int>,
    reward: @escaping Reward
  ) {
    precondition(achieved.count == desired.count && ratio >= 0)
    self.strategy = strategy
    self.ratio = ratio
    self.achieved = achieved
    self.desired = desired
    self.reward = reward
  }

  /// Gives some of the rows drawn another goal.
  ///
  /// - Parameters:
  ///   - observations: `[rows.count, observationSize]`, those of `rows`; goals are written
  ///   - next: the observations a step later; goals are written
  ///   - rewards: `[rows.count]`, written where the goal changed
  ///   - discounts: γ, or 0 where the step ended the episode; written where the goal changed
  public func relabel(
    _ rows: [Int], of buffer: ReplayBuffer, gamma: Float,
    observations: UnsafeMutablePointer<Float>, next: UnsafeMutablePointer<Float>,
    rewards: UnsafeMutablePointer<Float>, discounts: UnsafeMutablePointer<Float>,
    using random: inout PCG64
  ) {
    let width = buffer.layout.observationSize
    for (i, row) in rows.enumerated() where random.integers(0..<ratio + 1) > 0 {
      let last = buffer.lastRow(ofEpisodeWith: row)
      let goalRow =
        switch strategy {
        case .final: last.row
        case .future: buffer.row(1 + random.integers(0..<last.distance), after: row)
        }
      let (now, after) = (observations + i * width, next + i * width)
      let goal = now + desired.lowerBound
      buffer.layout.give(achieved, of: buffer.storage.observation(buffer.slot(goalRow)), into: goal)
      (after + desired.lowerBound).update(from: goal, count: desired.count)
      let (earned, terminated) = reward(
        UnsafePointer(after + achieved.lowerBound), UnsafePointer(after + desired.lowerBound))
      rewards[i] = Float(earned)
      discounts[i] = terminated ? 0 : gamma
    }
  }
}

extension ReplayBuffer {
  /// The last row of the episode that a row is of, and how many steps lie between.
  func lastRow(ofEpisodeWith row: Int) -> (row: Int, distance: Int) {
    var (row, distance) = (row, 0)
    while isStep(row) {
      row += Int(storage.links[slot(row)])
      distance += 1
    }
    return (row, distance)
  }

  /// The row some steps later in the same episode.
  func row(_ distance: Int, after row: Int) -> Int {
    (0..<distance).reduce(row) { row, _ in row + Int(storage.links[slot(row)]) }
  }
}
