#if Viewer
  public import Agents
  import Envs
  public import Foundation

  /// Films an episode of the policy each time another `every` episodes of training have ended.
  ///
  /// ```swift
  /// try agent.train(
  ///   on: &environments, steps: 100_000, callbacks: [RecordVideo(every: 50, to: "videos")])
  /// ```
  ///
  /// The films lie in a folder of their own, `videos/` of a run, as `step-2048.mp4`. The film is of a fresh episode
  /// that no step of training knows, so that training goes the same way with and without it; it lasts while one is
  /// made. A film that cannot be made is a warning to a run.
  public struct RecordVideo: Callback {
    public let every: Int
    private let folder: String?
    private let format: Recording.Format
    private let seed: UInt64
    private let showsPanel: Bool
    /// Episodes of training that had ended when the last film was due.
    private var filmed = 0
    private static let longest = 2000

    /// - Parameters:
    ///   - every: Episodes of training between two films.
    ///   - folder: Where films go; `videos` in a run's folder when nil.
    ///   - format: A film's.
    ///   - seed: Of the filmed episode, the same for every film.
    public init(
      every: Int, to folder: String? = nil, as format: Recording.Format = .mp4, seed: UInt64 = 0,
      showsPanel: Bool = true
    ) {
      self.every = max(every, 1)
      self.folder = folder
      self.format = format
      self.seed = seed
      self.showsPanel = showsPanel
    }

    public mutating func iterationEnded(_ moment: inout TrainingMoment) throws {
      guard moment.report.episodes / every > filmed / every else { return }
      filmed = moment.report.episodes
      guard let folder = folder ?? moment.directory.map({ $0.path + "/videos" }) else {
        throw RunError(.usage, "RecordVideo has no folder; training without a run needs one")
      }
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw RunError(.failed, "cannot make the folder \(folder) for films")
      }
      do {
        let environments = moment.environments.fresh(count: 1, seed: seed)
        var playbacks = [
          try Playback(
            environments.episode(0), seed: seed, policy: WatchedPolicy(of: moment))
        ]
        var settings = Recording.Settings(
          stage: Stage(
            width: 600 + (showsPanel ? Panel.width : 0), height: 400, showsPanel: showsPanel,
            subtitle: "after \(moment.report.steps) steps"))
        settings.steps = Self.longest
        try Recording.film(
          &playbacks, to: "\(folder)/step-\(moment.report.steps).\(format.rawValue)", settings)
      } catch let error as ViewerError {
        throw RunError(.failed, error.description)
      }
    }

    private struct State: Codable { var episodes: Int }

    public func snapshot() throws -> [String: Data] {
      ["video.json": try JSONEncoder().encode(State(episodes: filmed))]
    }

    public mutating func restore(_ files: [String: Data], in directory: RunDirectory) throws {
      filmed = 0
      guard let data = files["video.json"] else { return }
      guard let state = try? JSONDecoder().decode(State.self, from: data) else {
        throw RunError(.data, "the checkpoint's video.json cannot be read")
      }
      filmed = state.episodes
    }
  }
#endif
