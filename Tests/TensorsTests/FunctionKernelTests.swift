import CKernels
import Foundation
import Runtime
import Tensors
import Testing

/// Every SIMD level this processor can run.
nonisolated(unsafe) private let levels: [UnsafePointer<swirl_kernels>] = {
  var found = [UnsafePointer<swirl_kernels>?](repeating: nil, count: 3)
  let count = Int(swirl_levels(&found, 3))
  return found[..<count].map { $0! }
}()

/// The distance of a number from the true value, in units of the true value's last place.
private func ulps(_ found: Float, _ expected: Double) -> Double {
  if expected.isNaN { return found.isNaN ? 0 : .infinity }
  if Float(expected) == found { return 0 }
  let last = Double(Swift.max(Float(expected.magnitude).ulp, Float.leastNormalMagnitude.ulp))
  let distance = (Double(found) - expected).magnitude / last
  return distance.isNaN ? .infinity : distance
}

private func unary(
  _ level: UnsafePointer<swirl_kernels>, _ op: swirl_unary, _ x: [Float]
) -> [Float] {
  var y = [Float](repeating: -9, count: x.count)
  level.pointee.unary(Int32(op.rawValue), x.count, x, &y)
  return y
}

/// A function, the true one, an interval and the error it may have there.
private struct Bound: Sendable {
  let op: swirl_unary
  let value: @Sendable (Double) -> Double
  let range: ClosedRange<Double>
  let ulps: Double
}

private let gelu: @Sendable (Double) -> Double = { 0.5 * $0 * erfc(-$0 / 2.0.squareRoot()) }

private let bounds: [Bound] = [
  Bound(op: SWIRL_EXP, value: { exp($0) }, range: -87...88, ulps: 1),
  Bound(op: SWIRL_LOG, value: { log($0) }, range: 1e-30...1e6, ulps: 1),
  Bound(op: SWIRL_LOG_ONE_PLUS, value: { log1p($0) }, range: -0.999...10, ulps: 1.6),
  Bound(op: SWIRL_LOG_ONE_PLUS, value: { log1p($0) }, range: -1e-3...1e-3, ulps: 1),
  Bound(op: SWIRL_LOG_ONE_PLUS, value: { log1p($0) }, range: 0...1e9, ulps: 1),
  Bound(op: SWIRL_EXP_MINUS_ONE, value: { expm1($0) }, range: -20...88, ulps: 1.6),
  Bound(op: SWIRL_EXP_MINUS_ONE, value: { expm1($0) }, range: -1e-3...1e-3, ulps: 1),
  Bound(op: SWIRL_RSQRT, value: { 1 / $0.squareRoot() }, range: 1e-6...100, ulps: 1.5),
  Bound(op: SWIRL_ERF, value: { erf($0) }, range: -4.5...4.5, ulps: 1.5),
  Bound(op: SWIRL_ERF, value: { erf($0) }, range: -0.1...0.1, ulps: 1),
  Bound(op: SWIRL_SIN, value: { sin($0) }, range: -1e5...1e5, ulps: 1.6),
  Bound(op: SWIRL_COS, value: { cos($0) }, range: -1e5...1e5, ulps: 1.6),
  Bound(op: SWIRL_SIN, value: { sin($0) }, range: 1e6...1e8, ulps: 1),
  Bound(op: SWIRL_GELU, value: gelu, range: -1...8, ulps: 5),
  // The tail keeps its relative precision, where 1 + erf would have lost it all; without fused
  // products it loses a bit more.
  Bound(op: SWIRL_GELU, value: gelu, range: -6 ... -1, ulps: 24),
  Bound(op: SWIRL_LOG_SIGMOID, value: { -log1p(exp(-$0)) }, range: -30...30, ulps: 2),
  Bound(op: SWIRL_SOFTPLUS, value: { log1p(exp($0)) }, range: -30...30, ulps: 2),
]

@Test func functionsAreAccurateAtEveryLevel() {
  var random = PCG64(seed: 31)
  for level in levels {
    let name = String(cString: level.pointee.name)
    for bound in bounds {
      let x = (0..<20_000).map { _ in
        Float(random.uniform(bound.range.lowerBound, bound.range.upperBound))
      }
      let worst = zip(x, unary(level, bound.op, x)).map { ulps($1, bound.value(Double($0))) }.max()!
      #expect(worst <= bound.ulps, "\(name), op \(bound.op.rawValue) on \(bound.range)")
    }
  }
}

@Test func powersAndAnglesAreAccurateAtEveryLevel() {
  var random = PCG64(seed: 32)
  let special: [Float] = [
    0, -0, 1, -1, 2, -2, .infinity, -.infinity, .nan, 0.5, 3, -3, Float(bitPattern: 0x1be0), 1e20,
  ]
  var a = special.flatMap { Array(repeating: $0, count: special.count) }
  var b = Array(repeating: special, count: special.count).flatMap { $0 }
  for _ in 0..<10_000 {
    a.append(Float(random.uniform(-3, 8)))
    b.append(a.last! < 0 ? Float(Int(random.uniform(-9, 9))) : Float(random.uniform(-9, 9)))
  }
  for level in levels {
    let name = String(cString: level.pointee.name)
    var y = a
    level.pointee.binary(Int32(SWIRL_POWER.rawValue), a.count, a, 1, b, 1, &y)
    for i in a.indices {
      let expected = pow(Double(a[i]), Double(b[i]))
      #expect(ulps(y[i], expected) <= 0.6, "\(name), \(a[i]) to the power of \(b[i]): \(y[i])")
    }
    level.pointee.binary(Int32(SWIRL_ANGLE.rawValue), a.count, a, 1, b, 1, &y)
    for i in a.indices {
      let expected = atan2(Double(a[i]), Double(b[i]))
      #expect(ulps(y[i], expected) <= 3.5, "\(name), the angle of \(b[i]), \(a[i]): \(y[i])")
    }
  }
}

