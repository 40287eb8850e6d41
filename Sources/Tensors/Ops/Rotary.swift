import CKernels

/// The turns that a rotary embedding gives to each of some positions, made once for all layers.
public struct RotaryTable: Sendable {
  /// A row a position, as the kernel reads it.
  let turns: Tensor
  let dim: Int
  let layout: RotaryEmbedding.Layout

  /// How many positions it has.
  public var count: Int { turns.shape[0] }

  /// - Parameters:
  ///   - angles: `[positions, dim / 2]`.
  ///   - factor: What the rotated numbers are multiplied by besides.
  init(angles: [[Float]], dim: Int, layout: RotaryEmbedding.Layout, factor: Float) {
    self.dim = dim
    self.layout = layout
    let half = dim / 2
    turns = Tensor(shape: [angles.count, layout == .interleaved ? 2 * dim : dim]) { out in
      for (row, angles) in angles.enumerated() {
        for (pair, angle) in angles.enumerated() {
          let (cosine, sine) = (Self.cosine(angle) * factor, Self.sine(angle) * factor)
          switch layout {
          case .halves:
            out[row * dim + pair] = cosine
            out[row * dim + half + pair] = sine
          case .interleaved:
            let start = row * 2 * dim + 2 * pair
            (out[start], out[start + 1]) = (cosine, cosine)
            (out[start + dim], out[start + dim + 1]) = (-sine, sine)
          }
        }
      }
    }
  }
}

extension Tensor {
  /// Each head's numbers turned by the angles of their token's position.
  ///
  /// `self`: `[…, tokens, heads, dim]`, with one row of `table` a token; only the table's first numbers
  /// of a head are turned. Queries and keys are rotated so before `attention`.
  public func rotated(by table: RotaryTable) -> Tensor {
    guard rank >= 3, shape[rank - 3] == table.count, shape[rank - 1] >= table.dim else {
      fail(
        "rotated",
        "a table of \(table.count) positions and \(table.dim) dimensions does not fit \(shape)")
    }
    return turned(table.turns, dim: table.dim, flags: table.layout == .interleaved ? 1 : 0)
  }

  /// - Parameter flags: 1 where pairs are interleaved, plus 2 to turn back.
  private func turned(_ table: Tensor, dim turnedDim: Int, flags: Int) -> Tensor {
    let x = float32.contiguous()
    let y = Tensor(uninitialized: shape)
    let (heads, dim) = (shape[rank - 2], shape[rank - 1])
    let tokens = count / Swift.max(heads * dim, 1)
    parallelRows(tokens, work: 2 * count) { range in
      kernels.rotate(
        range.lowerBound, range.upperBound, heads, dim, turnedDim, Int32(flags & 1), table.shape[0],
        x.pointer, table.pointer, flags & 2 == 0 ? 1 : -1, y.pointer)
    }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "rotated",
        derivative: { record, dy, gradients in
          gradients.add(
            dy.turned(record.x, dim: record.shape[0], flags: record.integer ^ 2), to: record.a)
        },
        tangent: { record, tangents in
          tangents.a!.turned(record.x, dim: record.shape[0], flags: record.integer)
        }, a: self, x: table, shape: Shape(turnedDim), integer: flags))
  }
}
