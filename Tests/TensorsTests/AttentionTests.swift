import Foundation
import Runtime
import Tensors
import Testing

/// The numbers `fill` of make_attention.py makes.
func filled(_ shape: Shape, seed: UInt64) -> Tensor {
  Tensor(shape: shape) { out in
    for position in out.indices {
      let i = UInt64(position)
      let bits = (i &* 2_654_435_761 + seed * 40503 + ((i * 40503 + seed) % 65521) * 69069)
      out[position] = Float(Double(bits % (1 << 32)) / 4_294_967_296 * 4 - 2)
    }
  }
}

/// Attention at one point as PyTorch computed it, of which the file has some numbers of each result.
struct AttentionCase: Decodable, Sendable, CustomTestStringConvertible {
  struct Sample: Decodable, Sendable {
    let sum: Double
    let step: Int
    let values: [Float]

    /// The largest distance of `tensor` from the sample, relative to 1 + the magnitude.
    func distance(from tensor: Tensor) -> Float {
      let found = tensor.scalars
      let sampled = stride(from: 0, to: found.count, by: step).map { found[$0] }
      let total = Float(found.reduce(0.0) { $0 + Double($1) } - sum).magnitude
      return Swift.max(
        TensorsTests.distance(sampled, values),
        total / (1 + found.reduce(0) { $0 + $1.magnitude }))
    }
  }

  let name: String
  let queries, keys: [Int]
  let heads, kvHeads, dim, before, after: Int
  let scale, softcap: Float
  let slopes: [Float]
  let bias: [Int]
  let value: Sample
  let gradients: [Sample]

  var testDescription: String { name }

  static let all: [AttentionCase] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/attention.json")
    guard let data = try? Data(contentsOf: file),
      let cases = try? JSONDecoder().decode([AttentionCase].self, from: data)
    else { fatalError("cannot read \(file.path)") }
    return cases
  }()

  var inputs: [Tensor] {
    let tokens = queries.reduce(0, +)
    let keyTokens = keys.reduce(0, +)
    let all = [
      filled([tokens, heads, dim], seed: 1), filled([keyTokens, kvHeads, dim], seed: 2),
      filled([keyTokens, kvHeads, dim], seed: 3),
    ]
    return bias.isEmpty ? all : all + [filled(Shape(bias), seed: 4)]
  }

  func call(_ x: [Tensor]) -> AttentionCall {
    AttentionCall(
      x[0], x[1], x[2], SequenceOffsets(lengths: queries), SequenceOffsets(lengths: keys),
      .band(before: before, after: after), scale, softcap, slopes.isEmpty ? nil : Tensor(slopes),
      x.count > 3 ? x[3] : nil)
  }

  func gradients(_ body: (AttentionCall) -> Tensor) -> (value: Tensor, gradients: [Tensor]) {
    vectorJacobianProduct(at: inputs, cotangent: { filled($0.shape, seed: 5) }) { body(call($0)) }
  }
}

@Test(arguments: AttentionCase.all)
func attentionAgreesWithPyTorchAndItsFormula(_ golden: AttentionCase) {
  let (value, gradients) = golden.gradients { $0.run() }
  #expect(golden.value.distance(from: value) < 1e-5)
  let (formula, expected) = golden.gradients { $0.formula() }
  #expect(distance(value.scalars, formula.scalars) < 1e-5)
  for (i, sample) in golden.gradients.enumerated() {
    #expect(sample.distance(from: gradients[i]) < 2e-5, "gradient \(i)")
    #expect(distance(gradients[i].scalars, expected[i].scalars) < 2e-5, "gradient \(i)")
  }
}

