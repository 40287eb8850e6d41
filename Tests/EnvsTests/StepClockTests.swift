import Envs
import Foundation
import Runtime
import Testing

/// Waits in every step.
private struct Slow: Environment {
  var observationSpace: Box { Box(shape: [1], in: 0...1) }
  var actionSpace: Discrete { Discrete(2) }

  mutating func reset(using random: inout PCG64) {}

  mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    let end = ContinuousClock.now + .milliseconds(1)
    while ContinuousClock.now < end {}
    return StepResult(reward: 0)
  }

  func observe(into observation: inout MutableSpan<Float>) { observation[0] = 0 }
}

@Suite struct StepClockTests {
  private func step(_ environments: inout AnyVectorEnvironment, times: Int) {
    environments.withStepper { stepper in
      let actions = UnsafeMutablePointer<Float>.allocate(capacity: 2)
      let rows = StepRows(
        actions: actions, observations: .allocate(byteCount: 8, alignment: 8),
        rewards: .allocate(capacity: 2), endings: .allocate(capacity: 2))
      defer {
        actions.deallocate()
        rows.observations.deallocate()
        rows.rewards.deallocate()
        rows.endings.deallocate()
      }
      stepper.sampleActions(0..<2, into: actions)
      for _ in 0..<times { stepper.step(0..<2, rows) }
    }
  }

  @Test func countsWhatStepsTake() {
    let clock = StepClock()
    var environments = VectorEnvironment(count: 2, seed: 1) { Slow() }.erased
    step(&environments, times: 8)
    #expect(clock.takeSeconds() == 0)
    environments.clock = clock
    step(&environments, times: 16)
    // Sixteen steps of two environments that take a millisecond each; a busy machine takes longer.
    let seconds = clock.takeSeconds()
    #expect(seconds > 0.031)
    #expect(clock.takeSeconds() == 0)
    // Other environments like these have no clock.
    var others = environments.fresh(count: 2, seed: 3)
    step(&others, times: 16)
    #expect(clock.takeSeconds() == 0)
  }
}
