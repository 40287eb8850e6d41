import CKernels
import Runtime
import Tensors
import Testing

/// Every SIMD level this processor can run, held against the plain loops of the reference.
nonisolated(unsafe) private let levels: [UnsafePointer<swirl_kernels>] = {
  var found = [UnsafePointer<swirl_kernels>?](repeating: nil, count: 3)
  let count = Int(swirl_levels(&found, 3))
  return found[..<count].map { $0! }
}()

private func numbers(_ count: Int, _ random: inout PCG64, in range: ClosedRange<Double> = -2...2)
  -> [Float]
{
  (0..<count).map { _ in Float(random.uniform(range.lowerBound, range.upperBound)) }
}

@Test func everyLevelAgreesWithTheReference() {
  var random = PCG64(seed: 3)
  let reference = swirl_reference
  for level in levels {
    let name = String(cString: level.pointee.name)
    for n in [0, 1, 3, 4, 15, 16, 17, 33, 100] {
      let x = numbers(n, &random, in: 0.05...3)
      let z = numbers(n, &random, in: 0.05...3)
      for op in 0...SWIRL_COPY.rawValue {
        var (y, expected) = ([Float](repeating: -9, count: n), [Float](repeating: -9, count: n))
        level.pointee.unary(Int32(op), n, x, &y)
        reference.unary(Int32(op), n, x, &expected)
        #expect(distance(y, expected) < 1e-6, "\(name), unary op \(op), \(n) numbers")
      }
      for op in 0...SWIRL_FIRST.rawValue {
        var (y, expected) = ([Float](repeating: -9, count: n), [Float](repeating: -9, count: n))
        level.pointee.binary(Int32(op), n, x, 1, z, 1, &y)
        reference.binary(Int32(op), n, x, 1, z, 1, &expected)
        #expect(distance(y, expected) < 1e-6, "\(name), binary op \(op), \(n) numbers")
      }
    }
    // Every lane runs the same chains.
    let sum = level.pointee.multiply_adds(50) / Float(level.pointee.width)
    #expect((sum - reference.multiply_adds(50)).magnitude < 1e-3)
    for (m, n, k) in [
      (1, 1, 1), (1, 64, 64), (5, 2, 64), (13, 65, 7), (12, 17, 33), (3, 130, 600), (100, 70, 1000),
      (4, 3, 0),
    ] {
      let (a, b, bias) = (numbers(m * k, &random), numbers(k * n, &random), numbers(n, &random))
      for transposed in [false, true] {
        var (y, expected) = (
          [Float](repeating: 0, count: m * n), [Float](repeating: 0, count: m * n)
        )
        let (row, column) = transposed ? (1, k) : (n, 1)
        let activation = Int32(SWIRL_TANH.rawValue)
        level.pointee.gemm(m, n, k, a, k, 1, b, row, column, &y, n, bias, 0, activation)
        reference.gemm(m, n, k, a, k, 1, b, row, column, &expected, n, bias, 0, activation)
        #expect(distance(y, expected) < 2e-4, "\(name), gemm \(m) × \(n) × \(k)")
      }
    }
    for (rows, n) in [(1, 1), (5, 2), (3, 16), (2, 17), (4, 100)] {
      let x = numbers(rows * n, &random, in: -10...10)
      let dy = numbers(rows * n, &random)
      var (y, expected) = (x, x)
      level.pointee.log_softmax(rows, n, x, &y)
      reference.log_softmax(rows, n, x, &expected)
      #expect(distance(y, expected) < 1e-6)
      var (dx, expectedGradient) = (x, x)
      level.pointee.log_softmax_gradient(rows, n, dy, expected, &dx)
      reference.log_softmax_gradient(rows, n, dy, expected, &expectedGradient)
      #expect(distance(dx, expectedGradient) < 2e-6)
    }
  }
}

/// Law 2: a row's bits do not depend on how many rows stand beside it, on its position among them, or
/// on how many threads share the work, at any level.
@Test func aRowsBitsDoNotDependOnItsBatch() {
  var random = PCG64(seed: 4)
  let (inputs, outputs) = (37, 70)
  let rows = 512
  let x = numbers(rows * inputs, &random)
  let weight = numbers(inputs * outputs, &random)
  let bias = numbers(outputs, &random)
  for level in levels {
    var whole = [Float](repeating: 0, count: rows * outputs)
    level.pointee.gemm(
      rows, outputs, inputs, x, inputs, 1, weight, outputs, 1, &whole, outputs, bias, 0, 1)
    for batch in 1...512 {
      let start = (batch * 7) % (rows - batch + 1)
      var part = [Float](repeating: 0, count: batch * outputs)
      x.withUnsafeBufferPointer {
        level.pointee.gemm(
          batch, outputs, inputs, $0.baseAddress! + start * inputs, inputs, 1, weight, outputs, 1,
          &part, outputs, bias, 0, 1)
      }
      let expected = whole[start * outputs..<(start + batch) * outputs]
      #expect(part.elementsEqual(expected), "\(String(cString: level.pointee.name)), \(batch) rows")
    }
  }
}

@Test func opsAreBatchInvariant() {
  var random = PCG64(seed: 5)
  let model = MultilayerPerceptron(sizes: [5, 64, 33, 3], using: &random)
  let x = Tensor.normal([512, 5], using: &random)
  let (logits, probabilities) = (model(x), model(x).logSoftmax())
  let actions = Indices((0..<512).map { Int32($0 % 3) })
  let chosen = probabilities.gather(actions).scalars
  for batch in [1, 2, 3, 5, 8, 16, 31, 64, 127, 256, 511] {
    let start = 512 - batch
    let part = x.sliced(start..<512)
    #expect(model(part).scalars == logits.sliced(start..<512).scalars)
    let log = model(part).logSoftmax()
    #expect(log.scalars == probabilities.sliced(start..<512).scalars)
    #expect(
      log.gather(Indices((start..<512).map { Int32($0 % 3) })).scalars == Array(chosen[start...]))
  }
}

@Test func productsIntoAnotherTensorAreThoseOfMatmul() {
  var random = PCG64(seed: 7)
  for (m, k, n) in [(1, 64, 64), (2, 7, 65), (3, 5, 200), (5, 0, 4), (0, 3, 4), (9, 33, 3)] {
    let a = Tensor.normal([k, m], using: &random).transposed()
    let b = Tensor.normal([k, n], using: &random)
    var c = Tensor.ones([m, n])
    let before = c
    c.setToProduct(of: a, b)
    #expect(c.scalars == a.matmul(b).scalars)
    #expect(before.scalars.allSatisfy { $0 == 1 })
  }
}

@Test func threadsDoNotChangeABit() {
  var random = PCG64(seed: 6)
  let a = Tensor.normal([301, 200], using: &random)
  let b = Tensor.normal([200, 150], using: &random)
  let one = a.matmul(b).scalars
  for threads in [2, 3, 4] {
    let shared = withWorkers(WorkerPool(threads: threads)) { a.matmul(b).scalars }
    #expect(shared == one)
  }
}

@Test func notANumberIsNotHidden() {
  let nan = Tensor([Float.nan, 1])
  for y in [
    nan.exp(), nan.tanh(), nan.log(), nan.relu(), nan.clamped(to: -1...1), nan.sigmoid(),
    Tensor.minimum(nan, Tensor([0, 0])), Tensor.maximum(Tensor([0, 0]), nan),
  ] {
    #expect(y[0].isNaN)
  }
  #expect(nan.max().item.isNaN && nan.sum().item.isNaN)
}
