import CKernels
import Runtime

/// What a fused layer does to its result before it leaves the registers' cache lines.
public enum Activation: String, Sendable, Codable, CaseIterable {
  case identity, tanh, relu, sigmoid

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let value = Activation(rawValue: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "identity, tanh, relu or sigmoid is needed")
    }
    self = value
  }

  var code: Int32 {
    switch self {
    case .identity: Int32(SWIRL_IDENTITY.rawValue)
    case .tanh: Int32(SWIRL_TANH.rawValue)
    case .relu: Int32(SWIRL_RELU.rawValue)
    case .sigmoid: Int32(SWIRL_SIGMOID.rawValue)
    }
  }

  /// The activation of a code that a record holds.
  init(code: Int) {
    switch UInt32(code) {
    case SWIRL_TANH.rawValue: self = .tanh
    case SWIRL_RELU.rawValue: self = .relu
    case SWIRL_SIGMOID.rawValue: self = .sigmoid
    default: self = .identity
    }
  }

  /// The activation as an op of its own.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    switch self {
    case .identity: x
    case .tanh: x.tanh()
    case .relu: x.relu()
    case .sigmoid: x.sigmoid()
    }
  }

  /// What `dy` becomes before the activation whose result was y, which the identity does not read.
  func gradient(_ dy: Tensor, _ y: @autoclosure () -> Tensor) -> Tensor {
    switch self {
    case .identity: dy
    case .tanh: dy.fused(SWIRL_TANH_GRADIENT, y()) { dy, y in dy * (1 - y.squared()) }
    case .relu: dy.fused(SWIRL_RELU_GRADIENT, y()) { dy, y in dy * (Tensor(0) .< y) }
    case .sigmoid: dy.fused(SWIRL_SIGMOID_GRADIENT, y()) { dy, y in dy * y * (1 - y) }
    }
  }
}

