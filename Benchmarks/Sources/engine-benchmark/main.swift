import Foundation
import Swirl

// One training step of the perceptron 4-64-64-2 with tanh: forward, backward and Adam, one thread.
// Prints microseconds per step, the median of several windows, for each batch size; the peer is
// Benchmarks/peers/mlp_speed.py.

let clock = ContinuousClock()

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

for batch in [64, 256, 2048] {
  var random = PCG64(seed: 0)
  var model = MultilayerPerceptron(sizes: [4, 64, 64, 2], using: &random)
  var optimizer = Adam(learningRate: 1e-3)
  let x = Tensor.normal([batch, 4], using: &random)
  let y = Tensor.normal([batch, 2], using: &random)
  func step() {
    let (_, gradients) = valueWithGradient(at: model) { ($0(x) - y).squared().mean() }
    optimizer.update(&model, gradients)
  }
  for _ in 0..<50 { step() }
  let misses = BufferPool.misses
  let steps = max(20, 40_000 / batch)
  let windows = (0..<15).map { _ in
    let elapsed = clock.measure { for _ in 0..<steps { step() } }
    return elapsed / .microseconds(1) / Double(steps)
  }
  let flops = Double(batch) * (2 * (4 * 64 + 64 * 64 + 64 * 2) * 3 - 2 * 4 * 64)
  let time = median(windows)
  print(
    "mlp_train_b\(batch): \(String(format: "%.1f", time)) µs a step, "
      + "\(String(format: "%.1f", flops / time / 1000)) GFLOP/s, "
      + "buffers not served by the pool: \(BufferPool.misses - misses)")
}
print(
  "op_overhead: \(String(format: "%.0f", operationOverhead())) ns an addition, forward and backward"
)
