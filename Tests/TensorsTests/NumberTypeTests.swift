import CKernels
import Runtime
import Tensors
import Testing

nonisolated(unsafe) private let levels: [UnsafePointer<swirl_kernels>] = {
  var found = [UnsafePointer<swirl_kernels>?](repeating: nil, count: 3)
  let count = Int(swirl_levels(&found, 3))
  return found[..<count].map { $0! }
}()

nonisolated(unsafe) private let reference: UnsafePointer<swirl_kernels> = {
  let table = UnsafeMutablePointer<swirl_kernels>.allocate(capacity: 1)
  table.initialize(to: swirl_reference)
  return UnsafePointer(table)
}()

/// Every half there is, at every level, is the number the language says it is.
@Test func everyHalfWidensExactly() {
  let bits = (0...UInt16.max).map { $0 }
  for level in levels {
    var (half, brain) = ([Float](repeating: 0, count: 65_536), [Float](repeating: 0, count: 65_536))
    level.pointee.widen(Int32(SWIRL_FLOAT16.rawValue), 65_536, bits, &half)
    level.pointee.widen(Int32(SWIRL_BFLOAT16.rawValue), 65_536, bits, &brain)
    var wrong = 0
    for i in 0..<65_536 {
      let expected = Float(Float16(bitPattern: UInt16(i)))
      if half[i].bitPattern != expected.bitPattern && !(half[i].isNaN && expected.isNaN) {
        wrong += 1
      }
      if brain[i].bitPattern != UInt32(i) << 16 { wrong += 1 }
    }
    #expect(wrong == 0, "\(String(cString: level.pointee.name))")
  }
}

/// Numbers near every boundary: halves, ties between neighbours, overflow, subnormals, NaN.
@Test func narrowingRoundsToNearestEven() {
  var random = PCG64(seed: 31)
  var numbers: [Float] = [0, -0.0, .nan, -.nan, .infinity, -.infinity, 65_504, 65_519.99, 65_520]
  numbers += [
    1e-8, 2.98e-8, 2.980_232_3e-8, 6e-8, .leastNonzeroMagnitude, 3.4e38,
    Float(bitPattern: 0x1_16c2),
  ]
  for _ in 0..<4000 {
    let half = Float(Float16(bitPattern: UInt16(random.integers(0..<0x7c00))))
    let next = Float(Float16(half).nextUp)
    numbers += [half, (half + next) / 2, ((half + next) / 2).nextUp, -((half + next) / 2).nextDown]
    numbers.append(Float(bitPattern: UInt32(random.integers(0..<0x1_0000_0000))))
    numbers.append(Float(bitPattern: UInt32(random.integers(0..<0x1_0000)) << 16 | 0x8000))
  }
  let count = numbers.count
  for level in levels + [reference] {
    var (half, brain) = ([UInt16](repeating: 0, count: count), [UInt16](repeating: 0, count: count))
    level.pointee.narrow(Int32(SWIRL_FLOAT16.rawValue), count, numbers, &half)
    level.pointee.narrow(Int32(SWIRL_BFLOAT16.rawValue), count, numbers, &brain)
    var wrong: [Float] = []
    for i in 0..<count {
      let x = numbers[i]
      let brainAsFloat = Float(bitPattern: UInt32(brain[i]) << 16)
      if x.isNaN {
        if !Float16(bitPattern: half[i]).isNaN || !brainAsFloat.isNaN { wrong.append(x) }
        continue
      }
      if half[i] != Float16(x).bitPattern { wrong.append(x) }
      // The nearest of the two bfloat16 beside x, by exact distances.
      let low = Float(bitPattern: x.bitPattern & 0xffff_0000)
      let high = Float(bitPattern: (x.bitPattern & 0xffff_0000) &+ 0x1_0000)
      if x.isInfinite {
        if brainAsFloat != x { wrong.append(x) }
        continue
      }
      let top =
        high.isInfinite
        ? Double(sign: .plus, exponent: 128, significand: 1) : Double(high).magnitude
      let (below, above) = (Double(x).magnitude - Double(low).magnitude, top - Double(x).magnitude)
      let expected = below < above || (below == above && brainIsEven(low)) ? low : high
      if brainAsFloat.bitPattern != expected.bitPattern { wrong.append(x) }
    }
    #expect(wrong.isEmpty, "\(String(cString: level.pointee.name)): \(wrong.prefix(5))")
  }
}

private func brainIsEven(_ x: Float) -> Bool { x.bitPattern >> 16 & 1 == 0 }

