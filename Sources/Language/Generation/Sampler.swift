import Foundation
import Runtime
import Tensors

/// Draws tokens from rows of scores and says how probable each was.
struct Sampler: Sendable {
  let settings: SamplingSettings

  /// What logits are multiplied by before they are scores; 1 where the most probable token is taken.
  var inverseTemperature: Float { settings.temperature == 0 ? 1 : 1 / settings.temperature }

  /// A token for each row of `scores`, `[rows, vocabulary]`, drawn by the row's own stream.
  ///
  /// - Throws: `ModelError` where scores are not numbers.
  func pick(
    _ scores: Tensor, _ streams: inout [PCG64]
  ) throws(ModelError) -> (tokens: [Int], logProbabilities: [Float]) {
    try Self.check(scores)
    let (count, vocabulary) = (scores.shape[0], scores.shape[1])
    if settings.temperature == 0 {
      return (Self.mostProbable(scores), [Float](repeating: 0, count: count))
    }
    let probabilities = Self.probabilities(scores)
    var (tokens, logs): ([Int], [Float]) = ([], [])
    probabilities.withUnsafeBuffer { numbers in
      for row in 0..<count {
        let p = UnsafeBufferPointer(
          rebasing: numbers[row * vocabulary..<(row + 1) * vocabulary])
        if settings.truncates {
          let kept = keptTokens(p)
          let (token, log) = kept.draw(at: streams[row].random())
          tokens.append(token)
          logs.append(log)
        } else {
          tokens.append(draw(p, at: streams[row].random()))
        }
      }
    }
    if settings.truncates { return (tokens, logs) }
    // The path that training takes, to the same bits.
    let losses = crossEntropy(scores, Indices(tokens.map { Int32($0) }), reduction: .none)
    return (tokens, (-losses).scalars)
  }

  /// Refuses rows, `[rows, vocabulary]`, that are no distribution: damaged weights give such, and no
  /// bound of `keptTokens` would ever be met.
  static func check(_ scores: Tensor) throws(ModelError) {
    // The largest of a row with a NaN is NaN.
    let largest = scores.max(axes: [1]).scalars
    if let one = largest.first(where: { !$0.isFinite }) {
      throw ModelError(
        "the model's scores are not numbers: the largest of a row is \(one); its weights are damaged "
          + "or have diverged")
    }
  }

  static func probabilities(_ scores: Tensor) -> Tensor {
    (scores - scores.logSumExp(axes: [1], keepingDims: true)).exp()
  }

  static func mostProbable(_ scores: Tensor) -> [Int] {
    let vocabulary = scores.shape[1]
    return scores.withUnsafeBuffer { numbers in
      (0..<scores.shape[0]).map { row in
        var best = row * vocabulary
        for i in row * vocabulary..<(row + 1) * vocabulary where numbers[i] > numbers[best] {
          best = i
        }
        return best - row * vocabulary
      }
    }
  }

  /// The tokens that may be drawn from a row, the most probable first.
  struct Kept {
    var tokens: [Int]
    /// They need not add up to 1.
    var probabilities: [Float]

    func draw(at position: Double) -> (token: Int, logProbability: Float) {
      let total = probabilities.reduce(0.0) { $0 + Double($1) }
      var sum = 0.0
      for (i, p) in probabilities.enumerated() {
        sum += Double(p)
        if sum > position * total { return (tokens[i], Float(log(Double(p) / total))) }
      }
      let last = probabilities.lastIndex { $0 > 0 } ?? 0
      return (tokens[last], Float(log(Double(probabilities[last]) / total)))
    }
  }

  /// What top-k, then top-p, then min-p leave of a row, as transformers applies them.
  func keptTokens(_ p: UnsafeBufferPointer<Float>) -> Kept {
    let largest = p.max() ?? 0
    let wanted = min(settings.topK ?? p.count, p.count)
    // Tokens above a falling bound, until they hold all that may be kept: a row is never sorted whole.
    var bound = largest / 256
    var candidates: [Int] = []
    // Top-p is a share of what top-k leaves, whether min-p leaves it or not.
    let needsAllOfTopK = settings.topK != nil && settings.topP < 1
    while true {
      candidates = p.indices.filter { p[$0] >= bound }
      let sum = candidates.reduce(0.0) { $0 + Double(p[$1]) }
      let isEnough =
        candidates.count >= wanted
        || (settings.minP > 0 && !needsAllOfTopK && bound <= settings.minP * largest)
        || (settings.topK == nil && settings.topP < 1 && sum >= Double(settings.topP))
      if isEnough || bound == 0 { break }
      bound = bound < 1e-30 ? 0 : bound / 1024
    }
    candidates.sort { p[$0] != p[$1] ? p[$0] > p[$1] : $0 < $1 }
    candidates.removeSubrange(min(wanted, candidates.count)...)
    if settings.topP < 1 {
      let whole = settings.topK == nil ? 1 : candidates.reduce(0.0) { $0 + Double(p[$1]) }
      var sum = 0.0
      let end = candidates.firstIndex { token in
        sum += Double(p[token])
        return sum >= Double(settings.topP) * whole
      }
      if let end { candidates.removeSubrange((end + 1)...) }
    }
    if settings.minP > 0 { candidates.removeAll { p[$0] < settings.minP * largest } }
    return Kept(tokens: candidates, probabilities: candidates.map { p[$0] })
  }
}

/// The first token at which the running sum of `probabilities` exceeds `position` of its total.
///
/// Sums are taken in blocks, so that a row costs one pass and a bit.
func draw(_ probabilities: UnsafeBufferPointer<Float>, at position: Double) -> Int {
  let size = 256
  let blocks = (probabilities.count + size - 1) / size
  return withUnsafeTemporaryAllocation(of: Float.self, capacity: max(blocks, 1)) { sums in
    var total = 0.0
    for block in 0..<blocks {
      let range = block * size..<min((block + 1) * size, probabilities.count)
      var lanes = SIMD16<Float>(repeating: 0)
      var i = range.lowerBound
      while i + 16 <= range.upperBound {
        lanes += UnsafeRawPointer(probabilities.baseAddress! + i).loadUnaligned(
          as: SIMD16<Float>.self)
        i += 16
      }
      var sum = lanes.sum()
      while i < range.upperBound {
        sum += probabilities[i]
        i += 1
      }
      sums[block] = sum
      total += Double(sum)
    }
    let target = position * total
    var sum = 0.0
    var last = 0
    for block in 0..<blocks {
      if sum + Double(sums[block]) <= target && block + 1 < blocks {
        sum += Double(sums[block])
        continue
      }
      for token in block * size..<min((block + 1) * size, probabilities.count) {
        if probabilities[token] <= 0 { continue }
        sum += Double(probabilities[token])
        last = token
        if sum > target { return token }
      }
    }
    // Rounding: the last block's numbers may add up to less than its sum.
    return probabilities[last] > 0 ? last : probabilities.lastIndex { $0 > 0 } ?? 0
  }
}
