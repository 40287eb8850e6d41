import CKernels
import Foundation
import Runtime
import Tensors
import Testing

/// What transformers computes; see make_positions.py.
private struct PositionGoldens: Decodable {
  struct Rotary: Decodable {
    let name: String
    let dim: Int
    let base: Double
    let length: Int
    let frequencies: [Float]
    let factor: Float
    let step: Int
    let halves, interleaved: [Float]

    var scaling: RotaryEmbedding.Scaling {
      let short = (0..<8).map { 1 + 0.1 * Double($0) }
      let long = (0..<8).map { 1.5 + 0.7 * Double($0) }
      switch name {
      case "linear": return .linear(factor: 4)
      case "dynamic within", "dynamic beyond":
        return .dynamicNTK(factor: 2, originalContext: 4096)
      case "llama3":
        return .llama3(
          factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192)
      case "yarn": return .yarn(.init(factor: 4, originalContext: 2048))
      case "yarn, mscale":
        return .yarn(
          .init(
            factor: 40, originalContext: 4096, betaFast: 16, betaSlow: 2, mscale: 1,
            mscaleAllDim: 0.8))
      case "yarn, untruncated":
        return .yarn(.init(factor: 32, originalContext: 4096, truncate: false))
      case "yarn, attention factor":
        return .yarn(.init(factor: 4, originalContext: 32768, attentionFactor: 1.25))
      case "longrope short", "longrope long":
        return .longRoPE(short: short, long: long, factor: 32, originalContext: 4096)
      default: return .none
      }
    }
  }

  struct Buckets: Decodable {
    let queries, keys, count, distance, step: Int
    let bidirectional: Bool
    let buckets: [Int32]
  }

  let rotary: [Rotary]
  let buckets: [Buckets]
  let slopes: [String: [Float]]
  let sinusoidal: [Float]

  static let all: PositionGoldens = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/positions.json")
    guard let data = try? Data(contentsOf: file),
      let goldens = try? JSONDecoder().decode(PositionGoldens.self, from: data)
    else { fatalError("cannot read \(file.path)") }
    return goldens
  }()
}

@Test(arguments: 0..<12)
func rotaryEmbeddingsTurnAsTransformers(_ index: Int) {
  #expect(PositionGoldens.all.rotary.count == 12)
  let golden = PositionGoldens.all.rotary[index]
  let positions = [0, 1, 2, 77, 1000, 8191]
  let x = filled([6, 2, golden.dim + 6], seed: 1)
  for layout in [RotaryEmbedding.Layout.halves, .interleaved] {
    let rotary = RotaryEmbedding(
      dim: golden.dim, base: golden.base, layout: layout, scaling: golden.scaling)
    let (frequencies, factor) = rotary.frequencies(length: golden.length)
    for (found, expected) in zip(frequencies, golden.frequencies) {
      #expect((found / expected - 1).magnitude < 3e-7, "\(golden.name)")
    }
    #expect((factor - golden.factor).magnitude < 1e-6, "\(golden.name)")
    let y = x.rotated(by: rotary.table(positions: positions, length: golden.length)).scalars
    let sampled = stride(from: 0, to: y.count, by: golden.step).map { y[$0] }
    // A frequency's last bit, times the position.
    #expect(
      distance(sampled, layout == .halves ? golden.halves : golden.interleaved) < 3e-3,
      "\(golden.name)")
    let near = positions.filter { $0 < 100 }.count * 2 * (golden.dim + 6) / golden.step
    #expect(
      distance(
        Array(sampled[..<near]),
        Array((layout == .halves ? golden.halves : golden.interleaved)[..<near])) < 2e-5,
      "\(golden.name)")
  }
}

@Test(arguments: [RotaryEmbedding.Layout.halves, .interleaved])
func rotationsHaveDerivatives(_ layout: RotaryEmbedding.Layout) {
  let table = RotaryEmbedding(
    dim: 6, layout: layout, scaling: .yarn(.init(factor: 4, originalContext: 16))
  ).table(positions: 3..<7)
  let x = [filled([2, 4, 3, 7], seed: 1)]
  #expect(checkGradient(at: x) { $0[0].rotated(by: table).squared() }.isEmpty)
  #expect(checkTangent(at: x) { $0[0].rotated(by: table).squared() }.isEmpty)
}

