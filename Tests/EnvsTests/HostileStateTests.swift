import Envs
import Foundation
import Runtime
import Testing

/// Saved states that somebody has written: each is refused with a sentence or gone on with, and none crashes.
@Suite struct HostileStateTests {
  /// Mutants of each registered environment; many with SWIRL_LONG_TESTS.
  private static let mutants =
    ProcessInfo.processInfo.environment["SWIRL_LONG_TESTS"] == nil ? 25 : 2_000

  @Test(arguments: registeredEnvironments().map(\.id))
  func episodesNeverCrash(_ id: String) throws {
    var random = PCG64(seed: UInt64(Self.mutants))
    var refused = 0
    let slow = id.hasPrefix("CarRacing")
    for number in 0..<(slow ? Self.mutants / 5 : Self.mutants) {
      var episode = try makeEpisode(id, seed: UInt64(number % 5))
      var streams = episode.actionSpace.streams(seed: 1)
      for _ in 0..<number % 23 where episode.ending == .none {
        try episode.step(episode.actionSpace.sampleRow(using: &streams))
      }
      let saved = try EpisodeSnapshot(episode, step: 1).encoded()
      do {
        var restored = try EpisodeSnapshot(
          decoding: mutant(of: saved, using: &random), file: "file"
        ).episode
        try play(&restored)
      } catch let error as EnvironmentError {
        #expect(error.kind == .data)
        refused += 1
      }
    }
    #expect(refused > 0)
  }

  @Test(arguments: registeredEnvironments().map(\.id).filter { !$0.hasPrefix("CarRacing") })
  func vectorsNeverCrash(_ id: String) throws {
    try neverCrashes(make(id, count: 2, seed: 1))
  }

  @Test func wrappersNeverCrash() throws {
    func check<E: Environment>(_ environment: E) throws {
      try neverCrashes(
        VectorEnvironment(count: 2, seed: 1, timeLimit: 40) { environment }.erased)
    }
    let frames = Picture(1, [12, 14, 3])
    try check(ClipAction(Pendulum()))
    try check(RescaleAction(Pendulum(), from: -1...1))
    try check(RescaleObservation(Pendulum(), to: 0...1))
    try check(NormalizeObservation(CartPole()))
    try check(NormalizeReward(ClipReward(CartPole(), to: 0...1)))
    try check(FrameStack(CartPole(), count: 3))
    try check(FlattenObservation(Blackjack()))
    try check(TimeAware(TimeLimit(CartPole(), steps: 30)))
    try check(Delay(FrozenLake(), steps: 2))
    try check(Sticky(Repeat(MountainCar(), count: 2), probability: 0.3))
    try check(MaxAndSkip(CartPole()))
    try check(Resize(GrayScale(frames), height: 5, width: 9))
    try check(DiscretizeObservation(DiscretizeAction(Pendulum(), bins: 5), bins: 3))
    try check(MultiDiscretizeObservation(MultiDiscretizeAction(Pendulum(), bins: 5), bins: 3))
    try check(AddNoise(FilterObservation(Pendulum(), keeping: [2, 0]), standardDeviation: 0.1))
    try check(RecordEpisodeStatistics(TimeLimit(CartPole(), steps: 9), window: 3))
    try check(TransformReward(FrozenLake()) { $0 * 2 })
  }

  private func neverCrashes(_ made: AnyVectorEnvironment) throws {
    var random = PCG64(seed: UInt64(Self.mutants) + 1)
    for _ in 0..<Self.mutants {
      var environments = made
      steps(of: &environments)
      let state = try JSONSerialization.jsonObject(with: environments.encodedState())
      let damaged = try JSONSerialization.data(
        withJSONObject: changed(state, using: &random), options: .fragmentsAllowed)
      do { try environments.restoreState(damaged) } catch let error as EnvironmentError {
        #expect(error.kind == .data)
        continue
      }
      steps(of: &environments)
    }
  }

  private func play(_ episode: inout AnyEpisode) throws {
    var streams = episode.actionSpace.streams(seed: 2)
    for _ in 0..<25 {
      if episode.ending != .none { episode.reset() }
      try episode.step(episode.actionSpace.sampleRow(using: &streams))
      _ = (episode.observation, episode.actionMask, episode.metrics)
    }
    _ = try EpisodeSnapshot(episode, step: 1).encoded()
  }

