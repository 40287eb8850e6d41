/// Observations shifted and scaled to mean 0 and variance 1 by running statistics, then clipped.
///
/// The statistics are frozen while rows are normalised: `update` is called between rollouts, and
/// `shift` and `scale` change with it.
public struct ObservationNormalizer: Sendable, Codable, Equatable {
  public private(set) var moments: RunningMoments
  /// Normalised numbers are limited to ±clip.
  public let clip: Float
  private(set) var shift: [Float]
  private(set) var scale: [Float]

  public init(size: Int, clip: Float = 10) {
    moments = RunningMoments(size: size)
    self.clip = clip
    shift = [Float](repeating: 0, count: size)
    scale = [Float](repeating: 1, count: size)
    freeze()
  }

  /// Rebuilds a normaliser from saved statistics.
  public init(moments: RunningMoments, clip: Float) {
    self.init(size: moments.mean.count, clip: clip)
    self.moments = moments
    freeze()
  }

  /// Merges environment after environment of a rollout `[T, N, size]`, so that the result does not
  /// depend on which worker stepped which environment.
  public mutating func update(
    steps: Int, environments: Int, _ observations: UnsafePointer<Float>
  ) {
    let size = moments.mean.count
    for n in 0..<environments {
      moments.merge(rows: steps, stride: environments * size, observations + n * size)
    }
    freeze()
  }

  private mutating func freeze() {
    for i in shift.indices {
      shift[i] = Float(moments.mean[i])
      scale[i] = Float(1 / (moments.variance[i] + 1e-8).squareRoot())
    }
  }

  @inline(__always)
  func normalized(_ x: Float, _ i: Int) -> Float {
    min(max((x - shift[i]) * scale[i], -clip), clip)
  }
}
