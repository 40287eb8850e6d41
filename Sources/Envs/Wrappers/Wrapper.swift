import Runtime

/// An environment around another: it changes what its name says and passes on the rest.
///
/// ```swift
/// let environment = TimeAware(TimeLimit(ClipReward(CartPole(), to: 0...0.5), steps: 500))
/// ```
///
/// Whoever adopts it names its associated types and writes the functions it changes; the others are
/// those of ``base`` as long as the types are. Wrappers are values and compiled for what they wrap,
/// so that a stack of them costs what its arithmetic does.
public protocol Wrapper<Base>: Environment {
  associatedtype Base: Environment

  /// The environment inside.
  var base: Base { get set }
}

extension Wrapper {
  @inlinable
  public mutating func reset(using random: inout PCG64) { base.reset(using: &random) }

  @inlinable public var maskSize: Int { base.maskSize }

  @inlinable
  public func actionMask(into mask: inout MutableSpan<Bool>) { base.actionMask(into: &mask) }

  @inlinable public static var metricNames: [String] { Base.metricNames }

  @inlinable
  public func metrics(into metrics: inout MutableSpan<Float>) { base.metrics(into: &metrics) }

  /// Without the action, which is not the one inside.
  public func draw(into scene: inout Scene, after action: Action?) {
    base.draw(into: &scene, after: nil)
  }

  public var stateFault: String? { base.stateFault }
}

extension Wrapper where ActionSpace == Base.ActionSpace {
  @inlinable public var actionSpace: Base.ActionSpace { base.actionSpace }
}

extension Wrapper where Action == Base.Action {
  public func draw(into scene: inout Scene, after action: Base.Action?) {
    base.draw(into: &scene, after: action)
  }

  @inlinable
  public mutating func step(_ action: Base.Action, using random: inout PCG64) -> StepResult {
    base.step(action, using: &random)
  }
}

extension Wrapper where ObservationSpace == Base.ObservationSpace {
  @inlinable public var observationSpace: Base.ObservationSpace { base.observationSpace }
}

extension Wrapper where Element == Base.Element {
  @inlinable
  public func observe(into observation: inout MutableSpan<Base.Element>) {
    base.observe(into: &observation)
  }
}

extension Environment {
  /// Writes the observation into a part of an array.
  @inlinable
  func observe(into rows: inout [Element], at offset: Int, count: Int) {
    rows.withUnsafeMutableBufferPointer { rows in
      var row = UnsafeMutableBufferPointer(rebasing: rows[offset..<offset + count]).mutableSpan
      observe(into: &row)
    }
  }

  /// Writes the observation into the first numbers of a row.
  @inlinable
  func observe(into observation: inout MutableSpan<Element>, count: Int) {
    observation.withUnsafeMutableBufferPointer { rows in
      var row = UnsafeMutableBufferPointer(start: rows.baseAddress, count: count).mutableSpan
      observe(into: &row)
    }
  }

  /// Lends the observation in memory that is not the caller's.
  ///
  /// Always inlined, since a closure that is passed on has the environment copied first.
  @inlinable
  @inline(__always)
  func withObservation<R>(count: Int, _ body: (UnsafeMutableBufferPointer<Element>) -> R) -> R {
    ScratchRow.withRow(of: Element.self, count: count) { row in
      var span = row.mutableSpan
      observe(into: &span)
      return body(row)
    }
  }
}