@Test func wholeNumbersAreLimitedToTheirRange() {
  let numbers: [Float] = [
    -3e9, -2_147_483_648, -1.5, -0.5, 0.5, 1.5, 2.5, 254.5, 255.5, 300, 2_147_483_520, 3e9, .nan,
    .infinity, -.infinity, 7, 8,
  ]
  for level in levels + [reference] {
    var whole = [Int32](repeating: 9, count: numbers.count)
    var bytes = [UInt8](repeating: 9, count: numbers.count)
    level.pointee.narrow(Int32(SWIRL_INT32.rawValue), numbers.count, numbers, &whole)
    level.pointee.narrow(Int32(SWIRL_UINT8.rawValue), numbers.count, numbers, &bytes)
    let low = Int32.min
    let high = Int32.max
    #expect(
      whole == [
        low, low, -2, 0, 0, 2, 2, 254, 256, 300, 2_147_483_520, high, 0, high, low, 7, 8,
      ])
    #expect(bytes == [0, 0, 0, 0, 0, 2, 2, 254, 255, 255, 255, 255, 0, 255, 0, 7, 8])
  }
  #expect(Tensor([3, 300]).converted(to: .int32).converted(to: .uint8).scalars == [3, 255])
}

/// A product with halves has the bits of the product with the widened matrix, for any number of rows,
/// any layout, at every level: which is law 2 as well.
@Test func halfProductsHaveTheBitsOfTheWidened() {
  var random = PCG64(seed: 32)
  let block = UnsafeMutablePointer<Float>.allocate(capacity: 65_536)
  defer { block.deallocate() }
  for level in levels {
    for (n, k) in [(1, 1), (5, 7), (64, 64), (37, 300), (300, 65), (17, 0)] {
      for type in [SWIRL_FLOAT16, SWIRL_BFLOAT16] {
        let numbers = (0..<max(k * n, 1)).map { _ in Float(random.uniform(-2, 2)) }
        var half = [UInt16](repeating: 0, count: numbers.count)
        level.pointee.narrow(Int32(type.rawValue), numbers.count, numbers, &half)
        var wide = numbers
        level.pointee.widen(Int32(type.rawValue), numbers.count, half, &wide)
        let bias = (0..<n).map { _ in Float(random.uniform(-2, 2)) }
        for m in [1, 2, 3, 4, 5, 13, 40] {
          let x = (0..<max(m * k, 1)).map { _ in Float(random.uniform(-2, 2)) }
          for (row, column) in [(n, 1), (1, k)] {
            var (y, expected) = (
              [Float](repeating: 0, count: m * n), [Float](repeating: 0, count: m * n)
            )
            level.pointee.half_product(
              Int32(type.rawValue), m, n, k, x, k, 1, half, row, column, &y, n, bias, block)
            level.pointee.gemm(m, n, k, x, k, 1, wide, row, column, &expected, n, bias, 0, 0)
            #expect(
              y == expected,
              "\(m) × \(n) × \(k), strides \(row), \(column), \(String(cString: level.pointee.name))"
            )
          }
        }
      }
    }
  }
}

@Test func halfWeightsComputeAndDifferentiateAsTheWidened() {
  var random = PCG64(seed: 33)
  for type in [NumberType.float16, .bfloat16] {
    let weight = Tensor.normal([70, 33], using: &random).converted(to: type)
    let bias = Tensor.normal([33], using: &random)
    for shape: Shape in [[70], [0, 70], [1, 70], [3, 5, 70]] {
      let x = Tensor.normal(shape, using: &random)
      let found = vectorJacobianProduct(
        at: [x, weight, bias], cotangent: { Tensor(repeating: 0.5, shape: $0.shape) }
      ) { linear($0[0], weight: $0[1], bias: $0[2], activation: .tanh) }
      let expected = vectorJacobianProduct(
        at: [x, weight.float32, bias], cotangent: { Tensor(repeating: 0.5, shape: $0.shape) }
      ) { linear($0[0], weight: $0[1], bias: $0[2], activation: .tanh) }
      #expect(found.value.scalars == expected.value.scalars)
      for (a, b) in zip(found.gradients, expected.gradients) {
        #expect(a.scalars == b.scalars && a.type == .float32)
      }
    }
    let x = Tensor.normal([2, 4, 70], using: &random)
    #expect(x.matmul(weight).scalars == x.matmul(weight.float32).scalars)
    let strided = Tensor.normal([70, 5], using: &random).transposed()
    #expect(strided.matmul(weight).scalars == strided.matmul(weight.float32).scalars)
    let every = weight.sliced(3..<20, axis: 1)
    #expect(strided.matmul(every).scalars == strided.matmul(every.float32).scalars)
    let tied = Tensor.normal([4, 33], using: &random)
    #expect(
      tied.matmul(weight.transposed()).scalars
        == tied.matmul(weight.float32.transposed()).scalars)
    #expect(
      weight.selectingRows([3, 3, 69]).scalars == weight.float32.selectingRows([3, 3, 69]).scalars)
    let one = strided.matmul(weight).scalars
    let big = Tensor.normal([9, 600], using: &random)
    let wide = Tensor.normal([600, 700], using: &random).converted(to: type)
    let alone = big.matmul(wide).scalars
    for threads in [2, 3] {
      let pool = WorkerPool(threads: threads)
      #expect(withWorkers(pool) { strided.matmul(weight).scalars } == one)
      #expect(withWorkers(pool) { big.matmul(wide).scalars } == alone)
    }
  }
}
