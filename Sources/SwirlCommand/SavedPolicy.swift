import Foundation
import Swirl

/// The policy of a run's latest checkpoint, and what it was trained on.
struct SavedPolicy {
  var directory: RunDirectory
  var policy: Actor
  var description: RunDescription
  var step: Int
  /// The file it came from.
  var file: String
  /// The bytes of that file.
  var model: Data

  /// - Throws: `RunError` when there is no run, no checkpoint yet, or a damaged one.
  init(run path: String) throws {
    directory = try RunDirectory(reading: path)
    description = try directory.description()
    guard let checkpoint = try directory.latestCheckpoint() else {
      throw CommandFailure(
        .missingFile, "\(path) has no checkpoint yet; go on with: swirl train --resume \(path)")
    }
    step = checkpoint.step
    file = "\(checkpoint.directory)/model.safetensors"
    guard let model = checkpoint.files["model.safetensors"] else {
      throw CommandFailure(.badData, "\(checkpoint.directory) lacks model.safetensors")
    }
    self.model = model
    policy = try Actor(decoding: model, file: file)
  }
  /// Evaluates the policy over fresh episodes and lists the result in the run's `evaluations.json`.
  ///
  /// With options other than the run's it is not listed.
  ///
  /// - Parameters:
  ///   - seed: One more than the run's when nil, so that no episode of training comes again.
  ///   - file: A new file that takes every step, for imitation.
  func evaluated(
    episodes: Int, seed: UInt64? = nil, deterministic: Bool = true,
    options: [String: OptionValue] = [:], savingDemonstrationsTo file: String? = nil
  ) throws -> (result: EvaluationResult, rewardThreshold: Double?) {
    let seed = seed ?? description.seed &+ 1
    let trained = try directory.environmentOptions()
    let chosen = trained.merging(options) { $1 }
    let environments = try make(
      description.environment, count: episodes, seed: seed, options: chosen)
    let result: EvaluationResult
    if let file {
      let (episodes, found) = try demonstrations(
        of: policy, in: environments, seed: seed, deterministic: deterministic,
        player: description.agent)
      try Output.writeNew(try episodes.encoded(), to: file, option: "--save-demonstrations")
      Console.note(
        "wrote \(file): \(grouped(episodes.episodes)) episodes of \(grouped(episodes.count)) steps")
      result = found
    } else {
      result = try evaluate(policy, in: environments, seed: seed, deterministic: deterministic)
    }
    if chosen != trained { return (result, environments.spec?.rewardThreshold) }
    do {
      try directory.add(result, step: step, deterministic: deterministic)
    } catch {
      // The answer counts more than its record, and a run may lie where it cannot be written.
      Console.note("the evaluation is not listed with the run: \(error)")
    }
    return (result, environments.spec?.rewardThreshold)
  }
}
