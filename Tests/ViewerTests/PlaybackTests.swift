import Agents
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

  private static func policy(seed: UInt64) throws -> WatchedPolicy {
    var configuration = PPOConfiguration()
    configuration.recurrence = .lstm
    configuration.recurrentUnits = 8
    let environments = try make("MountainCar-v0", count: 1, seed: 1)
    return WatchedPolicy(try PPO(for: environments, configuration, seed: seed).model)
  }

  @Test func aNewPolicyActsFromTheEndOn() throws {
    let (first, second) = (try Self.policy(seed: 1), try Self.policy(seed: 2))
    var playback = try Playback(of: "MountainCar-v0", seed: 3, policy: first)
    for _ in 0..<8 { try playback.advance() }
    var other = playback
    // A person who has gone back keeps what was played.
    try other.seek(to: 2)
    try other.hand(to: second)
    #expect(other.position == 2)
    while !other.isAtTip { try other.advance() }
    #expect(other.steps.map(\.observation) == playback.steps.map(\.observation))
    try playback.advance()
    try other.advance()
    #expect(playback.shown.decision?.value != other.shown.decision?.value)
  }

  @Test func aNewPolicyGoesOnWithMemoryAndChance() throws {
    let policy = try Self.policy(seed: 1)
    var playback = try Playback(
      of: "MountainCar-v0", seed: 3, policy: policy, isDeterministic: false)
    var handed = playback
    for step in 0..<40 {
      try playback.advance()
      if step % 10 == 5 { try handed.hand(to: policy) }
      try handed.advance()
    }
    #expect(!handed.isDeterministic)
    #expect(handed.steps.map(\.action) == playback.steps.map(\.action))
    #expect(handed.steps.map(\.decision?.value) == playback.steps.map(\.decision?.value))
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
