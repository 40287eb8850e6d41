import Envs
import Testing

/// Mistakes that no file or argument can cause end the process with a sentence.
@Suite struct ProgrammingMistakeTests {
  @Test func aStepAfterAnEndingNeedsAReset() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var environments = VectorEnvironment(count: 2, seed: 0, autoreset: .disabled, timeLimit: 3) {
        CartPole()
      }
      for _ in 0..<4 { environments.step([0, 1]) }
    }
    expect(
      result,
      "swirl: VectorEnvironment.step: the episode of environment 0 has truncated; call "
        + "reset(environment: 0) first, or choose another autoreset mode")
  }

  @Test func actionsMustBeInTheSpace() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var environments = VectorEnvironment(count: 2, seed: 0) { CartPole() }
      environments.step([0, 2])
    }
    expect(
      result,
      "swirl: VectorEnvironment.step: the action 2 for environment 1 is not in the action space "
        + "Discrete(2)")
  }

  @Test func everyEnvironmentNeedsAnAction() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var environments = VectorEnvironment(count: 2, seed: 0) { CartPole() }
      environments.step([0])
    }
    expect(
      result,
      "swirl: VectorEnvironment.step: 1 actions were given for 2 environments; give one each")
  }

  @Test func slicesMustLieInside() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var environments = VectorEnvironment(count: 2, seed: 0) { CartPole() }
      var actions: [Float] = [0, 0]
      environments.withStepper { $0.sampleActions(1..<3, into: &actions) }
    }
    expect(
      result,
      "swirl: VectorStepper.sampleActions: the slice 1..<3 is outside the 2 environments; it must lie "
        + "within 0..<2")
  }

  @Test func actionTypesMustFit() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = VectorEnvironment(count: 1, seed: 0) { Misfit() }
    }
    expect(
      result,
      "swirl: VectorEnvironment: Misfit's action InlineArray<3, Float> has 3 numbers and its action "
        + "space Box(-1.0, 1.0, (2,), float32) has 2; they must have as many")
  }

  @Test func boundsMustBeInOrder() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Box(low: [0, 2], high: [1, 1])
    }
    expect(result, "swirl: Box: bounds 1 are 2.0 and 1.0; low must not exceed high")
  }

  private func expect(_ result: ExitTest.Result?, _ sentence: String) {
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.hasPrefix(sentence + "\n"), "\(text.prefix(300))")
  }
}
