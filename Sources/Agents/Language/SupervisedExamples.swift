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
  case file([Example])

  enum Example: Sendable {
    case completion(prompt: String, String)
    case conversation([ChatMessage])
    case text(String)
  }

  init(_ source: TextSource) throws {
    guard case .task(let task) = source else {
      throw RunError(
        .usage,
        "supervised fine-tuning learns from right answers, which a conversation with a world has not"
      )
    }
    self = .task(task)
  }

  /// - Throws: `ModelError`: one sentence with the file and the line.
  init(file path: String) throws {
    let examples = try JSONLines.read(path) { line -> Example in
      if let messages = line.object["messages"] as? [Any] {
        return .conversation(
          try messages.map { message in
            guard let message = message as? [String: Any],
              let content = message["content"] as? String,
              let role = (message["role"] as? String).flatMap(ChatMessage.Role.init)
            else {
              throw line.error(
                "a message needs a \"role\" (system, user, assistant or tool) and a \"content\"")
            }
            return ChatMessage(role, content)
          })
      }
      if let prompt = line.text("prompt", "question") {
        guard let completion = line.text("completion", "answer", "response") else {
          throw line.error("it has a \"prompt\" and no \"completion\"")
        }
        return .completion(prompt: prompt, completion)
      }
      guard let text = line.text("text") else {
        throw line.error("it has neither a \"prompt\", \"messages\" nor a \"text\"")
      }
      return .text(text)
    }
    if examples.isEmpty { throw ModelError("\(path) holds no example to learn from") }
    self = .file(examples)
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
      let place = Int(random.permutation(examples.count)[index % examples.count])
      switch examples[place] {
      case .completion(let prompt, let completion):
        trajectory = try policy.example(prompt: prompt, answer: completion)
      case .conversation(let messages): trajectory = try policy.example(messages)
      case .text(let text):
        let tokens = policy.tokenizer.encode(text)
        trajectory = Trajectory(prompt: Array(tokens.prefix(1)))
        trajectory.append(shown: Array(tokens.dropFirst()) + policy.end)
      }
    }
    let room = min(maxLength, policy.model.configuration.contextLength)
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
  /// What ends an answer; nothing where the tokenizer has no such token.
  fileprivate var end: [Int] { tokenizer.endToken.map { [$0] } ?? [] }

  fileprivate func example(prompt: String, answer: String) throws -> Trajectory {
    var trajectory = Trajectory(prompt: try promptTokens(prompt))
    trajectory.append(shown: tokenizer.encode(answer) + end)
    return trajectory
  }

  /// A conversation, of which the assistant's messages are learnt.
  fileprivate func example(_ messages: [ChatMessage]) throws -> Trajectory {
    guard let first = messages.firstIndex(where: { $0.role == .assistant }) else {
      throw ModelError("a conversation without a message of the assistant has nothing to learn")
    }
    var trajectory = Trajectory(
      prompt: try tokenizer.encode(Array(messages[..<first]), addingPrompt: true))
    for (index, message) in messages.enumerated() where index >= first {
      switch message.role {
      case .assistant: trajectory.append(shown: tokenizer.encode(message.content) + end)
      default: trajectory.append(told: try turnTokens(message.content, afterStop: true))
      }
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
