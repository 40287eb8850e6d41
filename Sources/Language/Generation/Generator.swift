import Runtime
import Tensors

/// Draws completions of many prompts, token by token, with a paged cache of keys and values.
///
/// Sequences join and leave the batch as there is room (continuous batching), a prompt that several ask for
/// is computed once, and prompts with a common beginning share its pages.
///
/// ```swift
/// let completions = try Generator(model).generate(
///   prompts: [prompt, prompt], settings: SamplingSettings(maximumTokens: 64), seeds: [1, 2])
/// ```
///
/// A completion depends on its prompt, settings and seed alone, not on its neighbours.
public struct Generator: Sendable {
  public let model: LanguageModel
  /// Sequences that decode at once; more wait.
  public var batchSize: Int
  /// The bytes of a token: what stop strings are looked for in.
  public var bytes: (@Sendable (Int) -> [UInt8])?

  public init(
    _ model: LanguageModel, batchSize: Int = 64, bytes: (@Sendable (Int) -> [UInt8])? = nil
  ) {
    self.model = model.detached()
    self.batchSize = max(batchSize, 1)
    self.bytes = bytes
  }

  /// One completion for each prompt, drawn by a stream of its own seed.
  ///
  /// - Parameter onToken: Called with a prompt's number and its next token as soon as that is drawn;
  ///   returning false ends the completion.
  /// - Throws: `ModelError` where a prompt is empty, longer than the context or not of the
  ///   vocabulary, a setting cannot be, or the model's scores are not numbers.
  public func generate(
    prompts: [[Int]], settings: SamplingSettings, seeds: [UInt64],
    onToken: ((_ prompt: Int, _ token: Int) -> Bool)? = nil
  ) throws -> [Completion] {
    if seeds.count != prompts.count {
      throw ModelError("\(prompts.count) prompts need as many seeds, not \(seeds.count)")
    }
    try settings.check()
    if !settings.stopStrings.isEmpty && bytes == nil {
      throw ModelError("stop strings need a generator that knows the bytes of tokens")
    }
    for prompt in prompts { try model.check(prompt: prompt) }
    if settings.maximumTokens == 0 {
      return prompts.map { _ in Completion(tokens: [], logProbabilities: [], ending: .length) }
    }
    return try withoutGradient {
      var run = GenerationRun(self, prompts, settings, seeds)
      return try run.completions(onToken)
    }
  }
}

extension LanguageModel {
  /// The most tokens a sequence can have of its own: the context but for a tuned prefix.
  public var room: Int { configuration.contextLength - prefixCount }

  /// - Throws: `ModelError` where a prompt cannot be continued.
  func check(prompt: [Int]) throws(ModelError) {
    let vocabularySize = configuration.vocabularySize
    if prompt.isEmpty { throw ModelError("a prompt needs at least one token") }
    if prompt.count >= room {
      throw ModelError(
        "a prompt of \(prompt.count) tokens leaves no room in a context of \(room)")
    }
    for token in prompt where token < 0 || token >= vocabularySize {
      throw ModelError("the prompt's token \(token) is not one of \(vocabularySize)")
    }
  }
}

/// The state of one call of `generate`.
private struct GenerationRun {
  /// A prompt that one or several completions begin with.
  struct Prompt {
    let tokens: [Int]
    /// Completions that have not joined the batch.
    var waiting: Int
    var cached = CachedSequence()
    /// `[1, vocabulary]` once the prompt has been computed.
    var scores: Tensor?
  }

  struct Active {
    let index: Int
    var cached: CachedSequence
    var pending: Int
    var stream: PCG64
    let limit: Int
    var completion = Completion(tokens: [], logProbabilities: [], ending: .length)
    var stops: StopStrings
  }

  let generator: Generator
  let sampler: Sampler
  let seeds: [UInt64]
  var prompts: [Prompt] = []
  /// Which prompt each completion begins with.
  var promptOf: [Int] = []
  var next = 0
  var active: [Active] = []
  var cache: PagedCache
  /// What a tuned prefix puts before every sequence.
  let prefix: CachedSequence
  var finished: [Completion?]

  init(
    _ generator: Generator, _ tokens: [[Int]], _ settings: SamplingSettings, _ seeds: [UInt64]
  ) {
    self.generator = generator
    sampler = Sampler(settings: settings)
    self.seeds = seeds
    var known: [[Int]: Int] = [:]
    for prompt in tokens {
      let number = known[prompt] ?? prompts.count
      if number == prompts.count {
        known[prompt] = number
        prompts.append(Prompt(tokens: prompt, waiting: 0))
      }
      prompts[number].waiting += 1
      promptOf.append(number)
    }
    finished = [Completion?](repeating: nil, count: tokens.count)
    let longest = tokens.map(\.count).max() ?? 0
    let pages = PagedCache.pages(for: longest + min(settings.maximumTokens, 64)) + 1
    cache = PagedCache(
      generator.model.configuration, pages: pages * min(generator.batchSize, tokens.count))
    prefix = generator.model.cachedPrefix(in: &cache)
  }

  var settings: SamplingSettings { sampler.settings }

  mutating func completions(
    _ onToken: ((Int, Int) -> Bool)?
  ) throws(ModelError) -> [Completion] {
    while next < promptOf.count || !active.isEmpty {
      try step(onToken)
      try join(onToken)
    }
    return finished.map { $0! }
  }

