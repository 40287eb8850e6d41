import Language
import Runtime
import Tensors

/// What a model said in one conversation, token for token: nothing of it is ever made from text
/// again.
public struct Trajectory: Sendable, Codable, Equatable {
  /// The tokens before the first answer.
  public var prompt: [Int]
  /// Every token after them, the model's and, in a conversation, what it was told.
  public var tokens: [Int] = []
  /// Which of `tokens` the model chose: those that are learnt from.
  public var isChosen: [Bool] = []
  /// log π of each token of `tokens` when it was sampled; 0 where it was not.
  public var logProbabilities: [Float] = []
  /// Whether the model ended its last answer itself.
  public var isComplete = false
  /// Which problem it belongs to; completions of one problem follow each other.
  public var problem = 0

  public init(prompt: [Int], problem: Int = 0) {
    self.prompt = prompt
    self.problem = problem
  }

  /// Tokens that the model chose.
  public var length: Int { isChosen.count { $0 } }

  /// log π of the chosen tokens alone.
  var chosenLogProbabilities: [Float] {
    zip(logProbabilities, isChosen).filter { $0.1 }.map { $0.0 }
  }

  mutating func append(_ completion: Completion) {
    tokens += completion.tokens
    isChosen += completion.tokens.map { _ in true }
    logProbabilities += completion.logProbabilities
    isComplete = completion.ending == .stop
  }

  mutating func append(told message: [Int]) {
    tokens += message
    isChosen += message.map { _ in false }
    logProbabilities += message.map { _ in 0 }
  }
}

/// Trajectories that go through the model together: as many as fit into a budget of tokens.
struct Microbatch: Sendable {
  /// The trajectories, by their places in the batch.
  var members: [Int]
  var packed: SharedPrompts
  /// Rows of the model's output after which the chosen tokens came, trajectory after trajectory.
  var rows: [Int32] = []
  /// The chosen tokens.
  var targets: [Int] = []
  /// Which of `members` each chosen token belongs to.
  var owner: [Int] = []

  /// Cuts a batch in its order, so that nothing depends on threads. A prompt is computed once a
  /// microbatch.
  static func pack(_ trajectories: [Trajectory], _ places: [Int], budget: Int) -> [Microbatch] {
    var result: [Microbatch] = []
    var known: [[Int]: Int] = [:]
    // A prompt draws its dropout by the first place that has it, so that the cut changes nothing.
    var streams: [[Int]: Int] = [:]
    var current = Microbatch(members: [], packed: SharedPrompts())
    func close() -> Microbatch? {
      if current.members.isEmpty { return nil }
      for (member, rows) in current.packed.rows.enumerated() {
        let trajectory = trajectories[current.members[member]]
        for (token, isChosen) in trajectory.isChosen.enumerated() where isChosen {
          current.rows.append(Int32(rows[token]))
          current.targets.append(trajectory.tokens[token])
          current.owner.append(member)
        }
      }
      return current
    }
    for place in places {
      let trajectory = trajectories[place]
      // The last token's own row predicts nothing that is learnt.
      let rest = Array(trajectory.tokens.dropLast())
      let isKnown = known[trajectory.prompt] != nil
      let added = rest.count + (isKnown ? 0 : trajectory.prompt.count)
      if !current.members.isEmpty && current.packed.tokenCount + added > budget {
        if let full = close() { result.append(full) }
        current = Microbatch(members: [], packed: SharedPrompts())
        known = [:]
      }
      let stream = streams[trajectory.prompt] ?? place
      streams[trajectory.prompt] = stream
      let prompt =
        known[trajectory.prompt]
        ?? current.packed.add(prompt: trajectory.prompt, stream: stream)
      known[trajectory.prompt] = prompt
      current.members.append(place)
      current.packed.add(completion: rest, of: prompt, stream: place)
    }
    if let last = close() { result.append(last) }
    return result
  }
}
