import Policy
import Replay
import Tensors

/// A rollout as an update reads it: `[T · N, …]` tensors, observations encoded and normalised once.
struct RolloutBatch: Sendable {
  let count: Int
  let observations: Tensor
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
    observations = model.encoded(rows: buffer.count, buffer.observations)
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

  /// The advantages of the given rows, shifted to mean 0 and scaled to standard deviation 1 (n − 1 in
  /// the denominator) where asked for and there is more than one.
  func advantages(_ rows: ArraySlice<Int32>, normalized: Bool) -> Tensor {
    let picked = rawAdvantages.selectingRows(Indices(rows))
    return normalized ? picked.standardized() : picked
  }

  /// The given rows, or all, by name, for a file.
  ///
  /// - Parameter advantages: Of the same rows, as they were learnt from.
  func rows(_ rows: ArraySlice<Int32>? = nil, advantages: Tensor?) -> [String: Tensor] {
    func picked(_ column: Tensor) -> Tensor {
      rows.map { column.selectingRows(Indices($0)) } ?? column
    }
    var columns = [
      "observations": picked(observations), "actions": picked(actions),
      "log_probabilities": picked(logProbabilities), "values": picked(values),
      "returns": picked(returns),
    ]
    columns["masks"] = masks.map(picked)
    columns["advantages"] = advantages
    return columns
  }

  /// The advantages of all rows, as `advantages(_:normalized:)`.
  func advantages(normalized: Bool) -> Tensor {
    normalized ? rawAdvantages.standardized() : rawAdvantages
  }
}

extension Tensor {
  /// Shifted to mean 0 and scaled to standard deviation 1, n − 1 in the denominator; one number stays as
  /// it is.
  func standardized() -> Tensor {
    if count < 2 { return self }
    return withUnsafeBuffer { values in
      let n = Double(values.count)
      var sum = 0.0
      for x in values { sum += Double(x) }
      let mean = sum / n
      var squares = 0.0
      for x in values { squares += (Double(x) - mean) * (Double(x) - mean) }
      let scale = 1 / ((squares / (n - 1)).squareRoot() + 1e-8)
      return scaled(by: Float(scale), plus: Float(-mean * scale))
    }
  }
}

extension ObservationNormalizer {
  /// Merges a rollout's observations, the first `[T, N]` rows of them.
  mutating func update(_ buffer: RolloutBuffer) {
    update(
      steps: buffer.stepCount, environments: buffer.environmentCount, buffer.observations)
  }
}