/// q · k depends on the distance of two tokens alone, and a token turns alike in any batch.
@Test func rotationsAreRelativeAndBatchInvariant() {
  let rotary = RotaryEmbedding(dim: 20, layout: .interleaved)
  let x = filled([50, 3, 33], seed: 1)
  let whole = x.rotated(by: rotary.table(positions: 0..<50))
  for row in [0, 1, 17, 49] {
    let alone = x.sliced(row..<row + 1).rotated(by: rotary.table(positions: row..<row + 1))
    #expect(alone.scalars == whole.sliced(row..<row + 1).scalars)
  }
  let packed = rotary.table(SequenceOffsets(lengths: [20, 30]))
  #expect(
    x.rotated(by: packed).sliced(20..<50).scalars
      == x.sliced(20..<50).rotated(by: rotary.table(positions: 0..<30)).scalars)
  func product(_ p: Int, _ q: Int) -> Float {
    let (a, b) = (filled([1, 1, 20], seed: 2), filled([1, 1, 20], seed: 3))
    return
      (a.rotated(by: rotary.table(positions: p..<p + 1))
      * b.rotated(by: rotary.table(positions: q..<q + 1))).sum().item
  }
  #expect((product(3, 8) - product(103, 108)).magnitude < 1e-4)
  // Enough for several threads.
  let (long, table) = (filled([2, 1500, 6, 33], seed: 4), rotary.table(positions: 0..<1500))
  let shared = withWorkers(WorkerPool(threads: 3)) { long.rotated(by: table).scalars }
  #expect(shared == long.rotated(by: table).scalars)
  #expect(
    long.sliced(1..<2).rotated(by: table).scalars.elementsEqual(shared.suffix(shared.count / 2)))
}

@Test func everyLevelRotatesAsTheReference() {
  var found = [UnsafePointer<swirl_kernels>?](repeating: nil, count: 3)
  let levels = (0..<Int(swirl_levels(&found, 3))).map { found[$0]!.pointee }
  for (turned, dim) in [(2, 2), (6, 9), (32, 32), (34, 51), (64, 64)] {
    for interleaved: Int32 in [0, 1] {
      let x = filled([5, 2, dim], seed: 1).scalars
      var table = filled([3, 2 * turned], seed: 2).scalars
      if interleaved == 1 {
        // Each cosine twice, and each sine twice with both signs.
        for i in table.indices where i % 2 == 1 {
          table[i] = i % (2 * turned) < turned ? table[i - 1] : -table[i - 1]
        }
      }
      for sign: Float in [1, -1] {
        var expected = [Float](repeating: -9, count: x.count)
        swirl_reference.rotate(0, 5, 2, dim, turned, interleaved, 3, x, table, sign, &expected)
        for level in levels {
          var y = [Float](repeating: -9, count: x.count)
          level.rotate(0, 5, 2, dim, turned, interleaved, 3, x, table, sign, &y)
          #expect(distance(y, expected) < 1e-6, "\(String(cString: level.name)) \(dim)")
        }
      }
    }
  }
}

@Test func relativeBucketsAreThoseOfT5() {
  for golden in PositionGoldens.all.buckets {
    let found = relativePositionBuckets(
      queries: golden.queries, keys: golden.keys, count: golden.count,
      maximumDistance: golden.distance, bidirectional: golden.bidirectional)
    let rows = stride(from: 0, to: golden.queries, by: golden.step)
    let sampled = rows.flatMap { row in
      (0..<golden.keys).map { found[row * golden.keys + $0] }
    }
    #expect(sampled == golden.buckets)
  }
}

@Test func relativePositionBiasFeedsAttention() {
  let x = filled([1, 9, 2, 4], seed: 1)
  let bias = RelativePositionBias(weight: filled([8, 2], seed: 2), isBidirectional: true)
  #expect(bias(queries: 3, keys: 9).shape == [2, 3, 9])
  #expect(checkModule(bias).isEmpty)
  #expect(
    checkGradient(at: [bias.weight]) { weights in
      attention(
        x, x, x,
        bias: RelativePositionBias(weight: weights[0], isBidirectional: true)(
          queries: 9, keys: 9))
    }.isEmpty)
  // In decoding, the last row.
  let last = bias(queries: 1, keys: 9).scalars
  let all = bias(queries: 9, keys: 9).sliced(8..<9, axis: 1).scalars
  #expect(last == all)
}

@Test func slopesAndSinusoidsAreTheirPapers() {
  for (heads, expected) in PositionGoldens.all.slopes {
    #expect(distance(alibiSlopes(heads: Int(heads)!).scalars, expected) < 2e-7, "\(heads) heads")
  }
  let found = sinusoidalPositions(5..<12, dim: 9)
  #expect(found.shape == [7, 9])
  #expect(distance(found.scalars, PositionGoldens.all.sinusoidal) < 1e-6)
  #expect(sinusoidalPositions(0..<0, dim: 4).count == 0)
}

@Test func learnedPositionsAreRows() {
  var random = PCG64(seed: 1)
  let positions = LearnedPositions(count: 6, dim: 3, using: &random)
  #expect(checkModule(positions).isEmpty)
  #expect(positions(2..<4).scalars == positions.weight.sliced(2..<4).scalars)
  let packed = positions(SequenceOffsets(lengths: [2, 3]))
  #expect(packed.scalars == positions(0..<2).scalars + positions(0..<3).scalars)
}
