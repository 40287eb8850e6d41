import CAllocationCounter
import Envs
import Runtime
import Synchronization
import Testing

@Suite struct AsyncStepperTests {
  /// What one environment did: its actions, rewards, endings and observations.
  typealias Stream = [[Float]]

  /// The action of environment n at its step `step`, whatever the order they come in.
  private static func action(_ n: Int, _ step: Int) -> Int { (n * 7 + step * step / 3) % 2 }

  private static func inStep(_ count: Int, steps: Int) -> [Stream] {
    var environments = VectorEnvironment(count: count, seed: 5, timeLimit: 30) { Uneven() }
    environments.reset(seed: 9)
    var streams = [Stream](repeating: [], count: count)
    for step in 0..<steps {
      environments.step((0..<count).map { action($0, step) })
      for n in 0..<count {
        streams[n].append(
          [Float(environments.rewards[n]), Float(environments.endings[n].rawValue)]
            + environments.observation(n) + (environments.finalObservation(n) ?? []))
      }
    }
    return streams
  }

  @Test(arguments: [1, 2, 3, 5], [1, 4, 11])
  func everyEnvironmentDoesWhatItDoesInStep(_ threads: Int, _ batch: Int) {
    let (count, steps) = (11, 60)
    let expected = Self.inStep(count, steps: steps)
    var environments = VectorEnvironment(count: count, seed: 5, timeLimit: 30) { Uneven() }
    environments.reset(seed: 9)
    var streams = [Stream](repeating: [], count: count)
    environments.withAsyncEnvironments(on: WorkerPool(threads: threads)) { environments in
      environments.send((0..<count).map { Self.action($0, 0) }, to: Array(0..<count))
      while environments.underWay > 0 {
        var ready = [Int](repeating: -1, count: min(batch, environments.underWay))
        environments.receive(&ready)
        #expect(Set(ready).count == ready.count)
        for n in ready {
          streams[n].append(
            [Float(environments.reward(n)), Float(environments.ending(n).rawValue)]
              + environments.observation(n) + (environments.finalObservation(n) ?? []))
        }
        let more = ready.filter { streams[$0].count < steps }
        environments.send(more.map { Self.action($0, streams[$0].count) }, to: more)
      }
      #expect(environments.statistics.episodes > 0)
    }
    #expect(streams == expected)
    #expect(environments.statistics.episodes == expected.joined().count { $0[1] != 0 })
    // What follows in step is what would have followed.
    var inStep = VectorEnvironment(count: count, seed: 5, timeLimit: 30) { Uneven() }
    inStep.reset(seed: 9)
    for step in 0..<steps { inStep.step((0..<count).map { Self.action($0, step) }) }
    let next = (0..<count).map { Self.action($0, steps) }
    environments.step(next)
    inStep.step(next)
    #expect(environments.observations == inStep.observations)
  }

  /// Three of four come back while the fourth is held up.
  @Test(arguments: [1, 3]) func theSlowestIsNotWaitedFor(_ threads: Int) {
    let gate = Gate()
    var environments = VectorEnvironment((0..<4).map { Gated(gate: $0 == 3 ? gate : nil) }, seed: 0)
    environments.reset()
    environments.withAsyncEnvironments(on: WorkerPool(threads: threads)) { environments in
      environments.send([0, 0, 0, 0], to: [0, 1, 2, 3])
      var ready = [0, 0, 0]
      environments.receive(&ready)
      #expect(Set(ready) == [0, 1, 2] && environments.underWay == 1)
      gate.isOpen.store(true, ordering: .releasing)
      var last = [0]
      environments.receive(&last)
      #expect(last == [3] && environments.underWay == 0)
    }
  }

  @Test func whatIsNotReceivedIsStillDone() {
    var environments = VectorEnvironment(count: 6, seed: 2) { Uneven() }
    environments.reset(seed: 1)
    var copy = environments
    environments.withAsyncEnvironments(on: WorkerPool(threads: 2)) {
      $0.send([1, 0, 1, 0, 1, 0], to: [0, 1, 2, 3, 4, 5])
    }
    copy.step([1, 0, 1, 0, 1, 0])
    #expect(environments.rewards == copy.rewards && environments.observations == copy.observations)
  }

