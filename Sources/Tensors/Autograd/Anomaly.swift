import CKernels

/// The first op that made a NaN, or an infinity where they are looked for.
public struct Anomaly: Error, CustomStringConvertible {
  public enum Phase: String, Sendable { case forward, backward }
  /// The op's name, such as `log`.
  public let op: String
  public let phase: Phase
  /// The shape of the value, or of the gradient, that holds the NaN.
  public let shape: Shape
  /// "NaN", or "infinity".
  public let number: String

  public var description: String {
    phase == .forward
      ? "\(op) made the first \(number), in a value of shape \(shape)"
      : "the derivative of \(op) made the first \(number), in a gradient of shape \(shape)"
  }
}

/// Runs `body` and looks at every value and gradient of the regions it differentiates for a NaN.
///
/// For finding a bug, not for training: every op reads its result again. Regions of other threads and
/// ops outside any region are not watched.
///
/// - Parameter infinities: Whether an infinity counts as a NaN does; masks make some on purpose.
/// - Throws: `Anomaly`, which names the first op that made a NaN, after `body` has run; or what `body`
///   throws.
public func detectingAnomalies<R>(
  infinities: Bool = false, _ body: () throws -> R
) throws -> R {
  let watch = AnomalyWatch(infinities: infinities)
  let outer = swirl_anomaly_watch()
  swirl_set_anomaly_watch(Unmanaged.passUnretained(watch).toOpaque())
  defer { swirl_set_anomaly_watch(outer) }
  let result = try withExtendedLifetime(watch) { try body() }
  if let first = watch.first { throw first }
  return result
}

/// Where the first anomaly of a thread is noted.
final class AnomalyWatch {
  private(set) var first: Anomaly?
  private let infinities: Bool

  init(infinities: Bool) { self.infinities = infinities }

  static var current: AnomalyWatch? {
    swirl_anomaly_watch().map { Unmanaged<AnomalyWatch>.fromOpaque($0).takeUnretainedValue() }
  }

  func check(_ tensor: Tensor, _ op: StaticString, _ phase: Anomaly.Phase) {
    if first != nil { return }
    guard let bad = tensor.scalars.first(where: { $0.isNaN || infinities && $0.isInfinite }) else {
      return
    }
    first = Anomaly(
      op: "\(op)", phase: phase, shape: tensor.shape, number: bad.isNaN ? "NaN" : "infinity")
  }
}
