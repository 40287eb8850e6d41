import Foundation
import Swirl

/// The policy of a run's latest checkpoint, and what it was trained on.
struct SavedPolicy {
  var policy: ActorCritic
  var description: RunDescription
  var step: Int
  /// The file it came from.
  var file: String
  /// The bytes of that file.
  var model: Data

  /// - Throws: `RunError` when there is no run, no checkpoint yet, or a damaged one.
  init(run path: String) throws {
    let directory = try RunDirectory(reading: path)
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
    policy = try ActorCritic(decoding: model, file: file)
  }
}
