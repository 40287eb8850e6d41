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

/// Independent normal numbers, A a row: mean `[R, A]`, standard deviation e^logStd `[A]`, the same for
/// every state.
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

  /// Σ (½ + ½ log 2π + log σ), the same for every row: `[]`.
  public func entropy() -> Tensor { (logStd + 1.418_938_5).sum() }
}
