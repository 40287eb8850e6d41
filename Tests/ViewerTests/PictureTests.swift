#if Viewer
  import Envs
  import Foundation
  import Runtime
  import Testing
  import Viewer

  extension Scene.Mark {
    /// Whether all of it has a place.
    fileprivate var isFinite: Bool {
      func isFinite(_ point: Scene.Point) -> Bool { point.x.isFinite && point.y.isFinite }
      return switch self {
      case .polygon(let points, _, let line):
        points.allSatisfy(isFinite) && line?.width.isFinite != false
      case .polyline(let points, let line): points.allSatisfy(isFinite) && line.width.isFinite
      case .circle(let center, let radius, _, let line):
        isFinite(center) && radius.isFinite && line?.width.isFinite != false
      case .arc(let center, let radius, let start, let sweep, let line):
        isFinite(center) && [radius, start, sweep, line.width].allSatisfy(\.isFinite)
      case .text(_, let place, let turn, let style):
        isFinite(place) && turn.isFinite && style.size.isFinite
      case .image(_, let corner, let across, let down):
        [corner, across, down].allSatisfy(isFinite)
      case .rendering: true
      }
    }
  }

  /// Sees four white pixels, as shares of the brightest.
  private struct BrightRoom: Environment {
    var observationSpace: Box { Box(shape: [2, 2, 3], in: 0...1) }
    var actionSpace: Discrete { Discrete(2) }
    mutating func reset(using random: inout PCG64) {}
    mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
      StepResult(reward: 0)
    }
    func observe(into observation: inout MutableSpan<Float>) {
      for i in 0..<12 { observation[i] = 1 }
    }
  }

  @Suite struct PictureTests {
    /// Pictures that do not depend on a library's arithmetic.
    static let ids = [
      "CartPole-v1", "MountainCar-v0", "Pendulum-v1", "Acrobot-v1", "FrozenLake-v1",
      "CliffWalking-v1", "Taxi-v4", "Blackjack-v1", "MinAtar/Breakout-v1", "MinAtar/Seaquest-v1",
      "Navigation2D-v0",
    ]

    static func reference(_ name: String) -> String {
      URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("References/\(name.replacing("/", with: "-")).png").path
    }

    /// The share of pixels that differ by more than smoothing and fonts explain.
    static func difference(_ a: Canvas, _ b: Canvas) -> Double {
      guard a.width == b.width, a.height == b.height else { return 1 }
      return a.withPixels { a in
        b.withPixels { b in
          let count = a.count / 4
          let off = (0..<count).count { i in
            (0..<3).contains { abs(Int(a[4 * i + $0]) - Int(b[4 * i + $0])) > 48 }
          }
          return Double(off) / Double(count)
        }
      }
    }

    /// The limit is less than the thinnest thing of a picture, such as CartPole's pole.
    private static func compare(_ layout: Layout, with name: String) throws {
      let path = reference(name)
      if ProcessInfo.processInfo.environment["SWIRL_WRITE_PICTURES"] == "1" {
        try layout.png().write(to: URL(fileURLWithPath: path))
      }
      let canvas = try Canvas(width: Int(layout.width), height: Int(layout.height))
      canvas.draw(layout)
      let off = difference(canvas, try Canvas(reading: path))
      #expect(off < 0.002, "\(off) of the pixels differ")
    }

    @Test(arguments: ids)
    func picturesAreAsChecked(id: String) throws {
      var playback = try Playback(of: id, seed: 5)
      for _ in 0..<6 { try playback.advance() }
      try Self.compare(Layout(playback.scene, width: 180, height: 120), with: id)
    }

    @Test func aPanelIsAsChecked() throws {
      var playback = try Playback(of: "CartPole-v1", seed: 5)
      for _ in 0..<15 { try playback.advance() }
      try Self.compare(
        Stage(width: 620, height: 360, subtitle: "random actions").layout([playback]),
        with: "panel")
    }

    @Test func everyEnvironmentDrawsWhatIsFinite() throws {
      for spec in registeredEnvironments() {
        var playback = try Playback(of: spec.id, seed: 2)
        for _ in 0..<4 { try playback.advance() }
        let picture = playback.picture
        #expect(!picture.marks.isEmpty, "\(spec.id)")
        #expect(picture.camera.size.min() > 0)
        #expect(picture.marks.allSatisfy { $0.isFinite }, "\(spec.id)")
        let layout = Layout(picture, width: 200, height: 150)
        let canvas = try Canvas(width: 200, height: 150)
        canvas.draw(layout)
        // Something is to be seen: no picture is one colour.
        let colors = canvas.withPixels { pixels in
          Set(stride(from: 0, to: pixels.count, by: 4).map { pixels[$0..<$0 + 3].map { $0 } })
        }
        #expect(colors.count > 3, "\(spec.id)")
      }
    }

    @Test func aSceneLooksTheSameAtAnySize() throws {
      let scene = try Playback(of: "CartPole-v1", seed: 1).scene
      for (width, height) in [(1, 1), (2, 700), (700, 2), (200, 150), (1200, 800)] {
        let canvas = try Canvas(width: width, height: height)
        canvas.draw(Layout(scene, width: Double(width), height: Double(height)))
        #expect(try canvas.png().starts(with: [0x89, 0x50, 0x4e, 0x47]))
      }
      for (width, height) in [(0, 5), (-1, 5), (100_000, 10)] {
        #expect(throws: ViewerError.self) { try Canvas(width: width, height: height) }
      }
    }

    @Test func nothingShowsBetweenEpisodes() throws {
      let playback = try Playback(of: "FrozenLake-v1", seed: 1)
      let grid = Stage(width: 200, height: 100, showsPanel: false)
        .layout([playback, playback], columns: 2)
      let (used, fresh) = (
        try Canvas(width: 200, height: 100), try Canvas(width: 200, height: 100)
      )
      used.draw(Layout(Scene(x: 0...1, y: 0...1, background: .white), width: 200, height: 100))
      used.draw(grid)
      fresh.draw(grid)
      #expect(Self.difference(used, fresh) == 0)
    }

    @Test func picturesOfSharesAreAsBrightAsThoseOfBytes() throws {
      let playback = try Playback(AnyEpisode(Episode(BrightRoom(), seed: 1)), seed: 1)
      guard case .image(let image, _, _, _) = playback.picture.marks.first else {
        Issue.record("the observation is not shown as a picture")
        return
      }
      #expect(image.bytes == Array(repeating: 255, count: 12))
    }

    @Test func drawingChangesNothing() throws {
      for id in ["LunarLander-v3", "MinAtar/Breakout-v1", "Taxi-v4", "Hopper-v5"] {
        guard (try? environmentSpec(id)) != nil else { continue }
        var (drawn, plain) = (try makeEpisode(id, seed: 4), try makeEpisode(id, seed: 4))
        var streams = plain.actionSpace.streams(seed: 1)
        for _ in 0..<30 where plain.ending == .none {
          let action = plain.actionSpace.sampleRow(using: &streams)
          _ = drawn.scene(after: action)
          #expect(try drawn.step(action) == plain.step(action))
          #expect(drawn.observation == plain.observation)
        }
      }
    }

    @Test func aTerminalGetsCharacters() throws {
      let scene = try Playback(of: "CartPole-v1", seed: 1).scene
      let blocks = try TerminalPicture(scene, columns: 40, rows: 12)
      #expect(blocks.lines.count == 12)
      #expect(blocks.lines[6].contains("▀") && blocks.lines[6].contains("38;2;"))
      let braille = try TerminalPicture(
        scene, columns: 40, rows: 12, style: .braille, hasAllColors: false)
      #expect(braille.lines.contains { $0.contains("38;5;") })
      #expect(braille.lines.joined().unicodeScalars.contains { (0x2801...0x28ff) ~= $0.value })
    }
  }
#endif
