import Policy
import Replay
import Tensors

/// A rollout as an update reads it: `[T · N, …]` tensors.
struct RolloutBatch: Sendable {
  let count: Int
  private let model: ActorCritic
  private let buffer: RolloutBuffer
  /// Observations encoded and normalised once; nil of bytes, which would take four times their room.
  private let encoded: Tensor?
  let actions: Tensor
  let logProbabilities: Tensor
  let values: Tensor
  let returns: Tensor
  let masks: Tensor?
  private let rawAdvantages: Tensor

  init(_ buffer: RolloutBuffer, _ model: ActorCritic) {
    func column(_ source: UnsafePointer<Float>) -> Tensor {
      Tensor(shape: Shape(buffer.count)) {
        $0.baseAddress!.update(from: source, count: buffer.count)
      }
    }
    count = buffer.count
    self.model = model
    self.buffer = buffer
    encoded =
      model.encoder.readsBytes ? nil : model.encoded(rows: buffer.count, buffer.observations)
    actions = Tensor(shape: Shape(buffer.count, buffer.actionSize)) {
      $0.baseAddress!.update(from: buffer.actions, count: $0.count)
    }
    logProbabilities = column(buffer.logProbabilities)
    values = column(buffer.values)
    returns = column(buffer.returns)
    rawAdvantages = column(buffer.advantages)
    masks =
      buffer.maskSize == 0
      ? nil
      : Tensor(shape: Shape(buffer.count, buffer.maskSize)) {
        for i in $0.indices { $0[i] = buffer.masks[i] ? 1 : 0 }
      }
  }

  /// Encoded observations of some rows, in their order.
  func observations(_ rows: Indices) -> Tensor {
    if let encoded { return encoded.selectingRows(rows) }
    let size = buffer.rowBytes
    return Tensor(shape: Shape(rows.count, model.encoder.encodedSize)) { target in
      guard let target = target.baseAddress else { return }
      for i in 0..<rows.count {
        model.encoder.encode(
          rows: 1, buffer.observations + Int(rows[i]) * size, normalizer: nil,
          into: target + i * model.encoder.encodedSize)
      }
    }
  }

  /// The given rows, or all, by name, for a file.
  ///
  /// - Parameter advantages: Of the same rows, as they were learnt from.
  func rows(_ rows: ArraySlice<Int32>? = nil, advantages: Tensor?) -> [String: Tensor] {
    func picked(_ column: Tensor) -> Tensor {
      rows.map { column.selectingRows(Indices($0)) } ?? column
    }
    var columns = [
      "observations": observations(Indices(rows ?? Array(0..<Int32(count))[...])),
      "actions": picked(actions),
      "log_probabilities": picked(logProbabilities), "values": picked(values),
      "returns": picked(returns),
    ]
    columns["masks"] = masks.map(picked)
    columns["advantages"] = advantages
    return columns
  }

  /// Encoded observations of rows that follow one another.
  func observations(_ rows: Range<Int>) -> Tensor {
    encoded?.sliced(rows)
      ?? model.encoded(rows: rows.count, buffer.observation(at: rows.lowerBound))
  }

  /// Environments whose whole rollouts are learnt from, as sequences: rows step after step.
  func rows(ofEnvironments environments: ArraySlice<Int32>) -> [Int32] {
    let count = Int32(buffer.environmentCount)
    return (0..<Int32(buffer.stepCount)).flatMap { t in environments.map { t * count + $0 } }
  }

  /// The sequences of some environments, for networks that remember.
  func sequences(_ environments: ArraySlice<Int32>) -> Sequences {
    let (steps, count, size) = (
      buffer.stepCount, buffer.environmentCount, buffer.memorySize
    )
    return Sequences(
      starts: Tensor(shape: Shape(steps, environments.count)) { starts in
        for t in 0..<steps {
          for (i, n) in environments.enumerated() {
            // The memory before the first step is that of its episode.
            starts[t * environments.count + i] =
              t > 0 && buffer.endings[(t - 1) * count + Int(n)] != 0 ? 1 : 0
          }
        }
      },
      memory: Tensor(shape: Shape(environments.count, size)) { memory in
        for (i, n) in environments.enumerated() {
          memory.baseAddress?.advanced(by: i * size)
            .update(from: buffer.firstMemory + Int(n) * size, count: size)
        }
      })
  }

  /// The advantages of the given rows, as they are.
  func advantages(_ rows: Indices) -> Tensor { rawAdvantages.selectingRows(rows) }

  /// The advantages of all rows, as `advantages(_:normalized:)`.
  func advantages(normalized: Bool) -> Tensor {
    normalized ? rawAdvantages.standardized() : rawAdvantages
  }
}

extension Tensor {
  /// Shifted to mean 0 and scaled to standard deviation 1, n − 1 in the denominator; one number stays as
  /// it is.
  func standardized() -> Tensor {
    scaled(by: standardization)
  }

  /// Multiplied and shifted by another's `standardization`, which may be that of more numbers.
  func scaled(by standardization: (scale: Float, shift: Float)?) -> Tensor {
    standardization.map { scaled(by: $0.scale, plus: $0.shift) } ?? self
  }

  /// What `standardized` multiplies by and adds; nil for fewer than two numbers.
  var standardization: (scale: Float, shift: Float)? {
    if count < 2 { return nil }
    return withUnsafeBuffer { values in
      let n = Double(values.count)
      var sum = 0.0
      for x in values { sum += Double(x) }
      let mean = sum / n
      var squares = 0.0
      for x in values { squares += (Double(x) - mean) * (Double(x) - mean) }
      let scale = 1 / ((squares / (n - 1)).squareRoot() + 1e-8)
      return (Float(scale), Float(-mean * scale))
    }
  }
}

extension ObservationNormalizer {
  /// Merges a rollout's observations, the first `[T, N]` rows of them.
  mutating func update(_ buffer: RolloutBuffer) {
    update(
      steps: buffer.stepCount, environments: buffer.environmentCount,
      buffer.observations.assumingMemoryBound(to: Float.self))
  }
}
