/// Batch normalisation of `[N, channels, …]`: by the batch's own statistics in training, by running ones
/// in evaluation.
///
/// A layer is a value, so training does not change it behind its owner's back: the statistics come out
/// of the differentiated region beside the result, and the owner's layer takes them.
///
/// ```swift
/// var seen: BatchStatistics?
/// let (loss, gradients) = valueWithGradient(at: model) { model in
///   let (y, statistics) = model.norm.training(x)
///   seen = statistics
///   return y.squared().mean()
/// }
/// model.norm.update(with: seen!)
/// ```
public struct BatchNorm: Module {
  public var weight: Tensor
  public var bias: Tensor
  /// What evaluation normalises by: no parameters, so that no optimiser moves them.
  public var running: RunningStatistics
  /// The part of a new batch in the running statistics.
  public var momentum: Float
  public var epsilon: Float

  public init(channels: Int, momentum: Float = 0.1, epsilon: Float = 1e-5) {
    weight = .ones(Shape(channels))
    bias = .zeros(Shape(channels))
    running = RunningStatistics(channels: channels)
    self.momentum = momentum
    self.epsilon = epsilon
  }

  /// Normalises by the running statistics.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    batchNorm(
      x, mean: Tensor(running.mean), variance: Tensor(running.variance), weight: weight,
      bias: bias, epsilon: epsilon)
  }

  /// Normalises by the batch's own statistics, and returns them for `update`.
  public func training(_ x: Tensor) -> (result: Tensor, statistics: BatchStatistics) {
    batchNorm(x, weight: weight, bias: bias, epsilon: epsilon)
  }

  /// Moves the running statistics towards a batch's, as PyTorch does: with the variance divided by
  /// n − 1.
  public mutating func update(with statistics: BatchStatistics) {
    running.move(towards: statistics, by: momentum)
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    body("weight", &weight)
    body("bias", &bias)
  }
}

/// Running means and variances of channels.
public struct RunningStatistics: Sendable, Codable, Equatable {
  public var mean: [Float]
  public var variance: [Float]

  public init(channels: Int) {
    mean = [Float](repeating: 0, count: channels)
    variance = [Float](repeating: 1, count: channels)
  }

  mutating func move(towards batch: BatchStatistics, by part: Float) {
    if batch.mean.count != mean.count {
      fail(
        "BatchNorm",
        "statistics of shape \(batch.mean.shape) do not fit \(mean.count) channels")
    }
    let unbiased = Float(batch.count) / Float(batch.count - 1)
    let (means, variances) = (batch.mean.scalars, batch.variance.scalars)
    for i in mean.indices {
      mean[i] = (1 - part) * mean[i] + part * means[i]
      variance[i] = (1 - part) * variance[i] + part * variances[i] * unbiased
    }
  }
}