@Test(arguments: ["odd sizes", "all at once", "bias by head"])
func attentionMovesForward(_ name: String) {
  let golden = AttentionCase.all.first { $0.name == name }!
  let inputs = golden.inputs
  let tangents = inputs.map { filled($0.shape, seed: 6) }
  let (value, tangent) = jacobianVectorProduct(at: inputs, tangents: tangents) {
    golden.call($0).run()
  }
  #expect(distance(value.scalars, golden.call(inputs).run().scalars) < 1e-5)
  // ⟨cotangent, J t⟩ = ⟨Jᵀ cotangent, t⟩
  let gradients = golden.gradients { $0.run() }.gradients
  func dot(_ a: Tensor, _ b: Tensor) -> Double {
    zip(a.scalars, b.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
  let forward = dot(filled(value.shape, seed: 5), tangent)
  let reverse = zip(gradients, tangents).reduce(0.0) { $0 + dot($1.0, $1.1) }
  #expect((forward - reverse).magnitude < 2e-4 * (1 + forward.magnitude))
}

@Test func attentionGradientsAgreeWithDifferences() {
  let inputs = [[1, 4, 2, 3], [1, 6, 1, 3], [1, 6, 1, 3], [2, 4, 6]].enumerated().map {
    filled(Shape($1), seed: UInt64($0))
  }
  #expect(
    checkGradient(at: inputs) {
      attention($0[0], $0[1], $0[2], mask: .causal, softcap: 2, bias: $0[3])
    }.isEmpty)
}

/// Law 2 for attention: a token's bits are the same alone, in prefill, in packed training and in
/// decoding from a cache, whatever stands beside it.
@Test(arguments: [AttentionMask.causal, .slidingWindow(70), .band(before: 130, after: 20)])
func aTokensAttentionDoesNotDependOnItsBatch(_ mask: AttentionMask) {
  let (length, heads, kvHeads, dim) = (301, 6, 2, 40)
  let slopes = Tensor((0..<heads).map { 1 / Float(2 << $0) })
  let bias = filled([6, 1, length], seed: 4)
  let q = filled([1, length, heads, dim], seed: 1)
  let k = filled([1, length, kvHeads, dim], seed: 2)
  let v = filled([1, length, kvHeads, dim], seed: 3)
  func run(_ queries: Range<Int>, keys: Int) -> [Float] {
    attention(
      q.sliced(queries, axis: 1), k.sliced(0..<keys, axis: 1), v.sliced(0..<keys, axis: 1),
      mask: mask, softcap: 5, slopes: slopes, bias: bias.sliced(0..<keys, axis: 2)
    ).scalars
  }
  let whole = run(0..<length, keys: length)
  let row = heads * dim
  // Continuations of every length, among them single tokens; the band looks ahead, so all keys stay.
  for count in [1, 2, 4, 5, 8, 17, 47, 48, 49, 100, 250] {
    let part = run(length - count..<length, keys: length)
    #expect(part.elementsEqual(whole[(length - count) * row..<length * row]), "\(count) queries")
  }
  if mask != .band(before: 130, after: 20) {
    for end in [1, 2, 50, 95, 96, 97, 191, 193, 288] {
      #expect(run(end - 1..<end, keys: end).elementsEqual(whole[(end - 1) * row..<end * row]))
      #expect(run(0..<end, keys: end).elementsEqual(whole[..<(end * row)]))
    }
  }
  // Packed between other sequences, and from a cache with free room.
  let lengths = [13, length, 64]
  func packed(_ x: Tensor, _ seed: UInt64) -> Tensor {
    .concatenated([
      filled([13, x.shape[2], dim], seed: seed), x.reshaped([length, x.shape[2], dim]),
      filled([64, x.shape[2], dim], seed: seed + 1),
    ])
  }
  let together = attention(
    packed(q, 7), packed(k, 9), packed(v, 11), queries: SequenceOffsets(lengths: lengths),
    mask: mask, softcap: 5, slopes: slopes, bias: bias)
  #expect(together.sliced(13..<13 + length).scalars == whole)
  let cached = attention(
    q.sliced(length - 1..<length, axis: 1).reshaped([1, heads, dim]), packed(k, 9), packed(v, 11),
    queries: SequenceOffsets(lengths: [1]),
    keys: SequenceOffsets(starts: [13], lengths: [length]), mask: mask, softcap: 5,
    slopes: slopes, bias: bias)
  #expect(cached.scalars.elementsEqual(whole.suffix(row)))
}

@Test func threadsDoNotChangeABitOfAttention() {
  let golden = AttentionCase.all.first { $0.name == "all at once" }!
  func everything() -> [[Float]] {
    let (value, gradients) = golden.gradients { $0.run() }
    return [value.scalars] + gradients.map(\.scalars)
  }
  let one = everything()
  for threads in [2, 3, 5] {
    #expect(withWorkers(WorkerPool(threads: threads)) { everything() } == one)
  }
}

@Test func attentionReadsViewsInPlace() {
  // A fused projection: queries, keys and values are slices of one tensor.
  let fused = filled([2, 33, 6, 10], seed: 1)
  let parts = (0..<3).map { fused.sliced(2 * $0..<2 * $0 + 2, axis: 2) }
  let dense = parts.map { Tensor($0.scalars, shape: $0.shape) }
  let found = attention(parts[0], parts[1], parts[2], mask: .causal)
  #expect(found.scalars == attention(dense[0], dense[1], dense[2], mask: .causal).scalars)
  // Heads before tokens, as PyTorch lays them out.
  let turned = dense.map { Tensor($0.permuted([0, 2, 1, 3]).scalars, shape: [2, 2, 33, 10]) }
    .map { $0.permuted([0, 2, 1, 3]) }
  #expect(found.scalars == attention(turned[0], turned[1], turned[2], mask: .causal).scalars)
  #expect(attention(fused, fused, fused.sliced(0..<6, axis: 2)).shape == fused.shape)
  let empty = Tensor.zeros([0, 5, 2, 4])
  #expect(attention(empty, empty, empty).shape == empty.shape)
}

/// 16,384 tokens: a matrix of scores would take 1 GiB, and PyTorch's plain formula several.
@Test func attentionsMemoryGrowsWithTheLengthAlone() {
  let before = BufferPool.bytes
  let inputs = (0..<3).map { filled([1, 16384, 1, 8], seed: UInt64($0)) }
  let gradients = vectorJacobianProduct(at: inputs, cotangent: { Tensor.ones($0.shape) }) {
    attention($0[0], $0[1], $0[2], mask: .slidingWindow(1000))
  }.gradients
  #expect(gradients.count == 3)
  #expect(BufferPool.bytes - before < 128 << 20)
}
