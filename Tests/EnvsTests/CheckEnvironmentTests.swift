import CAllocationCounter
import Envs
import Testing

@Suite struct CheckEnvironmentTests {
  @Test func goodEnvironmentsPass() throws {
    let counter = countsAllocations ? { Int(allocations_of_this_thread()) } : nil
    try checkEnvironment(CartPole(), countingAllocations: counter)
    try checkEnvironment(CartPole(suttonBartoReward: true, start: -0.1...0.2))
    try checkEnvironment(PointMass(), countingAllocations: counter)
    try checkEnvironment(TimeLimit(CartPole(), steps: 9), countingAllocations: counter)
    try checkEnvironment(Corridor(), countingAllocations: counter)
    try checkEnvironment(Pixels())
    try checkEnvironment(Broken(.none), countingAllocations: counter)
  }

  @Test(
    arguments: [
      (.nan, "Broken.observe writes nan into element 1 at step 5 with seed 123; write a number"),
      (
        .outside,
        "Broken.observe writes 1.5 into element 1 at step 5 with seed 123, which is outside "
          + "Box(-1.0, 1.0, (2,), float32)"
      ),
      (
        .tooLong,
        "Broken.observe writes element 2 of an observation, but Box(-1.0, 1.0, (2,), float32) holds 2; "
          + "it must write elements 0 to 1"
      ),
      (
        .tooShort,
        "Broken.observe leaves element 1 of an observation unwritten, but Box(-1.0, 1.0, (2,), float32) "
          + "holds 2; it must write elements 0 to 1"
      ),
      (
        .infiniteReward,
        "Broken.step gives the reward inf at step 3 with seed 123; it must be finite"
      ),
      (
        .changingSpaces, "Broken's spaces change at step 1 with seed 123; they must stay the same"
      ),
      (
        .otherSource,
        "Broken.reset starts another episode for the same seed 123; it must draw from the generator it "
          + "is given and from nothing else"
      ),
      (
        .otherSourceInStep,
        "Broken.step gives another observation at step 1 when it is played again with the same seed "
          + "and actions; it must draw from the generator it is given and from nothing else"
      ),
      (
        .resetRemembers,
        "Broken.reset starts another episode after an earlier one than at first with the same seed "
          + "123; it must set all state that an episode changes"
      ),
      (
        .forgetsState,
        "Broken observes something else after it was saved and read back; Codable must cover all its "
          + "state"
      ),
      (
        .noAllowedAction,
        "Broken.actionMask allows no action at step 5 with seed 123; it must allow at least one"
      ),
      (
        .wrongMask,
        "Broken's maskSize is 3 and its action space Discrete(2); it must be 0 or 2"
      ),
      (
        .metricsTooLong,
        "Broken.metrics writes element 1 of metrics, but it has 1 metric names; it must write elements "
          + "0 to 0"
      ),
      (
        .nanMetric,
        "Broken.metrics writes nan for 'pulls' at step 5 with seed 123; write a finite number"
      ),
      (
        .sharedAfterStep,
        "Broken changes when a copy made in the middle of an episode is stepped; its state must be "
          + "values that a copy does not share"
      ),
    ] as [(Broken.Fault, String)])
  func namesWhatIsWrong(_ fault: Broken.Fault, _ sentence: String) {
    let error = #expect(throws: EnvironmentError.self) { try checkEnvironment(Broken(fault)) }
    #expect(error?.description == sentence)
    #expect(error?.kind == .data)
  }

  @Test func namesSharedState() {
    let error = #expect(throws: EnvironmentError.self) {
      try checkEnvironment(Broken(.sharedState))
    }
    // Which look notices first depends on how much is shared; each of these is about it.
    #expect(error?.description.hasPrefix("Broken") == true)
  }

  @Test func namesRewardsAtTheBounds() {
    let error = #expect(throws: EnvironmentError.self) { try checkEnvironment(Brittle()) }
    #expect(
      error?.description
        == "Brittle.step gives the reward inf at step 16 with seed 123; it must be finite")
  }

  @Test func carriesStateOnlyIfItSaysSo() throws {
    try checkEnvironment(NormalizeReward(CartPole()), episodesAreIndependent: false)
    let error = #expect(throws: EnvironmentError.self) {
      try checkEnvironment(NormalizeReward(CartPole()))
    }
    #expect(
      error?.description.hasSuffix(
        "after a reset that follows an earlier episode than after its first reset; reset must set all "
          + "state that an episode changes") == true)
  }

  /// Whatever is registered keeps its promises.
  @Test func allRegisteredEnvironmentsPass() throws {
    for spec in registeredEnvironments() where spec.id != "Corridor-v0" {
      // Box2D itself allocates.
      let isCounted =
        countsAllocations
        && !["LunarLander", "BipedalWalker", "CarRacing"].contains(where: spec.id.hasPrefix)
      let counter = isCounted ? { Int(allocations_of_this_thread()) } : nil
      try make(spec.id, seed: 0).check(steps: 100, countingAllocations: counter)
    }
  }

  @Test(.enabled(if: countsAllocations), arguments: [Broken.Fault.allocates, .allocatesInReset])
  func namesAllocations(_ fault: Broken.Fault) {
    let error = #expect(throws: EnvironmentError.self) {
      try checkEnvironment(Broken(fault)) { Int(allocations_of_this_thread()) }
    }
    #expect(error?.description.contains("heap allocations in 800 warm steps") == true)
  }

  @Test func namesActionsThatDoNotFit() {
    let error = #expect(throws: EnvironmentError.self) { try checkEnvironment(Misfit()) }
    #expect(
      error?.description
        == "Misfit's action InlineArray<3, Float> has 3 numbers and its action space "
        + "Box(-1.0, 1.0, (2,), float32) has 2; they must have as many")
  }

  @Test func vectorsCheckTheirRows() throws {
    try VectorEnvironment(count: 2, seed: 0) { Broken(.none) }.erased.checkRows()
    // Only row sizes are looked at here, and nothing is stepped.
    for fault in [Broken.Fault.tooShort, .tooLong] {
      var made = 0
      let environments = VectorEnvironment(count: 3, seed: 0) {
        made += 1
        return Broken(made == 3 ? fault : .none)
      }
      #expect(throws: EnvironmentError.self) { try environments.erased.checkRows() }
    }
  }
}
