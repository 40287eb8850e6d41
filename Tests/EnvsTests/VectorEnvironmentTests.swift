import CAllocationCounter
import Envs
import Foundation
import Runtime
import Testing

/// Rows to step a vector of environments with, and what its episodes did.
final class Rows<Element: ObservationElement> {
  let count: Int
  var actions: [Float]
  var observations: [Element]
  var finals: [Element]
  var rewards: [Double]
  var endings: [Ending]
  var returns: [Double]
  var lengths: [Int32]
  var masks: [Bool]
  var metrics: [Float]

  init(_ environments: some VectorizedEnvironments) {
    count = environments.count
    actions = Array(repeating: 0, count: count * environments.actionSize)
    observations = Array(repeating: Element(0), count: count * environments.observationSize)
    finals = observations
    rewards = Array(repeating: 0, count: count)
    endings = Array(repeating: .none, count: count)
    returns = rewards
    lengths = Array(repeating: 0, count: count)
    masks = Array(repeating: false, count: count * environments.maskSize)
    metrics = Array(repeating: 0, count: count * environments.metricNames.count)
  }

  func withRows(_ body: (StepRows, UnsafeMutablePointer<Float>) -> Void) {
    actions.withUnsafeMutableBufferPointer { actions in
      observations.withUnsafeMutableBytes { observations in
        finals.withUnsafeMutableBytes { finals in
          rewards.withUnsafeMutableBufferPointer { rewards in
            endings.withUnsafeMutableBufferPointer { endings in
              returns.withUnsafeMutableBufferPointer { returns in
                lengths.withUnsafeMutableBufferPointer { lengths in
                  masks.withUnsafeMutableBufferPointer { masks in
                    metrics.withUnsafeMutableBufferPointer { metrics in
                      body(
                        StepRows(
                          actions: actions.baseAddress!, observations: observations.baseAddress!,
                          finalObservations: finals.baseAddress!, rewards: rewards.baseAddress!,
                          endings: endings.baseAddress!, episodeReturns: returns.baseAddress!,
                          episodeLengths: lengths.baseAddress!, masks: masks.baseAddress,
                          finalMetrics: metrics.baseAddress), actions.baseAddress!)
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /// Steps with random actions and returns all that was written, step by step.
  func play(
    _ environments: inout some VectorizedEnvironments, steps: Int, slices: [Range<Int>]
  ) -> [String] {
    var log: [String] = []
    for _ in 0..<steps {
      environments.withStepper { stepper in
        withRows { rows, actions in
          for slice in slices { stepper.sampleActions(slice, into: actions) }
          for slice in slices { stepper.step(slice, rows) }
        }
      }
      log.append(
        "\(actions) \(observations) \(finals) \(rewards) \(endings) \(returns) \(lengths) \(masks) "
          + "\(metrics)")
    }
    return log
  }
}

@Suite struct VectorEnvironmentTests {
  @Test func slicesDoNotMatter() {
    var whole = VectorEnvironment(count: 7, seed: 3, timeLimit: 11) { CartPole() }
    var sliced = whole
    let first = Rows<Float>(whole).play(&whole, steps: 60, slices: [0..<7])
    let second = Rows<Float>(sliced).play(&sliced, steps: 60, slices: [5..<7, 0..<2, 2..<5])
    #expect(first == second)
  }

  @Test func erasedEqualsTyped() throws {
    var typed = VectorEnvironment(count: 5, seed: 3, timeLimit: 500) { CartPole() }
    var erased = typed.erased
    var made = try make("CartPole-v1", count: 5, seed: 3)
    let first = Rows<Float>(typed).play(&typed, steps: 60, slices: [0..<5])
    #expect(Rows<Float>(erased).play(&erased, steps: 60, slices: [0..<5]) == first)
    #expect(Rows<Float>(made).play(&made, steps: 60, slices: [0..<5]) == first)
    var other = try make("CartPole-v1", count: 5, seed: 4)
    #expect(Rows<Float>(other).play(&other, steps: 60, slices: [0..<5]) != first)
  }

  @Test func stepsAsEpisodesDo() {
    var environments = VectorEnvironment(count: 3, seed: 8, timeLimit: 9) { Corridor() }
    var episodes = (0..<3).map { environments[$0] }
    let rows = Rows<Float>(environments)
    for _ in 0..<80 {
      environments.withStepper { stepper in
        rows.withRows { rows, actions in
          stepper.sampleActions(0..<3, into: actions)
          stepper.step(0..<3, rows)
        }
      }
      for n in 0..<3 {
        #expect(episodes[n].actionMask()[Int(rows.actions[n])], "a forbidden action was drawn")
        let result = episodes[n].step(Int(rows.actions[n]))
        #expect(rows.rewards[n] == result.reward && rows.endings[n] == result.ending)
        if result.ending != .none {
          #expect(rows.finals[n] == episodes[n].observation()[0])
          #expect(rows.returns[n] == episodes[n].returnSoFar)
          #expect(Int(rows.lengths[n]) == episodes[n].elapsedSteps)
          #expect(rows.metrics[n] == episodes[n].metrics()[0].value)
          episodes[n].reset()
        }
        #expect(rows.observations[n] == episodes[n].observation()[0])
        #expect(Array(rows.masks[2 * n..<2 * n + 2]) == episodes[n].actionMask())
      }
    }
  }

  @Test func streamsAreSpawned() {
    let environments = VectorEnvironment(count: 3, seed: 12) { CartPole() }
    for n in 0..<3 {
      let stream = PCG64(SeedSequence(12).child(n).child(0))
      #expect(environments[n].observation() == Episode(CartPole(), using: stream).observation())
    }
    var reseeded = environments
    reseeded.reset(seed: 42)
    for n in 0..<3 {
      #expect(reseeded.observation(n) == Episode(CartPole(), seed: 42 + UInt64(n)).observation())
    }
    var streamed = environments.erased
    streamed.reset(using: (0..<3).map { PCG64(seed: 42 + $0) })
    #expect(streamed.typed(as: CartPole.self)?.observations == reseeded.observations)
  }

  @Test func actionsAreSampledAsGymnasiumDoes() {
    var environments = VectorEnvironment(count: 2, seed: 0) { CartPole() }
    environments.seedActions(42)
    var (first, second) = (PCG64(seed: 42), PCG64(seed: 43))
    for _ in 0..<20 {
      let expected = [
        Discrete(2).sample(using: &first), Discrete(2).sample(using: &second),
      ]
      #expect(environments.sampleActions() == expected)
    }
  }

  @Test func aCopyIsAFork() {
    var original = VectorEnvironment(count: 4, seed: 5, timeLimit: 20) { CartPole() }
    _ = Rows<Float>(original).play(&original, steps: 7, slices: [0..<4])
    var fork = original
    let saved = original
    let first = Rows<Float>(original).play(&original, steps: 40, slices: [0..<4])
    let second = Rows<Float>(fork).play(&fork, steps: 40, slices: [0..<4])
    #expect(first == second)
    var again = saved.erased
    #expect(Rows<Float>(again).play(&again, steps: 40, slices: [0..<4]) == first)
  }

  @Test func stateGoesOnExactly() throws {
    var original = VectorEnvironment(count: 4, seed: 5, timeLimit: 20) { CartPole() }.erased
    _ = Rows<Float>(original).play(&original, steps: 33, slices: [0..<4])
    let state = try original.encodedState()
    #expect(try original.encodedState() == state)
    var restored = VectorEnvironment(count: 4, seed: 99, timeLimit: 20) { CartPole() }.erased
    try restored.restoreState(state)
    #expect(try restored.encodedState() == state)
    let first = Rows<Float>(original).play(&original, steps: 50, slices: [0..<4])
    #expect(Rows<Float>(restored).play(&restored, steps: 50, slices: [0..<4]) == first)
  }

  @Test func stateHoldsNumbersThatJSONHasNoWordsFor() throws {
    var original = VectorEnvironment(count: 6, seed: 5) { Pixels() }.erased
    _ = Rows<UInt8>(original).play(&original, steps: 3, slices: [0..<6])
    var restored = original
    try restored.restoreState(try original.encodedState())
    let (first, second) = (
      try #require(original.typed(as: Pixels.self)), try #require(restored.typed(as: Pixels.self))
    )
    for n in 0..<6 {
      let (a, b) = (first[n].environment.last, second[n].environment.last)
      #expect(a.bitPattern == b.bitPattern || a.isNaN && b.isNaN)
    }
    #expect(original.observesBytes && original.observationSize == 6)
  }

  @Test func stateOfOthersIsRefused() throws {
    let four = VectorEnvironment(count: 4, seed: 5) { CartPole() }
    var three = VectorEnvironment(count: 3, seed: 5) { CartPole() }
    let error = #expect(throws: EnvironmentError.self) {
      try three.restoreState(try four.encodedState())
    }
    #expect(
      error?.description
        == "the saved state is of 4 environments and these are 3; they must be as many")
    var corridors = VectorEnvironment(count: 4, seed: 5) { Corridor() }
    let other = #expect(throws: EnvironmentError.self) {
      try corridors.restoreState(try four.encodedState())
    }
    #expect(other?.kind == .data)
    #expect(throws: EnvironmentError.self) { try three.restoreState(Data("{".utf8)) }
    // The same environment with longer rows would write beyond the columns.
    let wide = VectorEnvironment(count: 2, seed: 5) { BitFlipping(9) }
    var narrow = VectorEnvironment(count: 2, seed: 5) { BitFlipping(4) }
    let longer = #expect(throws: EnvironmentError.self) {
      try narrow.restoreState(try wide.encodedState())
    }
    #expect(longer?.description.contains("rows of another length") == true)
  }

  @Test func byHandOnAPoolIsTheSame() {
    var alone = VectorEnvironment(count: 40, seed: 1, timeLimit: 15) { CartPole() }
    var pooled = alone
    let pool = WorkerPool(threads: 2)
    for _ in 0..<50 {
      let actions = alone.sampleActions()
      #expect(pooled.sampleActions() == actions)
      alone.step(actions)
      pooled.step(actions, on: pool, sliceSize: 7)
      #expect(alone.observations == pooled.observations && alone.rewards == pooled.rewards)
    }
    #expect(alone.statistics == pooled.statistics)
    #expect(alone.statistics.episodes > 80)
    #expect(alone.statistics.meanLength! <= 15)
    #expect(alone.statistics.meanReturn == alone.statistics.meanLength)
  }

  @Test func freshOnesAreNew() throws {
    var environments = try make("CartPole-v1", count: 2, seed: 1)
    _ = Rows<Float>(environments).play(&environments, steps: 5, slices: [0..<2])
    var fresh = environments.fresh(count: 3, seed: 9)
    var made = try make("CartPole-v1", count: 3, seed: 9)
    #expect(fresh.spec?.id == "CartPole-v1" && fresh.timeLimit == 500)
    let first = Rows<Float>(fresh).play(&fresh, steps: 40, slices: [0..<3])
    #expect(Rows<Float>(made).play(&made, steps: 40, slices: [0..<3]) == first)
  }

  @Test func withErasedKeepsWhatHappened() {
    var environments = VectorEnvironment(count: 2, seed: 1, timeLimit: 30) { CartPole() }
    var other = environments
    let log = environments.withErased {
      Rows<Float>($0).play(&$0, steps: 25, slices: [0..<2])
    }
    #expect(Rows<Float>(other).play(&other, steps: 25, slices: [0..<2]) == log)
    let rest = Rows<Float>(environments).play(&environments, steps: 25, slices: [0..<2])
    #expect(Rows<Float>(other).play(&other, steps: 25, slices: [0..<2]) == rest)
  }

  @Test(.enabled(if: countsAllocations), arguments: ["CartPole-v1", "PointMass-v0"])
  func warmStepsAllocateNothing(_ id: String) throws {
    var environments = try make(id, count: 16, seed: 1)
    let rows = Rows<Float>(environments)
    var made: UInt = 0
    var ended = 0
    rows.withRows { rows, actions in
      for round in 0..<2 {
        let before = allocations_of_this_thread()
        for _ in 0..<300 {
          environments.withStepper { stepper in
            stepper.sampleActions(0..<16, into: actions)
            stepper.step(0..<16, rows)
          }
          if round == 1 { for n in 0..<16 where rows.endings[n] != .none { ended += 1 } }
        }
        made = allocations_of_this_thread() - before
      }
    }
    #expect(made == 0)
    #expect(ended > 50)
  }

  @Test(.enabled(if: countsAllocations))
  func warmStepsByHandAllocateNothing() {
    for mode in [Autoreset.sameStep, .nextStep] {
      var environments = VectorEnvironment(count: 8, seed: 1, autoreset: mode) { CartPole() }
      let actions = [0, 1, 0, 1, 1, 0, 1, 0]
      for _ in 0..<200 { environments.step(actions) }
      let before = allocations_of_this_thread()
      for _ in 0..<200 { environments.step(actions) }
      #expect(allocations_of_this_thread() == before, "\(mode)")
    }
  }
}
