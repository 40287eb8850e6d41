import Envs
import Foundation
import Runtime
import Synchronization

/// A registered text task: its name, what it is, and what it can be made with.
public struct TaskSpec: Sendable {
  public let name: String
  public let summary: String
  public let options: [EnvironmentOption]
  let make: @Sendable (OptionValues) throws -> TextSource
}

/// Adds a task to those that `makeTask(_:options:)` and the command know.
///
/// ```swift
/// try registerTask("doubling", "Twice a number.") { _ in .task(Doubling()) }
/// ```
///
/// - Throws: `ModelError` if the name is taken.
public func registerTask(
  _ name: String, _ summary: String, options: [EnvironmentOption] = [],
  make: @escaping @Sendable (OptionValues) throws -> TextSource
) throws {
  let spec = TaskSpec(name: name, summary: summary, options: options, make: make)
  let isNew = tasks.withLock { tasks in
    if tasks.contains(where: { $0.name == name }) { return false }
    tasks.append(spec)
    return true
  }
  if !isNew {
    throw ModelError(
      "the task '\(name)' is registered already; choose another name", kind: .usage)
  }
}

/// Every registered task, in the order in which they were registered.
public func registeredTasks() -> [TaskSpec] { tasks.withLock { $0 } }

/// Makes a registered task, the problems of a `.jsonl` file, or an environment in words
/// (`text/CartPole-v1`).
///
/// ```swift
/// let addition = try makeTask("addition", options: ["digits": 2])
/// ```
///
/// - Throws: `ModelError` naming the nearest tasks or options where there is no such one,
///   `EnvironmentError` for an environment that cannot be told in words.
public func makeTask(_ name: String, options: [String: OptionValue] = [:]) throws -> TextSource {
  let spec = try taskSpec(name)
  return try spec.make(OptionValues(values: spec.resolved(options)))
}

/// Reads options of the form `name=value` for a task, such as `"digits=2"`.
///
/// - Throws: `ModelError` as `makeTask(_:options:)` does.
public func taskOptions(
  _ assignments: [String], of name: String
) throws -> [String: OptionValue] {
  let spec = try taskSpec(name)
  var result: [String: OptionValue] = [:]
  for assignment in assignments {
    guard let equals = assignment.firstIndex(of: "="), equals > assignment.startIndex else {
      throw ModelError(
        "the option '\(assignment.prefix(60))' is not of the form name=value", kind: .usage)
    }
    let option = try spec.option(String(assignment[..<equals]))
    let text = String(assignment[assignment.index(after: equals)...])
    guard let value = option.value(of: text) else {
      throw spec.refusal(of: option, "'\(text.prefix(60))'")
    }
    result[option.name] = value
  }
  return result
}

/// What is known of a task by its name.
///
/// - Throws: `ModelError` naming the nearest tasks where there is no such one.
public func taskSpec(_ name: String) throws -> TaskSpec {
  let known = registeredTasks()
  if let spec = known.first(where: { $0.name == name }) { return spec }
  if name.hasSuffix(".jsonl") || name.hasSuffix(".json") { return .file(name) }
  if name.hasPrefix("text/") { return .environment(String(name.dropFirst(5))) }
  let near = nearestNames(to: name, in: known.map(\.name)).map { "'\($0)'" }
  throw ModelError(
    "unknown task '\(name.prefix(60))'; did you mean \(near.joined(separator: " or "))? A file of "
      + "problems ends in .jsonl, an environment in words is such as 'text/CartPole-v1'",
    kind: .usage)
}

extension TaskSpec {
  fileprivate func option(_ name: String) throws -> EnvironmentOption {
    if let found = options.first(where: { $0.name == name }) { return found }
    if options.isEmpty {
      throw ModelError(
        "\(self.name) has no option '\(name.prefix(60))'; it takes none", kind: .usage)
    }
    let near = nearestNames(to: name, in: options.map(\.name)).map { "'\($0)'" }
    throw ModelError(
      "\(self.name) has no option '\(name.prefix(60))'; did you mean "
        + "\(near.joined(separator: " or "))?", kind: .usage)
  }

  fileprivate func refusal(of option: EnvironmentOption, _ value: String) -> ModelError {
    ModelError(
      "option \(option.name) of \(name) is \(value); it must be \(option.allowed)", kind: .usage)
  }

