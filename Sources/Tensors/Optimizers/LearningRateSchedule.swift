import Foundation

/// A learning rate as a pure function of the step: a value to store, compare and compose.
///
/// ```swift
/// let schedule = LearningRateSchedule.warmup(steps: 500, then: .cosine(from: 3e-4, to: 3e-5, steps: 10_000))
/// optimizer.learningRate = schedule.value(at: optimizer.step)
/// ```
///
/// Nothing is carried from step to step, so a resumed run needs no more than its step. A setting of a
/// run that changes with the run's progress, whatever its length, is a `Schedule` of `Agents`.
public indirect enum LearningRateSchedule: Sendable, Equatable, Codable {
  case constant(Double)
  /// Straight from one value to the other in `steps` steps, then constant.
  case linear(from: Double, to: Double, steps: Int)
  /// Half a cosine wave from one value to the other in `steps` steps, then constant.
  case cosine(from: Double, to: Double, steps: Int)
  /// Half a cosine wave again and again, each `growth` times as long as the one before (Loshchilov and
  /// Hutter, 2017).
  case cosineRestarts(from: Double, to: Double, period: Int, growth: Int = 1)
  /// `start` · `factor`^(step / steps)
  case exponential(from: Double, factor: Double, steps: Int)
  /// `start`, and from each milestone's step on its value. Milestones stand in order.
  case piecewise(start: Double, [Milestone])
  /// A ramp from `from` times the first value of `then` to that value in `steps` steps, followed by `then`
  /// from its own step 0.
  case warmup(steps: Int, from: Double = 0, then: LearningRateSchedule)
  /// The first for `steps` steps, then the second from its own step 0.
  case sequence(LearningRateSchedule, steps: Int, then: LearningRateSchedule)
  case product(LearningRateSchedule, LearningRateSchedule)

  public struct Milestone: Sendable, Equatable, Codable {
    public var step: Int
    public var value: Double
    public init(step: Int, value: Double) {
      self.step = step
      self.value = value
    }
  }

  /// The learning rate of the update after `step` updates.
  public func value(at step: Int) -> Double {
    switch self {
    case .constant(let value):
      return value
    case .linear(let start, let end, let steps):
      return start + (end - start) * Self.progress(step, of: steps)
    case .cosine(let start, let end, let steps):
      return Self.wave(start, end, Self.progress(step, of: steps))
    case .cosineRestarts(let start, let end, let period, let growth):
      var (position, length) = (max(step, 0), max(period, 1))
      if growth <= 1 {
        position %= length
      } else {
        while position >= length {
          position -= length
          length *= growth
        }
      }
      return Self.wave(start, end, Double(position) / Double(length))
    case .exponential(let start, let factor, let steps):
      return start * pow(factor, Double(max(step, 0)) / Double(max(steps, 1)))
    case .piecewise(let start, let milestones):
      return milestones.last { $0.step <= step }?.value ?? start
    case .warmup(let steps, let start, let then):
      if step >= steps { return then.value(at: step - steps) }
      return then.value(at: 0) * (start + (1 - start) * Self.progress(step, of: steps))
    case .sequence(let first, let steps, let then):
      return step < steps ? first.value(at: step) : then.value(at: step - steps)
    case .product(let a, let b):
      return a.value(at: step) * b.value(at: step)
    }
  }

  public static func * (a: Self, b: Self) -> Self { .product(a, b) }
  public static func * (a: Self, factor: Double) -> Self { .product(a, .constant(factor)) }

  /// How much of `steps` steps lies behind, from 0 to 1.
  private static func progress(_ step: Int, of steps: Int) -> Double {
    steps <= 0 ? 1 : Double(min(max(step, 0), steps)) / Double(steps)
  }

  private static func wave(_ start: Double, _ end: Double, _ progress: Double) -> Double {
    // The ends exactly: cos π is −1, but the sum could be off by a rounding.
    progress >= 1 ? end : end + (start - end) * (1 + cos(.pi * progress)) / 2
  }
}