extension Tensor {
  /// The matrix product of `[…, m, k]` and `[…, k, n]`, whose leading axes broadcast as NumPy's do.
  ///
  /// Each output is one chain of multiply-adds in k order, so a row of the result has the same bits
  /// whatever other rows stand beside it.
  public func matmul(_ other: Tensor) -> Tensor {
    let y = product(with: other)
    guard let trace = Trace(self, other) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "matmul",
        derivative: { record, dy, gradients in
          let a = record.x
          let b = record.storedY
          gradients.add(dy.matmul(b.transposed()).summed(to: a.shape), to: record.a)
          if gradients.wants(record.b) {
            if b.rank == 2 && a.rank > 2 {
              let rows = a.reshaped([-1, a.shape[a.rank - 1]])
              let received = dy.reshaped([-1, dy.shape[dy.rank - 1]])
              gradients.add(rows.transposed().matmul(received), to: record.b)
            } else {
              gradients.add(a.transposed().matmul(dy).summed(to: b.shape), to: record.b)
            }
          }
        },
        tangent: { record, tangents in
          tangents.sum(a: { $0.matmul(record.storedY) }, b: { record.x.matmul($0) })
        }, a: self, b: other, x: self, y: other))
  }

  /// Overwrites this tensor, `[m, n]`, with the product of `[m, k]` and `[k, n]`, with the bits of `matmul`.
  ///
  /// Nothing is recorded and, where the storage is this tensor's alone, nothing allocated.
  public mutating func setToProduct(of a: Tensor, _ b: Tensor) {
    guard a.rank == 2, b.rank == 2, rank == 2, a.shape[1] == b.shape[0],
      shape[0] == a.shape[0], shape[1] == b.shape[1]
    else {
      fail("setToProduct", "shapes \(a.shape) and \(b.shape) do not multiply into \(shape)")
    }
    if a.type != .float32 || b.type != .float32 {
      setToProduct(of: a.float32, b.float32)
      return
    }
    mutate { out in
      multiply(
        a.shape[0], b.shape[1], a.shape[1], a.pointer, a.strides[0], a.strides[1], b.pointer,
        b.strides[0], b.strides[1], out.baseAddress!, nil, activation: 0)
    }
  }

  private func product(with other: Tensor) -> Tensor {
    let a = float32
    let b = other.isHalfMatrix ? other : other.float32
    guard a.rank >= 2, b.rank >= 2, a.shape[a.rank - 1] == b.shape[b.rank - 2] else {
      fail("matmul", "shapes \(a.shape) and \(b.shape) do not multiply")
    }
    let (m, k) = (a.shape[a.rank - 2], a.shape[a.rank - 1])
    let n = b.shape[b.rank - 1]
    if b.rank == 2 && (a.rank == 2 || a.isContiguous) {
      var sizes = a.shape
      sizes[a.rank - 1] = n
      let y = Tensor(uninitialized: sizes)
      // Leading axes are further rows of one product.
      let rows = a.rank == 2 ? m : a.count / Swift.max(k, 1)
      let aRow = a.rank == 2 ? a.strides[0] : k
      let aColumn = a.strides[a.rank - 1]
      if b.isHalfMatrix {
        b.halfProduct(rows: rows, a.pointer, row: aRow, column: aColumn, to: y.pointer)
        return y
      }
      multiply(
        rows, n, k, a.pointer, aRow, aColumn, b.pointer, b.strides[0], b.strides[1], y.pointer, nil,
        activation: 0)
      return y
    }
    if b.isHalfMatrix { return a.contiguous().product(with: b) }
    guard let leading = Shape.broadcast(Shape(a.shape.dropLast(2)), Shape(b.shape.dropLast(2)))
    else {
      fail("matmul", "the leading axes of shapes \(a.shape) and \(b.shape) do not broadcast")
    }
    let left = a.matrices(leading)
    let right = b.matrices(leading)
    let y = Tensor(uninitialized: Shape(Array(leading) + [m, n]))
    let batches = leading.elementCount
    // Many products are dealt out whole; each of a few large ones is shared among the threads itself.
    nonisolated(unsafe) let out = y.pointer
    parallelRows(batches, work: batches >= 8 ? batches * m * n * k : 0) { range in
      for batch in range {
        multiply(
          m, n, k, left.tensor.pointer + batch * left.step, left.row, left.column,
          right.tensor.pointer + batch * right.step, right.row, right.column, out + batch * m * n,
          nil, activation: 0)
      }
    }
    return y
  }

  /// The matrices of this tensor repeated to `leading` axes, for a loop over batches: where the first
  /// lies, how far the next is (0 for one that is shared), and a matrix's strides.
  private func matrices(_ leading: Shape) -> (tensor: Tensor, step: Int, row: Int, column: Int) {
    let (m, n) = (shape[rank - 2], shape[rank - 1])
    let isShared = shape.dropLast(2).allSatisfy { $0 == 1 }
    let isWhole = shape.dropLast(2).elementsEqual(leading)
    let dense =
      isShared ? self : isWhole ? withDenseBatches() : denselyRepeated(Array(leading) + [m, n])
    let (row, column) = (dense.strides[dense.rank - 2], dense.strides[dense.rank - 1])
    return (dense, isShared ? 0 : m * n, row, column)
  }

  private func denselyRepeated(_ target: [Int]) -> Tensor {
    detached().broadcast(to: Shape(target)).contiguous()
  }

  /// Itself where each matrix is a dense block, plain or transposed, one block after another; else a copy.
  private func withDenseBatches() -> Tensor {
    if isContiguous { return self }
    var order = Array(0..<rank)
    order.swapAt(rank - 1, rank - 2)
    return permuted(order).isContiguous ? self : contiguous()
  }
}

