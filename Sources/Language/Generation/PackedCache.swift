import Tensors

/// Keys and values of many sequences, each in consecutive rows of its own.
struct PackedCache: Sendable {
  /// `[rows, kvHeads, dim]`, one a block of the model.
  private(set) var keys: [Tensor]
  private(set) var values: [Tensor]

  init(_ configuration: LanguageModelConfiguration, rows: Int) {
    let c = configuration
    let shape = Shape(rows, c.kvHeadCount, c.headSize)
    keys = (0..<c.blockCount).map { _ in .zeros(shape) }
    values = (0..<c.blockCount).map { _ in .zeros(shape) }
  }

  /// Puts token i of `k` and `v`, `[tokens, kvHeads, dim]`, into row `rows[i]` of a block's part.
  mutating func write(_ k: Tensor, _ v: Tensor, block: Int, rows: [Int]) {
    Self.write(k, into: &keys[block], rows)
    Self.write(v, into: &values[block], rows)
  }

  private static func write(_ source: Tensor, into target: inout Tensor, _ rows: [Int]) {
    let width = target.shape[1] * target.shape[2]
    source.withUnsafeBuffer { numbers in
      target.mutate { out in
        guard let from = numbers.baseAddress, let to = out.baseAddress else { return }
        for (i, row) in rows.enumerated() {
          (to + row * width).update(from: from + i * width, count: width)
        }
      }
    }
  }
}

extension LanguageModel {
  /// The last norm's output for the next tokens of cached sequences, `[tokens, width]`.
  ///
  /// - Parameters:
  ///   - places: Each token's position in its sequence.
  ///   - rows: Where its keys and values go.
  ///   - queries: Which of the tokens are whose.
  ///   - keys: Each sequence's rows of the cache, the new ones included.
  func hidden(
    _ tokens: [Int], at places: [Int], rows: [Int], queries: SequenceOffsets,
    keys: SequenceOffsets, cache: inout PackedCache
  ) -> Tensor {
    let rotation = rotation(at: places)
    var x = embed(tokens, at: places)
    for (index, block) in blocks.enumerated() {
      x = block(x, rotation: rotation, dropout: nil) { q, k, v in
        cache.write(k, v, block: index, rows: rows)
        return attention(
          q, cache.keys[index], cache.values[index], queries: queries, keys: keys, mask: mask)
      }
    }
    return norm(x)
  }
}
