// Attention composed of ordinary ops, one sequence at a time, with the whole matrix of scores: what it
// computes by definition, and how forward mode differentiates it.
extension AttentionCall {
  package func formula() -> Tensor {
    let rowShape = Shape(queries.end, heads, dim)
    if rowShape.elementCount == 0 { return q }
    let (q, k, v) = (
      q.reshaped(to: rowShape), k.reshaped([-1, kvHeads, dim]), v.reshaped([-1, kvHeads, dim])
    )
    let results = (0..<queries.count).filter { !queries[$0].isEmpty }.map { sequence -> Tensor in
      let (rows, columns) = (queries[sequence], keys[sequence])
      if columns.isEmpty { return .zeros(Shape(rows.count, heads, dim)) }
      let left = q.sliced(rows).permuted([1, 0, 2])
      let right = perQueryHead(k.sliced(columns)).permuted([1, 2, 0])
      var scores = left.matmul(right) * scale
      if softcap > 0 { scores = (scores / softcap).tanh() * softcap }
      if let slopes {
        let distances = grid(rows.count, columns.count) { Float(-abs($0 - $1)) }
        scores = scores + slopes.reshaped([-1, 1, 1]) * distances
      }
      if let bias { scores = scores + part(of: bias, sequence, rows.count, columns.count) }
      let seen = grid(rows.count, columns.count) { query, key in
        query - key <= reach.before && key - query <= reach.after ? 1 : 0
      }
      // Finite, since a query that sees no key would otherwise divide 0 by 0.
      let weights = (scores - 1e30 * (1 - seen)).softmax() * seen
      return weights.matmul(perQueryHead(v.sliced(columns)).permuted([1, 0, 2])).permuted([1, 0, 2])
    }
    return Tensor.concatenated(results).reshaped(to: self.q.shape)
  }

  /// `[keys, kvHeads, dim]` with each key head repeated for the query heads that share it.
  private func perQueryHead(_ x: Tensor) -> Tensor {
    let group = heads / kvHeads
    if group == 1 { return x }
    return x.reshaped([-1, kvHeads, 1, dim])
      .broadcast(to: Shape([x.shape[0], kvHeads, group, dim])).reshaped([-1, heads, dim])
  }

  /// The bias of one sequence, with which its scores broadcast.
  private func part(of bias: Tensor, _ sequence: Int, _ rows: Int, _ columns: Int) -> Tensor {
    var part = bias.sliced(0..<columns, axis: -1)
    if bias.rank >= 2, bias.shape[bias.rank - 2] != 1 { part = part.sliced(0..<rows, axis: -2) }
    if bias.rank < 4 { return part }
    let index = bias.shape[0] == 1 ? 0 : sequence
    return part.sliced(index..<index + 1).reshaped(Array(part.shape.dropFirst()))
  }

  /// A constant of [rows, columns] from the positions of its query and key.
  private func grid(_ rows: Int, _ columns: Int, _ value: (Int, Int) -> Float) -> Tensor {
    Tensor(shape: Shape(rows, columns)) { out in
      for row in 0..<rows {
        for column in 0..<columns {
          out[row * columns + column] = value(columns - rows + row, column)
        }
      }
    }
  }
}
