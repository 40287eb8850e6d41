import Runtime

/// A world that an agent acts in: a small value that writes its observations into rows its caller
/// owns.
///
/// ```swift
/// struct Corridor: Environment {
///   var observationSpace: Box { Box(shape: [1], in: 0...1) }
///   var actionSpace: Discrete { Discrete(2) }
///   private var position = 0
///
///   mutating func reset(using random: inout PCG64) { position = 0 }
///
///   mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
///     position = max(0, position + (action == 0 ? -1 : 1))
///     return position == 8 ? StepResult(reward: 1, ending: .terminated) : StepResult(reward: -0.01)
///   }
///
///   func observe(into observation: inout MutableSpan<Float>) { observation[0] = Float(position) / 8 }
/// }
/// ```
///
/// A copy is a fork: it replays as the original does if it draws from the same stream. All that
/// decides the future belongs into stored properties, so that `Codable` saves an episode mid-way;
/// spaces are computed. A step allocates nothing. An environment in a module of its own marks its
/// members `@inlinable`, without which a vector of them runs many times slower.
public protocol Environment: Codable, Sendable {
  /// What an observation row holds: `Float`, or `UInt8` for pixels.
  associatedtype Element: ObservationElement = Float
  /// `Int` for a ``Discrete`` space, `InlineArray<n, Float>` for a box of fixed size, `[Float]`
  /// where only running tells the size.
  associatedtype Action: EnvironmentAction
  associatedtype ObservationSpace: Space
  associatedtype ActionSpace: Space

  var observationSpace: ObservationSpace { get }
  var actionSpace: ActionSpace { get }

  /// Starts an episode.
  mutating func reset(using random: inout PCG64)

  /// Takes one step; not asked again after an ending until the next reset.
  mutating func step(_ action: Action, using random: inout PCG64) -> StepResult

  /// Writes the observation, every one of the space's ``Space/flatSize`` elements.
  func observe(into observation: inout MutableSpan<Element>)

  /// Entries of an action mask, or 0 if every action is always allowed.
  var maskSize: Int { get }

  /// Writes for each discrete action whether it is allowed now, `maskSize` entries.
  func actionMask(into mask: inout MutableSpan<Bool>)

  /// The names of what ``metrics(into:)`` writes, in order: readings such as a distance covered that
  /// are neither observation nor reward.
  static var metricNames: [String] { get }

  /// Writes the readings, one for each name.
  func metrics(into metrics: inout MutableSpan<Float>)

  /// Describes what the environment looks like, for renderers to paint: sets the scene's camera and adds marks.
  ///
  /// Left out, viewers show the observation instead.
  ///
  /// - Parameter action: The last step's, nil after a reset or where nobody knows it.
  func draw(into scene: inout Scene, after action: Action?)

  /// What is wrong with a state that was read from a file, such as "cell is 99; it must be from 0 to 15";
  /// nil if the environment can go on from it.
  ///
  /// Asked before anything else, so that a file that somebody has written cannot crash the program: say what a
  /// step, an observation or a space would trap on.
  var stateFault: String? { get }
}

extension Environment {
  @inlinable public var maskSize: Int { 0 }
  @inlinable public func actionMask(into mask: inout MutableSpan<Bool>) {
    for action in 0..<maskSize { mask[action] = true }
  }
  @inlinable public static var metricNames: [String] { [] }
  @inlinable public func metrics(into metrics: inout MutableSpan<Float>) {}
  public func draw(into scene: inout Scene, after action: Action?) {}
  public var stateFault: String? { nil }
}

/// What observation rows are made of.
public protocol ObservationElement: BitwiseCopyable, Codable, Hashable, Sendable {
  init(_ number: Float)
  /// The element as a Float32, which holds both kinds exactly.
  var number: Float { get }
}

extension Float: ObservationElement {
  @inlinable public var number: Float { self }
}

extension UInt8: ObservationElement {
  @inlinable public var number: Float { Float(self) }
}
