import Runtime

/// Shows some of the numbers of an environment's observation and hides the rest, which makes a test bed
/// for memory of any environment.
///
/// ```swift
/// let positions = FilterObservation(CartPole(), keeping: [0, 2])
/// ```
public struct FilterObservation<Base: Environment>: Wrapper where Base.ObservationSpace == Box {
  public typealias Element = Base.Element
  public typealias Action = Base.Action
  public typealias ObservationSpace = Box
  public typealias ActionSpace = Base.ActionSpace

  public var base: Base
  /// Which numbers are shown, in the order they are shown in.
  public let kept: [Int]
  /// Numbers that the environment observes.
  @usableFromInline let size: Int

  public init(_ base: Base, keeping kept: [Int]) {
    size = base.observationSpace.flatSize
    if kept.isEmpty || !kept.allSatisfy((0..<size).contains) {
      stop(
        "FilterObservation",
        "\(kept) cannot be kept of an observation of \(size) numbers; there must be at least one, each "
          + "from 0 to \(size - 1)")
    }
    self.base = base
    self.kept = kept
  }

  public var observationSpace: Box {
    let space = base.observationSpace
    let (low, high) = (space.low, space.high)
    return Box(low: kept.map { low[$0] }, high: kept.map { high[$0] }, of: space.elementType)
  }

  // Inlined always: a call would have the whole environment copied for the closure.
  @inlinable
  @inline(__always)
  public func observe(into observation: inout MutableSpan<Base.Element>) {
    base.withObservation(count: size) { all in
      for index in kept.indices { observation[index] = all[kept[index]] }
    }
  }

  public var stateFault: String? {
    if let fault = base.stateFault { return fault }
    if let fault = fault("numbers observed", count: size, for: base.observationSpace.flatSize) {
      return fault
    }
    let isSound = !kept.isEmpty && kept.allSatisfy((0..<size).contains)
    return isSound ? nil : "\(kept) cannot be kept of \(size) numbers"
  }
}
