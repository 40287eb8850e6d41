import Runtime

/// Divides the range of each number of an action into equal bins and takes a bin for each, as Gymnasium's
/// `DiscretizeAction` with `multidiscrete=True`; ``DiscretizeAction`` takes one number for all.
///
/// ```swift
/// let lander = MultiDiscretizeAction(LunarLanderContinuous(), bins: 5)   // MultiDiscrete([5 5])
/// ```
public struct MultiDiscretizeAction<Base: Environment>: Wrapper
where Base.Action: ContinuousAction, Base.ActionSpace == Box {
  public typealias Element = Base.Element
  public typealias Action = Base.Action
  public typealias ObservationSpace = Base.ObservationSpace
  public typealias ActionSpace = MultiDiscrete

  public var base: Base
  @usableFromInline let grid: Grid

  public init(_ base: Base, bins: Int) {
    self.init(base, bins: Array(repeating: bins, count: base.actionSpace.flatSize))
  }

  /// With a number of bins for each number of the action.
  public init(_ base: Base, bins: [Int]) {
    grid = Grid("MultiDiscretizeAction", over: base.actionSpace, bins: bins)
    self.base = base
  }

  public var actionSpace: MultiDiscrete { MultiDiscrete(grid.bins) }
  @inlinable public var maskSize: Int { 0 }
  @inlinable public func actionMask(into mask: inout MutableSpan<Bool>) {}

  @inlinable
  public mutating func step(_ action: Base.Action, using random: inout PCG64) -> StepResult {
    var action = action
    // What is no number at all becomes the lowest bin, as what is below it does.
    action.change { grid.center($1 > 0 ? Int(min($1, 0x1p24)) : 0, of: $0) }
    return base.step(action, using: &random)
  }

  public var stateFault: String? { base.stateFault ?? grid.fault(over: base.actionSpace) }
}

/// Divides the range of each number of an observation into equal bins and shows the bin of each, as
/// Gymnasium's `DiscretizeObservation` with `multidiscrete=True`; ``DiscretizeObservation`` shows one number
/// for all.
public struct MultiDiscretizeObservation<Base: Environment>: Wrapper
where Base.Element == Float, Base.ObservationSpace == Box {
  public typealias Element = Float
  public typealias Action = Base.Action
  public typealias ObservationSpace = MultiDiscrete
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  @usableFromInline let grid: Grid

  public init(_ base: Base, bins: Int) {
    self.init(base, bins: Array(repeating: bins, count: base.observationSpace.flatSize))
  }

  /// With a number of bins for each number of the observation.
  public init(_ base: Base, bins: [Int]) {
    grid = Grid("MultiDiscretizeObservation", over: base.observationSpace, bins: bins)
    self.base = base
  }

  public var observationSpace: MultiDiscrete { MultiDiscrete(grid.bins) }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    base.observe(into: &observation)
    for index in grid.bins.indices {
      observation[index] = Float(grid.bin(of: observation[index], at: index))
    }
  }

  public var stateFault: String? { base.stateFault ?? grid.fault(over: base.observationSpace) }
}
