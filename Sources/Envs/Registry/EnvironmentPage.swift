/// What there is to know about an environment beside what it says itself: its spaces, limits and options
/// are read from it, so a page repeats none of their numbers.
///
/// ```swift
/// EnvironmentPage(
///   "A corridor to walk to the end of.",
///   observations: [.init("position", unit: "cells")], actions: ["left", "right"],
///   reward: "1 at the end, −0.01 for every other step.", endings: "The end is reached.")
/// ```
public struct EnvironmentPage: Sendable, Hashable, Codable {
  /// One of the numbers of an observation or action, or several alike that follow each other; for a
  /// discrete space one of its values, for pictures one of the channels, for a tuple or dictionary one
  /// of the parts.
  public struct Quantity: Sendable, Hashable, Codable, ExpressibleByStringLiteral {
    public let name: String
    /// Such as "m/s"; nil for a number without one.
    public let unit: String?
    /// How many there are.
    public let count: Int

    public init(_ name: String, unit: String? = nil, count: Int = 1) {
      self.name = name
      self.unit = unit
      self.count = count
    }

    public init(stringLiteral name: String) { self.init(name) }
  }

  /// What a version changed.
  public struct Version: Sendable, Hashable, Codable {
    /// Such as "v1".
    public let name: String
    public let changes: String

    public init(_ name: String, _ changes: String) {
      self.name = name
      self.changes = changes
    }
  }

  /// The task in a sentence.
  public var summary: String
  /// In the order of the row, or one for all of it.
  public var observations: [Quantity]
  /// In the order of the row or of the numbers of a discrete action, or one for all of it.
  public var actions: [Quantity]
  /// How the world moves.
  public var dynamics: String
  public var reward: String
  /// How an episode starts.
  public var start: String
  /// What ends an episode, apart from the time limit.
  public var endings: String
  /// The newest first.
  public var versions: [Version]
  /// Where the task comes from.
  public var source: String

  public init(
    _ summary: String = "", observations: [Quantity] = [], actions: [Quantity] = [],
    dynamics: String = "", reward: String = "", start: String = "", endings: String = "",
    versions: [Version] = [], source: String = ""
  ) {
    self.summary = summary
    self.observations = observations
    self.actions = actions
    self.dynamics = dynamics
    self.reward = reward
    self.start = start
    self.endings = endings
    self.versions = versions
    self.source = source
  }
}

extension EnvironmentPage {
  /// The page of an environment that shows some numbers of this one's observation alone.
  func keeping(_ kept: [Int], _ summary: String, versions: [Version]) -> EnvironmentPage {
    var page = self
    page.summary = summary
    page.observations = kept.map { observations[$0] }
    page.versions = versions
    return page
  }
}
