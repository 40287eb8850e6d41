#if Viewer
  import Envs
  import Foundation
  import Runtime
  import Synchronization
  import Testing
  import Viewer

  /// A renderer of one colour, which counts what it is asked for.
  private struct Painter: SceneRenderer {
    let color: [UInt8]
    var canPaint = true
    var isMissing = false
    let asked = Asked()

    final class Asked: Sendable {
      let sizes = Mutex<[SIMD2<Int>]>([])
    }

    static func == (a: Painter, b: Painter) -> Bool { a.color == b.color }
    func hash(into hasher: inout Hasher) { hasher.combine(color) }

    func prepare() throws {
      if isMissing { throw EnvironmentError(.usage, "the painter is not there") }
    }

    func image(width: Int, height: Int) -> Scene.Image? {
      asked.sizes.withLock { $0.append([width, height]) }
      guard canPaint else { return nil }
      return Scene.Image(
        width: width, height: height,
        bytes: (0..<width * height).flatMap { _ in color })
    }
  }

  private struct PaintedRoom: Environment {
    var isMissing = false
    var observationSpace: Box { Box(shape: [1], in: 0...1) }
    var actionSpace: Discrete { Discrete(2) }
    mutating func reset(using random: inout PCG64) {}
    mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
      StepResult(reward: 0)
    }
    func observe(into observation: inout MutableSpan<Float>) { observation[0] = 0 }
    func draw(into scene: inout Scene, after action: Int?) {
      scene.show(x: 0...1, y: 0...1, background: .white)
      scene.box([0, 0], [1, 1], fill: .red)
      scene.rendering(Painter(color: [0, 0, 255], isMissing: isMissing))
    }
  }

  /// What something better than marks draws, and MuJoCo's renderer above all.
  @Suite struct RenderingTests {
    private static func canvas(
      _ scene: Scene, _ width: Int, _ height: Int, scale: Double = 1
    ) throws -> Canvas {
      let canvas = try Canvas(width: width, height: height, scale: scale)
      canvas.draw(
        Layout(scene, width: Double(width) / scale, height: Double(height) / scale))
      return canvas
    }

    /// Red, green and blue.
    private static func pixel(_ canvas: Canvas, _ x: Int, _ y: Int) -> [UInt8] {
      canvas.withPixels { pixels in
        let i = 4 * (y * canvas.width + x)
        return [pixels[i + 2], pixels[i + 1], pixels[i]]
      }
    }

    // MARK: - Renderers

    @Test func aRendererIsAskedForThePixelsThatAreThere() throws {
      let painter = Painter(color: [0, 0, 255])
      var scene = Scene(x: 0...1, y: 0...1)
      scene.box([0, 0], [1, 1], fill: .red)
      scene.rendering(painter)
      scene.box([0.4, 0.4], [0.6, 0.6], fill: .green)
      let canvas = try Self.canvas(scene, 300, 200, scale: 2.5)
      #expect(painter.asked.sizes.withLock { $0 } == [[300, 200]])
      for (x, y) in [(0, 0), (299, 0), (0, 199), (299, 199)] {
        #expect(Self.pixel(canvas, x, y) == [0, 0, 255])
      }
      // What is added afterwards is painted over it.
      #expect(Self.pixel(canvas, 150, 100) == [0x3f, 0x91, 0x42])
    }

    @Test func shapesShowWhereThereIsNoPicture() throws {
      var scene = Scene(x: 0...1, y: 0...1)
      scene.box([0, 0], [1, 1], fill: .red)
      scene.rendering(Painter(color: [0, 0, 255], canPaint: false))
      #expect(Self.pixel(try Self.canvas(scene, 20, 20), 10, 10) == [0xd6, 0x45, 0x45])
      scene.rendering(Painter(color: [0, 0, 255]))
      #expect(Layout(scene, width: 20, height: 20).svg().contains("#d64545"))
      #expect(scene != scene.plain && scene.plain.marks.count == 1)
    }

    @Test func whatIsAskedForAndMissingIsSaidAtOnce() throws {
      let room = PaintedRoom(isMissing: true)
      #expect(throws: ViewerError.self) {
        try Playback(AnyEpisode(Episode(room, seed: 1)), seed: 1)
      }
    }

    @Test func wordsChooseOpenGL() throws {
      let known: [(String, OpenGLChoice)] = [
        ("", .any), ("on", .any), ("egl", .egl), ("EGL", .egl), ("osmesa", .osmesa),
        ("off", .none), ("disable", .none), ("0", .none),
      ]
      for (word, choice) in known { #expect(try OpenGLChoice(word) == choice) }
      for word in ["glfw", "x", " "] {
        #expect(throws: EnvironmentError.self) { try OpenGLChoice(word) }
      }
    }

    // MARK: - MuJoCo

    private static func rendered(_ id: String, steps: Int = 0) throws -> Scene {
      var playback = try Playback(of: id, seed: 5)
      let size = playback.episode.actionSpace.flatSize
      for _ in 0..<steps { try playback.advance(Array(repeating: 0.25, count: size)) }
      return playback.scene
    }

    private static let rendersMuJoCo =
      (try? rendered("HalfCheetah-v5"))?.rendering?.0.image(width: 8, height: 8) != nil

    /// Gymnasium's pictures of the same states; they differ where shadows, which are as fine as the picture here, end.
    @Test(
      .enabled(if: rendersMuJoCo, "needs MuJoCo, and OpenGL through EGL or OSMesa"),
      arguments: ["Ant", "HalfCheetah", "Humanoid"])
    func picturesAreGymnasiums(task: String) throws {
      let canvas = try Self.canvas(try Self.rendered("\(task)-v5", steps: 8), 120, 120)
      let reference = try Canvas(reading: PictureTests.reference("mujoco-\(task)"))
      let off = PictureTests.difference(canvas, reference)
      #expect(off < 0.01, "\(off) of the pixels differ")
      // Half a second later it is another picture.
      let later = try Self.canvas(try Self.rendered("\(task)-v5", steps: 18), 120, 120)
      #expect(PictureTests.difference(later, reference) > 0.02)
    }

    @Test(.enabled(if: rendersMuJoCo, "needs MuJoCo, and OpenGL through EGL or OSMesa"))
    func anySizeIsRendered() throws {
      let renderer = try #require(try Self.rendered("Hopper-v5").rendering?.0)
      for (width, height) in [(1, 1), (3, 700), (700, 3), (129, 127), (1300, 900), (16_384, 40)] {
        let image = try #require(renderer.image(width: width, height: height))
        #expect(image.width <= width && image.height <= height)
        #expect(image.width == width || width > 4096)
      }
      #expect(renderer.image(width: 0, height: 5) == nil)
    }

    @Test(.enabled(if: rendersMuJoCo, "needs MuJoCo, and OpenGL through EGL or OSMesa"))
    func threadsRenderTheSame() throws {
      // More models than have room at once.
      let ids = registeredEnvironments().map(\.id).filter { $0.hasSuffix("-v5") }
      let renderers = try ids.map { try #require(try Self.rendered($0).rendering?.0) }
      let alone = renderers.map { $0.image(width: 60, height: 40) }
      let count = Set(alone.compactMap { $0 }).count
      #expect(count == ids.count)
      let together = Mutex(Array(repeating: Scene.Image?.none, count: 2 * ids.count))
      DispatchQueue.concurrentPerform(iterations: 2 * ids.count) { n in
        let image = renderers[n % ids.count].image(width: 60, height: 40)
        together.withLock { $0[n] = image }
      }
      // Not the pictures themselves, which a failure would print.
      let isSame = together.withLock { $0 } == alone + alone
      #expect(isSame)
    }

    @Test(.enabled(if: rendersMuJoCo, "needs MuJoCo, and OpenGL through EGL or OSMesa"))
    func renderingChangesNothing() throws {
      var (seen, plain) = (try makeEpisode("Ant-v5", seed: 4), try makeEpisode("Ant-v5", seed: 4))
      var streams = plain.actionSpace.streams(seed: 1)
      for _ in 0..<20 where plain.ending == .none {
        let action = plain.actionSpace.sampleRow(using: &streams)
        _ = try Self.canvas(seen.scene(after: action), 60, 40)
        #expect(try seen.step(action) == plain.step(action))
        #expect(seen.observation == plain.observation)
      }
    }
  }
#endif
