import Foundation
import Runtime
import Tensors

/// Runs an actor-critic on rows as rollouts need it: no tensors, no tape, no allocation once made.
///
/// One a worker thread. The bits of a row are those of `ActorCritic.evaluate`, whatever the number of
/// rows, because both run the same batch-invariant kernels.
package final class PolicyRunner {
  package let capacity: Int
  private let model: ActorCritic
  private let policy: DenseStack
  private let value: DenseStack
  private let scratch: UnsafeMutablePointer<Float>
  private let other: UnsafeMutablePointer<Float>
  private let encodedRows: UnsafeMutablePointer<Float>
  private let logProbabilities: UnsafeMutablePointer<Float>
  private let standardDeviation: [Float]
  private let inverse: [Float]
  private let logStd: [Float]

  /// - Parameter capacity: The largest number of rows a call may pass.
  package init(_ model: ActorCritic, capacity: Int) {
    self.model = model
    self.capacity = max(capacity, 1)
    policy = DenseStack(model.policy)
    value = DenseStack(model.value)
    let widest = max(policy.widest, value.widest, 1)
    scratch = .allocate(capacity: widest * self.capacity)
    other = .allocate(capacity: widest * self.capacity)
    encodedRows = .allocate(capacity: max(model.encoder.encodedSize, 1) * self.capacity)
    logProbabilities = .allocate(capacity: model.head.outputSize * self.capacity)
    logStd = model.logStd?.scalars ?? []
    standardDeviation = model.logStd?.detached().exp().scalars ?? []
    inverse = model.logStd.map { (-$0.detached()).exp().scalars } ?? []
  }

  deinit {
    scratch.deallocate()
    other.deallocate()
    encodedRows.deallocate()
    logProbabilities.deallocate()
  }

  private func encoded(_ rows: Int, _ raw: UnsafePointer<Float>) -> UnsafePointer<Float> {
    if model.encoder.isIdentity && model.normalizer == nil { return raw }
    model.encoder.encode(rows: rows, raw, normalizer: model.normalizer, into: encodedRows)
    return UnsafePointer(encodedRows)
  }

  /// V of `rows` raw observations.
  package func values(
    rows: Int, _ observations: UnsafePointer<Float>, into values: UnsafeMutablePointer<Float>
  ) {
    let result = value.run(rows: rows, encoded(rows, observations), scratch, other)
    values.update(from: result, count: rows)
  }

  /// Samples an action for each of `rows` raw observations, each from its own stream, and writes the
  /// actions, their log-probabilities and the values of the observations.
  package func sample(
    rows: Int, _ observations: UnsafePointer<Float>, masks: UnsafePointer<Bool>?,
    streams: UnsafeMutablePointer<PCG64>, actions: UnsafeMutablePointer<Float>,
    logProbabilities chosen: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>
  ) {
    let input = encoded(rows, observations)
    values.update(from: value.run(rows: rows, input, scratch, other), count: rows)
    let output = policy.run(rows: rows, input, scratch, other)
    switch model.head {
    case .multiCategorical(let counts, let start):
      let width = model.head.outputSize
      applyMask(rows * width, masks, output)
      for row in 0..<rows {
        var (sum, first) = (Float(0), row * width)
        for (i, count) in counts.enumerated() {
          RowKernels.logSoftmax(
            rows: 1, width: count, output + first, logProbabilities + first)
          RowKernels.exp(count, logProbabilities + first, output + first)
          let pick = Self.pick(count, output + first, streams[row].random())
          actions[row * counts.count + i] = Float(pick + start[i])
          // From the first part on, as `MultiCategorical` adds them.
          sum = i == 0 ? logProbabilities[first + pick] : sum + logProbabilities[first + pick]
          first += count
        }
        chosen[row] = sum
      }
    case .categorical(let count, let start):
      applyMask(rows * count, masks, output)
      RowKernels.logSoftmax(rows: rows, width: count, output, logProbabilities)
      let probabilities = output
      RowKernels.exp(rows * count, logProbabilities, probabilities)
      for row in 0..<rows {
        let pick = Self.pick(count, probabilities + row * count, streams[row].random())
        actions[row] = Float(pick + start)
        chosen[row] = logProbabilities[row * count + pick]
      }
    case .gaussian(let low, _):
      let size = low.count
      for row in 0..<rows {
        let mean = output + row * size
        let action = actions + row * size
        for i in 0..<size {
          action[i] = mean[i] + standardDeviation[i] * Float(streams[row].standardNormal())
        }
        chosen[row] = gaussianLogProbabilityRow(
          size, mean: mean, logStd: logStd, inverse: inverse, action: action)
      }
    }
  }

  /// The most probable action of each row: of each choice the largest logit, the first of equal ones, or
  /// the mean.
  package func best(
    rows: Int, _ observations: UnsafePointer<Float>, masks: UnsafePointer<Bool>?,
    actions: UnsafeMutablePointer<Float>
  ) {
    let output = policy.run(rows: rows, encoded(rows, observations), scratch, other)
    switch model.head {
    case .categorical, .multiCategorical:
      let (counts, start) = model.head.choices
      applyMask(rows * model.head.outputSize, masks, output)
      var first = 0
      for row in 0..<rows {
        for (i, count) in counts.enumerated() {
          var pick = 0
          for k in 1..<max(count, 1) where output[first + k] > output[first + pick] { pick = k }
          actions[row * counts.count + i] = Float(pick + start[i])
          first += count
        }
      }
    case .gaussian(let low, _):
      actions.update(from: output, count: rows * low.count)
    }
  }

  /// The actions the environment is given: a Gaussian's limited to the action space. What was sampled
  /// stays as it is, since its log-probability belongs to it.
  package func limited(
    rows: Int, _ actions: UnsafePointer<Float>, into limited: UnsafeMutablePointer<Float>
  ) {
    switch model.head {
    case .categorical: limited.update(from: actions, count: rows)
    case .multiCategorical(let counts, _): limited.update(from: actions, count: rows * counts.count)
    case .gaussian(let low, let high):
      let size = low.count
      for i in 0..<rows * size {
        limited[i] = min(max(actions[i], low[i % size]), high[i % size])
      }
    }
  }

  private func applyMask(
    _ count: Int, _ masks: UnsafePointer<Bool>?, _ logits: UnsafeMutablePointer<Float>
  ) {
    guard let masks else { return }
    for i in 0..<count {
      // The arithmetic of `Categorical.init(logits:mask:)`.
      let mask: Float = masks[i] ? 1 : 0
      logits[i] = logits[i] * mask + (mask - 1) * -Categorical.forbiddenLogit
    }
  }

  /// The first option whose cumulated probability exceeds `u`; the last possible one if rounding keeps
  /// the sum below `u`.
  private static func pick(
    _ count: Int, _ probabilities: UnsafePointer<Float>, _ u: Double
  ) -> Int {
    var sum = 0.0
    var last = 0
    for i in 0..<count where probabilities[i] > 0 {
      sum += Double(probabilities[i])
      last = i
      if sum > u { return i }
    }
    return last
  }
}
