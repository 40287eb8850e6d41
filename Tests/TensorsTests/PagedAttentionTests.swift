import Runtime
import Tensors
import Testing

@Suite struct PagedAttentionTests {
  @Test(arguments: [AttentionMask.causal, .slidingWindow(40)])
  func `keys in pages give the bits of keys in a row`(_ mask: AttentionMask) {
    var random = PCG64(seed: 1)
    let page = attentionPage
    // Queries, keys: decoding, a whole prompt, a prompt after a shared beginning.
    let lengths = [(1, 1), (1, 97), (1, 200), (130, 130), (7, 300), (60, 161), (5, 96)]
    let counts = lengths.map { ($0.1 + page - 1) / page }
    let total = counts.reduce(0, +)
    let order = random.permutation(total)
    let width = [2, 24]
    let k = Tensor.normal(Shape([total * page] + width), using: &random)
    let v = Tensor.normal(Shape([total * page] + width), using: &random)
    let queries = lengths.reduce(0) { $0 + $1.0 }
    let q = Tensor.normal([queries, 6, 24], using: &random)
    var starts: [Int] = []
    var rows: [Int32] = []
    var first = 0
    for (length, count) in zip(lengths, counts) {
      starts.append(first)
      rows += (0..<length.1).map { order[first + $0 / page] * Int32(page) + Int32($0 % page) }
      first += count
    }
    let paged = attention(
      q, k, v, queries: SequenceOffsets(lengths: lengths.map(\.0)), pages: Indices(order),
      keys: SequenceOffsets(starts: starts, lengths: lengths.map(\.1)), mask: mask)
    let plain = attention(
      q, k.selectingRows(Indices(rows)), v.selectingRows(Indices(rows)),
      queries: SequenceOffsets(lengths: lengths.map(\.0)),
      keys: SequenceOffsets(lengths: lengths.map(\.1)), mask: mask)
    #expect(paged.scalars == plain.scalars)
  }
}
