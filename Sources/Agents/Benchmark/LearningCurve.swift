/// How the return of a run rises with its steps.
public struct LearningCurve: Codable, Sendable, Equatable {
  /// Where the returns come from.
  public enum Source: String, Codable, Sendable {
    /// Evaluations of the deterministic policy during training.
    case evaluations
    /// The mean over the last hundred episodes of training, exploration included.
    case training
  }

  public var source: Source
  /// Environment steps, rising.
  public var steps: [Int]
  /// Seconds of training at each of them.
  public var seconds: [Double]
  public var returns: [Double]
  /// The first point that is the mean of as many episodes as it should be; those before it are for the eye
  /// and not for judging.
  public var firstSettled: Int

  public init(
    source: Source, steps: [Int], seconds: [Double], returns: [Double], firstSettled: Int = 0
  ) {
    self.source = source
    self.steps = steps
    self.seconds = seconds
    self.returns = returns
    self.firstSettled = firstSettled
  }

  enum CodingKeys: String, CodingKey {
    case source, steps, seconds, returns
    case firstSettled = "first_settled"
  }

  /// The return at a number of steps, between two points by proportion; before the first and after the
  /// last point that point's. Nil where there is no point.
  public func value(at step: Double) -> Double? {
    guard let first = returns.first, let last = returns.last else { return nil }
    guard let above = steps.firstIndex(where: { Double($0) >= step }) else { return last }
    guard above > 0 else { return first }
    let (low, high) = (Double(steps[above - 1]), Double(steps[above]))
    let share = (step - low) / (high - low)
    return returns[above - 1] + share * (returns[above] - returns[above - 1])
  }

  /// The mean height of the curve from 0 to `steps`, by trapezia: the area under it over its width.
  public func meanHeight(to steps: Int) -> Double? {
    guard var (x, y) = value(at: 0).map({ (0.0, $0) }), steps > 0 else { return nil }
    let end = Double(steps)
    var area = 0.0
    for (step, value) in zip(self.steps, returns) where Double(step) < end {
      area += (Double(step) - x) * (y + value) / 2
      (x, y) = (Double(step), value)
    }
    if let last = value(at: end) { area += (end - x) * (y + last) / 2 }
    return area / end
  }

  /// The first settled point at which the return is at least `threshold`.
  public func reach(_ threshold: Double) -> (steps: Int, seconds: Double)? {
    returns.indices.dropFirst(firstSettled).first { returns[$0] >= threshold }
      .map { (steps[$0], seconds[$0]) }
  }

  /// The highest settled point.
  public var best: Double? { returns.dropFirst(firstSettled).max() }

  /// The curve with at most `count` points: those that stand for it at equal distances.
  func thinned(to count: Int) -> LearningCurve {
    guard steps.count > count, count > 1 else { return self }
    let kept = (0..<count).map { $0 * (steps.count - 1) / (count - 1) }
    return LearningCurve(
      source: source, steps: kept.map { steps[$0] }, seconds: kept.map { seconds[$0] },
      returns: kept.map { returns[$0] },
      firstSettled: kept.firstIndex { $0 >= firstSettled } ?? count)
  }
}
