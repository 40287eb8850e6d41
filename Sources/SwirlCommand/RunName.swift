import Foundation
import Swirl

/// Names of run directories that nobody chose.
enum RunName {
  /// Makes the first of `runs/ppo-CartPole-v1-s0`, `…-2`, `…-3` that does not exist yet, so that
  /// two processes that start at once never share one.
  static func claim(agent: String, environment: String, seed: UInt64) throws -> String {
    let name = "runs/\(agent)-\(environment.replacing("/", with: "-"))-s\(seed)"
    try FileManager.default.createDirectory(atPath: "runs", withIntermediateDirectories: true)
    for number in 1... {
      let path = number == 1 ? name : "\(name)-\(number)"
      if mkdir(path, 0o755) == 0 { return path }
      guard errno == EEXIST else {
        throw CommandFailure(
          .other, "cannot make the run directory \(path): \(String(cString: strerror(errno)))")
      }
    }
    preconditionFailure("numbers do not end")
  }

  /// Makes the folder that `--out` names, and those above it; one that holds a run already is
  /// refused later.
  static func usable(_ path: String) throws -> String {
    guard !path.isEmpty else {
      throw CommandFailure(.usage, "--out is empty; give the run directory to make")
    }
    var parts = path.split(separator: "/", omittingEmptySubsequences: true)[...]
    var folder = path.hasPrefix("/") ? "" : "."
    while let part = parts.popFirst() {
      folder += "/" + part
      let code = mkdir(folder, 0o755) == 0 ? 0 : errno
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder)
      guard exists, isFolder.boolValue else {
        let reason =
          exists ? "\(part) is a file" : String(cString: strerror(code))
        throw CommandFailure(.usage, "cannot make the run directory \(path): \(reason)")
      }
    }
    return path
  }
}
