import CKernels
import Foundation
import Runtime
import Tensors
import Testing

private struct Golden: Decodable {
  struct Case: Decodable {
    let format: String
    let inputs: Int
    let blocks: Data
    let numbers: Data

    var floats: [Float] {
      numbers.withUnsafeBytes { bytes in
        (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
    }
    var rows: Int { floats.count / inputs }
    var kind: QuantizedTensor.Format {
      QuantizedTensor.Format.allCases.first { $0.description == format }!
    }
    var tensor: QuantizedTensor {
      get throws {
        let bytes = Tensor(blocks.map { Float($0) }, shape: [rows, blocks.count / rows])
        return try QuantizedTensor(
          blocks: bytes.converted(to: .uint8), inputs: inputs, format: kind)
      }
    }
  }

  let dequantized: [Case]
  let quantized: [Case]

  static func read() throws -> Golden {
    try JSONDecoder().decode(
      Golden.self,
      from: Data(
        contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
          .appending(path: "References/quantized.json")))
  }
}

/// Random blocks with finite scales.
private func random(
  _ format: QuantizedTensor.Format, _ outputs: Int, _ inputs: Int, _ generator: inout PCG64
) throws -> QuantizedTensor {
  let blocks = outputs * inputs / format.blockCount
  var bytes = (0..<blocks * format.blockBytes).map { _ in Float(generator.integers(0..<256)) }
  let places = [.q4K, .q41].contains(format) ? [0, 2] : format == .q6K ? [208] : [0]
  for block in 0..<blocks {
    for place in places {
      let bits = Float16(generator.uniform(-0.001, 0.001)).bitPattern
      bytes[block * format.blockBytes + place] = Float(bits & 255)
      bytes[block * format.blockBytes + place + 1] = Float(bits >> 8)
    }
  }
  let row = inputs / format.blockCount * format.blockBytes
  return try QuantizedTensor(
    blocks: Tensor(bytes, shape: [outputs, row]).converted(to: .uint8), inputs: inputs,
    format: format)
}

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

@Test func blocksStandForGGMLsNumbersBitForBit() throws {
  let golden = try Golden.read()
  #expect(golden.dequantized.count == 6)
  for item in golden.dequantized {
    let tensor = try item.tensor
    let expected = item.floats.map(\.bitPattern)
    #expect(tensor.shape == [3, item.inputs])
    #expect(tensor.dequantized().scalars.map(\.bitPattern) == expected, "\(item.format)")
    let picked = tensor.selectingRows([2, 0]).scalars.map(\.bitPattern)
    #expect(picked == Array(expected[(2 * item.inputs)...] + expected[..<item.inputs]))
    let blocks = [UInt8](item.blocks)
    for level in levels + [reference] {
      var found = [Float](repeating: -9, count: expected.count)
      level.pointee.dequantize(
        item.kind.rawValue, expected.count / item.kind.blockCount, blocks, &found)
      #expect(
        found.map(\.bitPattern) == expected,
        "\(item.format) at \(String(cString: level.pointee.name))")
    }
  }
}

@Test func quantisingGivesGGMLsBlocks() throws {
  for item in try Golden.read().quantized {
    let matrix = Tensor(item.floats, shape: [item.rows, item.inputs])
    let found = QuantizedTensor(matrix, format: item.kind)
    #expect(found.blocks.scalars.map { UInt8($0) } == [UInt8](item.blocks), "\(item.format)")
    #expect(found.byteCount == item.blocks.count)
  }
}

@Test(arguments: QuantizedTensor.Format.allCases)
func quantizedProductsAgreeWithTheDequantized(_ format: QuantizedTensor.Format) throws {
  var generator = PCG64(seed: 21)
  let inputs = 2 * format.blockCount
  for outputs in [0, 1, 3, 16, 37] {
    let weight = try random(format, outputs, inputs, &generator)
    let dense = weight.dequantized().transposed()
    for shape: Shape in [[inputs], [0, inputs], [1, inputs], [7, inputs], [2, 4, inputs]] {
      let x = Tensor.normal(shape, using: &generator)
      let found = linear(x, weight: weight)
      let expected = linear(x, weight: dense)
      #expect(found.shape == expected.shape)
      #expect(distance(found.scalars, expected.scalars) < 2e-5)
    }
    let strided = Tensor.normal([inputs, 3], using: &generator).transposed()
    let bias = Tensor.normal([outputs], using: &generator)
    let found = linear(strided, weight: weight, bias: bias, activation: .tanh)
    let expected = linear(strided, weight: dense, bias: bias, activation: .tanh)
    #expect(distance(found.scalars, expected.scalars) < 2e-5)
    let cotangent = Tensor.normal([3, outputs], using: &generator)
    let (_, gradient) = vectorJacobianProduct(at: [strided], cotangent: { _ in cotangent }) {
      linear($0[0], weight: weight)
    }
    #expect(
      distance(gradient[0].scalars, cotangent.matmul(dense.transposed()).scalars) < 2e-5)
  }
}

