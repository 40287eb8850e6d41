import Foundation
import Language
import Runtime

/// Which model a run of a language agent was started with, as `run.json` records it, so that
/// another one in its place is noticed: adapters mean nothing beside other weights.
public struct BaseModel: Codable, Sendable, Equatable {
  /// The step of the checkpoint, where the model is a run.
  public var step: Int?
  /// Bytes of the weights; of a folder those of every file that describes the model.
  public var bytes: Int
  /// Of a run's weights; of files a checksum of parts that are spread over them.
  public var crc32c: String

  /// - Returns: nil for the small model that a run makes from its own seed.
  /// - Throws: `RunError` or `ModelError` where the model cannot be read.
  init?(_ model: String) throws {
    if model == TextPolicy.characters { return nil }
    if FileManager.default.fileExists(atPath: model + "/run.json") {
      let run = try RunDirectory(reading: model)
      guard let step = run.checkpointSteps().last,
        let weights = run.manifest(of: step)?.files["model.safetensors"]
      else {
        throw RunError(
          .missing, "\(model) has no checkpoint yet; go on with: swirl train --resume \(model)")
      }
      self.step = step
      bytes = weights.bytes
      crc32c = weights.crc32c
      return
    }
    var (bytes, sums) = (0, "")
    for file in try Self.files(of: ModelStore.path(of: model)) {
      guard
        let data = try? Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe)
      else { throw ModelError("\(file) cannot be read", kind: .missingFile) }
      bytes += data.count
      sums += "\((file as NSString).lastPathComponent) \(Self.checksum(data))\n"
    }
    self.bytes = bytes
    crc32c = String(Checksum.crc32c(sums.utf8), radix: 16)
  }

  /// The file itself; of a folder those that a model is read from, in the order of their names.
  private static func files(of path: String) -> [String] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      return [path]
    }
    return names.filter { $0.hasSuffix(".safetensors") || $0.hasSuffix(".json") }.sorted()
      .map { path + "/" + $0 }
  }

  /// Of the whole where it is small, else of parts spread over it, its beginning and its end among
  /// them: whoever trains a model changes all of it, and reading gigabytes takes seconds.
  private static func checksum(_ data: Data) -> UInt32 {
    let (part, count) = (1 << 16, 64)
    if data.count <= part * count { return Checksum.crc32c(data) }
    let last = data.count - part
    let sums = (0..<count).map { number in
      let start = last * number / (count - 1)
      return "\(Checksum.crc32c(data[start..<start + part])) "
    }
    return Checksum.crc32c(sums.joined().utf8)
  }

  /// Refuses to go on with a run beside another model than the one it was started with.
  ///
  /// - Throws: `RunError` of kind `data`.
  func requireUnchanged(_ model: String, under run: String) throws {
    let now = try BaseModel(model)
    if now == self { return }
    let then = step.map { "as it was at step \($0)" } ?? "of \(bytes) bytes"
    let found = now?.step.map { "is at step \($0)" } ?? "has changed"
    throw RunError(
      .data,
      "\(run) was started with the model \(model) \(then), which \(found) now; its policy "
        + "cannot be used without the model it was trained beside")
  }
}
