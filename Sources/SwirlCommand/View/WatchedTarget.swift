#if Viewer
  import Foundation
  import Swirl
  import Viewer

  /// What `swirl view` was asked to show: a run's policy in its environment, or an environment alone.
  struct WatchedTarget {
    var environment: String
    var options: [String: OptionValue]
    var seed: UInt64
    var policy: WatchedPolicy?
    var subtitle: String
    /// Of a run.
    var directory: String?
    var step = 0
    private let arguments: PlaybackArguments

    /// - Throws: `CommandFailure`, `RunError` or `EnvironmentError` for what is neither, or is damaged.
    init(_ target: String, _ arguments: PlaybackArguments) throws {
      self.arguments = arguments
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: target, isDirectory: &isFolder)
      if exists, isFolder.boolValue {
        let saved = try SavedPolicy(run: target)
        environment = saved.description.environment
        options = try saved.directory.environmentOptions()
          .merging(arguments.options.values(for: environment)) { $1 }
        seed = arguments.seed ?? saved.description.seed &+ 1
        policy = try WatchedPolicy(decoding: saved.model, file: saved.file)
        directory = target
        step = saved.step
        subtitle = "\(saved.description.agent) after \(grouped(saved.step)) steps"
        return
      }
      if exists {
        throw CommandFailure(
          .badData, "\(target) is a file; give a run directory or the id of an environment")
      }
      if target.contains("/"), (try? environmentSpec(target)) == nil {
        throw CommandFailure(
          .missingFile, "there is no run \(target) and no environment of that name")
      }
      environment = try environmentSpec(target).id
      options = try arguments.options.values(for: environment)
      seed = arguments.seed ?? 0
      subtitle = "random actions"
      if arguments.stochastic {
        throw CommandFailure(
          .usage, "--stochastic is about a run's policy; \(target) is played with random actions")
      }
    }

    /// What gives the policy of each new checkpoint.
    func newerPolicies() -> () throws -> (policy: WatchedPolicy, subtitle: String)? {
      guard let directory else { return { nil } }
      var seen = step
      return {
        // Only a name is looked at until there is a newer one, since reading a checkpoint checks all of it.
        let names =
          (try? FileManager.default.contentsOfDirectory(atPath: directory + "/checkpoints")) ?? []
        let newest = names.compactMap { Int($0.trimmingPrefix("step-")) }.max() ?? 0
        guard newest > seen else { return nil }
        // A checkpoint that is being replaced is read the next time.
        guard let saved = try? SavedPolicy(run: directory), saved.step != seen else { return nil }
        seen = saved.step
        return (
          try WatchedPolicy(decoding: saved.model, file: saved.file),
          "\(saved.description.agent) after \(grouped(saved.step)) steps"
        )
      }
    }

    /// Episodes of neighbouring seeds, as many as the grid has places.
    func playbacks() throws -> [Playback] {
      let grid = arguments.grid
      return try (0..<grid.columns * grid.rows).map { n in
        try Playback(
          of: environment, options: options, seed: seed &+ UInt64(n), policy: policy,
          isDeterministic: !arguments.stochastic)
      }
    }
  }
#endif
