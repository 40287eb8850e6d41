import Foundation
import Language
import Runtime

/// What supervised fine-tuning learns from: a task's right answers, or a file of JSON lines.
///
/// A line is a prompt with its completion (`{"prompt": "…", "completion": "…"}`, also with
/// `answer`), a conversation (`{"messages": [{"role": "user", "content": "…"}, …]}`, of which the
/// assistant's messages are learnt), or a plain text (`{"text": "…"}`), as TRL takes them.
enum SupervisedExamples: Sendable {
  case task(any TextTask)
  /// The examples of a file as tokens.
  case file([Trajectory])

  init(_ source: TextSource, _ policy: TextPolicy) throws {
    guard case .task(let task) = source else {
      throw RunError(
        .usage,
        "supervised fine-tuning learns from right answers, which a conversation with a world has not"
      )
    }
    if let problems = task as? ProblemFile {
      // Its problems hold what answers are compared with; an example shows the way there, too.
      try self.init(file: problems.path, policy, leavingOut: problems.keepsOut)
    } else {
      self = .task(task)
    }
  }

  /// - Parameter isLeftOut: Whether the example with a prompt is not to be learnt.
  /// - Throws: `ModelError`: one sentence with the file and the line.
  init(
    file path: String, _ policy: TextPolicy, leavingOut isLeftOut: (String) -> Bool = { _ in false }
  ) throws {
    let examples = try JSONLines.read(path) { line -> Trajectory? in
      let prompt = line.text("prompt", "question", "problem")
      let example: Trajectory
      do { example = try Self.example(line, prompt: prompt, policy) } catch let error as ModelError
      { throw line.error(error.description) }
      if !example.isChosen.contains(true) { throw line.error("there is nothing in it to learn") }
      return prompt.map(isLeftOut) == true ? nil : example
    }.compactMap { $0 }
    if examples.isEmpty { throw ModelError("\(path) holds no example to learn from") }
    self = .file(examples)
  }

  private static func example(
    _ line: JSONLines, prompt: String?, _ policy: TextPolicy
  ) throws -> Trajectory {
    if let messages = line.object["messages"] as? [Any] {
      return try policy.example(
        messages.map { message in
          guard let message = message as? [String: Any],
            let content = message["content"] as? String,
            let role = (message["role"] as? String).flatMap(ChatMessage.Role.init)
          else {
            throw ModelError(
              "a message needs a \"role\" (system, user, assistant or tool) and a \"content\"")
          }
          return ChatMessage(role, content)
        })
    }
    if let prompt {
      guard
        let completion = line.text("completion", "answer", "response", "solution", "ground_truth")
      else { throw ModelError("it has a \"prompt\" and no \"completion\"") }
      return try policy.example(prompt: prompt, answer: completion)
    }
    guard let text = line.text("text") else {
      throw ModelError("it has neither a \"prompt\", \"messages\" nor a \"text\"")
    }
    return try policy.example(text: text)
  }

  /// Example `index` as tokens: of a task its problem, of a file the lines in an order that changes
  /// with each pass.
  func trajectory(
    _ index: Int, seed: UInt64, _ policy: TextPolicy, maxLength: Int
  ) throws -> Trajectory {
    var trajectory: Trajectory
    switch self {
    case .task(let task):
      let problem = task.problem(index, of: .training, seed: seed)
      guard !problem.answer.isEmpty else {
        throw ModelError("the task has no right answer to '\(problem.prompt.prefix(60))' to learn")
      }
      trajectory = try policy.example(prompt: problem.prompt, answer: problem.answer)
    case .file(let examples):
      let pass = index / examples.count
      var random = PCG64(SeedSequence(seed, spawnKey: [0x5346_5400, UInt32(pass)]))
      trajectory = examples[Int(random.permutation(examples.count)[index % examples.count])]
    }
    let room = min(maxLength, policy.model.room)
    trajectory.cut(to: room)
    return trajectory
  }
}

/// The task of a run that learns from examples alone: it has no problems.
public struct NoProblems: TextTask {
  public init() {}

  public var components: [RewardComponent] { [RewardComponent("correct")] }
  public func problemCount(of split: TaskSplit) -> Int? { 0 }
  public func problem(_ index: Int, of split: TaskSplit, seed: UInt64) -> TextProblem {
    TextProblem("", answer: "")
  }
  public func marks(_ answer: String, for problem: TextProblem) -> [Double] { [0] }
}

extension TextPolicy {
  /// What ends an answer: the template's token in a turn, else the tokenizer's first; nothing where
  /// there is none.
  private func end(ofTurn isTurn: Bool) throws -> [Int] {
    if isTurn, let first = try turnTokens([], afterStop: false).first, stopTokens.contains(first) {
      return [first]
    }
    return tokenizer.endToken.map { [$0] } ?? []
  }

  fileprivate func example(prompt: String, answer: String) throws -> Trajectory {
    var trajectory = Trajectory(prompt: try promptTokens(prompt))
    trajectory.append(shown: tokenizer.encode(answer) + (try end(ofTurn: usesChat)))
    return trajectory
  }

  /// A text, of which all that follows its first token is learnt.
  fileprivate func example(text: String) throws -> Trajectory {
    let tokens = tokenizer.encode(text)
    guard let first = tokens.first else {
      throw ModelError("its text has no tokens in this model's vocabulary")
    }
    var trajectory = Trajectory(prompt: [first])
    trajectory.append(shown: Array(tokens.dropFirst()) + (try end(ofTurn: false)))
    return trajectory
  }

  /// A conversation, of which the assistant's messages are learnt, whatever is said between them.
  package func example(_ messages: [ChatMessage]) throws -> Trajectory {
    let answers = messages.indices.filter { messages[$0].role == .assistant }
    guard let first = answers.first else {
      throw ModelError("a conversation without a message of the assistant has nothing to learn")
    }
    var trajectory = Trajectory(
      prompt: try tokenizer.encode(Array(messages[..<first]), addingPrompt: true))
    let end = try end(ofTurn: true)
    // What is said after the last answer teaches nothing.
    for (number, index) in answers.enumerated() {
      if number > 0 {
        let between = Array(messages[answers[number - 1] + 1..<index])
        trajectory.append(told: try turnTokens(between, afterStop: !end.isEmpty))
      }
      trajectory.append(shown: tokenizer.encode(messages[index].content) + end)
    }
    return trajectory
  }
}

extension Trajectory {
  /// Appends tokens that are to be learnt.
  fileprivate mutating func append(shown tokens: [Int]) {
    append(Completion(tokens: tokens, logProbabilities: tokens.map { _ in 0 }, ending: .stop))
  }

  /// Cuts what is longer than `length` tokens.
  fileprivate mutating func cut(to length: Int) {
    if prompt.count >= length { prompt = Array(prompt.suffix(max(length - 1, 1))) }
    let room = max(length - prompt.count, 0)
    if tokens.count > room {
      tokens = Array(tokens.prefix(room))
      isChosen = Array(isChosen.prefix(room))
      logProbabilities = Array(logProbabilities.prefix(room))
    }
  }

  /// All but the first token as something to learn: the prompt too.
  mutating func learnPrompt() {
    guard let first = prompt.first else { return }
    let rest = prompt.dropFirst()
    tokens = rest + tokens
    isChosen = rest.map { _ in true } + isChosen
    logProbabilities = rest.map { _ in 0 } + logProbabilities
    prompt = [first]
  }
}
