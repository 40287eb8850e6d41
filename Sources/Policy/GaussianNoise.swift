import Runtime
import Tensors

/// Draws the actions of Gaussian policies: noise of its own for each action, or, where log σ is `[L, A]`,
/// a linear function of what the last layer reads, kept for several steps.
final class GaussianNoise {
  private let size: Int
  /// Rows of a log σ that depends on the state, else 0.
  private let latentSize: Int
  private let logStd: [Float]
  private let standardDeviation: [Float]
  private let inverse: [Float]
  /// e^(2 log σ) `[L, A]`
  private let variances: [Float]
  /// `[capacity, L, A]`: each row's noise function.
  private let functions: UnsafeMutablePointer<Float>
  private let row: UnsafeMutablePointer<Float>

  init(logStd: Tensor, capacity: Int) {
    let logStd = logStd.detached()
    let byState = logStd.rank == 2
    latentSize = byState ? logStd.shape[0] : 0
    size = logStd.shape[logStd.rank - 1]
    self.logStd = logStd.scalars
    standardDeviation = logStd.exp().scalars
    inverse = (-logStd).exp().scalars
    variances = byState ? (logStd * 2).exp().scalars : []
    functions = .allocate(capacity: max(capacity * latentSize * size, 1))
    row = .allocate(capacity: latentSize + 3 * size)
  }

  deinit {
    functions.deallocate()
    row.deallocate()
  }

  /// - Parameters:
  ///   - latent: `[rows, L]`, what the last layer reads.
  ///   - draws: Whether the functions are drawn anew.
  func sample(
    rows: Int, mean: UnsafePointer<Float>, latent: UnsafePointer<Float>,
    streams: UnsafeMutablePointer<PCG64>, actions: UnsafeMutablePointer<Float>,
    logProbabilities: UnsafeMutablePointer<Float>, draws: Bool
  ) {
    if latentSize > 0 {
      sampleByState(
        rows: rows, mean: mean, latent: latent, streams: streams, actions: actions,
        logProbabilities: logProbabilities, draws: draws)
      return
    }
    for row in 0..<rows {
      let (mean, action) = (mean + row * size, actions + row * size)
      for i in 0..<size {
        action[i] = mean[i] + standardDeviation[i] * Float(streams[row].standardNormal())
      }
      logProbabilities[row] = gaussianLogProbabilityRow(
        size, mean: mean, logStd: logStd, inverse: inverse, action: action)
    }
  }

  private func sampleByState(
    rows: Int, mean: UnsafePointer<Float>, latent: UnsafePointer<Float>,
    streams: UnsafeMutablePointer<PCG64>, actions: UnsafeMutablePointer<Float>,
    logProbabilities: UnsafeMutablePointer<Float>, draws: Bool
  ) {
    let (squares, spread) = (row, row + latentSize)
    let (negative, inverse) = (spread + size, spread + 2 * size)
    for n in 0..<rows {
      let (mean, latent, action) = (mean + n * size, latent + n * latentSize, actions + n * size)
      let function = functions + n * latentSize * size
      if draws {
        for i in 0..<latentSize * size {
          function[i] = standardDeviation[i] * Float(streams[n].standardNormal())
        }
      }
      for i in 0..<size {
        var noise: Float = 0
        for l in 0..<latentSize { noise += latent[l] * function[l * size + i] }
        action[i] = mean[i] + noise
      }
      // The arithmetic of `stateLogStd`.
      for l in 0..<latentSize { squares[l] = latent[l] * latent[l] }
      RowKernels.product(
        rows: 1, inputs: latentSize, outputs: size, squares, variances, spread)
      for i in 0..<size { spread[i] += stateVarianceFloor }
      RowKernels.log(size, spread, spread)
      for i in 0..<size {
        spread[i] *= 0.5
        negative[i] = -spread[i]
      }
      RowKernels.exp(size, negative, inverse)
      logProbabilities[n] = gaussianLogProbabilityRow(
        size, mean: mean, logStd: spread, inverse: inverse, action: action)
    }
  }
}
