import Envs
import Foundation
import Runtime
import Testing

@Suite struct SnapshotTests {
  /// What can be seen of an episode, step by step.
  private struct Moment: Equatable {
    var observation: [Float]
    var mask: [Bool]
    var reward = 0.0
    var ending = Ending.none
    var elapsed: Int
    var sum: Double

    init(_ episode: AnyEpisode) {
      observation = episode.observation
      mask = episode.actionMask
      elapsed = episode.elapsedSteps
      sum = episode.returnSoFar
    }
  }

  /// Plays on with sampled actions, through endings.
  private func play(
    _ episode: inout AnyEpisode, _ streams: inout SpaceStreams, steps: Int
  ) throws -> [Moment] {
    let space = episode.actionSpace
    return try (0..<steps).map { _ in
      let result = try episode.step(space.sampleRow(using: &streams))
      var moment = Moment(episode)
      (moment.reward, moment.ending) = (result.reward, result.ending)
      if result.ending != .none { episode.reset() }
      return moment
    }
  }

  /// Every registered environment forked in the middle of an episode: a copy and a file go on as the original
  /// does, a branch with other actions disturbs neither.
  @Test func forksReplay() throws {
    for id in registeredEnvironments().map(\.id) {
      for seed in 0..<3 as Range<UInt64> {
        var episode = try makeEpisode(id, seed: seed)
        var streams = episode.actionSpace.streams(seed: seed + 1)
        _ = try play(&episode, &streams, steps: 13 + 20 * Int(seed))
        let snapshot = EpisodeSnapshot(episode, step: 13, actions: streams)
        let data = try snapshot.encoded()
        let restored = try EpisodeSnapshot(decoding: data, file: "file")
        #expect(try restored.encoded() == data, "\(id)")
        #expect(restored.step == 13 && restored.episode.spec == episode.spec)

        var branch = episode
        var others = episode.actionSpace.streams(seed: 99)
        _ = try play(&branch, &others, steps: 50)
        #expect(Moment(restored.episode) == Moment(episode), "\(id)")

        var (copy, file) = (snapshot.episode, restored.episode)
        var (copyStreams, fileStreams) = (streams, try #require(restored.actions))
        let original = try play(&episode, &streams, steps: 200)
        #expect(try play(&copy, &copyStreams, steps: 200) == original, "\(id)")
        #expect(try play(&file, &fileStreams, steps: 200) == original, "\(id)")
        #expect(streams == fileStreams && copyStreams == streams)
      }
    }
  }

  @Test func optionsAndLimitsAreKept() throws {
    var episode = try makeEpisode("RepeatPrevious-v0", seed: 1, options: ["length": 9, "n": 7])
    try episode.step([6])
    let data = try EpisodeSnapshot(episode, step: 1).encoded()
    var restored = try EpisodeSnapshot(decoding: data, file: "file").episode
    #expect(restored.spec?.options == ["length": 9, "n": 7])
    #expect("\(restored.actionSpace)" == "Discrete(7)")
    while restored.ending == .none { try restored.step([0]) }
    #expect(restored.elapsedSteps == 9)
    let car = try EpisodeSnapshot(makeEpisode("MountainCar-v0", seed: 1), step: 0).encoded()
    #expect(try EpisodeSnapshot(decoding: car, file: "file").episode.timeLimit == 200)
  }

  @Test func damageGetsASentence() throws {
    func said(_ data: Data) -> String {
      let error = #expect(throws: EnvironmentError.self) {
        try EpisodeSnapshot(decoding: data, file: "file")
      }
      #expect(error?.kind == .data)
      return error?.description ?? ""
    }
    let data = try EpisodeSnapshot(makeEpisode("CartPole-v1", seed: 1), step: 0).encoded()
    for foreign in [Data(), Data("{}\n".utf8), Data([0, 255, 10, 3]), Data(data.dropFirst())] {
      #expect(said(foreign) == "file is no saved episode; 'swirl rollout --save' writes one")
    }
    let start = try #require(data.firstIndex(of: UInt8(ascii: "\n")))
    for place in stride(from: start + 1, to: data.count, by: 7) {
      var bad = data
      bad[place] ^= 1
      #expect(said(bad).hasPrefix("file is damaged: its bytes are not those that were written"))
    }
    for count in [start + 1, data.count - 1] {
      #expect(said(data.prefix(count)).hasPrefix("file is damaged: it holds "))
    }
    // Whole, and yet nothing that can be gone on with.
    func written(_ replace: (String) -> String) throws -> Data {
      let body = Data(replace(String(decoding: data[(start + 1)...], as: UTF8.self)).utf8)
      let crc = String(Checksum.crc32c(body), radix: 16)
      return Data(
        "{\"bytes\":\(body.count),\"crc32c\":\"\(crc)\",\"format\":\"swirl episode\",\"version\":1}\n"
          .utf8) + body
    }
    #expect(try EpisodeSnapshot(decoding: written { $0 }, file: "file").step == 0)
    #expect(
      said(try written { $0.replacing("CartPole-v1", with: "CartPol-v1") }).hasPrefix(
        "file holds no episode of CartPol-v1 that can be gone on with: unknown environment"))
    #expect(
      said(try written { $0.replacing("CartPole-v1", with: "Pendulum-v1") }).hasPrefix(
        "file holds no episode of Pendulum-v1 that can be gone on with: 'sine' is missing"))
    #expect(
      said(try written { $0.replacing("\"options\":{}", with: "\"options\":{\"g\":1}") })
        .contains("no option 'g'"))
    #expect(said(try written { _ in "{}\n{}\n" }).contains("which environment it is of"))
  }

  @Test func onlyRegisteredEpisodesAreSaved() {
    let error = #expect(throws: EnvironmentError.self) {
      try EpisodeSnapshot(AnyEpisode(Episode(CartPole(), seed: 1)), step: 0).encoded()
    }
    #expect(error?.kind == .usage)
  }
}
