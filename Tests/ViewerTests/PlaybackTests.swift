import Envs
import Policy
import Runtime
import Testing
import Viewer

@Suite struct PlaybackTests {
  /// Every environment that can be made here, without those that only a page of their own would show.
  static let ids = registeredEnvironments().map(\.id)

  @Test(arguments: ids)
  func goingBackShowsWhatWas(id: String) throws {
    var playback = try Playback(of: id, seed: 3)
    var seen: [Scene] = [playback.picture]
    for _ in 0..<90 {
      guard try playback.advance() else { break }
      seen.append(playback.picture)
    }
    let last = playback.position
    for step in [last, last / 2, 0, min(65, last), last - 1, last] where step >= 0 {
      try playback.seek(to: step)
      #expect(playback.position == step)
      #expect(playback.picture == seen[step])
    }
  }

  @Test func anotherWayForgetsTheFuture() throws {
    var playback = try Playback(of: "CartPole-v1", seed: 1)
    for _ in 0..<10 { try playback.advance() }
    let before = playback.steps.map(\.returnSoFar)
    try playback.seek(to: 5)
    try playback.advance([1])
    #expect(playback.steps.count == 7)
    #expect(playback.shown.isByHand && playback.shown.action == [1])
    #expect(playback.steps[5].returnSoFar == before[5])
  }

  @Test func handedBackItGoesOnAsItWould() throws {
    // Random actions come from a stream that is gone back in too.
    var one = try Playback(of: "MountainCar-v0", seed: 7)
    for _ in 0..<80 { try one.advance() }
    var other = one
    try other.seek(to: 20)
    other.forgetFuture()
    for _ in 0..<60 { try other.advance() }
    #expect(one.steps.map(\.action) == other.steps.map(\.action))
    #expect(one.steps.map(\.observation) == other.steps.map(\.observation))
  }

  @Test func endedEpisodesGoNoFurther() throws {
    var playback = try Playback(of: "CartPole-v1", seed: 1)
    while try playback.advance() {}
    #expect(playback.ending == .terminated)
    let count = playback.steps.count
    #expect(try !playback.advance())
    #expect(playback.steps.count == count)
    playback.nextEpisode()
    #expect(playback.steps.count == 1 && playback.episodeNumber == 1)
  }

  @Test func badActionsAreRefused() throws {
    var playback = try Playback(of: "CartPole-v1", seed: 1)
    #expect(throws: EnvironmentError.self) { try playback.advance([2]) }
    #expect(throws: EnvironmentError.self) { try playback.advance([]) }
  }
}
