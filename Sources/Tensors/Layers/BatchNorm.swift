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
  /// What evaluation normalises by, `[channels]` each: buffers, so that no optimiser moves them.
  public var runningMean, runningVariance: Tensor
  /// The part of a new batch in the running statistics.
  public var momentum: Float
  public var epsilon: Float

  public init(channels: Int, momentum: Float = 0.1, epsilon: Float = 1e-5) {
    weight = .ones(Shape(channels))
    bias = .zeros(Shape(channels))
    runningMean = .zeros(Shape(channels))
    runningVariance = .ones(Shape(channels))
    self.momentum = momentum
    self.epsilon = epsilon
  }

  /// Normalises by the running statistics.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    batchNorm(
      x, mean: runningMean, variance: runningVariance, weight: weight, bias: bias,
      epsilon: epsilon)
  }

  /// Normalises by the batch's own statistics, and returns them for `update`.
  public func training(_ x: Tensor) -> (result: Tensor, statistics: BatchStatistics) {
    batchNorm(x, weight: weight, bias: bias, epsilon: epsilon)
  }

  /// Moves the running statistics towards a batch's, as PyTorch does: with the variance divided by
  /// n − 1.
  public mutating func update(with statistics: BatchStatistics) {
    if statistics.mean.shape != runningMean.shape {
      fail(
        "BatchNorm",
        "statistics of shape \(statistics.mean.shape) do not fit \(runningMean.count) channels")
    }
    let unbiased = Float(statistics.count) / Float(statistics.count - 1)
    runningMean = (1 - momentum) * runningMean + momentum * statistics.mean.detached()
    runningVariance =
      (1 - momentum) * runningVariance + momentum * unbiased * statistics.variance.detached()
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    body("weight", &weight)
    body("bias", &bias)
  }

  public mutating func visitBuffers(_ body: (String, inout Tensor) -> Void) {
    body("running_mean", &runningMean)
    body("running_var", &runningVariance)
  }
}
