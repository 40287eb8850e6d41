import CKernels
import Tensors
import Testing

/// Every SIMD level's attention held against the plain loops of the reference, and its rows against
/// themselves alone.
@Test(arguments: 0..<3)
func everyLevelsAttentionAgreesWithTheReference(_ position: Int) {
  var found = [UnsafePointer<swirl_kernels>?](repeating: nil, count: 3)
  guard position < Int(swirl_levels(&found, 3)) else { return }
  let level = found[position]!.pointee
  for (queries, keys, heads, kvHeads, dim) in [
    (1, 1, 1, 1, 1), (3, 100, 2, 1, 7), (4, 4, 1, 1, 64), (50, 97, 3, 1, 16), (97, 193, 2, 2, 33),
    (5, 130, 4, 2, 18),
  ] {
    let run = AttentionRun(queries, keys, heads, kvHeads, dim)
    let expected = run.results(of: swirl_reference)
    let results = run.results(of: level)
    for (i, name) in ["out", "lse", "dq", "dk", "dv", "dbias"].enumerated() {
      #expect(
        distance(results[i], expected[i]) < 2e-5,
        "\(String(cString: level.name)), \(name) of \(queries) × \(keys), dim \(dim)")
    }
    // The last queries alone: other tiles, and one by one below a bound, to the same bits.
    for count in [1, 2, 4, 5, 16, 49] where count < queries {
      let part = run.results(of: level, last: count)[0]
      #expect(part.elementsEqual(results[0].suffix(count * heads * dim)), "\(count) queries")
    }
  }
}

/// One causal sequence with everything attention can do to a score.
private struct AttentionRun {
  let queries, keys, heads, kvHeads, dim: Int

  init(_ queries: Int, _ keys: Int, _ heads: Int, _ kvHeads: Int, _ dim: Int) {
    (self.queries, self.keys, self.heads) = (queries, keys, heads)
    (self.kvHeads, self.dim) = (kvHeads, dim)
  }

  /// out, lse, dq, dk, dv and dbias of the last `last` queries.
  func results(of level: swirl_kernels, last: Int? = nil) -> [[Float]] {
    let count = last ?? queries
    let skipped = queries - count
    let row = heads * dim
    let q = filled([queries, heads, dim], seed: 1).sliced(skipped..<queries)
    let k = filled([keys, kvHeads, dim], seed: 2)
    let v = filled([keys, kvHeads, dim], seed: 3)
    let dout = filled([queries, heads, dim], seed: 4).sliced(skipped..<queries)
    let slopes = Tensor((0..<heads).map { 0.25 / Float($0 + 1) })
    let bias = filled([heads, queries, keys], seed: 5).sliced(skipped..<queries, axis: 1)
    let unwritten = Tensor(repeating: -9, shape: [Swift.max(count, keys) * row])
    let outputs = (0..<5).map { _ in Tensor(unwritten.scalars) }
    let dbias = Tensor.zeros(bias.shape)
    let numbers: [Indices] = [[0], Indices([Int32(count)]), Indices([Int32(keys)])]
    var s = swirl_attention()
    (s.sequences, s.tokens, s.heads, s.kv_heads, s.dim) = (1, count, heads, kvHeads, dim)
    (s.query_start, s.key_start) = (numbers[0].pointer, numbers[0].pointer)
    (s.query_count, s.key_count) = (numbers[1].pointer, numbers[2].pointer)
    (s.q, s.k) = (UnsafePointer(q.pointer), UnsafePointer(k.pointer))
    (s.v, s.dout) = (UnsafePointer(v.pointer), UnsafePointer(dout.pointer))
    (s.q_token, s.q_head) = (row, dim)
    (s.k_token, s.k_head, s.v_token, s.v_head) = (kvHeads * dim, dim, kvHeads * dim, dim)
    (s.before, s.after, s.scale, s.softcap) = (150, 0, 0.7, 6)
    (s.slopes, s.bias) = (UnsafePointer(slopes.pointer), UnsafePointer(bias.pointer))
    (s.bias_head, s.bias_row) = (queries * keys, keys)
    (s.out, s.lse) = (outputs[0].pointer, outputs[1].pointer)
    (s.dq, s.dk, s.dv) = (outputs[2].pointer, outputs[3].pointer, outputs[4].pointer)
    (s.dbias, s.dbias_head, s.dbias_row) = (dbias.pointer, count * keys, keys)
    return withExtendedLifetime((q, k, v, dout, slopes, bias, numbers)) {
      var scratch = [Float](repeating: .nan, count: level.attention_scratch(&s, 1) + 64)
      let forward = [Float](repeating: .nan, count: level.attention_scratch(&s, 0) + 64)
      let tile = Int(SWIRL_ATTENTION_QUERIES)
      scratch.append(contentsOf: forward)
      level.attention_forward(&s, 0, (count + tile - 1) / tile * heads, &scratch)
      level.attention_backward(&s, 0, heads, &scratch)
      let counts = [count * row, heads * count, count * row, keys * row, keys * row]
      return zip(outputs, counts).map { Array($0.scalars[..<$1]) } + [dbias.scalars]
    }
  }
}
