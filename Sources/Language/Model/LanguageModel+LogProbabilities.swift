import Tensors

extension LanguageModel {
  /// The log-probability of each target and the entropy of its distribution, `[n]` each, at `hidden`,
  /// `[n, width]`; differentiable.
  ///
  /// Logits exist for a few rows at a time and are never kept: memory does not grow with the vocabulary
  /// times the tokens. A row has the bits that sampling had.
  ///
  /// - Parameters:
  ///   - targets: A token for each row.
  ///   - temperature: What logits are divided by, as the sampler did.
  public func logProbabilities(
    of targets: [Int], at hidden: Tensor, temperature: Float = 1
  ) -> (logProbabilities: Tensor, entropies: Tensor) {
    if hidden.rank != 2 || hidden.shape[0] != targets.count {
      fail("logProbabilities", "\(targets.count) targets for hidden states \(hidden.shape)")
    }
    if !(temperature > 0) {
      fail("logProbabilities", "a temperature of \(temperature) is not above 0")
    }
    for token in targets where token < 0 || token >= configuration.vocabularySize {
      fail("logProbabilities", "\(token) is not one of \(configuration.vocabularySize) tokens")
    }
    let projection = head ?? embedding
    let isTrained = projection.dense?.isFollowed ?? false
    let call = HeadCall(
      projection: projection, targets: targets.map { Int32($0) },
      inverseTemperature: 1 / temperature,
      findsDirections: !isTrained && hidden.isFollowed)
    let inputs = [hidden] + (isTrained ? [projection.dense!] : [])
    let readings = customFunction(
      of: inputs, { call.value($0) },
      derivative: { inputs, output, dy in call.gradient(inputs, output, dy) })
    return (
      readings.sliced(0..<1, axis: 1).squeezed(1), readings.sliced(1..<2, axis: 1).squeezed(1)
    )
  }
}

/// The head's scores at one temperature: the one path that sampling and training both take.
struct HeadCall: Sendable {
  /// Its bias is not read: heads have none.
  var projection: Projection
  var targets: [Int32]
  var inverseTemperature: Float
  /// A frozen head's gradient is, but for one factor a row, known with the value: then logits need not be
  /// computed again.
  var findsDirections = false

  /// Rows of logits that exist at a time, about 32 MB. By the vocabulary alone, since gradients of the
  /// weights are summed by chunks.
  private func chunks() -> [Range<Int>] {
    let size = max((1 << 23) / projection.shape[0] / 12 * 12, 12)
    return stride(from: 0, to: targets.count, by: size).map {
      $0..<min($0 + size, targets.count)
    }
  }

  /// `[rows, vocabulary]`
  static func scores(
    _ hidden: Tensor, _ projection: Projection, inverseTemperature: Float
  ) -> Tensor {
    let logits = projection(hidden)
    return inverseTemperature == 1 ? logits : logits * inverseTemperature
  }

  private func scores(_ inputs: [Tensor], _ rows: Range<Int>) -> Tensor {
    let head = inputs.count == 1 ? projection : Projection(weight: inputs[1])
    return Self.scores(inputs[0].sliced(rows), head, inverseTemperature: inverseTemperature)
  }

  /// `[rows, 2]`: log-probabilities and entropies; with directions `[rows, 2 + width]`, the rest being the
  /// gradients of the log-probabilities.
  func value(_ inputs: [Tensor]) -> Tensor {
    var parts: [Tensor] = []
    for rows in chunks() {
      let picks = Indices(targets[rows])
      var scores = scores(inputs, rows)
      let readings = TokenScores.read(scores, picks)
      var part = readings.sliced(0..<2).transposed()
      if findsDirections {
        let received = Tensor.concatenated([
          Tensor.ones([1, rows.count]), Tensor.zeros([1, rows.count]),
        ])
        TokenScores.setToGradient(
          &scores, picks, readings: readings, received: received, scale: inverseTemperature)
        part = Tensor.concatenated([part.contiguous(), towardsHidden(scores)], axis: 1)
      }
      parts.append(part.contiguous())
    }
    let width = findsDirections ? 2 + inputs[0].shape[1] : 2
    return parts.isEmpty ? .zeros([0, width]) : Tensor.concatenated(parts)
  }

  /// What hidden states receive from scores by a frozen head.
  private func towardsHidden(_ dScores: Tensor) -> Tensor {
    projection.quantized?.gradientOfInput(dScores) ?? dScores.matmul(projection.dense!)
  }

  func gradient(_ inputs: [Tensor], _ output: Tensor, _ dy: Tensor) -> [Tensor] {
    let dEntropies = dy.sliced(1..<2, axis: 1)
    if findsDirections, !dEntropies.scalars.contains(where: { $0 != 0 }) {
      return [output.sliced(2..<output.shape[1], axis: 1) * dy.sliced(0..<1, axis: 1)]
    }
    var parts: [Tensor] = []
    var dWeight = inputs.count == 1 ? nil : Tensor.zeros(inputs[1].shape)
    for rows in chunks() {
      let picks = Indices(targets[rows])
      var scores = scores(inputs, rows)
      let readings = TokenScores.read(scores, picks)
      TokenScores.setToGradient(
        &scores, picks, readings: readings,
        received: dy.sliced(rows).sliced(0..<2, axis: 1).transposed(), scale: inverseTemperature)
      if inputs.count == 1 {
        parts.append(towardsHidden(scores))
      } else {
        parts.append(scores.matmul(inputs[1]))
        TokenScores.addProduct(of: scores, inputs[0].sliced(rows), to: &dWeight!)
      }
    }
    let dHidden = parts.isEmpty ? Tensor.zeros(inputs[0].shape) : Tensor.concatenated(parts)
    return [dHidden] + (dWeight.map { [$0] } ?? [])
  }
}
