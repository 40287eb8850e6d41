import Envs

/// A world that is told in words: a step is a turn, a message in and a message out.
///
/// The tokens a message is made of are the trainer's business alone. A copy is a fork, as of every
/// environment; the members of a group are copies of one episode's beginning.
public protocol TextEnvironment: Sendable {
  /// What an episode is marked for, the first of them whether it was solved.
  var components: [RewardComponent] { get }

  /// The most messages of the model; the episode is truncated after them.
  var turnLimit: Int { get }

  /// Begins episode `index`, a function of its arguments alone, and says what there is to see and
  /// do.
  mutating func begin(_ index: Int, of split: TaskSplit, seed: UInt64) -> String

  /// Takes the model's message for a turn.
  mutating func respond(to message: String) -> TextTurn

  /// A mark in [0, 1] for each of the `components`, for the episode so far.
  var marks: [Double] { get }
}

/// What a world answers to a message.
public struct TextTurn: Sendable, Hashable {
  public var reply: String
  public var ending: Ending

  public init(_ reply: String, ending: Ending = .none) {
    self.reply = reply
    self.ending = ending
  }
}

/// What a model can be trained on: single answers, or conversations with a world.
public enum TextSource: Sendable {
  case task(any TextTask)
  case environment(any TextEnvironment)

  public var components: [RewardComponent] {
    switch self {
    case .task(let task): task.components
    case .environment(let environment): environment.components
    }
  }

  /// How many problems a split holds; nil where they do not end.
  public func problemCount(of split: TaskSplit) -> Int? {
    if case .task(let task) = self { task.problemCount(of: split) } else { nil }
  }
}
