import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// The pieces of agents' states that checkpoints share: files of the folder `segments` that never change.
extension RunDirectory {
  /// Writes the segments that no checkpoint holds yet, before the checkpoint that is to name them.
  func write(_ segments: [CheckpointSegment]) throws -> [String: Manifest.Entry] {
    if segments.isEmpty { return [:] }
    let folder = file("segments")
    if mkdir(folder, 0o755) != 0 && errno != EEXIST {
      throw DurableFile.failure("create", folder)
    }
    let known = checkpointSteps().last.flatMap { manifest(of: $0)?.segments } ?? [:]
    var entries: [String: Manifest.Entry] = [:]
    for segment in segments {
      let path = "\(folder)/\(segment.name)"
      if let entry = known[segment.name], FileManager.default.fileExists(atPath: path) {
        entries[segment.name] = entry
        continue
      }
      let data = segment.data()
      try DurableFile.replace(path, with: data)
      entries[segment.name] = .init(data)
    }
    return entries
  }

  func manifest(of step: Int) -> Manifest? {
    FileManager.default.contents(atPath: file("checkpoints/step-\(step)/manifest.json")).flatMap {
      try? JSONDecoder().decode(Manifest.self, from: $0)
    }
  }

  /// Removes the segments that no checkpoint names; all stay where a manifest cannot be read.
  func removeUnusedSegments() {
    let folder = file("segments")
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder), !names.isEmpty
    else { return }
    var used: Set<String> = []
    for step in checkpointSteps() {
      guard let manifest = manifest(of: step) else { return }
      used.formUnion((manifest.segments ?? [:]).keys)
    }
    for name in names where !used.contains(name) {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
  }
}