/// act(x · weight + bias), fused: `x` is `[…, in]`, `weight` `[in, out]`, `bias` `[out]`.
///
/// The function behind `Linear`; call it where parameters live elsewhere, such as tied embeddings.
public func linear(
  _ x: Tensor, weight: Tensor, bias: Tensor? = nil, activation: Activation = .identity
) -> Tensor {
  guard x.rank >= 1, weight.rank == 2, x.shape[x.rank - 1] == weight.shape[0] else {
    fail("linear", "an input of shape \(x.shape) does not fit a weight of shape \(weight.shape)")
  }
  if let bias, bias.shape != Shape(weight.shape[1]) {
    fail("linear", "a bias of shape \(bias.shape) does not fit a weight of shape \(weight.shape)")
  }
  if Tensor.carryTangents(x, weight, bias) {
    let z = x.rank == 1 ? x.reshaped([1, -1]).matmul(weight).reshaped([-1]) : x.matmul(weight)
    return activation(bias.map { z + $0 } ?? z)
  }
  let (inputs, outputs) = (weight.shape[0], weight.shape[1])
  let input = x.float32.contiguous()
  var sizes = x.shape
  sizes[x.rank - 1] = outputs
  var y = Tensor(uninitialized: sizes)
  let rows = sizes.dropLast().reduce(1, *)
  let start = bias?.float32.contiguous()
  if weight.isHalfMatrix {
    weight.halfProduct(
      rows: rows, input.pointer, row: inputs, column: 1, bias: start?.pointer, to: y.pointer)
    y = activation(y)
  } else {
    let matrix = weight.float32
    multiply(
      rows, outputs, inputs, input.pointer, inputs, 1, matrix.pointer, matrix.strides[0],
      matrix.strides[1], y.pointer, start?.pointer, activation: activation.code)
  }
  withExtendedLifetime(start) {}
  guard let trace = Trace(x, weight, bias) else { return y }
  return y.recorded(
    on: trace,
    Record(
      "linear",
      derivative: { record, dy, gradients in
        let (x, weight) = (
          record.x, record.storedY.isHalfMatrix ? record.storedY : record.y
        )
        let (inputs, outputs) = (weight.shape[0], weight.shape[1])
        let dz = Activation(code: record.integer).gradient(dy, record.result).contiguous()
        let rows = dz.count / Swift.max(outputs, 1)
        if gradients.wants(record.b) {
          let dWeight = Tensor(uninitialized: weight.shape)
          multiply(
            inputs, outputs, rows, x.pointer, 1, inputs, dz.pointer, outputs, 1, dWeight.pointer,
            nil, activation: 0)
          gradients.add(dWeight, to: record.b)
        }
        if gradients.wants(record.c) {
          gradients.add(dz.reshaped(to: Shape(rows, outputs)).sum(axes: [0]), to: record.c)
        }
        if gradients.wants(record.a) {
          let dx = Tensor(uninitialized: x.shape)
          if weight.isHalfMatrix {
            weight.transposed().halfProduct(
              rows: rows, dz.pointer, row: outputs, column: 1, to: dx.pointer)
          } else {
            multiply(
              rows, inputs, outputs, dz.pointer, outputs, 1, weight.pointer, weight.strides[1],
              weight.strides[0], dx.pointer, nil, activation: 0)
          }
          gradients.add(dx, to: record.a)
        }
      }, a: x, b: weight, c: bias, x: input, y: weight,
      integer: Int(activation.code),
      keepsResult: activation != .identity, fused: true))
}

/// One product, by rows of C among the threads where there are many, else by its columns: a chain of
/// multiply-adds is the same in any part.
private func multiply(
  _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ aRow: Int, _ aColumn: Int,
  _ b: UnsafePointer<Float>, _ bRow: Int, _ bColumn: Int, _ c: UnsafeMutablePointer<Float>,
  _ bias: UnsafePointer<Float>?, activation: Int32
) {
  let work = m * n * (activation == 0 ? k : k + 16)
  guard work >= parallelWork, let pool = engineWorkers, pool.threads > 1 else {
    kernels.gemm(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, n, bias, 0, activation)
    return
  }
  nonisolated(unsafe) let (a, b, c, bias) = (a, b, c, bias)
  // Parts of whole tiles: every kernel's tiles are 12 rows or a divisor of it, 64 columns or a divisor.
  let byRows = m >= 24 * pool.threads || m >= n
  let (extent, tile) = byRows ? (m, 12) : (n, 64)
  let tiles = (extent + tile - 1) / tile
  let parts = Swift.min(pool.threads, tiles)
  pool.parallelFor(parts) { part in
    let first = tiles * part / parts * tile
    let count = Swift.min(tiles * (part + 1) / parts * tile, extent) - first
    if byRows {
      kernels.gemm(
        count, n, k, a + first * aRow, aRow, aColumn, b, bRow, bColumn, c + first * n, n, bias, 0,
        activation)
    } else {
      kernels.gemm(
        m, count, k, a, aRow, aColumn, b + first * bColumn, bRow, bColumn, c + first, n,
        bias.map { $0 + first }, 0, activation)
    }
  }
}
