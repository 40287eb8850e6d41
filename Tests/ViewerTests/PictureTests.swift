#if Viewer
  import Envs
  import Foundation
  import Testing
  import Viewer

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

    private static func compare(_ layout: Layout, with name: String) throws {
      let path = reference(name)
      if ProcessInfo.processInfo.environment["SWIRL_WRITE_PICTURES"] == "1" {
        try layout.png().write(to: URL(fileURLWithPath: path))
      }
      let canvas = try Canvas(width: Int(layout.width), height: Int(layout.height))
      canvas.draw(layout)
      let off = difference(canvas, try Canvas(reading: path))
      #expect(off < 0.02, "\(off) of the pixels differ")
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
        let layout = Layout(picture, width: 200, height: 150)
        let svg = layout.svg()
        #expect(!svg.contains("nan") && !svg.contains("inf"), "\(spec.id)")
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
