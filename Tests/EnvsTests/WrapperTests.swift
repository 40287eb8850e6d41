import CAllocationCounter
import Envs
import Foundation
import Runtime
import Testing

/// Wrappers against Gymnasium's of the same name.
@Suite struct WrapperTests {
  @Test(arguments: Goldens.wrappers.runs)
  func equalsGymnasium(_ run: ChecksumRun) {
    let cartPole = TimeLimit(CartPole(), steps: 500)
    let pendulum = TimeLimit(Pendulum(), steps: 200)
    let car = TimeLimit(MountainCar(), steps: 200)
    let continuous = TimeLimit(MountainCarContinuous(), steps: 999)
    let acrobot = TimeLimit(Acrobot(), steps: 500)
    let lake = TimeLimit(FrozenLake(), steps: 100)
    func compare<E: Environment>(_ environment: E) where E.Element == Float {
      run.compare(environment) { _, _ in }
    }
    switch run.name {
    case "ClipAction Pendulum": compare(ClipAction(pendulum))
    case "ClipAction MountainCarContinuous": compare(ClipAction(continuous))
    case "RescaleAction Pendulum": compare(RescaleAction(pendulum, from: -0.7...1.3))
    case "RescaleAction MountainCarContinuous": compare(RescaleAction(continuous, from: 0...3))
    case "RescaleObservation MountainCar": compare(RescaleObservation(car, to: -1...1))
    case "RescaleObservation Acrobot": compare(RescaleObservation(acrobot, to: 0.1...0.9))
    case "RescaleObservation CartPole":
      let low: [Double] = [-1, -.infinity, -0.3, -.infinity]
      compare(RescaleObservation(cartPole, low: low, high: [0.9, .infinity, 0.7, .infinity]))
    case "NormalizeObservation CartPole": compare(NormalizeObservation(cartPole))
    case "NormalizeObservation Pendulum": compare(NormalizeObservation(pendulum, epsilon: 1e-3))
    case "NormalizeReward Pendulum": compare(NormalizeReward(pendulum))
    case "NormalizeReward CartPole":
      compare(NormalizeReward(cartPole, gamma: 0.9, epsilon: 1e-4))
    case "ClipReward Pendulum": compare(ClipReward(pendulum, to: -3...(-0.5)))
    case "ClipReward MountainCarContinuous": compare(ClipReward(continuous, to: ...(-0.02)))
    case "FrameStack CartPole": compare(FrameStack(cartPole, count: 4))
    case "FrameStack zero CartPole": compare(FrameStack(cartPole, count: 3, padding: .zero))
    case "FrameStack MountainCarContinuous": compare(FrameStack(continuous, count: 1))
    case "FlattenObservation FrozenLake": compare(FlattenObservation(lake))
    case "FlattenObservation Blackjack": compare(FlattenObservation(Blackjack()))
    case "TimeAware CartPole": compare(TimeAware(cartPole))
    case "TimeAware normalized Pendulum": compare(TimeAware(pendulum, normalized: true))
    case "TimeAware FrozenLake": compare(TimeAware(FlattenObservation(lake), limit: 100))
    case "Delay CartPole": compare(Delay(cartPole, steps: 3))
    case "Delay zero Pendulum": compare(Delay(pendulum, steps: 0))
    case "Delay FrozenLake": compare(Delay(lake, steps: 2))
    case "Repeat CartPole": compare(Repeat(cartPole, count: 3))
    case "Repeat MountainCarContinuous": compare(Repeat(continuous, count: 4))
    case "MaxAndSkip Pendulum": compare(MaxAndSkip(pendulum))
    case "MaxAndSkip MountainCar": compare(MaxAndSkip(car, skip: 2))
    case "DiscretizeAction Pendulum": compare(DiscretizeAction(pendulum, bins: 7))
    case "DiscretizeAction MountainCarContinuous": compare(DiscretizeAction(continuous, bins: [10]))
    case "MultiDiscretizeAction Pendulum": compare(MultiDiscretizeAction(pendulum, bins: 7))
    case "MultiDiscretizeObservation MountainCar":
      compare(MultiDiscretizeObservation(car, bins: [18, 14]))
    case "DiscretizeObservation MountainCar": compare(DiscretizeObservation(car, bins: [18, 14]))
    case "DiscretizeObservation Pendulum": compare(DiscretizeObservation(pendulum, bins: 9))
    case "DiscretizeObservation Acrobot": compare(DiscretizeObservation(acrobot, bins: 4))
    case "stack of four":
      compare(
        NormalizeReward(
          FrameStack(NormalizeObservation(TimeAware(cartPole, normalized: true)), count: 2)))
    default: Issue.record("no wrapper for \(run.name)")
    }
  }

