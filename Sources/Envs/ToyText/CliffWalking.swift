import Runtime

/// A walk along a cliff: the shortest way is next to the edge.
///
/// Equal to Gymnasium 1.4's CliffWalking for a seed and actions.
///
/// Observation: the cell of a grid of 4 × 12, row by row from 0. Actions: 0 up, 1 right, 2 down, 3 left;
/// walls stop a step. On slippery ground it goes aside with 2 in 3, to either side with equal odds. An
/// episode starts bottom left, in cell 36, and ends bottom right, in cell 47; the cells between are the
/// cliff, from which one is carried back to the start. Reward: −1 for every step, −100 for one into the
/// cliff. There is no time limit.
///
/// Source: R. S. Sutton and A. G. Barto, "Reinforcement Learning: An Introduction", example 6.6.
public struct CliffWalking: TabularEnvironment {
  @usableFromInline var cell = 36
  public let isSlippery: Bool

  @inlinable
  public init(isSlippery: Bool = false) { self.isSlippery = isSlippery }

  public var observationSpace: Discrete {
    @inlinable get { Discrete(48) }
  }
  public var actionSpace: Discrete {
    @inlinable get { Discrete(4) }
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    // Gymnasium draws among one start.
    _ = random.random()
    cell = 36
  }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    let draw = random.random()
    var direction = action
    if isSlippery { direction &+= draw < 1.0 / 3 ? 3 : draw < 1.0 / 3 + 1.0 / 3 ? 0 : 1 }
    let outcome = outcome(from: cell, direction: direction & 3, probability: 1)
    cell = outcome.nextState
    return StepResult(
      reward: outcome.reward, ending: outcome.terminated ? .terminated : .none)
  }

  public var stateFault: String? { fault("cell", cell, in: 0...47) }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(cell)
  }

  @inlinable public var state: Int { cell }

  @inlinable public var stateCount: Int { 48 }

  public var starts: [(state: Int, probability: Double)] { [(state: 36, probability: 1)] }

  public func transitions(from state: Int, taking action: Int) -> [Transition] {
    let turns = isSlippery ? [3, 0, 1] : [0]
    return turns.map { turn in
      outcome(
        from: state, direction: (action + turn) & 3, probability: 1 / Double(turns.count))
    }
  }

  @inlinable
  func outcome(from state: Int, direction: Int, probability: Double) -> Transition {
    // A bit for each cell that has a neighbour above, to the right, below or to the left: without
    // branches, which random moves would have mispredicted.
    let (above, right): (UInt64, UInt64) = (0xffff_ffff_f000, 0x7ff7_ff7f_f7ff)
    let (below, left): (UInt64, UInt64) = (0x000f_ffff_ffff, 0xffef_feff_effe)
    let isVertical = direction & 1 == 0
    let isForward = (direction &+ 1) & 2 != 0
    let ways = isVertical ? (isForward ? below : above) : isForward ? right : left
    let far = isVertical ? 12 : 1
    let isFree = ways >> UInt64(truncatingIfNeeded: state) & 1 == 1
    let next = state &+ (isFree ? (isForward ? far : -far) : 0)
    if next > 36, next < 47 {
      return Transition(probability: probability, nextState: 36, reward: -100)
    }
    return Transition(
      probability: probability, nextState: next, reward: -1, terminated: next == 47)
  }
}
