import Swirl

/// Matrix products against the roofline, and one step of learning for a small perceptron.
///
/// The roofline takes a core to retire two vector multiply-adds a cycle, which holds for Intel's and
/// AMD's desktop and server processors of the last decade.
func engineReadings(_ stopwatch: Stopwatch, threads: [Int]) throws -> [Reading] {
  var readings: [Reading] = []
  var random = PCG64(seed: 0)
  let lanes: Double? =
    switch simdLevel {
    case "avx512": 16
    case "avx2": 8
    default: nil
    }
  let peak = lanes.map { coreClock() * $0 * 2 * 2 }

  for (m, n, k) in [(1, 64, 64), (256, 64, 64), (512, 512, 512)] {
    let a = Tensor.normal([m, k], using: &random)
    let b = Tensor.normal([k, n], using: &random)
    let rate = stopwatch.rate { blackHole(a.matmul(b)) }
    let flops = rate * 2 * Double(m * n * k)
    readings.append(
      Reading(
        name: "matrix product \(m)×\(k)×\(n)", value: flops, unit: "FLOP/s", threads: 1,
        roofline: peak.map { flops / $0 }))
  }

  for rows in [64, 256] {
    var model = MultilayerPerceptron(
      sizes: [4, 64, 64, 2], activation: .tanh, outputGain: 1, using: &random)
    var optimizer = Adam(learningRate: 1e-3)
    let x = Tensor.normal([rows, 4], using: &random)
    let y = Tensor.normal([rows, 2], using: &random)
    let rate = stopwatch.rate {
      let (_, gradients) = valueWithGradient(at: model) { ($0(x) - y).squared().mean() }
      optimizer.update(&model, gradients)
    }
    readings.append(
      Reading(
        name: "perceptron 4-64-64-2, forward + backward + Adam, batch \(rows)", value: rate,
        unit: "updates/s", threads: 1, roofline: nil))
  }
  return readings
}

/// Keeps the optimiser from leaving out work whose result nobody reads.
@inline(never)
func blackHole(_ value: some Any) {}