  @Test func spacesAreGymnasiums() {
    let lake = FlattenObservation(FrozenLake())
    let found: [any Space] = [
      ClipAction(Pendulum()).actionSpace,
      RescaleAction(MountainCarContinuous(), from: 0...3).actionSpace,
      DiscretizeAction(Pendulum(), bins: 7).actionSpace,
      MultiDiscretizeAction(Pendulum(), bins: 7).actionSpace,
      RescaleObservation(Acrobot(), to: 0.1...0.9).observationSpace,
      NormalizeObservation(CartPole()).observationSpace,
      FrameStack(MountainCar(), count: 2).observationSpace,
      lake.observationSpace,
      FlattenObservation(Blackjack()).observationSpace,
      TimeAware(CartPole(), limit: 500).observationSpace,
      TimeAware(CartPole(), limit: 500, normalized: true).observationSpace,
      TimeAware(lake, limit: 100).observationSpace,
      DiscretizeObservation(Pendulum(), bins: 9).observationSpace,
      MultiDiscretizeObservation(Pendulum(), bins: 9).observationSpace,
    ]
    #expect(found.map(\.description) == Goldens.wrappers.spaces)
  }

  /// A bin for each number, the first number's first.
  @Test func binsFollowTheNumbers() {
    var rooms = (Navigation2D(), MultiDiscretizeAction(Navigation2D(), bins: [3, 5]))
    var (first, second) = (PCG64(seed: 3), PCG64(seed: 3))
    rooms.0.reset(using: &first)
    rooms.1.reset(using: &second)
    // −0.5 … 1 in thirds, −2 … 2 in fifths; what lies outside is the outermost.
    for (bins, centre) in [
      ([2, 0], [0.75, -1.6]), ([0, 4], [-0.25, 1.6]), ([1, 2], [0.25, 0]),
      ([9, -3], [0.75, -1.6]),
    ] as [([Float], [Float])] {
      _ = rooms.0.step([centre[0], centre[1]], using: &first)
      _ = rooms.1.step([bins[0], bins[1]], using: &second)
      #expect((rooms.0.speed - rooms.1.base.speed).magnitude < 1e-6)
      #expect((rooms.0.turnRate - rooms.1.base.turnRate).magnitude < 1e-6)
    }
  }

  @Test func imagesAreGymnasiums() {
    let images = Goldens.wrappers.images
    let gray = images.firstIndex { $0.to.isEmpty } ?? images.count
    for (index, golden) in images.enumerated() {
      var checksum = CRC32()
      if golden.to.isEmpty {
        let picture = Picture(index - gray, golden.shape)
        for byte in Episode(GrayScale(picture), seed: 0).observation() { checksum.add(byte) }
      } else {
        let resized = Resize(
          Picture(index, golden.shape), height: golden.to[0], width: golden.to[1])
        for byte in Episode(resized, seed: 0).observation() { checksum.add(byte) }
      }
      #expect(checksum.value == golden.checksum, "\(golden.shape) to \(golden.to)")
    }
  }

