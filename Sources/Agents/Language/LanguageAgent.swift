import Foundation
import Language
import Runtime

/// A learner whose policy is a language model: it alternates between writing and learning, and its
/// whole state can be saved and restored between two iterations.
///
/// ```swift
/// var configuration = GRPOConfiguration()
/// configuration.model = "smollm2-135m"
/// configuration.loraRank = 16
/// var agent = try GRPO(on: makeTask("addition"), configuration, seed: 1)
/// try agent.train(steps: 50) { report in print(report) }
/// print(try agent.policy.answers(to: ["What is 3 + 4? Answer with only the number."]))
/// ```
public protocol LanguageAgent: Sendable {
  associatedtype Settings: LanguageAgentSettings

  /// The name on the command line, such as `grpo`.
  static var name: String { get }

  /// With everything resolved.
  var configuration: LanguageConfiguration<Settings> { get }

  /// The model as it answers now.
  var policy: TextPolicy { get }

  /// Updates of the model so far; what a run's steps are.
  var stepCount: Int { get }

  /// The updates over which schedules run.
  var totalSteps: Int { get set }

  /// What the last iteration sampled, with what it was worth; none where nothing is sampled.
  var samples: [LanguageSample] { get }

  /// Writes and learns once.
  ///
  /// - Throws: `TrainingFailure` when numbers stop being finite, `ModelError` when answers cannot
  ///   be marked.
  mutating func iterate(pool: WorkerPool) throws -> TrainingReport

  /// Everything an exact resume needs: file names and their bytes.
  func snapshot() throws -> [String: Data]

  /// Continues from what `snapshot` returned.
  ///
  /// - Throws: `RunError` or `SafetensorsError`, one sentence; the agent is then not to be used.
  mutating func restore(_ files: [String: Data], directory: String) throws

  /// - Throws: `RunError` for settings out of range, `ModelError` for a model that cannot be used.
  init(
    on source: TextSource, _ configuration: LanguageConfiguration<Settings>, seed: UInt64) throws
}

/// A line of `completions.jsonl`.
public struct LanguageSample: Sendable, Encodable {
  public var prompt: String
  public var completion: String
  public var reward: Double
  public var advantage: Double
  /// A mark a component; null where nobody could mark it.
  public var rewards: [String: Double]?
  public var tokens: Int
  public var isComplete: Bool
  /// The text of each token that the model chose, none of the one that ends an answer.
  public var pieces: [String]
  /// log π of each of them when it was sampled.
  public var logProbabilities: [Float]

  init(
    _ completion: ScoredCompletion, _ components: [RewardComponent], advantage: Double,
    _ policy: TextPolicy
  ) {
    prompt = completion.prompt
    self.completion = completion.text
    reward = completion.reward
    self.advantage = advantage
    rewards = completion.marks.map { marks in
      Dictionary(zip(components.map(\.name), marks)) { $1 }
    }
    tokens = completion.trajectory.length
    isComplete = completion.trajectory.isComplete
    pieces = policy.pieces(of: completion.trajectory)
    logProbabilities = completion.trajectory.chosenLogProbabilities
  }

  enum CodingKeys: String, CodingKey {
    case prompt, completion, reward, advantage, rewards, tokens, pieces
    case isComplete = "is_complete"
    case logProbabilities = "log_probabilities"
  }
}

extension LanguageAgent {
  /// Trains until `steps` updates have been made, on as many threads as there are processors.
  ///
  /// - Parameters:
  ///   - workers: Threads; the result is the same for any number of them.
  ///   - report: Called after each iteration.
  public mutating func train(
    steps: Int, workers: Int? = nil, report: (TrainingReport) -> Void = { _ in }
  ) throws {
    let pool = WorkerPool(threads: workers ?? ProcessInfo.processInfo.activeProcessorCount)
    if totalSteps == 0 { totalSteps = steps }
    let (start, first) = (ContinuousClock.now, stepCount)
    while stepCount < steps {
      var latest = try iterate(pool: pool)
      latest.seconds = (ContinuousClock.now - start) / .seconds(1)
      latest.stepsPerSecond = Double(stepCount - first) / max(latest.seconds, 1e-9)
      report(latest)
    }
  }
}

/// Where a language agent stands, beside its tensors.
struct LanguageProgress: Sendable, Codable {
  /// Updates of the model.
  var stepCount = 0
  var iteration = 0
  /// Completions sampled, or examples read.
  var completions = 0
  /// Tokens learnt from.
  var tokens = 0
  /// The next problem of the task.
  var nextProblem = 0
  /// Rounds of sampling: what their streams are made from.
  var rounds = 0

  func remaining(of totalSteps: Int) -> Double {
    max(0, 1 - Double(stepCount) / Double(max(totalSteps, 1)))
  }

  /// The next problems of a task in its order.
  mutating func takeProblems(_ count: Int) -> [Int] {
    defer { nextProblem += count }
    return Array(nextProblem..<nextProblem + count)
  }

  mutating func takeRound() -> Int {
    defer { rounds += 1 }
    return rounds
  }
}

extension [ScoredCompletion] {
  /// What metrics say of sampled completions, under TRL's names; rewards are those of marked ones.
  func metrics(
    _ components: [RewardComponent], groupSize: Int
  ) -> [(name: String, value: Double)] {
    let rewards = groups(of: groupSize).map { $0.marked.map(\.reward) }
    let lengths = map { Double($0.trajectory.length) }
    let ended = filter(\.trajectory.isComplete).map { Double($0.trajectory.length) }
    var metrics: [(name: String, value: Double)] = [
      ("reward", rewards.flatMap { $0 }.average), ("reward_std", rewards.map(\.deviation).average),
      ("frac_reward_zero_std", rewards.map { isFlat($0) ? 1.0 : 0 }.average),
      ("completions/mean_length", lengths.average),
      ("completions/min_length", lengths.min() ?? 0),
      ("completions/max_length", lengths.max() ?? 0),
      ("completions/mean_terminated_length", ended.average),
      ("completions/clipped_ratio", 1 - Double(ended.count) / Double(Swift.max(count, 1))),
    ]
    for (index, component) in components.enumerated() {
      let marks = compactMap { $0.marks?[index] }
      metrics.append(("rewards/\(component.name)/mean", marks.average))
      metrics.append(("rewards/\(component.name)/std", marks.deviation))
    }
    return metrics
  }
}

extension [Double] {
  /// 0 where there is nothing.
  var average: Double { isEmpty ? 0 : reduce(0, +) / Double(count) }

  /// With n − 1 in its denominator, as TRL logs it; 0 of fewer than two numbers.
  var deviation: Double {
    if count < 2 { return 0 }
    let mean = average
    return (reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)).squareRoot()
  }
}
