import CKernels

/// A matrix `[out, in]` of block-quantised weights, in GGML's layouts: 4 to 8 bits a number and a scale
/// or two a block of 32 or 256. A constant: gradients pass through its products to their inputs.
///
/// ```swift
/// let weight = QuantizedTensor(layer.weight.transposed(), format: .q40)   // 4.5 bits a number
/// let y = linear(x, weight: weight)
/// ```
public struct QuantizedTensor: Sendable {
  /// A block layout of ggml-quants.h (https://github.com/ggml-org/llama.cpp); raw values as in GGUF files.
  public enum Format: Int32, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    case q40 = 2
    case q41 = 3
    case q50 = 6
    case q80 = 8
    case q4K = 12
    case q6K = 14

    /// Numbers in a block.
    public var blockCount: Int { self == .q4K || self == .q6K ? 256 : 32 }

    /// Bytes of a block.
    public var blockBytes: Int {
      switch self {
      case .q40: 18
      case .q41: 20
      case .q50: 22
      case .q80: 34
      case .q4K: 144
      case .q6K: 210
      }
    }

    public var description: String {
      switch self {
      case .q40: "Q4_0"
      case .q41: "Q4_1"
      case .q50: "Q5_0"
      case .q80: "Q8_0"
      case .q4K: "Q4_K"
      case .q6K: "Q6_K"
      }
    }
  }

  public let format: Format
  /// `[out, in]`.
  public let shape: Shape
  /// The blocks row after row, `[out, bytes of a row]`, of type UInt8.
  public let blocks: Tensor

  /// Blocks read from elsewhere.
  ///
  /// - Throws: A sentence where `inputs` is no multiple of the block or `blocks` has another shape.
  public init(blocks: Tensor, inputs: Int, format: Format) throws {
    guard inputs >= 0, inputs % format.blockCount == 0 else {
      throw SafetensorsError(
        "rows of \(inputs) numbers cannot be \(format), whose blocks hold \(format.blockCount)")
    }
    let bytes = inputs / format.blockCount * format.blockBytes
    guard blocks.type == .uint8, blocks.rank == 2, blocks.shape[1] == bytes else {
      throw SafetensorsError(
        "\(format) rows of \(inputs) numbers need \(bytes) bytes each, but the blocks are "
          + "\(blocks.type) of shape \(blocks.shape)")
    }
    self.init(unchecked: blocks.detached().contiguous(), format)
  }

  /// Blocks in memory that `owner` keeps alive, such as a mapped file; they are read in place.
  ///
  /// - Throws: A sentence where `bytes` does not hold `shape`.
  public init(
    borrowing bytes: UnsafeRawBufferPointer, owner: AnyObject, shape: Shape, format: Format
  ) throws {
    guard shape.count == 2, shape[1] % format.blockCount == 0 else {
      throw SafetensorsError(
        "a matrix of shape \(shape) cannot be \(format), whose blocks hold \(format.blockCount)")
    }
    let row = shape[1] / format.blockCount * format.blockBytes
    let (needed, overflow) = row.multipliedReportingOverflow(by: shape[0])
    guard !overflow, row <= Int(Int32.max), bytes.count == needed else {
      throw SafetensorsError(
        "\(format) blocks of a matrix of shape \(shape) do not fill \(bytes.count) bytes")
    }
    guard let base = bytes.baseAddress else {
      self.init(unchecked: Tensor(uninitialized: Shape(shape[0], row), type: .uint8), format)
      return
    }
    let storage = Storage(
      borrowing: UnsafeMutableRawPointer(mutating: base), byteCount: needed, owner: owner)
    let view = Shape(shape[0], row)
    self.init(
      unchecked: Tensor(
        view: storage, offset: 0, shape: view, strides: view.contiguousStrides, type: .uint8),
      format)
  }

  fileprivate init(unchecked blocks: Tensor, _ format: Format) {
    self.blocks = blocks
    self.format = format
    shape = Shape(blocks.shape[0], blocks.shape[1] / format.blockBytes * format.blockCount)
  }

  /// Quantises a matrix `[out, in]` to Q8_0 or Q4_0, each number to the nearest of its block's.
  public init(_ matrix: Tensor, format: Format) {
    guard matrix.rank == 2, matrix.shape[1] % format.blockCount == 0,
      format == .q80 || format == .q40
    else {
      fail(
        "QuantizedTensor",
        "a tensor of shape \(matrix.shape) cannot be quantised to \(format): it takes a matrix whose "
          + "rows are multiples of 32, and the formats Q8_0 and Q4_0")
    }
    let x = matrix.detached().float32.contiguous()
    let row = matrix.shape[1] / format.blockCount * format.blockBytes
    let blocks = Tensor(uninitialized: Shape(matrix.shape[0], row), type: .uint8)
    let out = blocks.bytes.assumingMemoryBound(to: UInt8.self)
    for i in 0..<x.count / 32 {
      let block = UnsafeBufferPointer(start: x.pointer + i * 32, count: 32)
      let scale =
        format == .q80
        ? Self.quantize8(block, out + i * 34) : Self.quantize4(block, out + i * 18)
      if !scale.isFinite {
        fail("QuantizedTensor", "the matrix holds numbers that \(format) cannot: near block \(i)")
      }
    }
    self.init(unchecked: blocks, format)
  }

  /// Writes one block of Q8_0 and returns its scale.
  private static func quantize8(
    _ x: UnsafeBufferPointer<Float>, _ out: UnsafeMutablePointer<UInt8>
  ) -> Float16 {
    let largest = x.reduce(0) { $1.magnitude > $0 || $1.isNaN ? $1.magnitude : $0 }
    let scale = largest / 127
    let stored = Float16(scale)
    guard stored.isFinite else { return stored }
    let inverse = scale == 0 ? 0 : 1 / scale
    UnsafeMutableRawPointer(out).storeBytes(of: stored.bitPattern, as: UInt16.self)
    for i in 0..<32 {
      let code = (x[i] * inverse).rounded(.toNearestOrAwayFromZero)
      out[2 + i] = UInt8(bitPattern: Int8(max(-127, min(127, code.isNaN ? 0 : code))))
    }
    return stored
  }

  /// Writes one block of Q4_0 and returns its scale: the number furthest from 0 becomes −8.
  private static func quantize4(
    _ x: UnsafeBufferPointer<Float>, _ out: UnsafeMutablePointer<UInt8>
  ) -> Float16 {
    let furthest = x.reduce(0) { $1.magnitude > $0.magnitude || $1.isNaN ? $1 : $0 }
    let scale = furthest / -8
    let stored = Float16(scale)
    guard stored.isFinite else { return stored }
    let inverse = scale == 0 ? 0 : 1 / scale
    UnsafeMutableRawPointer(out).storeBytes(of: stored.bitPattern, as: UInt16.self)
    func code(_ i: Int) -> UInt8 {
      let code = x[i] * inverse + 8.5
      return UInt8(max(0, min(15, code.isNaN ? 8 : code)))
    }
    for i in 0..<16 { out[2 + i] = code(i) | code(i + 16) << 4 }
    return stored
  }

  /// Bytes the weights take.
  public var byteCount: Int { blocks.count }

  /// The numbers as Float32, exactly as GGML gives them.
  public func dequantized() -> Tensor {
    let y = Tensor(uninitialized: shape)
    parallelRows(shape[0], work: y.count) { rows in dequantize(rows, to: y.pointer) }
    return y
  }

  private func dequantize(_ rows: Range<Int>, to y: UnsafeMutablePointer<Float>) {
    let perRow = shape[1] / format.blockCount
    kernels.dequantize(
      format.rawValue, rows.count * perRow, blocks.bytes + rows.lowerBound * blocks.shape[1],
      y + rows.lowerBound * shape[1])
  }

  /// Rows `indices`, dequantised: `[R, in]`. The embedding of tokens by a quantised table.
  public func selectingRows(_ indices: Indices) -> Tensor {
    let y = Tensor(uninitialized: Shape(indices.count, shape[1]))
    let perRow = shape[1] / format.blockCount
    for i in 0..<indices.count {
      let row = Int(indices.pointer[i])
      if row < 0 || row >= shape[0] {
        fail("selectingRows", "row \(row) is outside shape \(shape)")
      }
      kernels.dequantize(
        format.rawValue, perRow, blocks.bytes + row * blocks.shape[1], y.pointer + i * shape[1])
    }
    return y
  }
}

