import Foundation
import Runtime
import Tensors

/// Runs an actor-critic, or an actor alone, on rows as rollouts need it: no tensors, no tape, no allocation
/// once made.
///
/// One a worker thread. The bits of a row are those of `ActorCritic.evaluate`, whatever the number of
/// rows, because both run the same batch-invariant kernels.
package final class PolicyRunner {
  package let capacity: Int
  private let actor: Actor
  private let policy: NetworkRunner
  /// The value function and whether it reads the policy's features and memory.
  private let critic: (network: NetworkRunner, sharesFeatures: Bool, sharesMemory: Bool)?
  private let encodedRows: UnsafeMutablePointer<Float>
  private let logProbabilities: UnsafeMutablePointer<Float>
  /// A state of each row that a look ahead moves on in place of the real one.
  private let aside: UnsafeMutablePointer<Float>
  private let noise: GaussianNoise?
  /// Of the head, made once.
  private let bounds: (low: [Float], high: [Float])?
  private let choiceCount: Int

  /// - Parameter capacity: The largest number of rows a call may pass.
  package convenience init(_ model: ActorCritic, capacity: Int) {
    self.init(
      model.actor,
      critic: (
        NetworkRunner(model.value, capacity: max(capacity, 1)), model.sharesFeatures,
        model.sharesMemory
      ), capacity: capacity)
  }

  /// As `init(_:capacity:)` without a value function, whose columns are then left as they are.
  package convenience init(_ actor: Actor, capacity: Int) {
    self.init(actor, critic: nil, capacity: capacity)
  }

  private init(
    _ actor: Actor,
    critic: (network: NetworkRunner, sharesFeatures: Bool, sharesMemory: Bool)?, capacity: Int
  ) {
    self.actor = actor
    self.critic = critic
    bounds = actor.head.bounds
    choiceCount = actor.head.choices.counts.count
    let capacity = max(capacity, 1)
    self.capacity = capacity
    policy = NetworkRunner(actor.policy, capacity: capacity)
    encodedRows = .allocate(capacity: max(actor.encoder.encodedSize, 1) * capacity)
    logProbabilities = .allocate(capacity: actor.head.outputSize * capacity)
    aside = .allocate(
      capacity: max(policy.memorySize + (critic?.network.memorySize ?? 0), 1) * capacity)
    noise = actor.logStd.map { GaussianNoise(logStd: $0, capacity: capacity) }
  }

  deinit {
    encodedRows.deallocate()
    logProbabilities.deallocate()
    aside.deallocate()
  }

  /// Numbers of a row's memory: the policy's, then the value function's own.
  package var memorySize: Int { policy.memorySize + (critic?.network.memorySize ?? 0) }

  private func encoded(_ rows: Int, _ raw: UnsafeRawPointer) -> UnsafePointer<Float> {
    if actor.encoder.isIdentity && actor.normalizer == nil {
      return raw.assumingMemoryBound(to: Float.self)
    }
    actor.encoder.encode(rows: rows, raw, normalizer: actor.normalizer, into: encodedRows)
    return UnsafePointer(encodedRows)
  }

  /// V of rows whose features and memory the policy may have computed already.
  private func values(
    _ rows: Int, input: UnsafePointer<Float>, features: UnsafePointer<Float>,
    remembered: UnsafePointer<Float>, memory: UnsafeMutablePointer<Float>?,
    into values: UnsafeMutablePointer<Float>
  ) {
    guard let critic else { return }
    var read = remembered
    if !critic.sharesMemory {
      let own =
        critic.sharesFeatures ? features : critic.network.features(rows: rows, input)
      read = critic.network.remembered(
        rows: rows, own, state: memory.map { $0 + policy.memorySize }, stride: memorySize)
    }
    values.update(from: critic.network.outputs(rows: rows, read).output, count: rows)
  }

  /// Outputs of the policy network, and the number of the first of its choices.
  package var outputSize: Int { actor.head.outputSize }
  package var firstOption: Int { actor.head.choices.start.first ?? 0 }

  /// The policy network's outputs for `rows` raw observations, `[rows, outputSize]`, good until the next call.
  package func outputs(
    rows: Int, _ observations: UnsafeRawPointer
  ) -> UnsafeMutablePointer<Float> {
    policy.outputs(rows: rows, policy.features(rows: rows, encoded(rows, observations))).output
  }

  /// V of `rows` raw observations.
  ///
  /// - Parameter memory: `[rows, memorySize]`, which stays as it is.
  package func values(
    rows: Int, _ observations: UnsafeRawPointer, memory: UnsafePointer<Float>? = nil,
    into values: UnsafeMutablePointer<Float>
  ) {
    guard let critic else { return }
    let input = encoded(rows, observations)
    var state: UnsafeMutablePointer<Float>?
    if let memory {
      aside.update(from: memory, count: rows * memorySize)
      state = aside
    }
    // Only what the value function reads is run.
    let features = critic.sharesFeatures ? policy.features(rows: rows, input) : input
    var remembered = features
    if critic.sharesMemory {
      remembered = policy.remembered(rows: rows, features, state: state, stride: memorySize)
    }
    self.values(
      rows, input: input, features: features, remembered: remembered, memory: state, into: values)
  }

  /// Samples an action for each of `rows` raw observations, each from its own stream, and writes the
  /// actions, their log-probabilities and the values of the observations.
  ///
  /// - Parameters:
  ///   - memory: `[rows, memorySize]`, moved on by one step.
  ///   - drawsNoise: Whether noise that depends on the state is drawn anew rather than that of the call
  ///     before; it must be at the first.
  package func sample(
    rows: Int, _ observations: UnsafeRawPointer, masks: UnsafePointer<Bool>?,
    streams: UnsafeMutablePointer<PCG64>, actions: UnsafeMutablePointer<Float>,
    logProbabilities chosen: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>,
    memory: UnsafeMutablePointer<Float>? = nil, drawsNoise: Bool = true
  ) {
    let input = encoded(rows, observations)
    let features = policy.features(rows: rows, input)
    let remembered = policy.remembered(
      rows: rows, features, state: memory, stride: memorySize)
    self.values(
      rows, input: input, features: features, remembered: remembered, memory: memory, into: values)
    let (latent, output) = policy.outputs(rows: rows, remembered)
    switch actor.head {
    case .multiCategorical(let counts, let start):
      let width = actor.head.outputSize
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
    case .gaussian:
      noise?.sample(
        rows: rows, mean: output, latent: latent, streams: streams, actions: actions,
        logProbabilities: chosen, draws: drawsNoise)
    case .squashedGaussian(let low, _):
      let size = low.count
      chosen.update(repeating: 0, count: rows)
      for row in 0..<rows {
        let (mean, logStd) = (output + row * 2 * size, output + (row * 2 + 1) * size)
        for i in 0..<size {
          let deviation = Float(exp(Double(SquashedGaussian.limited(logStd[i]))))
          mean[i] += deviation * Float(streams[row].standardNormal())
        }
      }
      takeBest(rows, output, actions)
    case .deterministic, .values:
      // Nothing is left to chance.
      chosen.update(repeating: 0, count: rows)
      takeBest(rows, output, actions)
    }
  }

  /// The most probable action of each row: of each choice the largest logit, the first of equal ones, or
  /// the mean.
  ///
  /// - Parameter memory: `[rows, memorySize]`, moved on by one step.
  package func best(
    rows: Int, _ observations: UnsafeRawPointer, masks: UnsafePointer<Bool>?,
    actions: UnsafeMutablePointer<Float>, memory: UnsafeMutablePointer<Float>? = nil
  ) {
    let features = policy.features(rows: rows, encoded(rows, observations))
    let remembered = policy.remembered(rows: rows, features, state: memory, stride: memorySize)
    let output = policy.outputs(rows: rows, remembered).output
    applyMask(rows * actor.head.outputSize, masks, output)
    takeBest(rows, output, actions)
  }

  /// What the policy makes of one raw observation, for people to look at: the outputs of its network, masked,
  /// σ of a Gaussian's, and V if it has a value function.
  ///
  /// - Parameter memory: `[memorySize]`, which stays as it is.
  package func outlook(
    _ observation: UnsafeRawPointer, mask: UnsafePointer<Bool>?, memory: UnsafePointer<Float>
  ) -> (outputs: [Float], deviations: [Float], value: Float?) {
    var value: Float?
    if critic != nil {
      var number: Float = 0
      values(rows: 1, observation, memory: memory, into: &number)
      value = number
    }
    aside.update(from: memory, count: memorySize)
    let features = policy.features(rows: 1, encoded(1, observation))
    let remembered = policy.remembered(rows: 1, features, state: aside, stride: memorySize)
    let (latent, output) = policy.outputs(rows: 1, remembered)
    applyMask(actor.head.outputSize, mask, output)
    var deviations: [Float] = []
    if let logStd = actor.logStd {
      let numbers = logStd.scalars
      let size = actor.head.outputSize
      deviations = (0..<size).map { i in
        guard actor.exploresByState else { return Float(exp(Double(numbers[i]))) }
        var variance: Float = stateVarianceFloor
        for l in 0..<numbers.count / max(size, 1) {
          variance += latent[l] * latent[l] * Float(exp(2 * Double(numbers[l * size + i])))
        }
        return variance.squareRoot()
      }
    }
    let outputs = UnsafeBufferPointer(start: output, count: actor.head.outputSize)
    return (Array(outputs), deviations, value)
  }

  private func takeBest(
    _ rows: Int, _ output: UnsafeMutablePointer<Float>, _ actions: UnsafeMutablePointer<Float>
  ) {
    switch actor.head {
    case .categorical, .multiCategorical:
      let (counts, start) = actor.head.choices
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
    case .deterministic(let low, let high), .squashedGaussian(let low, let high):
      let (size, width) = (low.count, actor.head.outputSize)
      RowKernels.tanh(rows * width, output, output)
      for row in 0..<rows {
        for i in 0..<size {
          let (half, middle) = (0.5 * (high[i] - low[i]), 0.5 * (high[i] + low[i]))
          actions[row * size + i] = output[row * width + i] * half + middle
        }
      }
    case .values(let count, let start, let atoms, let low, let high):
      for row in 0..<rows {
        let values = output + row * count * atoms
        if atoms > 1 {
          DistributionalValues.means(count, atoms: atoms, low: low, high: high, values)
        }
        var pick = 0
        for k in 1..<max(count, 1) where values[k] > values[pick] { pick = k }
        actions[row] = Float(pick + start)
      }
    }
  }

  /// The actions the environment is given: a Gaussian's limited to the action space. What was sampled
  /// stays as it is, since its log-probability belongs to it.
  package func limited(
    rows: Int, _ actions: UnsafePointer<Float>, into limited: UnsafeMutablePointer<Float>
  ) {
    guard let (low, high) = bounds else {
      limited.update(from: actions, count: rows * choiceCount)
      return
    }
    let size = low.count
    for i in 0..<rows * size {
      limited[i] = min(max(actions[i], low[i % size]), high[i % size])
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
