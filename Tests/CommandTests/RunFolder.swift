import Foundation
import Testing

/// What tests ask of a run directory: which checkpoints it holds, and its bytes.
struct RunFolder {
  let url: URL

  init(_ path: String) { url = URL(fileURLWithPath: path) }

  /// Steps of the complete checkpoints, oldest first.
  var checkpointSteps: [Int] {
    let folder = url.appendingPathComponent("checkpoints").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { $0.hasPrefix("step-") ? Int($0.dropFirst("step-".count)) : nil }
      .sorted()
  }

  func checkpoint(_ step: Int) -> URL { url.appendingPathComponent("checkpoints/step-\(step)") }

  /// The newest model's bytes.
  func model() throws -> Data {
    let step = try #require(checkpointSteps.last)
    return try Data(contentsOf: checkpoint(step).appendingPathComponent("model.safetensors"))
  }

  func data(_ name: String) throws -> Data {
    try Data(contentsOf: url.appendingPathComponent(name))
  }

  func text(_ name: String) throws -> String {
    try String(contentsOf: url.appendingPathComponent(name), encoding: .utf8)
  }

  /// Every file below with its bytes: equal before and after means that nothing was touched.
  func contents() throws -> [String: Data] {
    var all: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: url.path) {
      let path = url.appendingPathComponent(name).path
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { continue }
      all[name] = isFolder.boolValue ? Data() : try Data(contentsOf: URL(fileURLWithPath: path))
    }
    return all
  }
}

/// Polls until `condition` holds; `nil` when it did not within `seconds`.
func waitUntil(seconds: Double, _ condition: () -> Bool) -> Bool {
  let end = Date().addingTimeInterval(seconds)
  while Date() < end {
    if condition() { return true }
    usleep(2_000)
  }
  return condition()
}
