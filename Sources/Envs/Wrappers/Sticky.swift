import Runtime

/// Repeats the last action with some probability whatever the agent chose, so that no sequence of
/// actions can be learnt by heart.
///
/// An episode begins with the action `initial`. Source: M. C. Machado et al., "Revisiting the Arcade
/// Learning Environment", 2018.
public struct Sticky<Base: Environment>: Wrapper where Base.Action == Int {
  public typealias Element = Base.Element
  public typealias Action = Int
  public typealias ObservationSpace = Base.ObservationSpace
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  /// How likely the last action is repeated, from 0 to 1.
  public let probability: Double
  @usableFromInline let initial: Int
  @usableFromInline var last: Int

  public init(_ base: Base, probability: Double, initial: Int = 0) {
    if !(0...1).contains(probability) {
      stop("Sticky", "the probability is \(probability); it must lie in 0 ... 1")
    }
    self.base = base
    self.probability = probability
    self.initial = initial
    last = initial
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    last = initial
    base.reset(using: &random)
  }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    if random.random() >= probability { last = action }
    return base.step(last, using: &random)
  }

  public var stateFault: String? {
    if let fault = base.stateFault { return fault }
    let stray = [last, initial].first { !base.actionSpace.contains(row: [Float($0)]) }
    return stray.map { "the action \($0) is not in \(base.actionSpace)" }
  }
}