  /// Every wrapper, small and large rows, passes the checker and allocates nothing when warm.
  @Test func allPassTheChecker() throws {
    func check(
      _ environment: some Environment, independent: Bool = true, steps: Int = 150
    ) throws {
      try checkEnvironment(
        environment, steps: steps, episodesAreIndependent: independent,
        countingAllocations: countsAllocations ? { Int(allocations_of_this_thread()) } : nil)
    }
    try check(ClipAction(Pendulum()))
    try check(RescaleAction(Pendulum(), from: -1...1))
    try check(RescaleObservation(Pendulum(), to: 0...1))
    try check(NormalizeObservation(CartPole()), independent: false)
    try check(NormalizeReward(CartPole()), independent: false)
    try check(ClipReward(Pendulum(), to: -1...1))
    try check(ClipReward(Pendulum(), to: (-1)...))
    try check(FrameStack(CartPole(), count: 4))
    try check(FrameStack(FlattenObservation(Breakout()), count: 4, padding: .zero), steps: 30)
    try check(FlattenObservation(Blackjack()))
    try check(FilterObservation(Breakout(), keeping: [3, 399]), steps: 30)
    try check(TimeAware(TimeLimit(CartPole(), steps: 500)))
    try check(Delay(CartPole(), steps: 2))
    try check(Sticky(CartPole(), probability: 0.3))
    try check(Repeat(CartPole(), count: 2))
    try check(MaxAndSkip(CartPole()))
    let frames = Picture(1, [40, 50, 3])
    try check(MaxAndSkip(frames, skip: 2), steps: 30)
    try check(GrayScale(frames, keepingDimension: true), steps: 30)
    try check(Resize(frames, height: 17, width: 20), steps: 30)
    let small = Resize(GrayScale(frames), height: 20, width: 25)
    try check(FrameStack(small, count: 4), steps: 30)
    try check(DiscretizeAction(Pendulum(), bins: 5))
    try check(DiscretizeObservation(Pendulum(), bins: 5))
    try check(MultiDiscretizeAction(Pendulum(), bins: 5))
    try check(MultiDiscretizeObservation(Pendulum(), bins: 5))
    try check(AddNoise(Pendulum(), standardDeviation: 0.1))
    try check(RecordEpisodeStatistics(TimeLimit(CartPole(), steps: 9)))
    try check(TransformReward(Pendulum()) { $0 / 16 + 1 })
    try check(turned)
    try check(TransformAction(MountainCar(), from: Discrete(2)) { (action: Int) in 2 * action })
    try check(
      TimeAware(
        RecordEpisodeStatistics(ClipReward(TimeLimit(CartPole(), steps: 9), to: 0...1)), limit: 9))
  }

  private var turned: TransformObservation<Pendulum, Float, Box> {
    TransformObservation(Pendulum(), to: Box(shape: [2], in: -1...1)) { old, new in
      new[0] = -old[1]
      new[1] = old[0]
    }
  }

