import Foundation
import Runtime
import Tensors
import Testing

/// A layer at one point as PyTorch computed it; see make_transformer.py.
struct LayerCase: Decodable {
  let name: String
  let value: AttentionCase.Sample
  let gradients: [AttentionCase.Sample]

  static let all: [LayerCase] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/transformer.json")
    guard let data = try? Data(contentsOf: file),
      let cases = try? JSONDecoder().decode([LayerCase].self, from: data)
    else { fatalError("cannot read \(file.path)") }
    return cases
  }()

  /// Fills the parameters of `model` in visit order and compares value and gradients.
  static func check<M: Module>(
    _ name: String, _ model: M, _ x: Tensor, ones: Set<Int> = [],
    _ body: (M, Tensor) -> Tensor
  ) {
    let golden = all.first { $0.name == name }!
    var filled = model
    var index = 0
    filled.visitParameters { _, parameter in
      parameter = TensorsTests.filled(parameter.shape, seed: UInt64(10 + index)) * 0.15
      if ones.contains(index) { parameter = parameter + 1 }
      index += 1
    }
    #expect(checkModule(filled).isEmpty)
    let inputs = [x] + filled.parameters.map(\.value)
    let (value, gradients) = vectorJacobianProduct(
      at: inputs, cotangent: { TensorsTests.filled($0.shape, seed: 5) }
    ) { inputs in
      var model = filled
      var next = 1
      model.visitParameters { _, parameter in
        parameter = inputs[next]
        next += 1
      }
      return body(model, inputs[0])
    }
    #expect(golden.value.distance(from: value) < 2e-6, "\(name)")
    #expect(gradients.count == golden.gradients.count)
    for (i, sample) in golden.gradients.enumerated() {
      #expect(sample.distance(from: gradients[i]) < 1e-5, "\(name), gradient \(i)")
    }
  }
}

@Test func attentionLayersAgreeWithPyTorch() {
  var random = PCG64(seed: 1)
  LayerCase.check(
    "multi-head attention", MultiHeadAttention(width: 24, heads: 4, bias: true, using: &random),
    filled([2, 7, 24], seed: 1)
  ) { $0($1) }
  LayerCase.check(
    "across",
    MultiHeadAttention(
      width: 24, heads: 4, kvHeads: 2, dim: 8, contextWidth: 20, using: &random),
    filled([2, 5, 24], seed: 1)
  ) { $0($1, context: filled([2, 9, 20], seed: 2)) }
}

/// Law 2 for the layer: a token's bits are the same in prefill, packed training and decoding.
@Test func aLayersTokensDoNotDependOnTheirBatch() {
  var random = PCG64(seed: 1)
  let layer = MultiHeadAttention(width: 48, heads: 6, kvHeads: 2, bias: true, using: &random)
  let rotary = RotaryEmbedding(dim: 8)
  let x = Tensor.normal([120, 48], using: &random)
  let table = rotary.table(positions: 0..<120)
  let batch = layer(x.reshaped([1, 120, 48]), mask: .causal, rotation: table)
  var cache = KeyValueCache(kvHeads: 2, dim: 8, room: 1)
  var (found, start) = ([Float](), 0)
  for count in [97, 1, 1, 20, 1] {
    let rows = start..<start + count
    let table = rotary.table(positions: rows)
    found += layer(x.sliced(rows), cache: &cache, rotation: table).scalars
    start += count
  }
  #expect(found == batch.scalars)
}

@Test func cachesAreValues() {
  var cache = KeyValueCache(kvHeads: 1, dim: 2, room: 4)
  cache.append(filled([2, 1, 2], seed: 1), filled([2, 1, 2], seed: 2))
  let snapshot = cache
  cache.truncate(to: 1)
  cache.append(filled([2, 1, 2], seed: 3), filled([2, 1, 2], seed: 4))
  #expect(cache.count == 3 && snapshot.count == 2)
  #expect(snapshot.keys.sliced(0..<2).scalars == filled([2, 1, 2], seed: 1).scalars)
  #expect(cache.keys.sliced(1..<3).scalars == filled([2, 1, 2], seed: 3).scalars)
}

@Test func gatedSiluIsItsFormula() {
  for count in [0, 1, 17, 5000] {
    let (a, b) = (filled([count], seed: 1) * 4, filled([count], seed: 2))
    let fused = vectorJacobianProduct(at: [a, b], cotangent: { filled($0.shape, seed: 3) }) {
      gatedSilu($0[0], $0[1])
    }
    let plain = vectorJacobianProduct(at: [a, b], cotangent: { filled($0.shape, seed: 3) }) {
      $0[0].silu() * $0[1]
    }
    #expect(distance(fused.value.scalars, plain.value.scalars) < 1e-6)
    for i in 0..<2 {
      #expect(distance(fused.gradients[i].scalars, plain.gradients[i].scalars) < 1e-6)
    }
  }
  let inputs = [filled([3, 5], seed: 1), filled([3, 5], seed: 2)]
  #expect(checkGradient(at: inputs) { gatedSilu($0[0], $0[1]) }.isEmpty)
  #expect(checkTangent(at: inputs) { gatedSilu($0[0], $0[1]) }.isEmpty)
  let (long, up) = (filled([40, 5000], seed: 1), filled([40, 5000], seed: 2))
  let y = gatedSilu(long, up)
  let shared = withWorkers(WorkerPool(threads: 3)) { gatedSilu(long, up).scalars }
  #expect(shared == y.scalars)
  #expect(gatedSilu(long.sliced(3..<4), up.sliced(3..<4)).scalars == y.sliced(3..<4).scalars)
}
