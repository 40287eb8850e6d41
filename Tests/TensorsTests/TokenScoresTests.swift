import CKernels
import Runtime
import Tensors
import Testing

/// Every SIMD level's readings of a head's scores and their gradients held against the reference.
@Test(arguments: 0..<3)
func everyLevelReadsTokenScoresAsTheReference(_ position: Int) {
  var found = [UnsafePointer<swirl_kernels>?](repeating: nil, count: 3)
  guard position < Int(swirl_levels(&found, 3)) else { return }
  let level = found[position]!.pointee
  var random = PCG64(seed: 1)
  for (rows, n) in [(1, 1), (3, 5), (4, 16), (2, 300), (5, 1027)] {
    let scores = Tensor.normal([rows, n], standardDeviation: 3, using: &random).scalars
    let received = Tensor.normal([2, rows], using: &random).scalars
    let targets = (0..<rows).map { Int32($0 * 7 % n) }
    func results(_ kernels: swirl_kernels) -> [Float] {
      var x = scores
      var readings = [Float](repeating: 0, count: 3 * rows)
      readings.withUnsafeMutableBufferPointer { out in
        let base = out.baseAddress!
        kernels.token_scores(rows, n, x, targets, base, base + rows, base + 2 * rows)
        received.withUnsafeBufferPointer { received in
          kernels.token_scores_gradient(
            rows, n, &x, targets, base + 2 * rows, base + rows, received.baseAddress!,
            received.baseAddress! + rows, 0.7)
        }
      }
      return readings + x
    }
    for (a, b) in zip(results(level), results(swirl_reference)) {
      #expect(abs(a - b) < 2e-5 * max(1, abs(b)), "\(rows) × \(n)")
    }
  }
}
