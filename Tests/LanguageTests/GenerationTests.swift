import Foundation
import Language
import Runtime
import Tensors
import Testing

@Suite struct GenerationTests {
  private let model = TinyModel.mistral.model()

  private func completions(
    _ prompts: [[Int]], _ settings: SamplingSettings, batchSize: Int = 64,
    bytes: (@Sendable (Int) -> [UInt8])? = nil
  ) throws -> [Completion] {
    try Generator(model, batchSize: batchSize, bytes: bytes).generate(
      prompts: prompts, settings: settings, seeds: prompts.indices.map { UInt64($0) })
  }

  @Test func `shared prompts, shared beginnings and waiting change no bit`() throws {
    let common = (0..<100).map { $0 * 7 % 96 }
    let prompts =
      (0..<5).map { _ in common } + (0..<4).map { common + [$0] }
      + [Array(common[..<64]), Array(common[..<65]), [1], [1], Array(common[..<40]) + [2, 3]]
    let settings = SamplingSettings(maximumTokens: 45, stopTokens: [9])
    let alone = try prompts.enumerated().map { index, prompt in
      try Generator(model).generate(
        prompts: [prompt], settings: settings, seeds: [UInt64(index)])[0]
    }
    for batchSize in [1, 3, 64] {
      #expect(try completions(prompts, settings, batchSize: batchSize) == alone)
    }
    // Streams of their own: the same prompt is continued differently.
    #expect(Set(alone[..<5].map(\.tokens)).count == 5)
  }

  @Test func `decoding equals the whole sequence at once`() throws {
    for tiny in TinyModel.allCases {
      let model = tiny.model()
      let greedy = try Generator(model).generate(
        prompts: [[4, 5, 6]], settings: SamplingSettings(temperature: 0, maximumTokens: 60),
        seeds: [0])[0]
      var tokens = [4, 5, 6]
      for token in greedy.tokens {
        let hidden = model.hidden(tokens, sequences: SequenceOffsets(lengths: [tokens.count]))
        let logits = model.logits(hidden.sliced(tokens.count - 1..<tokens.count)).scalars
        #expect(logits[token] == logits.max())
        tokens.append(token)
      }
      #expect(greedy.logProbabilities.allSatisfy { $0 == 0 })
    }
  }

  /// What may be drawn after `[1, 2]`, by the definitions of the three filters.
  private func expected(_ settings: SamplingSettings) -> [Int: Double] {
    let logits = model.logits(
      model.hidden([1, 2], sequences: SequenceOffsets(lengths: [2])).sliced(1..<2))
    let p = (logits / settings.temperature).softmax().scalars.map { Double($0) }
    var order = p.indices.sorted { p[$0] > p[$1] }
    if let topK = settings.topK { order = Array(order.prefix(topK)) }
    if settings.topP < 1 {
      let total = order.reduce(0) { $0 + p[$1] }
      var (sum, kept): (Double, [Int]) = (0, [])
      for token in order {
        kept.append(token)
        sum += p[token]
        if sum >= Double(settings.topP) * total { break }
      }
      order = kept
    }
    order = order.filter { p[$0] >= Double(settings.minP) * p.max()! }
    let total = order.reduce(0) { $0 + p[$1] }
    return Dictionary(uniqueKeysWithValues: order.map { ($0, p[$0] / total) })
  }

  @Test(arguments: [
    SamplingSettings(temperature: 1.5, topK: 7, maximumTokens: 1),
    SamplingSettings(temperature: 1.5, topP: 0.6, maximumTokens: 1),
    SamplingSettings(temperature: 1.5, minP: 0.8, maximumTokens: 1),
    SamplingSettings(temperature: 1.5, topK: 30, topP: 0.8, minP: 0.5, maximumTokens: 1),
  ])
  func `truncated sampling draws from what it says`(_ settings: SamplingSettings) throws {
    let expected = expected(settings)
    #expect(expected.count > 1 && expected.count < 96)
    let drawn = try completions([[Int]](repeating: [1, 2], count: 3000), settings)
    var counts: [Int: Int] = [:]
    for completion in drawn {
      let token = completion.tokens[0]
      counts[token, default: 0] += 1
      let p = try #require(expected[token])
      #expect(abs(Double(completion.logProbabilities[0]) - log(p)) < 1e-4)
    }
    let statistic = expected.reduce(0.0) { sum, pair in
      let e = pair.value * 3000
      return sum + pow(Double(counts[pair.key] ?? 0) - e, 2) / e
    }
    let freedom = Double(expected.count - 1)
    #expect(statistic < freedom + 5 * (2 * freedom).squareRoot() + 5)
  }

