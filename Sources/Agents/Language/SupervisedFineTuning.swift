import Foundation
import Language
import Runtime
import Tensors

/// Supervised fine-tuning: the model under which shown answers are most probable.
///
/// ```swift
/// var configuration = SFTConfiguration()
/// configuration.model = "smollm2-135m"
/// configuration.loraRank = 16
/// var agent = try SupervisedFineTuning(on: makeTask("addition"), configuration, seed: 1)
/// try agent.train(steps: 50) { report in print(report) }
/// ```
///
/// The loss is −log π, averaged over the tokens of an update's examples, which are packed without
/// padding. A step is one update.
public struct SupervisedFineTuning: LanguageAgent {
  public static let name = "sft"

  public let configuration: SFTConfiguration
  public var totalSteps = 0
  public var samples: [LanguageSample] { [] }
  public var stepCount: Int { progress.stepCount }

  private let seed: UInt64
  private let examples: SupervisedExamples
  private var learner: LanguageLearner
  private var progress = LanguageProgress()

  public var policy: TextPolicy { learner.policy }

  /// Learns from the next examples once.
  public mutating func iterate(pool: WorkerPool) throws -> TrainingReport {
    var timers = PhaseTimers()
    let settings = configuration.own
    let policy = policy
    let trajectories = try progress.takeProblems(settings.batchSize).map { index in
      var trajectory = try examples.trajectory(
        index, seed: seed, policy, maxLength: settings.maxLength)
      if !settings.completionOnly { trajectory.learnPrompt() }
      return trajectory
    }
    let tokens = trajectories.reduce(0) { $0 + $1.length }
    let share = 1 / Float(max(tokens, 1))
    let rate = learner.learningRate(progressRemaining: progress.remaining(of: totalSteps))
    let (norm, sums) = try timers.time(.update) {
      try learner.update(
        trajectories, Array(trajectories.indices), temperature: 1, learningRate: rate, pool: pool
      ) { outcome, _ in
        let loss = -outcome.logProbabilities.sum() * share
        return (loss, [Double(loss.item), Double(outcome.entropies.sum().item), 0, 0, 0])
      }
    }
    progress.stepCount += 1
    progress.iteration += 1
    progress.completions += trajectories.count
    progress.tokens += tokens
    return TrainingReport(
      steps: progress.stepCount, iteration: progress.iteration, episodes: progress.completions,
      meanReturn: .nan, meanLength: Double(tokens) / Double(max(trajectories.count, 1)),
      losses: [
        ("loss", sums[0]), ("entropy", sums[1] / Double(max(tokens, 1))), ("grad_norm", norm),
        ("learning_rate", rate), ("num_tokens", Double(progress.tokens)),
      ], phases: timers.phases.map { ($0.name, timers.seconds($0)) })
  }

  // MARK: - Saving

  private struct State: Codable {
    var progress: LanguageProgress
    var learner: LanguageLearner.State
  }

  public func snapshot() throws -> [String: Data] {
    try learner.snapshot(State(progress: progress, learner: learner.state))
  }

  public mutating func restore(_ files: [String: Data], directory: String) throws {
    let checkpoint = CheckpointFiles(files: files, directory: directory)
    let state = try checkpoint.decoded(State.self, of: Self.name)
    try learner.restore(checkpoint, state.learner)
    progress = state.progress
  }

  // MARK: - Making

  /// A file of problems is learnt with its whole answers, but for the problems it keeps out of
  /// training.
  ///
  /// - Throws: Beside what every language agent does, `ModelError` with the file and the line where
  ///   one cannot be learnt.
  public init(on source: TextSource, _ configuration: SFTConfiguration, seed: UInt64) throws {
    try self.init(configuration, seed: seed) { try SupervisedExamples(source, $0) }
  }

  /// Learns from a file of JSON lines: prompts with completions, conversations or plain texts.
  ///
  /// - Throws: `ModelError` with the file and the line where one cannot be learnt.
  public init(file: String, _ configuration: SFTConfiguration, seed: UInt64) throws {
    try self.init(configuration, seed: seed) { try SupervisedExamples(file: file, $0) }
  }

  private init(
    _ configuration: SFTConfiguration, seed: UInt64,
    _ examples: (TextPolicy) throws -> SupervisedExamples
  ) throws {
    let configuration = try configuration.resolved()
    try configuration.validate()
    let base = try TextPolicy(configuration.shared, seed: seed)
    let examples = try examples(base)
    self.configuration = configuration
    self.seed = seed
    self.examples = examples
    learner = LanguageLearner(base, configuration.shared, seed: seed)
  }
}