  @Test func errorsComeThrough() {
    struct Stopped: Error, Equatable { let step: Int }
    var environments = VectorEnvironment(count: 2, seed: 2) { Uneven() }
    #expect(throws: Stopped(step: 3)) {
      try environments.withAsyncEnvironments(on: WorkerPool(threads: 2)) {
        (environments) throws(Stopped) -> Int in
        environments.send([0], to: [1])
        throw Stopped(step: 3)
      }
    }
    environments.step([0, 1])
  }

  @Test func erasedEnvironmentsStepToo() throws {
    var environments = try make("CartPole-v1", count: 4, seed: 3)
    var (actions, observations) = (
      [Float](repeating: 1, count: 4), [Float](repeating: 0, count: 16)
    )
    var (rewards, endings) = (
      [Double](repeating: 0, count: 4), [Ending](repeating: .none, count: 4)
    )
    let rows = StepRows(
      actions: &actions, observations: &observations, rewards: &rewards, endings: &endings)
    environments.withAsyncStepper(rows, on: WorkerPool(threads: 2)) { stepper in
      stepper.send([0, 1, 2])
      var ready = [0, 0, 0]
      stepper.receive(&ready)
    }
    #expect(rewards == [1, 1, 1, 0])
  }

  @Test(.enabled(if: countsAllocations)) func warmStepsAreQuiet() {
    var environments = VectorEnvironment(count: 8, seed: 2, timeLimit: 20) { CartPole() }
    environments.reset()
    environments.withAsyncEnvironments(on: WorkerPool(threads: 2)) { environments in
      let all = Array(0..<8)
      let actions = [0, 1, 0, 1, 0, 1, 0, 1]
      var ready = [Int](repeating: 0, count: 8)
      var made: UInt = 0
      for round in 0..<400 {
        if round == 200 { made = allocations_of_this_thread() }
        environments.send(actions, to: all)
        environments.receive(&ready)
      }
      #expect(allocations_of_this_thread() - made == 0)
    }
  }

  private static let mistakes:
    [(make: @Sendable (AsyncEnvironments<CartPole>) -> Void, sentence: String)] = [
      (
        {
          var ready = [0, 0]
          $0.receive(&ready)
        },
        "AsyncStepper.receive: 2 environments were asked for and 1 are at work; ask for no more than were "
          + "sent actions"
      ),
      (
        { $0.send([1], to: [0]) },
        "AsyncStepper.send: environment 0 is still at its last action; receive it before it is sent another"
      ),
      (
        { $0.send([1, 1], to: [1, 1]) },
        "AsyncStepper.send: environment 1 is still at its last action; receive it before it is sent another"
      ),
      (
        { $0.send([1], to: [2]) },
        "AsyncStepper.send: there is no environment 2; there are 2, from 0 to 1"
      ),
      (
        { $0.send([2], to: [1]) },
        "AsyncEnvironments.send: the action 2 for environment 1 is not in the action space Discrete(2)"
      ),
      (
        { $0.send([1], to: []) },
        "AsyncEnvironments.send: 1 actions were given for 0 environments; give one each"
      ),
      (
        { _ = $0.reward(0) },
        "AsyncEnvironments.reward: environment 0 is still at its last action; receive it first"
      ),
    ]

  /// Environment 0 is at work when the mistake is made.
  @Test(arguments: 0..<mistakes.count)
  func mistakesGetASentence(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [index] in
      var environments = VectorEnvironment(count: 2, seed: 0) { CartPole() }
      environments.reset()
      environments.withAsyncEnvironments(on: WorkerPool(threads: 1)) {
        $0.send([0], to: [0])
        Self.mistakes[index].make($0)
      }
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.hasPrefix("swirl: " + Self.mistakes[index].sentence + "\n"), "\(text.prefix(300))")
  }
}

/// CartPole whose steps cost very different times.
private struct Uneven: Environment {
  var base = CartPole()
  var waste = 0.0

  var observationSpace: Box { base.observationSpace }
  var actionSpace: Discrete { base.actionSpace }
  mutating func reset(using random: inout PCG64) { base.reset(using: &random) }
  mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    var rounds = random.integers(0..<8) == 0 ? 20_000 : 20
    while rounds > 0 {
      waste = (waste + 1).squareRoot()
      rounds -= 1
    }
    return base.step(action, using: &random)
  }
  func observe(into observation: inout MutableSpan<Float>) { base.observe(into: &observation) }
}

private final class Gate: Sendable, Codable {
  let isOpen = Atomic(false)
  init() {}
  init(from decoder: any Decoder) throws {}
  func encode(to encoder: any Encoder) throws {}
}

/// An environment whose step waits for a gate, if it has one.
private struct Gated: Environment {
  var gate: Gate?
  var observationSpace: Box { Box(shape: [1], in: 0...1) }
  var actionSpace: Discrete { Discrete(1) }
  mutating func reset(using random: inout PCG64) {}
  mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    while let gate, !gate.isOpen.load(ordering: .acquiring) {}
    return StepResult(reward: 1)
  }
  func observe(into observation: inout MutableSpan<Float>) { observation[0] = 0 }
}
