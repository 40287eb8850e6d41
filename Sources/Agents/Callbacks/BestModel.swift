import Foundation

/// Keeps the policy of the best evaluation so far: `best/model.safetensors` in a run's folder, or a file of
/// one's own. Stands after a `PeriodicEvaluation`.
///
/// The file is the old best or the new one at any instant. A checkpoint holds the best model too, so that a
/// run resumed from it has the one it had then.
public struct BestModel: Callback {
  private let file: String?
  private var best: (step: Int, mean: Double, model: Data)?
  /// Whether the file is older than `best`, which a full disk can cause.
  private var isBehind = false

  /// - Parameter file: Where the model goes; within a run `best/model.safetensors` when nil.
  public init(file: String? = nil) { self.file = file }

  private func path(in directory: RunDirectory?) -> String? {
    file ?? directory.map { $0.bestModelFile }
  }

  public mutating func iterationEnded(_ moment: inout TrainingMoment) throws {
    let policy = moment.policy
    try consider(moment.report, in: moment.directory) { try policy.encoded() }
  }

  /// Keeps `model` where the report's evaluation is the best so far.
  mutating func consider(
    _ report: TrainingReport, in directory: RunDirectory?, model: () throws -> Data
  ) throws {
    if let mean = report.evaluation?.mean, mean > best?.mean ?? -.infinity {
      best = (report.steps, mean, try model())
      isBehind = true
    }
    guard isBehind, let path = path(in: directory), let best else { return }
    try Self.write(best.model, to: path)
    isBehind = false
  }

  private static func write(_ model: Data, to path: String) throws {
    let folder = (path as NSString).deletingLastPathComponent
    if !folder.isEmpty {
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw RunError(.failed, "cannot make the folder \(folder) for the best model")
      }
    }
    try DurableFile.replace(path, with: model)
  }

  private struct State: Codable {
    var step: Int
    var mean: Double
  }

  public func snapshot() throws -> [String: Data] {
    guard let best else { return [:] }
    return [
      "best.json": try encodedState(State(step: best.step, mean: best.mean)),
      "best.safetensors": best.model,
    ]
  }

  public mutating func restore(_ files: [String: Data], in directory: RunDirectory) throws {
    best = nil
    if let state = try decodedState(State.self, "best.json", of: files),
      let model = files["best.safetensors"]
    {
      best = (state.step, state.mean, model)
    }
    guard let path = path(in: directory) else { return }
    if let best {
      if FileManager.default.contents(atPath: path) != best.model {
        try Self.write(best.model, to: path)
      }
    } else if FileManager.default.fileExists(atPath: path) {
      // Of an evaluation after the checkpoint, which is going to be made again.
      try? FileManager.default.removeItem(atPath: path)
    }
  }
}
