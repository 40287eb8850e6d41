import Runtime

/// Truncates episodes after a number of steps, for an environment that is stepped on its own or
/// inside another wrapper; vectors of environments and the registry have limits of their own.
public struct TimeLimit<Base: Environment>: Wrapper {
  public typealias Element = Base.Element
  public typealias Action = Base.Action
  public typealias ObservationSpace = Base.ObservationSpace
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  /// Steps after which an episode is truncated.
  public let steps: Int
  @usableFromInline var elapsed = 0

  public init(_ base: Base, steps: Int) {
    if steps < 1 { stop("TimeLimit", "the limit is \(steps) steps; it must be at least one") }
    self.base = base
    self.steps = steps
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    elapsed = 0
    base.reset(using: &random)
  }

  @inlinable
  public mutating func step(_ action: Base.Action, using random: inout PCG64) -> StepResult {
    var result = base.step(action, using: &random)
    elapsed += 1
    if result.ending == .none, elapsed >= steps { result.ending = .truncated }
    return result
  }

  public var stateFault: String? {
    base.stateFault ?? fault("time limit", steps, in: 1...countRange.upperBound)
      ?? fault("elapsed steps", elapsed, in: countRange)
  }
}