  @Test func functionsSurviveRestoring() throws {
    func made() -> VectorEnvironment<TransformReward<TransformReward<Pendulum>>> {
      let factors = [1.0, 10, 100]
      return VectorEnvironment(
        factors.map { factor in
          TransformReward(TransformReward(Pendulum()) { $0 * factor }) { $0 + 1 }
        },
        seed: 3)
    }
    var first = made()
    first.reset(seed: 5)
    first.step([[1], [1], [1]])
    var second = made()
    try second.restoreState(first.encodedState())
    first.step([[1], [0], [-1]])
    second.step([[1], [0], [-1]])
    #expect(first.rewards == second.rewards && Set(first.rewards).count == 3)
    #expect(first.observations == second.observations)

    let data = try JSONEncoder().encode(TransformReward(CartPole()) { $0 })
    let error = #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(TransformReward<CartPole>.self, from: data)
    }
    #expect("\(error as Any)".contains("is not in saved state; restore it into a vector"))
  }

  @Test func statisticsAreThoseOfTheEpisodes() {
    var episode = Episode(
      RecordEpisodeStatistics(TimeLimit(CartPole(), steps: 15), window: 3), seed: 1)
    var (returns, lengths) = ([Double](), [Int]())
    for step in 0..<200 {
      if episode.step(step % 3 == 0 ? 0 : 1).ending == .none { continue }
      returns.append(episode.returnSoFar)
      lengths.append(episode.elapsedSteps)
      #expect(
        episode.metrics().map(\.value) == [Float(returns.last ?? 0), Float(lengths.last ?? 0)])
      episode.reset()
    }
    let statistics = episode.environment.statistics
    #expect(statistics.episodes == returns.count && returns.count > 5)
    #expect(statistics.returns == returns.suffix(3) && statistics.lengths == lengths.suffix(3))
    #expect(statistics.meanReturn == returns.suffix(3).reduce(0, +) / 3)
    // A reset in the middle counts for nothing, and the next episode starts from zero.
    episode.reset()
    #expect(episode.environment.length == 0 && episode.environment.statistics == statistics)
  }

  @Test func metricsOfTheInsideComeFirst() {
    var episode = Episode(RecordEpisodeStatistics(RecordEpisodeStatistics(Corridor())), seed: 0)
    episode.step(1)
    #expect(
      episode.metrics().map(\.name)
        == ["cell", "episode_return", "episode_length", "episode_return", "episode_length"])
    #expect(episode.metrics().map(\.value).suffix(4) == [-0.01, 1, -0.01, 1])
  }

  @Test func anEarlyEndingShowsItsOwnFrame() {
    // Corridor: from cell 0 … 2 to 8; the last step of an episode comes after one, two or three moves.
    for seed in 0..<8 {
      for skip in 2...5 {
        var episode = Episode(MaxAndSkip(Corridor(), skip: skip), seed: UInt64(seed))
        while episode.step(1).ending == .none {}
        #expect(episode.observation() == [1])
        episode.reset()
        #expect(episode.observation()[0] <= 0.25)
        episode.step(1)
        // Walking back, the larger one is the frame before.
        let here = episode.environment.base.position
        episode.step(0)
        let cells = [max(0, here - skip + 1), max(0, here - skip)].map { Float($0) / 8 }
        #expect(episode.observation()[0] == max(cells[0], cells[1]))
      }
    }
  }

  @Test func noiseHasItsDeviation() {
    var noisy = Episode(AddNoise(Corridor(), standardDeviations: [0.5]), seed: 2)
    var (sum, squares) = (0.0, 0.0)
    for _ in 0..<20_000 {
      let noise = Double(noisy.observation()[0]) - Double(noisy.environment.base.position) / 8
      sum += noise
      squares += noise * noise
      noisy.step(0)
    }
    // Five standard errors.
    #expect((sum / 20_000).magnitude < 5 * 0.5 / 141)
    #expect((squares / 20_000 - 0.25).magnitude < 5 * 0.25 * 1.42 / 141)
  }

  @Test func statisticsCanBeFrozen() {
    var environment = NormalizeObservation(CartPole())
    var random = PCG64(seed: 1)
    environment.reset(using: &random)
    let mean = environment.mean
    environment.updatesStatistics = false
    _ = environment.step(1, using: &random)
    #expect(environment.mean == mean && mean != [0, 0, 0, 0])
  }
}

/// One picture, the bytes of which the script of the golden values knows.
struct Picture: Environment {
  let index: Int
  let shape: [Int]
  var steps = 0

  init(_ index: Int, _ shape: [Int]) {
    self.index = index
    self.shape = shape
  }

  var observationSpace: Box { Box(shape: shape, in: 0...255, of: .uint8) }
  var actionSpace: Discrete { Discrete(2) }
  mutating func reset(using random: inout PCG64) { steps = 0 }
  mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    steps += 1
    return StepResult(reward: 0, ending: steps == 20 ? .terminated : .none)
  }

  var stateFault: String? {
    let isSmall = shape.allSatisfy { (1...500).contains($0) } && (1...3).contains(shape.count)
    return isSmall && steps < 1 << 40 && steps >= 0 ? nil : "a picture of shape \(shape)"
  }

  private func byte(_ position: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: (position &* 2_654_435_761 &+ (index &+ steps) &* 40503) >> 7)
  }

  func observe(into observation: inout MutableSpan<UInt8>) {
    for position in 0..<shape.reduce(1, *) {
      observation[position] =
        index % 2 == 0 ? byte(position) : max(byte(position), byte(position + 1))
    }
  }
}
