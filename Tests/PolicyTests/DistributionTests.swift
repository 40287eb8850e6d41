import Foundation
import Policy
import Runtime
import Tensors
import Testing

@Test func categoricalMatchesItsFormulas() {
  let distribution = Categorical(logits: Tensor([0, Float(log(3.0)), 1, 1], shape: [2, 2]))
  let log = distribution.logProbability(of: [1, 0]).scalars
  #expect((log[0] - Float(Foundation.log(0.75))).magnitude < 1e-6)
  #expect((log[1] - Float(Foundation.log(0.5))).magnitude < 1e-6)
  let entropy = distribution.entropy().scalars
  #expect(
    (entropy[0] - Float(-0.75 * Foundation.log(0.75) - 0.25 * Foundation.log(0.25))).magnitude
      < 1e-6)
}

@Test func aForbiddenActionHasNoProbabilityAndNoGradient() {
  let mask = Tensor([1, 0, 1], shape: [1, 3])
  let (value, gradient) = valueWithGradient(at: Tensor([1, 5, 2], shape: [1, 3])) { logits in
    let distribution = Categorical(logits: logits, mask: mask)
    return distribution.logProbability(of: [0]).sum() + distribution.entropy().sum()
  }
  #expect(value.item.isFinite)
  #expect(gradient.scalars[1] == 0)
  let probabilities = Categorical(logits: Tensor([1, 5, 2], shape: [1, 3]), mask: mask)
    .logProbabilities.exp()
  #expect(probabilities[0, 1] == 0)
}

@Test func gaussianEntropyIsItsFormula() {
  let gaussian = DiagonalGaussian(mean: .zeros([1, 2]), logStd: Tensor([0.5, -1]))
  let expected = Float(2 * 0.5 * (1 + Foundation.log(2 * Double.pi)) - 0.5)
  #expect((gaussian.entropy().item - expected).magnitude < 1e-5)
}

/// What a rollout computes on raw rows and what an update computes with tensors are the same bits, for
/// any number of rows: the ratio of the first minibatch is exactly 1.
@Test(arguments: [
  ActionHead.categorical(count: 3, start: 0), .gaussian(low: [-1, -2], high: [1, 2]),
  .multiCategorical(counts: [4, 19], start: [0, -7]),
])
func rolloutsAndUpdatesAgreeToTheBit(_ head: ActionHead) {
  var random = PCG64(seed: 1)
  let architecture = ActorCritic.Architecture(hidden: [64, 32], normalizationClip: 5)
  var model = ActorCritic(
    encoder: .numbers(5), head: head, architecture: architecture, using: &random)
  let rows = 33
  let observations = (0..<rows * 5).map { _ in Float(random.normal(0, 2)) }
  model.normalizer?.update(steps: rows, environments: 1, observations)
  let width = head.outputSize == 3 ? 1 : 2
  var actions = [Float](repeating: 0, count: rows * width)
  var logProbabilities = [Float](repeating: 0, count: rows)
  var values = logProbabilities
  var streams = (0..<rows).map { PCG64(SeedSequence(9).child($0)) }
  // In pieces of 1, 2, 3, … rows.
  var first = 0
  var piece = 1
  while first < rows {
    let count = min(piece, rows - first)
    let runner = PolicyRunner(model, capacity: count)
    observations.withUnsafeBufferPointer { o in
      actions.withUnsafeMutableBufferPointer { a in
        logProbabilities.withUnsafeMutableBufferPointer { l in
          values.withUnsafeMutableBufferPointer { v in
            streams.withUnsafeMutableBufferPointer { s in
              runner.sample(
                rows: count, o.baseAddress! + first * 5, masks: nil,
                streams: s.baseAddress! + first,
                actions: a.baseAddress! + first * width, logProbabilities: l.baseAddress! + first,
                values: v.baseAddress! + first)
            }
          }
        }
      }
    }
    first += count
    piece += 1
  }
  let (log, _, value) = model.evaluate(
    observations: model.encoded(rows: rows, observations),
    actions: Tensor(actions, shape: [rows, width]))
  #expect(log.scalars == logProbabilities)
  #expect(value.scalars == values)
}

