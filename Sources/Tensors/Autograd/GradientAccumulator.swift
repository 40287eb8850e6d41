/// Gradients of several small batches added up to that of a large one.
///
/// ```swift
/// var accumulator = GradientAccumulator()
/// for batch in batches {
///   accumulator.add(valueWithGradient(at: model) { loss($0, batch) }.gradients, weight: batch.count)
/// }
/// optimizer.update(&model, accumulator.takeMean())
/// ```
///
/// Batches are added in the order they are given, so the sum has the same bits every time.
public struct GradientAccumulator: Sendable {
  private var sums: [Tensor] = []
  /// The sum of the weights so far.
  public private(set) var weight = 0.0

  public init() {}

  /// Adds `gradients · weight`: for the gradient of a mean, the number of rows it is the mean of.
  public mutating func add(_ gradients: [Tensor], weight: Double = 1) {
    self.weight += weight
    if sums.isEmpty {
      sums = gradients.map { $0 * Float(weight) }
      return
    }
    if gradients.map(\.shape) != sums.map(\.shape) {
      fail("GradientAccumulator", "these gradients have other shapes than those added before")
    }
    for i in sums.indices { sums[i].accumulate(gradients[i], scale: Float(weight)) }
  }

  /// Adds `gradients`, the mean over `weight` rows.
  public mutating func add(_ gradients: [Tensor], weight: Int) {
    add(gradients, weight: Double(weight))
  }

  /// The sum of what was added; the accumulator is empty afterwards.
  public mutating func takeSum() -> [Tensor] {
    defer { self = GradientAccumulator() }
    return sums
  }

  /// The weighted mean of what was added; the accumulator is empty afterwards.
  public mutating func takeMean() -> [Tensor] {
    if weight == 0 { fail("GradientAccumulator", "nothing was added, so there is no mean") }
    let scale = Float(1 / weight)
    return takeSum().map { $0 * scale }
  }
}
