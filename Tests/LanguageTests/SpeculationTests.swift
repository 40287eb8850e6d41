import Foundation
import Language
import Runtime
import Tensors
import Testing

@Suite struct SpeculationTests {
  /// A model of few tokens, so that every pair of them can be counted.
  private func tiny(seed: UInt64) -> LanguageModel {
    var random = PCG64(seed: seed)
    var model = LanguageModel(
      LanguageModelConfiguration(
        vocabularySize: 8, width: 16, blockCount: 1, headCount: 2, hiddenSize: 16,
        contextLength: 64, rotary: RotaryEmbedding(dim: 8)), using: &random)
    // Peaked distributions, which a draft model gets wrong now and then.
    model.visitParameters { name, parameter in
      if name == "model.embed_tokens.weight" { parameter = parameter * 40 }
    }
    return model
  }

  private func proposers() -> [SpeculativeGenerator.Proposer] {
    [.draft(tiny(seed: 2)), .draft(tiny(seed: 1)), .promptLookup(), .promptLookup(longest: 1)]
  }

  @Test func `greedy decoding gives the same tokens with any proposer`() throws {
    let model = tiny(seed: 1)
    let settings = SamplingSettings(temperature: 0, maximumTokens: 40)
    let plain = try Generator(model).generate(
      prompts: [[1, 2, 1]], settings: settings, seeds: [0])[0]
    for (number, proposer) in proposers().enumerated() {
      let (completion, speculation) = try SpeculativeGenerator(model, proposer: proposer)
        .generate(prompt: [1, 2, 1], settings: settings, seed: 0)
      #expect(completion == plain)
      #expect(speculation.steps <= 39)
      // Its own draft is always right.
      if number == 1 { #expect(speculation.acceptanceRate == 1 && speculation.steps < 10) }
    }
  }

  @Test func `a text that repeats itself is proposed beyond its end`() throws {
    // A model that always says the same token: all it repeats is one token back.
    var model = tiny(seed: 1)
    model.visitParameters { name, parameter in
      if name == "model.embed_tokens.weight" {
        parameter = Tensor.zeros([8, 16]) + 0.5
      }
    }
    let settings = SamplingSettings(temperature: 0, maximumTokens: 45)
    let (completion, speculation) = try SpeculativeGenerator(
      model, proposer: .promptLookup(), ahead: 4
    ).generate(prompt: [0, 0, 0], settings: settings, seed: 0)
    #expect(completion.tokens == [Int](repeating: 0, count: 45))
    #expect(speculation.acceptanceRate == 1)
    #expect(speculation.tokensPerStep == 5)
  }

  @Test func `a stop string ends the same tokens with any proposer`() throws {
    let model = tiny(seed: 1)
    let bytes: @Sendable (Int) -> [UInt8] = { [UInt8(97 + $0)] }
    let free = try Generator(model).generate(
      prompts: [[1, 2, 1]], settings: SamplingSettings(temperature: 0, maximumTokens: 40),
      seeds: [0])[0]
    let stop = String(decoding: free.tokens[5..<8].flatMap(bytes), as: UTF8.self)
    let settings = SamplingSettings(
      temperature: 0, maximumTokens: 40, stopStrings: ["never", stop])
    let plain = try Generator(model, bytes: bytes).generate(
      prompts: [[1, 2, 1]], settings: settings, seeds: [0])[0]
    #expect(plain.ending == .stop && plain.tokens.count <= 8)
    for proposer in proposers() {
      let (completion, _) = try SpeculativeGenerator(model, proposer: proposer, bytes: bytes)
        .generate(prompt: [1, 2, 1], settings: settings, seed: 0)
      #expect(completion == plain)
    }
    #expect(throws: ModelError("stop strings need a generator that knows the bytes of tokens")) {
      _ = try SpeculativeGenerator(model, proposer: .promptLookup()).generate(
        prompt: [1], settings: settings, seed: 0)
    }
  }

