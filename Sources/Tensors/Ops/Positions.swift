import Foundation

// How a model learns where a token stands. Added to the embeddings: `sinusoidalPositions`, and
// `LearnedPositions` as a layer. Turned into queries and keys: `RotaryEmbedding`. Added to the scores of
// attention: `alibiSlopes` (as `slopes:`) and `relativePositionBuckets` (a `RelativePositionBias` as `bias:`).

/// Sines and cosines of the position (Vaswani et al., 2017): `[positions, dim]`, with
/// sin(p / base^(2i / dim)) at 2 i and the cosine at 2 i + 1.
public func sinusoidalPositions(
  _ positions: Range<Int>, dim: Int, base: Double = 10_000
) -> Tensor {
  if dim < 0 { fail("sinusoidalPositions", "cannot fill \(dim) dimensions") }
  return Tensor(shape: [positions.count, dim]) { out in
    for (row, position) in positions.enumerated() {
      for column in 0..<dim {
        let angle = Double(position) * pow(base, -Double(column / 2 * 2) / Double(dim))
        out[row * dim + column] = Float(column % 2 == 0 ? sin(angle) : cos(angle))
      }
    }
  }
}

/// The slopes of ALiBi (Press et al., 2022), `[heads]`: a geometric sequence from 2^(−8 / heads); for a
/// number of heads that is no power of two, that of the power below and every second of the one above.
public func alibiSlopes(heads: Int) -> Tensor {
  if heads < 1 { fail("alibiSlopes", "needs at least one head, not \(heads)") }
  let power = 1 << (Int.bitWidth - 1 - heads.leadingZeroBitCount)
  func slope(_ index: Int, of count: Int) -> Float {
    Float(exp2(-8 * Double(index) / Double(count)))
  }
  return Tensor(
    (0..<heads).map { head in
      head < power
        ? slope(head + 1, of: power) : slope(2 * (head - power) + 1, of: 2 * power)
    })
}

/// The bucket of T5 (Raffel et al., 2020) for each query and key: exact for small distances, then wider
/// and wider up to `maximumDistance`.
///
/// - Parameters:
///   - queries: How many; they are the last tokens of the sequence.
///   - bidirectional: Keys after the query have buckets of their own, half of them; otherwise they
///     share bucket 0, since a causal mask hides them.
/// - Returns: `queries` × `keys` indices into a table of `count` rows, in row-major order.
public func relativePositionBuckets(
  queries: Int, keys: Int, count: Int = 32, maximumDistance: Int = 128, bidirectional: Bool
) -> Indices {
  let half = bidirectional ? count / 2 : count
  let exact = half / 2
  if exact < 1 || maximumDistance <= exact {
    fail(
      "relativePositionBuckets", "\(count) buckets cannot reach a distance of \(maximumDistance)")
  }
  // In Float, as transformers computes it: buckets begin where its rounding puts them.
  let span = Float(log(Double(maximumDistance) / Double(exact)))
  func bucket(_ distance: Int) -> Int32 {
    let (side, apart) =
      bidirectional
      ? (distance > 0 ? half : 0, abs(distance)) : (0, Swift.max(-distance, 0))
    if apart < exact { return Int32(side + apart) }
    let steps = log(Float(apart) / Float(exact)) / span * Float(half - exact)
    return Int32(side + Swift.min(exact + Int(steps), half - 1))
  }
  return Indices(count: queries * keys) { out in
    for query in 0..<queries {
      for key in 0..<keys {
        out[query * keys + key] = bucket(key - (keys - queries + query))
      }
    }
  }
}
