import Foundation
import Language
import Runtime
import Tensors
import Testing

/// The real model, where `make model` has fetched it.
@Suite(
  .enabled(
    if: ModelStore.fetched("smollm2-135m") != nil, "SmolLM2-135M is missing: run 'make model'"))
struct SmolLM2Tests {
  private struct Golden: Decodable {
    struct Prompt: Decodable {
      let length, argmax: Int
      let logits: [Float]
    }
    let ids: [Int]
    let prompts: [Prompt]
  }

  private func checkpoint() throws -> Checkpoint {
    try Checkpoint.open(try ModelStore.path(of: "smollm2-135m"))
  }

  @Test func `logits are transformers' logits`() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/smollm2-logits.json")
    let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: path))
    let checkpoint = try checkpoint()
    let model = try LanguageModel(checkpoint.configuration, weights: checkpoint)
    var largest: Float = 0
    withWorkers(WorkerPool(threads: 2)) {
      for prompt in golden.prompts {
        let tokens = (0..<prompt.length).map { 1 + ($0 * $0 * 31 + $0 * 7) % 49151 }
        let hidden = model.hidden(tokens, sequences: SequenceOffsets(lengths: [tokens.count]))
        let logits = model.logits(hidden.sliced(tokens.count - 1..<tokens.count)).scalars
        #expect(logits.indices.max { logits[$0] < logits[$1] } == prompt.argmax)
        for (id, expected) in zip(golden.ids, prompt.logits) {
          largest = max(largest, abs(logits[id] - expected))
        }
      }
    }
    #expect(largest < 5e-4)
  }

  @Test func `it answers, and training computes what sampling did`() throws {
    let checkpoint = try checkpoint()
    let tokenizer = try checkpoint.tokenizer()
    var model = try LanguageModel(checkpoint.configuration, weights: checkpoint)
    let question = [ChatMessage(.user, "What is the capital of France?")]
    let prompt = try tokenizer.encode(question, addingPrompt: true)
    try withWorkers(WorkerPool(threads: 2)) {
      let answer = try Generator(model).generate(
        prompts: [prompt],
        settings: SamplingSettings(
          temperature: 0, maximumTokens: 12, stopTokens: Set(tokenizer.endTokens)),
        seeds: [0])[0]
      #expect(
        tokenizer.decode(answer.tokens, skippingSpecials: true) == "The capital of France is Paris."
      )
      var random = PCG64(seed: 0)
      try model.add(LoRA(rank: 4), using: &random)
      model.visitParameters { name, parameter in
        if name.hasSuffix("lora_B.weight") {
          parameter = .normal(parameter.shape, standardDeviation: 0.01, using: &random)
        }
      }
      let drawn = try Generator(model).generate(
        prompts: [prompt, prompt, [5, 6]], settings: SamplingSettings(maximumTokens: 8),
        seeds: [1, 2, 3])
      let texts = zip([prompt, prompt, [5, 6]], drawn).map { $0 + $1.tokens }
      let hidden = model.hidden(
        texts.flatMap { $0 }, sequences: SequenceOffsets(lengths: texts.map(\.count)))
      var start = 0
      for (text, completion) in zip(texts, drawn) {
        let end = start + text.count
        let rows = hidden.sliced(end - 1 - completion.tokens.count..<end - 1).contiguous()
        let logs = model.logProbabilities(of: completion.tokens, at: rows).logProbabilities
        #expect(logs.scalars == completion.logProbabilities)
        start = end
      }
    }
  }
}
