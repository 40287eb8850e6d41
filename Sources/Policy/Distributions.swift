import Tensors

/// Independent choices among K options a row, given by logits `[R, K]`.
public struct Categorical: Sendable {
  /// log π of every option: `[R, K]`.
  public let logProbabilities: Tensor

  public init(logits: Tensor) { logProbabilities = logits.logSoftmax() }

  /// As `init(logits:)` with the options whose mask is 0 made all but impossible: their logits become
  /// `forbiddenLogit`, which keeps entropy and gradients finite (Huang and Ontañón, 2022).
  public init(logits: Tensor, mask: Tensor) {
    self.init(logits: logits * mask + (mask - 1) * -Self.forbiddenLogit)
  }

  package static let forbiddenLogit: Float = -1e8

  /// log π(action): `[R]`.
  public func logProbability(of actions: Indices) -> Tensor { logProbabilities.gather(actions) }

  /// −Σ π log π: `[R]`.
  public func entropy() -> Tensor {
    -(logProbabilities.exp() * logProbabilities).sum(axes: [-1])
  }
}

/// Several independent choices a row, each among options of its own: logits `[R, K₁ + K₂ + …]`.
public struct MultiCategorical: Sendable {
  /// One distribution a choice.
  public let parts: [Categorical]

  /// - Parameter mask: As `Categorical`'s, of the logits' shape.
  public init(logits: Tensor, counts: [Int], mask: Tensor? = nil) {
    var first = 0
    parts = counts.map { count in
      let columns = first..<first + count
      first += count
      // A view of all columns is the logits themselves.
      func part(_ x: Tensor) -> Tensor { counts.count == 1 ? x : x.sliced(columns, axis: -1) }
      return mask.map { Categorical(logits: part(logits), mask: part($0)) }
        ?? Categorical(logits: part(logits))
    }
  }

  /// log π(actions), summed over the choices: `[R]`.
  ///
  /// - Parameters:
  ///   - actions: `[R, A]`, each choice's number.
  ///   - start: What each choice's options are numbered from.
  public func logProbability(of actions: Tensor, start: [Int]) -> Tensor {
    let width = parts.count
    return sum { i in
      let chosen = Indices(count: actions.count / width) { chosen in
        actions.withUnsafeBuffer {
          for row in chosen.indices { chosen[row] = Int32($0[row * width + i]) - Int32(start[i]) }
        }
      }
      return parts[i].logProbability(of: chosen)
    }
  }

  /// The entropies of the choices, summed: `[R]`.
  public func entropy() -> Tensor { sum { parts[$0].entropy() } }

  /// KL(self ‖ other), summed over the choices: `[R]`.
  public func divergence(to other: MultiCategorical) -> Tensor {
    sum { i in
      let (a, b) = (parts[i].logProbabilities, other.parts[i].logProbabilities)
      return (a.exp() * (a - b)).sum(axes: [-1])
    }
  }

  private func sum(_ part: (Int) -> Tensor) -> Tensor {
    parts.indices.dropFirst().reduce(part(0)) { $0 + part($1) }
  }
}

/// Independent normal numbers, A a row: mean `[R, A]`, standard deviation e^logStd, `[A]` and the same for
/// every state or `[R, A]`.
public struct DiagonalGaussian: Sendable {
  public let mean: Tensor
  public let logStd: Tensor

  public init(mean: Tensor, logStd: Tensor) {
    self.mean = mean
    self.logStd = logStd
  }

  /// log π(actions), summed over the components: `[R]`.
  public func logProbability(of actions: Tensor) -> Tensor {
    gaussianLogProbability(mean: mean, logStd: logStd, actions: actions)
  }

  /// Σ (½ + ½ log 2π + log σ): `[]` where it is the same for every row, else `[R]`.
  public func entropy() -> Tensor {
    let entropies = logStd + 1.418_938_5
    return logStd.rank == 1 ? entropies.sum() : entropies.sum(axes: [-1])
  }
}
