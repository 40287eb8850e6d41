import Runtime
import Tensors

/// Draws completions of many prompts at once, token by token with a cache of keys and values.
///
/// ```swift
/// let completions = try Generator(model).generate(
///   prompts: [prompt, prompt], settings: SamplingSettings(maximumTokens: 64), seeds: [1, 2])
/// ```
///
/// A completion depends on its prompt, settings and seed alone, not on its neighbours.
public struct Generator: Sendable {
  public let model: LanguageModel

  public init(_ model: LanguageModel) { self.model = model.detached() }

  /// One completion for each prompt, drawn by a stream of its own seed.
  ///
  /// - Throws: `ModelError` where a prompt is empty, longer than the context or not of the vocabulary.
  public func generate(
    prompts: [[Int]], settings: SamplingSettings, seeds: [UInt64]
  ) throws -> [Completion] {
    if seeds.count != prompts.count {
      throw ModelError("\(prompts.count) prompts need as many seeds, not \(seeds.count)")
    }
    guard settings.temperature >= 0, settings.temperature.isFinite else {
      throw ModelError("a temperature of \(settings.temperature) is none: it must be 0 or more")
    }
    let context = model.configuration.contextLength
    for prompt in prompts {
      if prompt.isEmpty { throw ModelError("a prompt needs at least one token") }
      if prompt.count >= context {
        throw ModelError(
          "a prompt of \(prompt.count) tokens leaves no room in a context of \(context)")
      }
      for token in prompt where token < 0 || token >= model.configuration.vocabularySize {
        throw ModelError(
          "the prompt's token \(token) is not one of \(model.configuration.vocabularySize)")
      }
    }
    if prompts.isEmpty { return [] }
    return withoutGradient { run(prompts, settings, seeds) }
  }

  private struct Sequence {
    let index: Int
    /// Where its rows of the cache begin.
    let start: Int
    /// Tokens in the cache.
    var count: Int
    let limit: Int
    var pending: [Int]
    var random: PCG64
    var completion = Completion(tokens: [], logProbabilities: [], ending: .length)
  }

  private func run(
    _ prompts: [[Int]], _ settings: SamplingSettings, _ seeds: [UInt64]
  ) -> [Completion] {
    let context = model.configuration.contextLength
    var active: [Sequence] = []
    var rows = 0
    for (index, prompt) in prompts.enumerated() {
      let limit = min(settings.maximumTokens, context - prompt.count)
      active.append(
        Sequence(
          index: index, start: rows, count: 0, limit: limit, pending: prompt,
          random: PCG64(seed: seeds[index])))
      rows += prompt.count + max(limit, 0)
    }
    var cache = PackedCache(model.configuration, rows: rows)
    var finished = [Completion?](repeating: nil, count: prompts.count)
    if settings.maximumTokens < 1 {
      return active.map(\.completion)
    }
    while !active.isEmpty {
      let scores = step(&active, &cache, settings.temperature)
      let picked = pick(scores, settings, &active)
      for (i, token) in picked.tokens.enumerated() {
        active[i].completion.tokens.append(token)
        active[i].completion.logProbabilities.append(picked.logProbabilities[i])
        active[i].pending = [token]
        let isStop = settings.stopTokens.contains(token)
        if isStop { active[i].completion.ending = .stop }
        if isStop || active[i].completion.tokens.count == active[i].limit {
          finished[active[i].index] = active[i].completion
        }
      }
      active.removeAll { finished[$0.index] != nil }
    }
    return finished.map { $0! }
  }

  /// Takes every sequence's pending tokens through the model; the scores of the next one, `[sequences,
  /// vocabulary]`.
  private func step(
    _ active: inout [Sequence], _ cache: inout PackedCache, _ temperature: Float
  ) -> Tensor {
    let queries = SequenceOffsets(lengths: active.map(\.pending.count))
    let keys = SequenceOffsets(
      starts: active.map(\.start), lengths: active.map { $0.count + $0.pending.count })
    let places = active.flatMap { Array($0.count..<$0.count + $0.pending.count) }
    let rows = active.flatMap { sequence in
      (sequence.count..<sequence.count + sequence.pending.count).map { sequence.start + $0 }
    }
    let hidden = model.hidden(
      active.flatMap(\.pending), at: places, rows: rows, queries: queries, keys: keys,
      cache: &cache)
    for i in active.indices { active[i].count += active[i].pending.count }
    let last = Indices((0..<active.count).map { Int32(queries[$0].upperBound - 1) })
    return HeadCall.scores(
      hidden.selectingRows(last), model.head ?? model.embedding,
      inverseTemperature: temperature == 0 ? 1 : 1 / temperature)
  }

  private func pick(
    _ scores: Tensor, _ settings: SamplingSettings, _ active: inout [Sequence]
  ) -> (tokens: [Int], logProbabilities: [Float]) {
    let (count, vocabulary) = (scores.shape[0], scores.shape[1])
    if settings.temperature == 0 {
      let tokens = scores.withUnsafeBuffer { numbers in
        (0..<count).map { row in
          var best = row * vocabulary
          for i in row * vocabulary..<(row + 1) * vocabulary where numbers[i] > numbers[best] {
            best = i
          }
          return best - row * vocabulary
        }
      }
      return (tokens, [Float](repeating: 0, count: count))
    }
    let probabilities = (scores - scores.logSumExp(axes: [1], keepingDims: true)).exp()
    let tokens = probabilities.withUnsafeBuffer { numbers in
      (0..<count).map { row in
        draw(
          UnsafeBufferPointer(rebasing: numbers[row * vocabulary..<(row + 1) * vocabulary]),
          at: active[row].random.random())
      }
    }
    let losses = crossEntropy(scores, Indices(tokens.map { Int32($0) }), reduction: .none)
    return (tokens, (-losses).scalars)
  }
}

/// The first token at which the running sum of `probabilities` exceeds `position` of its total.
func draw(_ probabilities: UnsafeBufferPointer<Float>, at position: Double) -> Int {
  var total = 0.0
  for p in probabilities { total += Double(p) }
  let target = position * total
  var sum = 0.0
  var last = 0
  for (token, p) in probabilities.enumerated() where p > 0 {
    sum += Double(p)
    last = token
    if sum > target { return token }
  }
  return last
}
