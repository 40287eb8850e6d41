#if Viewer
  import Agents
  import Envs
  import Foundation
  import Testing
  import Viewer

  @Suite struct RecordingTests {
    static let hasFFmpeg = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .contains { FileManager.default.isExecutableFile(atPath: "\($0)/ffmpeg") }

    private static func folder() throws -> URL {
      let url = FileManager.default.temporaryDirectory.appendingPathComponent(
        "swirl-viewer-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      return url
    }

    private static func film(_ file: URL, _ change: (inout Recording.Settings) -> Void = { _ in })
      throws -> Recording.Summary
    {
      var playbacks = [try Playback(of: "CartPole-v1", seed: 1)]
      var settings = Recording.Settings(stage: Stage(width: 151, height: 100, showsPanel: false))
      change(&settings)
      return try Recording.film(&playbacks, to: file.path, settings)
    }

    @Test(
      .enabled(if: hasFFmpeg, "needs ffmpeg"),
      arguments: [("gif", "GIF89a"), ("mp4", "ftyp"), ("webm", "webm")])
    func filmsAreFilms(end: String, mark: String) throws {
      let folder = try Self.folder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let file = folder.appendingPathComponent("x.\(end)")
      let poster = folder.appendingPathComponent("poster.png")
      let summary = try Self.film(file) { $0.poster = poster.path }
      let data = try Data(contentsOf: file)
      #expect(data.prefix(64).range(of: Data(mark.utf8)) != nil)
      #expect(summary.frames > 10 && summary.returns.count == 1)
      #expect(try Data(contentsOf: poster).starts(with: [0x89, 0x50, 0x4e, 0x47]))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
    }

    @Test(.enabled(if: hasFFmpeg, "needs ffmpeg")) func aShortFilmHasItsLastStepAndAPoster() throws
    {
      let folder = try Self.folder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let poster = folder.appendingPathComponent("poster.png")
      // Half as many frames as steps, so that the last one lies between two.
      let summary = try Self.film(folder.appendingPathComponent("x.gif")) {
        $0.steps = 3
        $0.rest = 0
        $0.poster = poster.path
      }
      #expect(summary.steps == 3 && summary.frames == 3)
      #expect(try Data(contentsOf: poster).starts(with: [0x89, 0x50, 0x4e, 0x47]))
    }

    @Test func aPosterIsRefusedBeforeTheFilm() throws {
      let folder = try Self.folder()
      defer { try? FileManager.default.removeItem(at: folder) }
      for poster in ["p.jpg", "p.mp4", "/nowhere/p.png"] {
        let error = #expect(throws: ViewerError.self) {
          try Self.film(folder.appendingPathComponent("x.gif")) { $0.poster = poster }
        }
        #expect(error?.description.contains(poster) == true)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test(arguments: hasFFmpeg ? ["png", "gif", "mp4"] : ["png"])
    func whatIsGivenUpLeavesNothing(end: String) throws {
      let folder = try Self.folder()
      defer { try? FileManager.default.removeItem(at: folder) }
      #expect(throws: CancellationError.self) {
        try Self.film(folder.appendingPathComponent("x.\(end)")) {
          $0.poster = end == "png" ? nil : folder.path + "/p.png"
          $0.shouldStop = { true }
        }
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test(arguments: ["png", "svg"])
    func picturesShowAStep(end: String) throws {
      let folder = try Self.folder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let file = folder.appendingPathComponent("x.\(end)")
      let summary = try Self.film(file) { $0.step = 7 }
      #expect(summary.steps == 7 && summary.frames == 1)
      #expect(try Data(contentsOf: file).count > 500)
    }

    @Test func whatCannotBeWrittenLeavesWhatWasThere() throws {
      let folder = try Self.folder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let file = folder.appendingPathComponent("x.png")
      try Data("old".utf8).write(to: file)
      let recording = try Recording(
        to: file.path, width: 60, height: 40, framesPerSecond: 25)
      recording.cancel()
      #expect(try Data(contentsOf: file) == Data("old".utf8))
      #expect(throws: ViewerError.self) {
        try Recording(to: file.path, width: 60, height: 40, framesPerSecond: 25).finish()
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["x.png"])
      for path in ["/nowhere/x.png", folder.appendingPathComponent("x.avi").path, "x"] {
        #expect(throws: ViewerError.self) {
          try Recording(to: path, width: 60, height: 40, framesPerSecond: 25)
        }
      }
    }

    @Test(.enabled(if: hasFFmpeg, "needs ffmpeg"))
    func trainingIsFilmed() throws {
      let folder = try Self.folder()
      defer { try? FileManager.default.removeItem(at: folder) }
      var environments = try make("CartPole-v1", count: 4, seed: 1)
      var agent = try PPO(for: environments, PPOConfiguration(), seed: 1)
      try agent.train(
        on: &environments, steps: 4096, workers: 1,
        callbacks: [RecordVideo(every: 1000, to: folder.path)])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
      try agent.train(
        on: &environments, steps: 16384, workers: 1,
        callbacks: [RecordVideo(every: 10, to: folder.path, as: .gif, showsPanel: false)])
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(!files.isEmpty && files.allSatisfy { $0.hasPrefix("step-") && $0.hasSuffix(".gif") })
    }

    @Test func whatWasFilmedIsRememberedInEpisodes() throws {
      // A run may be resumed with films at other distances.
      let state = try JSONSerialization.jsonObject(
        with: try #require(try RecordVideo(every: 10).snapshot()["video.json"]))
      #expect(state as? [String: Int] == ["episodes": 0])
    }
  }
#endif
