import Swirl

/// What a language model reaches, in tokens a second: decoding one sequence, reading a prompt, generating
/// for sixteen, and training all parameters or adapters. `Benchmarks/peers/language_speed.py` does the same
/// with llama.cpp, transformers and peft: change both.
func languageReadings(
  _ model: String, _ stopwatch: Stopwatch, threads: [Int], rows: [String]
) throws -> [Reading] {
  let checkpoint = try Checkpoint.open(try ModelStore.path(of: model))
  let tokenizer = try checkpoint.tokenizer()
  // However few tokens a tokenizer makes of it, there are enough.
  let text = String(repeating: "The quick brown fox ", count: 256)
  let prompt = Array(tokenizer.encode(text).prefix(256))
  precondition(prompt.count == 256)
  let bench = LanguageBench(checkpoint: checkpoint, prompt: prompt)
  return try threads.flatMap { threads in
    try withWorkers(WorkerPool(threads: threads)) {
      try languageRows.filter { rows.isEmpty || rows.contains($0.name) }.map { row in
        let rate = try row.rate(bench, stopwatch)
        return Reading(
          name: row.name, value: rate, unit: "tokens/s", threads: threads, roofline: nil)
      }
    }
  }
}

struct LanguageRow: Sendable {
  let name: String
  /// Tokens a second.
  let rate: @Sendable (LanguageBench, Stopwatch) throws -> Double
}

let languageRows = [
  LanguageRow(name: "decode_1") { bench, watch in
    // Behind the prompt, as llama.cpp is timed.
    let generator = Generator(try bench.stored())
    let long = 64
    let first = try watch.seconds { try generate(generator, bench, [bench.prompt], 1) }
    let all = try watch.seconds { try generate(generator, bench, [bench.prompt], 1 + long) }
    return Double(long) / (all - first)
  },
  LanguageRow(name: "prefill_256") { bench, watch in
    let generator = Generator(try bench.stored())
    return 256 / (try watch.seconds { try generate(generator, bench, [bench.prompt], 1) })
  },
  LanguageRow(name: "generate_16x64") { bench, watch in
    let generator = Generator(try bench.stored())
    let prompts = [[Int]](repeating: Array(bench.prompt.prefix(64)), count: 16)
    return 16 * 64 / (try watch.seconds { try generate(generator, bench, prompts, 64) })
  },
  LanguageRow(name: "train_4x128") { bench, watch in
    let model = try LanguageModel(
      bench.checkpoint.configuration, weights: bench.checkpoint, as: .float32)
    return 512 / watch.seconds { train(model, bench) }
  },
  LanguageRow(name: "train_lora_4x128") { bench, watch in
    var model = try bench.stored()
    var random = PCG64(seed: 0)
    try model.add(LoRA(rank: 8), using: &random)
    return 512 / watch.seconds { train(model, bench) }
  },
]

struct LanguageBench: Sendable {
  let checkpoint: Checkpoint
  let prompt: [Int]

  func stored() throws -> LanguageModel {
    try LanguageModel(checkpoint.configuration, weights: checkpoint, as: .stored)
  }
}

private func generate(
  _ generator: Generator, _ bench: LanguageBench, _ prompts: [[Int]], _ tokens: Int
) throws {
  _ = try generator.generate(
    prompts: prompts, settings: SamplingSettings(maximumTokens: tokens),
    seeds: prompts.indices.map { UInt64($0) })
}

/// Loss and gradients of four sequences of 128 tokens.
private func train(_ model: LanguageModel, _ bench: LanguageBench) {
  var random = PCG64(seed: 1)
  let vocabulary = model.configuration.vocabularySize
  let tokens = (0..<512).map { _ in random.integers(0..<vocabulary) }
  let rows = (0..<512).filter { $0 % 128 != 127 }
  _ = valueWithGradient(at: model) { model in
    let hidden = model.hidden(tokens, sequences: SequenceOffsets(count: 4, length: 128))
    return -model.logProbabilities(
      of: rows.map { tokens[$0 + 1] }, at: hidden.selectingRows(Indices(rows.map { Int32($0) }))
    ).logProbabilities.mean()
  }
}

extension Stopwatch {
  /// The least seconds a call takes of at least three, as many as fit the time; one more warms up.
  func seconds(_ work: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    try work()
    var least = Double.infinity
    var (count, total) = (0, 0.0)
    while count < 3 || total < seconds {
      let start = clock.now
      try work()
      let elapsed = (clock.now - start) / .seconds(1)
      least = min(least, elapsed)
      total += elapsed
      count += 1
    }
    return least
  }
}
