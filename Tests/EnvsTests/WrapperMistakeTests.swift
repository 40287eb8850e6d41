import Envs
import Testing

/// What a wrapper cannot do ends the process with a sentence.
@Suite struct WrapperMistakeTests {
  private static let mistakes: [(make: @Sendable () -> Void, sentence: String)] = [
    (
      { _ = TimeLimit(CartPole(), steps: 0) },
      "TimeLimit: the limit is 0 steps; it must be at least one"
    ),
    (
      { _ = NormalizeReward(CartPole(), gamma: 1.5) },
      "NormalizeReward: gamma is 1.5; it must lie in 0 ... 1"
    ),
    (
      { _ = NormalizeReward(CartPole(), epsilon: 0) },
      "NormalizeReward: epsilon is 0.0; it must be positive"
    ),
    (
      { _ = NormalizeObservation(CartPole(), epsilon: -1) },
      "NormalizeObservation: epsilon is -1.0; it must be positive"
    ),
    (
      { _ = RescaleAction(Pendulum(), from: 1...1) },
      "RescaleAction: both bounds of number 0 are 1.0; the lower must be below the upper, since a single "
        + "point cannot be stretched"
    ),
    (
      { _ = RescaleObservation(CartPole(), to: 0...1) },
      "RescaleObservation: number 1 cannot be mapped between -inf ... inf and 0.0 ... 1.0; an infinite "
        + "bound must stay as it is"
    ),
    (
      { _ = RescaleObservation(Pendulum(), low: [0], high: [1]) },
      "RescaleObservation: 1 lower and 1 upper bounds were given for 3 numbers; there must be one of each "
        + "for every number"
    ),
    (
      { _ = DiscretizeObservation(CartPole(), bins: 5) },
      "DiscretizeObservation: number 1 lies in -inf ... inf, which has no equal bins; both bounds must be "
        + "finite"
    ),
    (
      { _ = DiscretizeAction(Pendulum(), bins: 0) },
      "DiscretizeAction: number 0 has 0 bins; it must have at least one"
    ),
    (
      { _ = DiscretizeAction(Pendulum(), bins: [2, 2]) },
      "DiscretizeAction: 2 numbers of bins were given for 1 numbers; there must be one each"
    ),
    (
      { _ = FrameStack(CartPole(), count: 0) },
      "FrameStack: 0 observations cannot be shown; at least one can"
    ),
    (
      { _ = Delay(CartPole(), steps: -1) },
      "Delay: the delay is -1 steps; it must not be negative"
    ),
    ({ _ = Repeat(CartPole(), count: 0) }, "Repeat: the count is 0; it must be at least one"),
    (
      { _ = MaxAndSkip(CartPole(), skip: 1) },
      "MaxAndSkip: actions are taken 1 times; it must be at least twice"
    ),
    (
      { _ = TimeAware(CartPole(), limit: 0) },
      "TimeAware: the limit is 0 steps; it must be at least one"
    ),
    (
      { _ = AddNoise(CartPole(), standardDeviation: -0.5) },
      "AddNoise: a standard deviation is -0.5; it must be finite and not negative"
    ),
    (
      { _ = GrayScale(Picture(0, [4, 4])) },
      "GrayScale: the observation has the shape [4, 4]; it must be an image [height, width, 3]"
    ),
    (
      { _ = Resize(Picture(0, [4, 4]), height: 0, width: 2) },
      "Resize: the new image is 0 × 2; both sides must be at least one"
    ),
    (
      {
        _ = VectorEnvironment(
          [TimeAware(CartPole(), limit: 5), TimeAware(CartPole(), limit: 6)], seed: 0)
      },
      "VectorEnvironment: environment 1 has the observation space"
    ),
    (
      { _ = VectorEnvironment([CartPole](), seed: 0) },
      "VectorEnvironment: no environments were given; give at least one"
    ),
  ]

  @Test(arguments: 0..<mistakes.count)
  func getASentence(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [index] in
      Self.mistakes[index].make()
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.hasPrefix("swirl: " + Self.mistakes[index].sentence), "\(text.prefix(300))")
  }
}