  /// Prompts that are to be computed now: those that the next completions need, as room allows.
  private func promptsToCompute() -> [Int] {
    var chosen: [Int] = []
    var tokens = 0
    for index in next..<max(next, min(promptOf.count, next + generator.batchSize - active.count)) {
      let number = promptOf[index]
      if prompts[number].scores != nil || chosen.contains(number) { continue }
      tokens += prompts[number].tokens.count
      if !chosen.isEmpty && tokens > 2048 { break }
      chosen.append(number)
    }
    return chosen
  }

  /// The beginning of `tokens` that another prompt has in the cache, in whole pages. That prompt may be one
  /// of the same step: a block writes all keys before any query reads them.
  private mutating func cachedPrefix(of tokens: [Int]) -> CachedSequence {
    var (best, length) = (0, 0)
    for (number, prompt) in prompts.enumerated() where prompt.cached.count > 0 {
      let common =
        prefix.count + min(commonPrefix(prompt.tokens, tokens), tokens.count - 1)
      if common / attentionPage > length / attentionPage { (best, length) = (number, common) }
    }
    length -= length % attentionPage
    if length <= prefix.count {
      return CachedSequence(sharing: prefix, tokens: prefix.count, in: &cache)
    }
    return CachedSequence(sharing: prompts[best].cached, tokens: length, in: &cache)
  }

  /// Takes one token of every active sequence, and the prompts whose turn it is, through the model.
  private mutating func step(_ onToken: ((Int, Int) -> Bool)?) throws(ModelError) {
    let model = generator.model
    let computed = promptsToCompute()
    if active.isEmpty && computed.isEmpty { return }
    var step = CachedStep()
    for i in active.indices {
      step.add(CollectionOfOne(active[i].pending), to: &active[i].cached, in: &cache)
    }
    for number in computed {
      prompts[number].cached = cachedPrefix(of: prompts[number].tokens)
      let rest = prompts[number].tokens[(prompts[number].cached.count - prefix.count)...]
      step.add(rest, to: &prompts[number].cached, in: &cache)
    }
    let hidden = model.hidden(step, cache: &cache)
    let queries = step.queries
    let isDecoding = computed.isEmpty
    let last = (0..<queries.count).map { Int32(queries[$0].upperBound - 1) }
    let scores = HeadCall.scores(
      isDecoding ? hidden : hidden.selectingRows(Indices(last)), model.head ?? model.embedding,
      inverseTemperature: sampler.inverseTemperature)
    for (i, number) in computed.enumerated() {
      let row = active.count + i
      prompts[number].scores = scores.sliced(row..<row + 1).contiguous()
    }
    if active.isEmpty { return }
    var streams = active.map(\.stream)
    let picked = try sampler.pick(
      isDecoding ? scores : scores.sliced(0..<active.count), &streams)
    for i in active.indices {
      active[i].stream = streams[i]
      active[i] = take(active[i], picked.tokens[i], picked.logProbabilities[i], onToken)
    }
    removeFinished()
  }

  /// Lets completions whose prompts have been computed join: each draws its first token.
  private mutating func join(_ onToken: ((Int, Int) -> Bool)?) throws(ModelError) {
    let settings = settings
    while next < promptOf.count, active.count < generator.batchSize {
      let number = promptOf[next]
      guard let scores = prompts[number].scores else { break }
      let tokens = prompts[number].tokens.count
      prompts[number].waiting -= 1
      let isLast = prompts[number].waiting == 0
      let limit = min(settings.maximumTokens, generator.model.room - tokens)
      var sequence = Active(
        index: next, cached: CachedSequence(), pending: 0, stream: PCG64(seed: seeds[next]),
        limit: limit, stops: StopStrings(settings.stopStrings))
      next += 1
      var streams = [sequence.stream]
      let picked = try sampler.pick(scores, &streams)
      sequence.stream = streams[0]
      sequence = take(sequence, picked.tokens[0], picked.logProbabilities[0], onToken)
      if finished[sequence.index] == nil {
        sequence.cached = CachedSequence(
          sharing: prompts[number].cached, tokens: prefix.count + tokens, in: &cache)
        active.append(sequence)
      }
      if isLast { forget(number) }
    }
  }

  /// A prompt nobody waits for: its scores go, and its pages once many prompts have come after it.
  private mutating func forget(_ number: Int) {
    prompts[number].scores = .zeros([0])
    let kept = 32
    if number >= kept {
      for old in 0...number - kept where prompts[old].waiting == 0 {
        prompts[old].cached.truncate(to: 0, in: &cache)
      }
    }
  }

  /// The sequence with a token more; finished where that ends it.
  private mutating func take(
    _ sequence: Active, _ token: Int, _ logProbability: Float, _ onToken: ((Int, Int) -> Bool)?
  ) -> Active {
    var sequence = sequence
    sequence.completion.tokens.append(token)
    sequence.completion.logProbabilities.append(logProbability)
    sequence.pending = token
    var isStop = settings.stopTokens.contains(token)
    if !isStop, !sequence.stops.isEmpty, let bytes = generator.bytes {
      isStop = sequence.stops.end(within: bytes(token))
    }
    if isStop { sequence.completion.ending = .stop }
    let goesOn = onToken?(sequence.index, token) ?? true
    if isStop || !goesOn || sequence.completion.tokens.count == sequence.limit {
      finished[sequence.index] = sequence.completion
    }
    return sequence
  }

  private mutating func removeFinished() {
    for i in active.indices where finished[active[i].index] != nil {
      active[i].cached.truncate(to: 0, in: &cache)
    }
    active.removeAll { finished[$0.index] != nil }
  }
}

/// How many tokens two sequences begin with in common.
func commonPrefix(_ a: [Int], _ b: [Int]) -> Int {
  var count = 0
  while count < a.count && count < b.count && a[count] == b[count] { count += 1 }
  return count
}
