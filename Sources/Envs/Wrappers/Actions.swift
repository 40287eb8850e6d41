import Runtime

/// Takes any numbers as actions and limits them to the environment's bounds, as Gymnasium's
/// `ClipAction`.
public struct ClipAction<Base: Environment>: Wrapper
where Base.Action: ContinuousAction, Base.ActionSpace == Box {
  public typealias Element = Base.Element
  public typealias Action = Base.Action
  public typealias ObservationSpace = Base.ObservationSpace
  public typealias ActionSpace = Box

  public var base: Base
  @usableFromInline let low: [Float]
  @usableFromInline let high: [Float]

  public init(_ base: Base) {
    let space = base.actionSpace
    low = space.low.map { Float($0) }
    high = space.high.map { Float($0) }
    self.base = base
  }

  public var actionSpace: Box {
    let space = base.actionSpace
    return Box(shape: space.shape, in: -Double.infinity...Double.infinity, of: space.elementType)
  }

  @inlinable
  public mutating func step(_ action: Base.Action, using random: inout PCG64) -> StepResult {
    var action = action
    // This order keeps nan, for the environment to refuse.
    action.change { min(max($1, low[$0]), high[$0]) }
    return base.step(action, using: &random)
  }

  public var stateFault: String? {
    if let fault = base.stateFault { return fault }
    let size = base.actionSpace.flatSize
    return fault("lower bounds", count: low.count, for: size)
      ?? fault("upper bounds", count: high.count, for: size)
  }
}

/// Takes actions from a range of one's own and stretches them to the environment's bounds, as
/// Gymnasium's `RescaleAction`.
///
/// ```swift
/// let pendulum = RescaleAction(Pendulum(), from: -1...1)   // torques of -2 ... 2
/// ```
public struct RescaleAction<Base: Environment>: Wrapper
where Base.Action: ContinuousAction, Base.ActionSpace == Box {
  public typealias Element = Base.Element
  public typealias Action = Base.Action
  public typealias ObservationSpace = Base.ObservationSpace
  public typealias ActionSpace = Box

  public var base: Base
  @usableFromInline let scale: AffineScale

  public init(_ base: Base, from range: ClosedRange<Double>) {
    let count = base.actionSpace.flatSize
    self.init(
      base, low: Array(repeating: range.lowerBound, count: count),
      high: Array(repeating: range.upperBound, count: count))
  }

  /// With bounds for each number; an infinite one must be the environment's own.
  public init(_ base: Base, low: [Double], high: [Double]) {
    scale = AffineScale("RescaleAction", from: base.actionSpace, low: low, high: high)
    if let index = low.indices.first(where: { low[$0] == high[$0] }) {
      stop(
        "RescaleAction",
        "both bounds of number \(index) are \(low[index]); the lower must be below the upper, since "
          + "a single point cannot be stretched")
    }
    self.base = base
  }

  public var actionSpace: Box { scale.box(like: base.actionSpace) }

  @inlinable
  public mutating func step(_ action: Base.Action, using random: inout PCG64) -> StepResult {
    var action = action
    action.change { ($1 - scale.intercept[$0]) / scale.gradient[$0] }
    return base.step(action, using: &random)
  }

  public var stateFault: String? { base.stateFault ?? scale.fault(for: base.actionSpace) }
}

/// Divides the range of each number of an action into equal bins and takes the bins' number, as
/// Gymnasium's `DiscretizeAction`: action 0 is the centre of the lowest bin everywhere, and the last
/// number's bins count fastest.
public struct DiscretizeAction<Base: Environment>: Wrapper where Base.ActionSpace == Box {
  public typealias Element = Base.Element
  public typealias Action = Int
  public typealias ObservationSpace = Base.ObservationSpace
  public typealias ActionSpace = Discrete

  public var base: Base
  @usableFromInline let grid: Grid

  public init(_ base: Base, bins: Int) {
    self.init(base, bins: Array(repeating: bins, count: base.actionSpace.flatSize))
  }

  /// With a number of bins for each number of the action.
  public init(_ base: Base, bins: [Int]) {
    grid = Grid("DiscretizeAction", over: base.actionSpace, bins: bins)
    self.base = base
  }

  public var actionSpace: Discrete {
    @inlinable get { Discrete(grid.cells) }
  }
  @inlinable public var maskSize: Int { 0 }
  @inlinable public func actionMask(into mask: inout MutableSpan<Bool>) {}

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    let count = grid.bins.count
    let inner = withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { row in
      var rest = action
      for index in stride(from: count - 1, through: 0, by: -1) {
        let (left, bin) = rest.quotientAndRemainder(dividingBy: grid.bins[index])
        row[index] = grid.center(bin, of: index)
        rest = left
      }
      return Base.Action(row: row.baseAddress!, count: count)
    }
    return base.step(inner, using: &random)
  }

  public var stateFault: String? { base.stateFault ?? grid.fault(over: base.actionSpace) }
}

/// Takes each action several times, until the episode ends, and adds up the rewards, as Gymnasium's
/// `RepeatAction`.
public struct Repeat<Base: Environment>: Wrapper {
  public typealias Element = Base.Element
  public typealias Action = Base.Action
  public typealias ObservationSpace = Base.ObservationSpace
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  /// How often an action is taken.
  public let count: Int

  public init(_ base: Base, count: Int) {
    if count < 1 { stop("Repeat", "the count is \(count); it must be at least one") }
    self.base = base
    self.count = count
  }

  @inlinable
  public mutating func step(_ action: Base.Action, using random: inout PCG64) -> StepResult {
    var sum = StepResult(reward: 0)
    var left = count
    while left > 0, sum.ending == .none {
      let result = base.step(action, using: &random)
      sum.reward += result.reward
      sum.ending = result.ending
      left -= 1
    }
    return sum
  }

  public var stateFault: String? {
    base.stateFault ?? fault("count", count, in: 1...countRange.upperBound)
  }
}