  private func steps(of environments: inout AnyVectorEnvironment) {
    let count = environments.count
    var actions = [Float](repeating: 0, count: count * environments.actionSize)
    var observations = [Float](repeating: 0, count: count * environments.observationSize)
    var rewards = [Double](repeating: 0, count: count)
    var endings = [Ending](repeating: .none, count: count)
    environments.withStepper { stepper in
      actions.withUnsafeMutableBufferPointer { actions in
        observations.withUnsafeMutableBytes { observations in
          rewards.withUnsafeMutableBufferPointer { rewards in
            endings.withUnsafeMutableBufferPointer { endings in
              let rows = StepRows(
                actions: actions.baseAddress!, observations: observations.baseAddress!,
                rewards: rewards.baseAddress!, endings: endings.baseAddress!)
              for _ in 0..<25 {
                stepper.sampleActions(0..<count, into: actions.baseAddress!)
                stepper.step(0..<count, rows)
              }
            }
          }
        }
      }
    }
  }

  /// A saved episode with something of its state changed, and the checksum that goes with it.
  private func mutant(of file: Data, using random: inout PCG64) throws -> Data {
    let lines = file.split(separator: UInt8(ascii: "\n"))
    let state = try JSONSerialization.jsonObject(with: Data(lines[2]))
    var body = Data(lines[1]) + Data("\n".utf8)
    body += try JSONSerialization.data(
      withJSONObject: changed(state, using: &random), options: .fragmentsAllowed)
    body += Data("\n".utf8)
    let checksum = String(Checksum.crc32c(body), radix: 16)
    let header =
      "{\"bytes\":\(body.count),\"crc32c\":\"\(checksum)\",\"format\":\"swirl episode\",\"version\":1}\n"
    return Data(header.utf8) + body
  }

  /// One to three changes.
  private func changed(_ tree: Any, using random: inout PCG64) -> Any {
    var tree = tree
    for _ in 0...random.integers(0..<3) {
      var place = random.integers(0..<count(tree))
      tree = replaced(tree, at: &place, using: &random)
    }
    return tree
  }

  private func count(_ tree: Any) -> Int {
    switch tree {
    case let list as [Any]: 1 + list.reduce(0) { $0 + count($1) }
    case let object as [String: Any]: 1 + object.values.reduce(0) { $0 + count($1) }
    default: 1
    }
  }

  private func replaced(_ tree: Any, at place: inout Int, using random: inout PCG64) -> Any {
    if place == 0 {
      place = -1
      return hostile(tree, using: &random)
    }
    place -= 1
    switch tree {
    case let list as [Any]:
      return list.map { place < 0 ? $0 : replaced($0, at: &place, using: &random) }
    case let object as [String: Any]:
      var result = object
      for key in object.keys.sorted() where place >= 0 {
        result[key] = replaced(object[key] ?? 0, at: &place, using: &random)
      }
      return result
    default: return tree
    }
  }

  private func hostile(_ node: Any, using random: inout PCG64) -> Any {
    if let list = node as? [Any] {
      let choices: [[Any]] = [[], Array(list.dropLast()), list + list, list.reversed()]
      return choices[random.integers(0..<4)]
    }
    if node is [String: Any] { return [String: Any]() }
    if let number = node as? NSNumber {
      let (whole, real) = (number.int64Value, number.doubleValue)
      let choices: [Any] = [
        whole &+ 1, whole &- 1, -1, 0, 1, 2, 7, 10, 100, 1 << 31, Int64.max, Int64.min, UInt64.max,
        (real * 1e9).isFinite ? real * 1e9 : 0, -real, real + 0.5, 1e300, -1e300, 1e-300, "nan",
        "inf", "-inf", true, false,
        whole &+ Int64(random.integers(-20..<20)), random.uniform(-10, 10), 255, -128,
      ]
      return choices[random.integers(0..<choices.count)]
    }
    let choices: [Any] = ["", "all", "minimal", "nips", "ant.xml", "/none", 3, "nan", "linear"]
    return choices[random.integers(0..<choices.count)]
  }
}