@Test func functionsOfSpecialNumbers() {
  let x = Tensor([.infinity, -.infinity, .nan, 0, 0])
  func expect(_ y: Tensor, _ expected: [Float]) {
    #expect(distance(y.scalars, expected) == 0, "\(y) in place of \(expected)")
    #expect(zip(y.scalars, expected).allSatisfy { $0.isNaN || $0.sign == $1.sign || $1 != 0 })
  }
  expect(x.logOnePlus(), [.infinity, .nan, .nan, 0, 0])
  expect(x.expMinusOne(), [.infinity, -1, .nan, 0, 0])
  expect(x.reciprocalSquareRoot(), [0, .nan, .nan, .infinity, .infinity])
  expect(x.erf(), [1, -1, .nan, 0, 0])
  expect(x.sin(), [.nan, .nan, .nan, 0, 0])
  expect(x.cos(), [.nan, .nan, .nan, 1, 1])
  expect(x.floor(), [.infinity, -.infinity, .nan, 0, 0])
  expect(x.logSigmoid(), [0, -.infinity, .nan, x.logSigmoid()[3], x.logSigmoid()[3]])
  let tails = x.gelu()
  #expect(tails[0] == .infinity && tails[1].magnitude < 1e-36 && tails[2].isNaN && tails[3] == 0)
  let tanhTails = x.gelu(approximate: true)
  #expect(tanhTails[0] == .infinity && tanhTails[1] == 0 && tanhTails[2].isNaN)
  #expect(x.isNaN().scalars == [0, 0, 1, 0, 0])
  #expect(x.isFinite().scalars == [0, 0, 0, 1, 1])
}

/// Law 2 for elementwise ops: the bits of a number do not depend on what stands beside it.
@Test func aNumbersBitsDoNotDependOnItsNeighbours() {
  var random = PCG64(seed: 33)
  // Some numbers need the slow path of sine and power, which their neighbours must not notice.
  let x = (0..<53).map { Float($0 % 9 == 0 ? 1e7 : random.uniform(-3, 3)) }
  let z = (0..<53).map { Float($0 % 7 == 0 ? 0 : random.uniform(0.1, 3)) }
  for level in levels {
    let name = String(cString: level.pointee.name)
    for op in 0...SWIRL_COPY.rawValue {
      let whole = unary(level, swirl_unary(rawValue: op), x).map(\.bitPattern)
      let alone = x.map { unary(level, swirl_unary(rawValue: op), [$0])[0].bitPattern }
      #expect(whole == alone, "\(name), unary op \(op)")
    }
    for op in 0...SWIRL_FIRST.rawValue {
      var whole = x
      level.pointee.binary(Int32(op), x.count, z, 1, x, 1, &whole)
      let alone = x.indices.map { i in
        var y: [Float] = [0]
        level.pointee.binary(Int32(op), 1, [z[i]], 0, [x[i]], 0, &y)
        return y[0].bitPattern
      }
      #expect(whole.map(\.bitPattern) == alone, "\(name), binary op \(op)")
    }
  }
}

@Test func fusedCrossEntropyAgreesWithTheReference() {
  var random = PCG64(seed: 34)
  let reference = swirl_reference
  for (rows, n) in [(1, 1), (3, 2), (4, 15), (4, 16), (5, 17), (3, 100)] {
    let x = (0..<rows * n).map { _ in Float(random.uniform(-20, 20)) }
    let targets = (0..<rows).map { Int32($0 % n) }
    let weights = (0..<n).map { _ in Float(random.uniform(0.5, 2)) }
    let scale = (0..<rows).map { _ in Float(random.uniform(-1, 1)) }
    func run(
      _ kernels: swirl_kernels, _ smoothing: Float, _ weighted: Bool, _ part: Range<Int>
    ) -> [Float] {
      var (lse, loss, dx) = (
        [Float](repeating: 0, count: rows), [Float](repeating: 0, count: rows), x
      )
      x.withUnsafeBufferPointer { x in
        weights.withUnsafeBufferPointer { weights in
          targets.withUnsafeBufferPointer { targets in
            scale.withUnsafeBufferPointer { scale in
              lse.withUnsafeMutableBufferPointer { lse in
                loss.withUnsafeMutableBufferPointer { loss in
                  dx.withUnsafeMutableBufferPointer { dx in
                    var s = swirl_cross_entropy(
                      n: n, x: x.baseAddress, targets: targets.baseAddress, ignored: 1,
                      smoothing: smoothing, weights: weighted ? weights.baseAddress : nil,
                      lse: lse.baseAddress, loss: loss.baseAddress, scale: scale.baseAddress,
                      dx: dx.baseAddress)
                    kernels.cross_entropy(&s, part.lowerBound, part.upperBound)
                    kernels.cross_entropy_gradient(&s, part.lowerBound, part.upperBound)
                  }
                }
              }
            }
          }
        }
      }
      return part.flatMap { [lse[$0], loss[$0]] + dx[$0 * n..<($0 + 1) * n] }
    }
    for level in levels {
      for (smoothing, weighted) in [(Float(0), false), (0.1, false), (0.1, true), (0, true)] {
        let found = run(level.pointee, smoothing, weighted, 0..<rows)
        #expect(distance(found, run(reference, smoothing, weighted, 0..<rows)) < 3e-6)
        // A row alone has the bits it has among others.
        #expect(
          (0..<rows).flatMap { run(level.pointee, smoothing, weighted, $0..<$0 + 1) } == found)
      }
    }
  }
}
