import Runtime

/// Changes observations by a function, as Gymnasium's `TransformObservation`.
///
/// ```swift
/// let turned = TransformObservation(Pendulum(), to: Box(shape: [1], in: -.pi ... .pi)) { old, new in
///   new[0] = atan2(old[1], old[0])
/// }
/// ```
///
/// The function must depend on nothing but what it is given. Saved state does not hold it: state is
/// restored into environments that were made with it, whose functions go on.
public struct TransformObservation<
  Base: Environment, Element: ObservationElement, ObservationSpace: Space
>: Wrapper {
  public typealias Action = Base.Action
  public typealias ActionSpace = Base.ActionSpace
  public typealias Function =
    @Sendable (_ old: Span<Base.Element>, _ new: inout MutableSpan<Element>) -> Void

  @usableFromInline
  struct Functions: Sendable {
    @usableFromInline let space: ObservationSpace
    @usableFromInline let function: Function

    @inlinable
    init(space: ObservationSpace, function: @escaping Function) {
      self.space = space
      self.function = function
    }
  }

  public var base: Base
  @usableFromInline let functions: Functions
  @usableFromInline let size: Int

  /// Creates the wrapper; the function writes every number of `space`.
  public init(_ base: Base, to space: ObservationSpace, function: @escaping Function) {
    self.base = base
    functions = Functions(space: space, function: function)
    size = base.observationSpace.flatSize
  }

  public var observationSpace: ObservationSpace { functions.space }

  @inlinable
  public func observe(into observation: inout MutableSpan<Element>) {
    base.withObservation(count: size) { row in
      functions.function(UnsafeBufferPointer(row).span, &observation)
    }
  }

  public init(from decoder: any Decoder) throws {
    functions = try FunctionStore.take(Functions.self, of: Self.self, from: decoder)
    base = try Base(from: decoder)
    if let fault = base.stateFault {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: fault))
    }
    size = base.observationSpace.flatSize
  }

  public func encode(to encoder: any Encoder) throws {
    FunctionStore.keep(functions, for: encoder)
    try base.encode(to: encoder)
  }
}

/// Takes actions of another kind and makes the environment's of them by a function, as Gymnasium's
/// `TransformAction`.
///
/// ```swift
/// let pushed = TransformAction(MountainCar(), from: Discrete(2)) { (action: Int) in 2 * action }
/// ```
///
/// The function must depend on nothing but what it is given; for saved state see
/// ``TransformObservation``. The environment's action mask is not passed on.
public struct TransformAction<
  Base: Environment, Action: EnvironmentAction, ActionSpace: Space
>: Wrapper {
  public typealias Element = Base.Element
  public typealias ObservationSpace = Base.ObservationSpace
  public typealias Function = @Sendable (Action) -> Base.Action

  @usableFromInline
  struct Functions: Sendable {
    @usableFromInline let space: ActionSpace
    @usableFromInline let function: Function

    @inlinable
    init(space: ActionSpace, function: @escaping Function) {
      self.space = space
      self.function = function
    }
  }

  public var base: Base
  @usableFromInline let functions: Functions

  public init(_ base: Base, from space: ActionSpace, function: @escaping Function) {
    self.base = base
    functions = Functions(space: space, function: function)
  }

  @inlinable public var actionSpace: ActionSpace { functions.space }
  @inlinable public var maskSize: Int { 0 }
  @inlinable public func actionMask(into mask: inout MutableSpan<Bool>) {}

  @inlinable
  public mutating func step(_ action: Action, using random: inout PCG64) -> StepResult {
    base.step(functions.function(action), using: &random)
  }

  public init(from decoder: any Decoder) throws {
    functions = try FunctionStore.take(Functions.self, of: Self.self, from: decoder)
    base = try Base(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    FunctionStore.keep(functions, for: encoder)
    try base.encode(to: encoder)
  }
}

/// Changes rewards by a function, as Gymnasium's `TransformReward`.
///
/// ```swift
/// let scaled = TransformReward(Pendulum()) { ($0 + 8) / 8 }
/// ```
///
/// The function must depend on nothing but what it is given; for saved state see
/// ``TransformObservation``.
public struct TransformReward<Base: Environment>: Wrapper {
  public typealias Element = Base.Element
  public typealias Action = Base.Action
  public typealias ObservationSpace = Base.ObservationSpace
  public typealias ActionSpace = Base.ActionSpace
  public typealias Function = @Sendable (Double) -> Double

  public var base: Base
  @usableFromInline let function: Function

  public init(_ base: Base, function: @escaping Function) {
    self.base = base
    self.function = function
  }

  @inlinable
  public mutating func step(_ action: Base.Action, using random: inout PCG64) -> StepResult {
    var result = base.step(action, using: &random)
    result.reward = function(result.reward)
    return result
  }

  private struct Functions: Sendable { let function: Function }

  public init(from decoder: any Decoder) throws {
    function = try FunctionStore.take(Functions.self, of: Self.self, from: decoder).function
    base = try Base(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    FunctionStore.keep(Functions(function: function), for: encoder)
    try base.encode(to: encoder)
  }
}