  @Test func `top-p is a share of all that top-k leaves`() throws {
    // Two tokens stand out, and 38 more of the best 40 hold an eighth of those.
    let p: [Float] = [0.5, 0.026] + [Float](repeating: 0.0019, count: 38)
    let rest = [Float](repeating: (1 - p.reduce(0, +)) / 400, count: 400)
    let model = LanguageModel(logits: (p + rest).map { log($0) })
    let drawn = try Generator(model).generate(
      prompts: [[Int]](repeating: [0], count: 50),
      settings: SamplingSettings(topK: 40, topP: 0.95, minP: 0.05, maximumTokens: 1),
      seeds: (0..<50).map { $0 })
    for completion in drawn {
      let token = completion.tokens[0]
      try #require(token < 2)
      #expect(abs(completion.logProbabilities[0] - log(p[token] / 0.526)) < 1e-4)
    }
  }

  @Test(
    arguments: [Float.nan, .infinity],
    [
      SamplingSettings(maximumTokens: 2), SamplingSettings(temperature: 0, maximumTokens: 2),
      SamplingSettings(topK: 3, maximumTokens: 2), SamplingSettings(topP: 0.5, maximumTokens: 2),
      SamplingSettings(minP: 0.5, maximumTokens: 2),
    ])
  func `scores that are not numbers are refused with a sentence`(
    _ score: Float, _ settings: SamplingSettings
  ) {
    let model = LanguageModel(logits: [1, 2, score, 3, 0])
    let plain = #expect(throws: ModelError.self) {
      try Generator(model).generate(prompts: [[1]], settings: settings, seeds: [1])
    }
    let speculative = #expect(throws: ModelError.self) {
      try SpeculativeGenerator(model, proposer: .promptLookup()).generate(
        prompt: [1], settings: settings, seed: 1)
    }
    for error in [plain, speculative] {
      #expect(error?.description.contains("scores are not numbers") == true)
      #expect(error?.kind == .badData)
    }
  }

  @Test func `a stop string ends a completion where it is completed`() throws {
    // Token t is the letter t mod 26: a stop string spans several tokens.
    let bytes: @Sendable (Int) -> [UInt8] = { [UInt8(97 + $0 % 26)] }
    let free = try completions([[3]], SamplingSettings(maximumTokens: 60), bytes: bytes)[0]
    let text = String(decoding: free.tokens.flatMap(bytes), as: UTF8.self)
    let stop = String(text.dropFirst(20).prefix(3))
    let ended = try completions(
      [[3]], SamplingSettings(maximumTokens: 60, stopStrings: ["never", stop]), bytes: bytes)[0]
    let end = text.range(of: stop)!.upperBound
    #expect(ended.tokens.count == text.distance(from: text.startIndex, to: end))
    #expect(ended.ending == .stop)
    #expect(ended.tokens == Array(free.tokens.prefix(ended.tokens.count)))
    #expect(throws: ModelError("stop strings need a generator that knows the bytes of tokens")) {
      try completions([[3]], SamplingSettings(stopStrings: ["a"]))
    }
  }

  @Test func `tokens are streamed in order and a listener ends a completion`() throws {
    var heard: [[Int]] = [[], []]
    let completions = try Generator(model).generate(
      prompts: [[1], [2, 3]], settings: SamplingSettings(maximumTokens: 12), seeds: [1, 2]
    ) { prompt, token in
      heard[prompt].append(token)
      return prompt == 0 || heard[1].count < 5
    }
    #expect(heard == completions.map(\.tokens))
    #expect(completions.map(\.tokens.count) == [12, 5])
  }

  @Test func `settings that cannot be are refused with a sentence`() {
    for (settings, sentence) in [
      (
        SamplingSettings(temperature: -1),
        "a temperature of -1.0 is none: it must be 0, or 0.0001 or more"
      ),
      (
        SamplingSettings(temperature: 1e-5),
        "a temperature of 1e-05 is none: it must be 0, or 0.0001 or more"
      ),
      (SamplingSettings(topK: 0), "top-k must keep 1 token or more, not 0"),
      (SamplingSettings(topP: 0), "top-p must be above 0 and at most 1, not 0.0"),
      (SamplingSettings(minP: 2), "min-p must be from 0 to 1, not 2.0"),
      (SamplingSettings(stopStrings: [""]), "a stop string cannot be empty"),
    ] {
      #expect(throws: ModelError(sentence, kind: .usage)) { try completions([[1]], settings) }
    }
  }
}