  fileprivate func resolved(_ given: [String: OptionValue]) throws -> [String: OptionValue] {
    var values: [String: OptionValue] = [:]
    for option in options { values[option.name] = option.defaultValue }
    for (name, value) in given.sorted(by: { $0.key < $1.key }) {
      let option = try option(name)
      guard let value = option.checked(value) else { throw refusal(of: option, "\(value)") }
      values[option.name] = value
    }
    return values
  }

  // MARK: - What is built in

  fileprivate static func file(_ path: String) -> TaskSpec {
    TaskSpec(
      name: path, summary: "The problems of a file.",
      options: [
        .choice(
          "match", ProblemFile.Match.automatic, "How an answer is compared with the right one."),
        .number("held_out", 0.1, in: 0...1, "The share of the problems kept out of training."),
        .text("evaluation", "", "A file of problems to evaluate on."),
      ],
      make: { options in
        let evaluation: String = options["evaluation"]
        return .task(
          try ProblemFile(
            path, evaluation: evaluation.isEmpty ? nil : evaluation, match: options["match"],
            heldOut: options["held_out"]))
      })
  }

  fileprivate static func environment(_ id: String) -> TaskSpec {
    TaskSpec(
      name: "text/" + id, summary: "\(id) told in words.",
      options: [
        .integer("turns", 20, in: 1...1000, "The most messages of the model."),
        .numbers("returns", [], count: nil, "The two returns that are worth 0 and 1."),
        .integer("decimals", 2, in: 0...9, "Decimals of the numbers that are observed."),
      ],
      make: { options in
        let bounds: [Double] = options["returns"]
        guard bounds.isEmpty || (bounds.count == 2 && bounds[0] <= bounds[1]) else {
          throw ModelError(
            "option returns of text/\(id) is \(bounds); it must be two numbers, the lower first",
            kind: .usage)
        }
        return .environment(
          try EnvironmentInWords(
            id, turnLimit: options["turns"], returns: bounds.isEmpty ? nil : bounds[0]...bounds[1],
            decimals: options["decimals"]))
      })
  }

  fileprivate static let builtIn: [TaskSpec] = {
    let bare = EnvironmentOption.flag(
      "bare", false, "Whether the prompt is the bare problem, for models that know no English.")
    func arithmetic(_ operation: Arithmetic.Operation, _ summary: String, digits: Int) -> TaskSpec {
      TaskSpec(
        name: operation.rawValue, summary: summary,
        options: [.integer("digits", digits, in: 1...7, "Digits of each number."), bare],
        make: {
          .task(Arithmetic(operation, digits: $0["digits"], isBare: $0["bare"]))
        })
    }
    return [
      arithmetic(.addition, "The sum of two numbers.", digits: 1),
      arithmetic(.subtraction, "The difference of two numbers.", digits: 1),
      arithmetic(.multiplication, "The product of two numbers.", digits: 1),
      TaskSpec(
        name: "countdown", summary: "An expression of some numbers that equals a target.",
        options: [
          .integer("count", 3, in: 2...6, "How many numbers."),
          .integer("largest", 20, in: 2...100, "The largest number."),
        ], make: { .task(Countdown(count: $0["count"], largest: $0["largest"])) }),
      TaskSpec(
        name: "maximum-gap", summary: "The largest gap between neighbours of a sorted list.",
        options: [.integer("count", 5, in: 2...50, "How many numbers.")],
        make: { .task(MaximumGap(count: $0["count"])) }),
      TaskSpec(
        name: "sorting", summary: "Numbers in ascending order.",
        options: [.integer("count", 5, in: 2...50, "How many numbers."), bare],
        make: { .task(Sorting(count: $0["count"], isBare: $0["bare"])) }),
      TaskSpec(
        name: "letter-counting", summary: "How often a letter stands in a word.", options: [],
        make: { _ in .task(LetterCounting()) }),
      TaskSpec(
        name: "bracket-matching", summary: "The brackets that close those that are open.",
        options: [.integer("length", 10, in: 2...100, "The most brackets given."), bare],
        make: { .task(BracketMatching(length: $0["length"], isBare: $0["bare"])) }),
      TaskSpec(
        name: "grid-world", summary: "A walk through a grid, a word a turn.",
        options: [
          .integer("size", 4, in: 2...20, "Rows and columns."),
          .integer("turns", 12, in: 1...400, "The most messages of the model."),
        ],
        make: { .environment(GridWorldInWords(size: $0["size"], turnLimit: $0["turns"])) }),
    ]
  }()
}

private let tasks = Mutex(TaskSpec.builtIn)
