import Runtime
import Tensors
import Testing

@Test func transformerBlocksAgreeWithPyTorch() {
  var random = PCG64(seed: 1)
  let table = RotaryEmbedding(dim: 8).table(positions: 0..<11)
  LayerCase.check(
    "llama", TransformerBlock(width: 24, heads: 3, kvHeads: 1, hidden: 40, using: &random),
    filled([2, 11, 24], seed: 1), ones: [0, 5]
  ) { $0($1, mask: .causal, rotation: table) }
  LayerCase.check(
    "gpt-2",
    TransformerBlock(
      width: 24, heads: 2, hidden: 40, norm: .layer, activation: .geluTanh, gated: false,
      bias: true, using: &random),
    filled([2, 11, 24], seed: 1), ones: [0, 10]
  ) { $0($1, mask: .causal) }
}

/// Law 2 for a whole block: a token's bits are the same in prefill, packed training and decoding.
@Test func aBlocksTokensDoNotDependOnTheirBatch() {
  var random = PCG64(seed: 1)
  let block = TransformerBlock(width: 48, heads: 6, kvHeads: 2, hidden: 70, using: &random)
  let rotary = RotaryEmbedding(dim: 8)
  let length = 203
  let x = Tensor.normal([length, 48], using: &random)
  let table = rotary.table(positions: 0..<length)
  let batch = block(x.reshaped([1, length, 48]), mask: .causal, rotation: table)
  let sequences = SequenceOffsets(lengths: [30, length, 7])
  let packed = block(
    .concatenated([x.sliced(0..<30), x, x.sliced(50..<57)]), sequences: sequences, mask: .causal,
    rotation: rotary.table(sequences))
  #expect(packed.sliced(30..<30 + length).scalars == batch.scalars)
  var cache = KeyValueCache(kvHeads: 2, dim: 8, room: 1)
  var found: [Float] = []
  var start = 0
  for count in [100, 1, 1, 17, 1, 80, 1, 1, 1] {
    let rows = start..<start + count
    let y = block(x.sliced(rows), cache: &cache, rotation: rotary.table(positions: rows))
    found += y.scalars
    start += count
  }
  #expect(cache.count == length)
  #expect(found == batch.scalars)
  cache.truncate(to: 100)
  let again = block(
    x.sliced(100..<101), cache: &cache, rotation: rotary.table(positions: 100..<101))
  #expect(again.scalars == batch.reshaped([length, 48]).sliced(100..<101).scalars)
}
