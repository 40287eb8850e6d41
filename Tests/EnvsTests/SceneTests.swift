import Envs
import Runtime
import Testing

@Suite struct SceneTests {
  private static func near(_ a: Scene.Point, _ b: Scene.Point) -> Bool {
    let off = a - b
    return (off * off).sum() < 1e-20
  }

  @Test func placesAreTurnedScaledAndShifted() throws {
    var scene = Scene(x: 0...1, y: 0...1)
    scene.moved(by: .init(shift: [10, 0], turn: .pi / 2, scale: 2)) { scene in
      scene.moved(by: .init(shift: [1, 0])) { scene in
        scene.polygon([[0, 0], [1, 0]], fill: .red, line: .init(.blue, width: 0.5))
        scene.circle(at: [0, 1], radius: 3, fill: nil)
        scene.arc(at: .zero, radius: 1, start: 0.25, sweep: -1, .init(.red, width: 1))
      }
    }
    scene.circle(at: [5, 5], radius: 1, fill: nil)
    guard case .polygon(let points, _, let line) = scene.marks[0],
      case .circle(let center, let radius, _, _) = scene.marks[1],
      case .arc(_, _, let start, let sweep, _) = scene.marks[2],
      case .circle(let after, _, _, _) = scene.marks[3]
    else {
      Issue.record("marks are \(scene.marks)")
      return
    }
    #expect(Self.near(points[0], [10, 2]) && Self.near(points[1], [10, 4]))
    #expect(line?.width == 1)
    #expect(Self.near(center, [8, 2]) && radius == 6)
    #expect((start - 0.25 - .pi / 2).magnitude < 1e-12 && sweep == -1)
    #expect(after == [5, 5])
  }

  @Test func colorsMix() {
    #expect(Scene.Color(0x102030) == Scene.Color(red: 16, green: 32, blue: 48))
    #expect(Scene.Color.black.mixed(with: .white, 0.5) == Scene.Color(0x808080))
    #expect(Scene.Color.black.mixed(with: .white, .nan) == .black)
    #expect(Scene.Color.red.faded(0.5).opacity == 0.5)
  }

  @Test func wrappersPassThePictureOn() {
    var plain = Episode(CartPole(), seed: 3)
    var wrapped = Episode(
      TimeLimit(ClipReward(FilterObservation(CartPole(), keeping: [0, 2]), to: 0...1), steps: 9),
      seed: 3)
    plain.step(1)
    wrapped.step(1)
    #expect(plain.scene(after: 1) == wrapped.scene(after: 1))
    #expect(plain.scene(after: 1) != plain.scene(after: 0))
    #expect(plain.scene() != plain.scene(after: 0))
    // Another kind of action is not the one inside.
    var coarse = Episode(DiscretizeAction(Pendulum(), bins: 3), seed: 3)
    coarse.step(2)
    #expect(!coarse.scene(after: 2).marks.isEmpty)
    #expect(coarse.scene(after: 2) == coarse.scene())
  }

  @Test func erasureKeepsThePicture() throws {
    var environments = try make("CartPole-v1", count: 3, seed: 1)
    environments.reset(seed: 5)
    var episode = try makeEpisode("CartPole-v1", seed: 6)
    #expect(environments.scene(of: 1) == episode.scene())
    #expect(environments.episode(1).scene() == episode.scene())
    #expect(environments.episode(1).spec?.id == "CartPole-v1")
    try episode.step([1])
    let shown = episode.scene(after: [1])
    #expect(shown != environments.scene(of: 1))
    #expect(episode.scene(after: [1, 2]) == episode.scene())
  }

  @Test func whatDoesNotDrawHasNoMarks() throws {
    struct Plain: Environment {
      var observationSpace: Discrete { Discrete(1) }
      var actionSpace: Discrete { Discrete(1) }
      mutating func reset(using random: inout PCG64) {}
      mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
        StepResult(reward: 0)
      }
      func observe(into observation: inout MutableSpan<Float>) { observation[0] = 0 }
    }
    #expect(Episode(Plain(), seed: 1).scene().marks.isEmpty)
    #expect(EnvironmentDescription(of: AnyEpisode(Episode(Plain(), seed: 1))).page.summary.isEmpty)
  }
}
