import Tensors

extension LanguageModel {
  /// The log-probability of each target and the entropy of its distribution, `[n]` each, at `hidden`,
  /// `[n, width]`; differentiable.
  ///
  /// Logits exist for a few rows at a time and are computed again in the backward pass: memory does not
  /// grow with the vocabulary times the tokens. A row has the bits that sampling had.
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
    let call = HeadCall(
      projection: head ?? embedding, targets: targets.map { Int32($0) },
      inverseTemperature: 1 / temperature)
    let inputs = [hidden] + (call.projection.dense.map { [$0] } ?? [])
    let both = customFunction(
      of: inputs, { call.value($0) }, derivative: { inputs, _, dy in call.gradient(inputs, dy) })
    return (both.sliced(0..<1).squeezed(0), both.sliced(1..<2).squeezed(0))
  }
}

/// The head's scores at one temperature: the one path that sampling and training both take.
struct HeadCall: Sendable {
  /// Its bias is not read: heads have none.
  var projection: Projection
  var targets: [Int32]
  var inverseTemperature: Float

  /// Rows of logits that exist at a time; fixed, since gradients of the weights are summed by chunks.
  private static let chunk = 64

  /// `[rows, vocabulary]`
  static func scores(
    _ hidden: Tensor, _ projection: Projection, inverseTemperature: Float
  ) -> Tensor {
    let logits = projection(hidden)
    return inverseTemperature == 1 ? logits : logits * inverseTemperature
  }

  private func chunks() -> [Range<Int>] {
    stride(from: 0, to: targets.count, by: Self.chunk).map {
      $0..<min($0 + Self.chunk, targets.count)
    }
  }

  private func projection(_ inputs: [Tensor]) -> Projection {
    inputs.count == 1 ? projection : Projection(weight: inputs[1])
  }

  /// `[2, rows]`: log-probabilities and entropies.
  func value(_ inputs: [Tensor]) -> Tensor {
    let head = projection(inputs)
    var (logs, entropies): ([Tensor], [Tensor]) = ([], [])
    for rows in chunks() {
      let scores = Self.scores(
        inputs[0].sliced(rows), head, inverseTemperature: inverseTemperature)
      let picks = Indices(targets[rows])
      logs.append(-crossEntropy(scores, picks, reduction: .none))
      let lse = scores.logSumExp(axes: [1], keepingDims: true)
      let entropy = lse.squeezed(1) - ((scores - lse).exp() * scores).sum(axes: [1])
      entropies.append(entropy)
    }
    if logs.isEmpty { return .zeros([2, 0]) }
    return Tensor.concatenated([Tensor.concatenated(logs), Tensor.concatenated(entropies)])
      .reshaped([2, -1])
  }

  func gradient(_ inputs: [Tensor], _ dy: Tensor) -> [Tensor] {
    let head = projection(inputs)
    let weight = inputs.count == 1 ? nil : inputs[1].float32
    var parts: [Tensor] = []
    var dWeight = weight.map { Tensor.zeros($0.shape) }
    for rows in chunks() {
      let hidden = inputs[0].sliced(rows)
      let scores = Self.scores(hidden, head, inverseTemperature: inverseTemperature)
      let lse = scores.logSumExp(axes: [1], keepingDims: true)
      let logs = scores - lse
      let p = logs.exp()
      let dLog = dy[0, rows], dEntropy = dy[1, rows]
      let entropy = -(p * logs).sum(axes: [1], keepingDims: true)
      // d log p_t = e_t − p; d entropy = −p (log p + entropy).
      var dScores = -(p * dLog)
      if dEntropy.scalars.contains(where: { $0 != 0 }) {
        dScores = dScores - p * (logs + entropy) * dEntropy
      }
      let received = dLog.scalars
      let vocabulary = dScores.shape[1]
      dScores.mutate { out in
        for (i, row) in rows.enumerated() {
          out[i * vocabulary + Int(targets[row])] += received[i]
        }
      }
      if inverseTemperature != 1 { dScores = dScores * inverseTemperature }
      if let weight {
        parts.append(dScores.matmul(weight))
        dWeight = dWeight! + dScores.transposed().matmul(hidden.float32)
      } else {
        let quantized = head.quantized!
        parts.append(
          vectorJacobianProduct(at: [hidden], cotangent: { _ in dScores }) {
            linear($0[0], weight: quantized)
          }.gradients[0])
      }
    }
    let dHidden = parts.isEmpty ? Tensor.zeros(inputs[0].shape) : Tensor.concatenated(parts)
    return [dHidden] + (dWeight.map { [$0] } ?? [])
  }
}

extension Tensor {
  /// Row `row`'s numbers at `columns` as a column, `[columns, 1]`.
  fileprivate subscript(row: Int, columns: Range<Int>) -> Tensor {
    sliced(row..<row + 1).sliced(columns, axis: 1).reshaped([columns.count, 1])
  }
}