/// act(x · weightᵀ + bias) with quantised weights: `x` is `[…, in]`, `weight` `[out, in]`, `bias` `[out]`.
///
/// Weights are dequantised in registers, or in a small panel for several rows; each output has one order
/// of operations whatever the number of rows. The gradient reaches `x` and `bias`, so adapters train
/// through frozen weights.
public func linear(
  _ x: Tensor, weight: QuantizedTensor, bias: Tensor? = nil, activation: Activation = .identity
) -> Tensor {
  guard x.rank >= 1, x.shape[x.rank - 1] == weight.shape[1] else {
    fail(
      "linear",
      "an input of shape \(x.shape) does not fit a quantised weight of shape \(weight.shape)")
  }
  if let bias, bias.shape != Shape(weight.shape[0]) {
    fail("linear", "a bias of shape \(bias.shape) does not fit a weight of shape \(weight.shape)")
  }
  let product = weight.product(with: x)
  return activation(bias.map { product + $0 } ?? product)
}

extension QuantizedTensor {
  /// Outputs a thread takes at a time.
  private static let panel = 16

  /// x · weightᵀ.
  fileprivate func product(with x: Tensor) -> Tensor {
    let input = x.float32.contiguous()
    let (outputs, inputs) = (shape[0], shape[1])
    var sizes = x.shape
    sizes[x.rank - 1] = outputs
    let y = Tensor(uninitialized: sizes)
    let rows = sizes.dropLast().reduce(1, *)
    let panels = rows == 0 ? 0 : (outputs + Self.panel - 1) / Self.panel
    parallelRows(panels, work: rows * outputs * inputs) { part in
      let first = part.lowerBound * Self.panel
      let last = Swift.min(part.upperBound * Self.panel, outputs)
      let scratch = rows > 1 ? Storage(byteCount: Self.panel * inputs * 4) : nil
      kernels.quantized_product(
        format.rawValue, rows, last - first, inputs, blocks.bytes + first * blocks.shape[1],
        input.pointer, y.pointer + first, outputs,
        scratch?.pointer.assumingMemoryBound(to: Float.self))
    }
    guard let trace = Trace(x) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "linear",
        derivative: { record, dy, gradients in
          gradients.add(QuantizedTensor(record).transposedProduct(with: dy), to: record.a)
        },
        tangent: { record, tangents in QuantizedTensor(record).product(with: tangents.a!) },
        a: x, y: blocks, integer: Int(format.rawValue)))
  }

  /// dy · weight for rows `dy` `[rows, out]`, unrecorded: what the input of `linear` receives.
  package func gradientOfInput(_ dy: Tensor) -> Tensor { transposedProduct(with: dy.detached()) }

  /// dy · weight, the transpose of `product`: weights are dequantised a few outputs at a time.
  private func transposedProduct(with dy: Tensor) -> Tensor {
    let gradient = dy.float32.contiguous()
    let (outputs, inputs) = (shape[0], shape[1])
    var sizes = dy.shape
    sizes[dy.rank - 1] = inputs
    let dx = outputs == 0 ? Tensor.zeros(sizes) : Tensor(uninitialized: sizes)
    let rows = sizes.dropLast().reduce(1, *)
    let depth = 64
    let perRow = rows == 0 ? 0 : inputs / format.blockCount
    parallelRows(perRow, work: rows * outputs * inputs) { part in
      let (first, width) = (part.lowerBound * format.blockCount, part.count * format.blockCount)
      let storage = Storage(byteCount: depth * width * 4)
      let panel = storage.pointer.assumingMemoryBound(to: Float.self)
      for start in stride(from: 0, to: outputs, by: depth) {
        let count = Swift.min(depth, outputs - start)
        for o in 0..<count {
          kernels.dequantize(
            format.rawValue, part.count,
            blocks.bytes + (start + o) * blocks.shape[1] + part.lowerBound * format.blockBytes,
            panel + o * width)
        }
        kernels.gemm(
          rows, width, count, gradient.pointer + start, outputs, 1, panel, width, 1,
          dx.pointer + first, inputs, nil, start > 0 ? 1 : 0, 0)
      }
      withExtendedLifetime(storage) {}
    }
    guard let trace = Trace(dy) else { return dx }
    return dx.recorded(
      on: trace,
      Record(
        "linear's gradient",
        derivative: { record, received, gradients in
          gradients.add(QuantizedTensor(record).product(with: received), to: record.a)
        },
        tangent: { record, tangents in
          QuantizedTensor(record).transposedProduct(with: tangents.a!)
        }, a: dy, y: blocks, integer: Int(format.rawValue)))
  }

  private init(_ record: Saved) {
    self.init(unchecked: record.storedY, Format(rawValue: Int32(record.integer))!)
  }
}