@Test func quantizedProductsHaveTangentsOfBothOrders() throws {
  var generator = PCG64(seed: 23)
  let weight = try random(.q80, 3, 32, &generator)
  let x = Tensor.normal([2, 32], using: &generator)
  let bias = Tensor.normal([3], using: &generator)
  #expect(
    checkGradient(at: [x, bias]) {
      linear($0[0], weight: weight, bias: $0[1], activation: .tanh)
    }.isEmpty)
  #expect(
    checkTangent(at: [x, bias]) {
      linear($0[0], weight: weight, bias: $0[1], activation: .tanh)
    }.isEmpty)
}

/// Law 2, at every level: a row alone, among others, and shared among threads.
@Test func quantizedRowsDoNotDependOnTheirBatch() throws {
  var generator = PCG64(seed: 22)
  for format in QuantizedTensor.Format.allCases {
    let (rows, outputs, inputs) = (23, 37, 512)
    let weight = try random(format, outputs, inputs, &generator)
    let bytes = weight.blocks.scalars.map { UInt8($0) }
    let x = (0..<rows * inputs).map { _ in Float(generator.uniform(-2, 2)) }
    var panel = [Float](repeating: 0, count: 16 * inputs)
    for level in levels {
      var whole = [Float](repeating: 0, count: rows * outputs)
      level.pointee.quantized_product(
        format.rawValue, rows, outputs, inputs, bytes, x, &whole, outputs, &panel)
      var plain = whole
      swirl_reference.quantized_product(
        format.rawValue, rows, outputs, inputs, bytes, x, &plain, outputs, nil)
      #expect(distance(whole, plain) < 2e-5)
      for batch in [1, 2, 3, 4, 5, 6, 7, 11, 22] {
        let start = (batch * 7) % (rows - batch + 1)
        var part = [Float](repeating: 0, count: batch * outputs)
        x.withUnsafeBufferPointer {
          level.pointee.quantized_product(
            format.rawValue, batch, outputs, inputs, bytes, $0.baseAddress! + start * inputs,
            &part, outputs, &panel)
        }
        #expect(
          part.elementsEqual(whole[start * outputs..<(start + batch) * outputs]),
          "\(format), \(batch) rows at \(String(cString: level.pointee.name))")
      }
    }
  }
  let weight = QuantizedTensor(Tensor.normal([700, 320], using: &generator), format: .q40)
  let x = Tensor.normal([9, 320], using: &generator)
  func all() -> [Float] {
    let (value, gradient) = valueWithGradient(at: x) { linear($0, weight: weight).squared().sum() }
    return [value.item] + gradient.scalars + linear(x, weight: weight).scalars
  }
  let alone = all()
  for threads in [2, 3] { #expect(withWorkers(WorkerPool(threads: threads)) { all() } == alone) }
}

@Test func blocksThatDoNotFitGiveASentence() {
  let bytes = Tensor.zeros([2, 36]).converted(to: .uint8)
  #expect(throws: SafetensorsError.self) {
    try QuantizedTensor(blocks: bytes, inputs: 33, format: .q40)
  }
  #expect(throws: SafetensorsError.self) {
    try QuantizedTensor(blocks: bytes, inputs: 32, format: .q40)
  }
  #expect(throws: SafetensorsError.self) {
    try QuantizedTensor(blocks: Tensor.zeros([2, 36]), inputs: 64, format: .q40)
  }
  _ = withUnsafeTemporaryAllocation(byteCount: 36, alignment: 1) { memory in
    #expect(throws: SafetensorsError.self) {
      try QuantizedTensor(
        borrowing: UnsafeRawBufferPointer(memory), owner: NSObject(), shape: [3, 32], format: .q40)
    }
  }
}
