import Language
import Runtime
import Tensors
import Testing

/// What is sampled has the log-probability that training computes, to the last bit.
@Suite struct SamplerTrainerTests {
  enum Variant: String, CaseIterable, Sendable {
    case dense, half, quantized, lora, bottleneck, prefix
  }

  private func model(_ variant: Variant) throws -> LanguageModel {
    let tiny = TinyModel.llama
    var dense = tiny.model()
    var random = PCG64(seed: 9)
    switch variant {
    case .dense: return dense
    case .half:
      return try LanguageModel(
        tiny.configuration, weights: HeldWeights(tensors: dense.denseWeights()), as: .float16)
    case .quantized:
      return try LanguageModel(
        tiny.configuration,
        weights: HeldWeights(tensors: dense.denseWeights(), format: .q40), as: .stored)
    case .lora, .bottleneck, .prefix:
      dense = try model(.quantized)
      switch variant {
      case .bottleneck: try dense.add(BottleneckAdapters(size: 5), using: &random)
      case .prefix: try dense.add(PrefixTuning(tokens: 37), using: &random)
      default: try dense.add(LoRA(rank: 3), using: &random)
      }
      dense.visitParameters { _, parameter in
        parameter = .normal(parameter.shape, standardDeviation: 0.1, using: &random)
      }
      return dense
    }
  }

  private var prompts: [[Int]] {
    [[5], Array(10..<45), [1, 2, 3], Array(0..<7), Array(50..<90) + Array(0..<90)]
  }

  @Test(arguments: Variant.allCases)
  func `log-probabilities are equal bit for bit`(_ variant: Variant) throws {
    let model = try model(variant)
    let settings = SamplingSettings(temperature: 0.8, maximumTokens: 24, stopTokens: [7])
    let generator = Generator(model)
    let seeds: [UInt64] = [3, 4, 5, 6, 7]
    let completions = try generator.generate(
      prompts: prompts, settings: settings, seeds: seeds)
    // Alone, and with threads, a completion is the same.
    for i in prompts.indices {
      let alone = try withWorkers(WorkerPool(threads: 1 + i % 3)) {
        try generator.generate(prompts: [prompts[i]], settings: settings, seeds: [seeds[i]])
      }
      #expect(alone == [completions[i]])
    }
    for threads in [1, 2, 5] {
      try withWorkers(WorkerPool(threads: threads)) {
        for batch in [[0, 1, 2, 3, 4], [4], [2, 0], [1, 1, 3]] {
          try check(model, batch.map { (prompts[$0], completions[$0]) }, temperature: 0.8)
        }
      }
    }
  }

  private func check(
    _ model: LanguageModel, _ batch: [(prompt: [Int], completion: Completion)],
    temperature: Float
  ) throws {
    let sequences = batch.map { $0.prompt + $0.completion.tokens }
    var (rows, targets, sampled): ([Int32], [Int], [Float]) = ([], [], [])
    var start = 0
    for (item, tokens) in zip(batch, sequences) {
      for i in item.completion.tokens.indices {
        rows.append(Int32(start + item.prompt.count + i - 1))
        targets.append(item.completion.tokens[i])
      }
      sampled += item.completion.logProbabilities
      start += tokens.count
    }
    func logs(_ model: LanguageModel) -> Tensor {
      let hidden = model.hidden(
        sequences.flatMap { $0 }, sequences: SequenceOffsets(lengths: sequences.map(\.count)))
      return model.logProbabilities(
        of: targets, at: hidden.selectingRows(Indices(rows)), temperature: temperature
      ).logProbabilities
    }
    #expect(logs(model).scalars == sampled)
    // Under a tape too: the ratio of the first update is exactly 1.
    if model.parameters.isEmpty { return }
    let (ratio, _) = valueWithGradient(at: model) { model in
      ((logs(model) - Tensor(sampled)).exp()).mean()
    }
    #expect(ratio.item == 1)
  }

  @Test func `a completion does not depend on its neighbours and ends at a stop token`() throws {
    let model = TinyModel.gpt2.model()
    let settings = SamplingSettings(maximumTokens: 40, stopTokens: [11, 12, 13, 14])
    let completions = try Generator(model).generate(
      prompts: prompts, settings: settings, seeds: [1, 2, 3, 4, 5])
    for completion in completions {
      #expect(completion.tokens.count == completion.logProbabilities.count)
      let stops = completion.tokens.filter { settings.stopTokens.contains($0) }.count
      switch completion.ending {
      case .stop: #expect(stops == 1 && settings.stopTokens.contains(completion.tokens.last!))
      case .length: #expect(stops == 0 && completion.tokens.count == 40)
      }
    }
    #expect(completions.contains { $0.ending == .stop })
  }

  @Test func `sampled tokens have the frequencies of their probabilities`() throws {
    let model = TinyModel.llama.model()
    let count = 4000
    let completions = try Generator(model).generate(
      prompts: [[Int]](repeating: [1, 2], count: count),
      settings: SamplingSettings(temperature: 1.3, maximumTokens: 1), seeds: (0..<4000).map { $0 })
    let logits = model.logits(
      model.hidden([1, 2], sequences: SequenceOffsets(lengths: [2])).sliced(1..<2))
    let expected = (logits / 1.3).softmax().scalars
    var counts = [Int](repeating: 0, count: 96)
    for completion in completions { counts[completion.tokens[0]] += 1 }
    // χ² with 95 degrees of freedom exceeds 150 with probability 0.0003.
    let statistic = zip(counts, expected).reduce(0.0) { sum, pair in
      let e = Double(pair.1) * Double(count)
      return sum + (Double(pair.0) - e) * (Double(pair.0) - e) / e
    }
    #expect(statistic < 150)
  }

  @Test func `prompts that cannot be continued are refused with a sentence`() {
    let generator = Generator(TinyModel.llama.model())
    func refusal(_ prompt: [Int]) -> ModelError? {
      #expect(throws: ModelError.self) {
        try generator.generate(prompts: [prompt], settings: SamplingSettings(), seeds: [1])
      }
    }
    #expect(refusal([])?.description == "a prompt needs at least one token")
    #expect(
      refusal([Int](repeating: 1, count: 256))?.description
        == "a prompt of 256 tokens leaves no room in a context of 256")
    #expect(refusal([96])?.description == "the prompt's token 96 is not one of 96")
  }
}