@Test func sampledFrequenciesFollowTheProbabilities() {
  var random = PCG64(seed: 2)
  let model = ActorCritic(
    encoder: .numbers(2), head: .categorical(count: 3, start: 0),
    architecture: .init(hidden: [8]), using: &random)
  let runner = PolicyRunner(model, capacity: 1)
  let observation: [Float] = [0.3, -0.7]
  var counts = [0.0, 0, 0]
  var stream = PCG64(seed: 3)
  let draws = 30_000
  for _ in 0..<draws {
    var (action, log, value): (Float, Float, Float) = (0, 0, 0)
    runner.sample(
      rows: 1, observation, masks: nil, streams: &stream, actions: &action, logProbabilities: &log,
      values: &value)
    counts[Int(action)] += 1
  }
  let probabilities = model.actor.policy(Tensor(observation, shape: [1, 2])).softmax().scalars
  for (count, p) in zip(counts, probabilities) {
    // Five standard errors.
    #expect(abs(count / Double(draws) - Double(p)) < 5 * (0.25 / Double(draws)).squareRoot())
  }
}

@Test func aMaskedActionIsNeverSampled() {
  var random = PCG64(seed: 4)
  let model = ActorCritic(
    encoder: .numbers(1), head: .categorical(count: 3, start: 5),
    architecture: .init(hidden: [4]), using: &random)
  let runner = PolicyRunner(model, capacity: 1)
  var stream = PCG64(seed: 5)
  for _ in 0..<300 {
    var (action, log, value): (Float, Float, Float) = (0, 0, 0)
    runner.sample(
      rows: 1, [1], masks: [true, false, true], streams: &stream, actions: &action,
      logProbabilities: &log, values: &value)
    #expect(action == 5 || action == 7)
  }
}

@Test func momentsMergeToTheWhole() {
  var random = PCG64(seed: 6)
  let rows = (0..<200).map { _ in Float(random.normal(3, 2)) }
  var moments = RunningMoments(size: 2)
  moments.merge(rows: 30, stride: 2, rows)
  rows.withUnsafeBufferPointer { moments.merge(rows: 70, stride: 2, $0.baseAddress! + 60) }
  for i in 0..<2 {
    let column = stride(from: i, to: 200, by: 2).map { Double(rows[$0]) }
    let mean = column.reduce(0, +) / 100
    let variance = column.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 100
    #expect(abs(moments.mean[i] - mean) < 1e-4)
    #expect(abs(moments.variance[i] - variance) < 1e-4)
  }
}

/// Several choices are as many distributions, each drawn, scored and maximised by itself.
@Test func severalChoicesAreIndependent() {
  var random = PCG64(seed: 7)
  let head = ActionHead.multiCategorical(counts: [3, 2], start: [1, 0])
  let model = ActorCritic(
    encoder: .numbers(2), head: head, architecture: .init(hidden: [8], orthogonal: false),
    using: &random)
  let x = Tensor([0.3, -0.7], shape: [1, 2])
  let logits = model.actor.policy(x)
  let (first, second) = (logits.sliced(0..<3, axis: 1), logits.sliced(3..<5, axis: 1))
  let (a, b) = (first.logSoftmax().scalars, second.logSoftmax().scalars)
  for i in 0..<3 {
    for j in 0..<2 {
      let (log, entropy, _) = model.evaluate(
        observations: x, actions: Tensor([Float(i + 1), Float(j)], shape: [1, 2]))
      #expect(log.scalars == [a[i] + b[j]])
      let expected =
        -(zip(a, a).reduce(0) { $0 + exp($1.0) * $1.1 }) - b.reduce(0) { $0 + exp($1) * $1 }
      #expect((entropy.scalars[0] - expected).magnitude < 1e-5)
    }
  }
  let runner = PolicyRunner(model, capacity: 1)
  var best: [Float] = [0, 0]
  runner.best(rows: 1, [0.3, -0.7], masks: nil, actions: &best)
  #expect(best == [Float(a.firstIndex(of: a.max()!)! + 1), Float(b.firstIndex(of: b.max()!)!)])
  // A mask forbids options of any choice.
  var stream = PCG64(seed: 5)
  for _ in 0..<200 {
    var (action, log, value): ([Float], Float, Float) = ([0, 0], 0, 0)
    runner.sample(
      rows: 1, [0.3, -0.7], masks: [true, false, true, false, true], streams: &stream,
      actions: &action, logProbabilities: &log, values: &value)
    #expect(action[0] != 2 && action[1] == 1)
  }
}