  @Test(arguments: [
    SamplingSettings(maximumTokens: 3), SamplingSettings(topK: 4, maximumTokens: 3),
  ])
  func `what is drawn has the model's distribution`(_ settings: SamplingSettings) throws {
    let model = tiny(seed: 1)
    let prompt = [1, 2, 3, 1, 2]
    // The exact probability of every completion of three tokens.
    var expected = [Double](repeating: 1, count: 512)
    for code in 0..<512 {
      var text = prompt
      for token in [code / 64, code / 8 % 8, code % 8] {
        let hidden = model.hidden(text, sequences: SequenceOffsets(lengths: [text.count]))
        var p = model.logits(hidden.sliced(text.count - 1..<text.count)).softmax().scalars
        if let topK = settings.topK {
          let least = p.sorted(by: >)[topK - 1]
          p = p.map { $0 < least ? 0 : $0 }
        }
        expected[code] *= Double(p[token] / p.reduce(0, +))
        text.append(token)
      }
    }
    let count = 2500
    for proposer in [proposers()[0], proposers()[2]] {
      let generator = SpeculativeGenerator(model, proposer: proposer, ahead: 2)
      var counts = [Double](repeating: 0, count: 512)
      var accepted = 0
      for seed in 0..<count {
        let (completion, speculation) = try generator.generate(
          prompt: prompt, settings: settings, seed: UInt64(seed))
        counts[completion.tokens.reduce(0) { $0 * 8 + $1 }] += 1
        accepted += speculation.accepted
      }
      #expect(accepted > 200)
      // Rare outcomes are counted together.
      var (statistic, cells, rare, rareCount) = (0.0, 0, 0.0, 0.0)
      for (p, n) in zip(expected, counts) {
        let e = p * Double(count)
        if e == 0 { #expect(n == 0) }
        if e < 10 {
          rare += e
          rareCount += n
        } else {
          statistic += (n - e) * (n - e) / e
          cells += 1
        }
      }
      if rare > 1 { statistic += (rareCount - rare) * (rareCount - rare) / rare }
      // Five deviations of χ² with so many degrees of freedom.
      #expect(statistic < Double(cells) + 5 * (2 * Double(cells)).squareRoot())
    }
  }

  @Test func `log-probabilities are those that training computes`() throws {
    let model = tiny(seed: 1)
    let prompt = [3, 3, 4]
    let completion = try SpeculativeGenerator(model, proposer: .draft(tiny(seed: 2)))
      .generate(
        prompt: prompt, settings: SamplingSettings(temperature: 0.9, maximumTokens: 30), seed: 5
      ).completion
    let text = prompt + completion.tokens
    let hidden = model.hidden(text, sequences: SequenceOffsets(lengths: [text.count]))
    let logs = model.logProbabilities(
      of: completion.tokens, at: hidden.sliced(2..<text.count - 1).contiguous(), temperature: 0.9
    ).logProbabilities
    #expect(logs.scalars == completion.logProbabilities)
  }

  @Test func `a draft model of another vocabulary is refused`() {
    #expect(throws: ModelError("the draft model has 96 tokens, but the model 8")) {
      try SpeculativeGenerator(tiny(seed: 1), proposer: .draft(TinyModel.llama.model()))
        .generate(prompt: [1], settings: SamplingSettings(), seed: 1)
    }
  }

  @Test func `a stream gives out whole characters and no stop string`() {
    func streamed(_ parts: [[UInt8]], _ stops: [String]) -> [String] {
      var stream = TextStream(stopStrings: stops)
      return parts.map { stream.add($0) } + [stream.finish()]
    }
    let snow = Array("a☃b".utf8)
    #expect(
      streamed([[snow[0], snow[1]], [snow[2]], [snow[3], snow[4]]], []) == [
        "a", "", "☃b", "",
      ])
    #expect(streamed([Array("one E".utf8), Array("ND two".utf8)], ["END"]) == ["one", " ", ""])
    #expect(streamed([Array("one E".utf8)], ["END"]) == ["one", " E"])
    #expect(streamed([[0xff, 0x41]], []) == ["\u{fffd}A", ""])
  }
}
