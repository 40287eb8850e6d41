import Runtime
import Tensors

/// Decodes one sequence with tokens proposed ahead and verified several at a time, exactly in
/// distribution (Leviathan et al., 2023): whatever is proposed, a token is drawn as without.
///
/// ```swift
/// let generator = SpeculativeGenerator(model, proposer: .promptLookup(), ahead: 6)
/// let (completion, speculation) = try generator.generate(prompt: tokens, settings: settings, seed: 1)
/// print(speculation.acceptanceRate, speculation.tokensPerStep)
/// ```
public struct SpeculativeGenerator: Sendable {
  /// Where proposals come from.
  public enum Proposer: Sendable {
    /// A smaller model of the same vocabulary.
    case draft(LanguageModel)
    /// What followed the last time that the last tokens, up to so many, stood in the text (Saxena, 2023).
    case promptLookup(longest: Int = 3)
  }

  public let model: LanguageModel
  public let proposer: Proposer
  /// The most tokens proposed at a time.
  public let ahead: Int
  /// The bytes of a token: what stop strings are looked for in.
  public var bytes: (@Sendable (Int) -> [UInt8])?

  public init(
    _ model: LanguageModel, proposer: Proposer, ahead: Int = 4,
    bytes: (@Sendable (Int) -> [UInt8])? = nil
  ) {
    self.model = model.detached()
    self.proposer = proposer
    self.ahead = max(ahead, 1)
    self.bytes = bytes
  }

  /// How far the proposals were right.
  public struct Speculation: Sendable, Hashable {
    public var proposed = 0
    public var accepted = 0
    /// Passes through the model after the prompt's.
    public var steps = 0
    public var tokens = 0

    public var acceptanceRate: Double { Double(accepted) / Double(max(proposed, 1)) }
    /// Tokens a pass through the model gives; 1 without speculation.
    public var tokensPerStep: Double { Double(tokens) / Double(max(steps, 1)) }
  }

  /// - Throws: `ModelError` where the prompt, a setting or the draft model does not fit, or a model's
  ///   scores are not numbers.
  public func generate(
    prompt: [Int], settings: SamplingSettings, seed: UInt64, onToken: ((Int) -> Bool)? = nil
  ) throws -> (completion: Completion, speculation: Speculation) {
    try settings.check()
    try model.check(prompt: prompt)
    if !settings.stopStrings.isEmpty && bytes == nil {
      throw ModelError("stop strings need a generator that knows the bytes of tokens")
    }
    if case .draft(let draft) = proposer {
      let (own, its) = (model.configuration.vocabularySize, draft.configuration.vocabularySize)
      if own != its {
        throw ModelError("the draft model has \(its) tokens, but the model \(own)")
      }
    }
    return try withoutGradient {
      var run = SpeculativeRun(self, prompt, settings, seed)
      return try run.complete(onToken)
    }
  }
}

private struct SpeculativeRun {
  /// A distribution over the vocabulary, as the sampler draws from it.
  typealias Distribution = [Float]

  /// A model with the text so far, all but its last tokens in a cache.
  struct Reader {
    let model: LanguageModel
    var cache: PagedCache
    var cached = CachedSequence()

    init(_ model: LanguageModel) {
      self.model = model
      cache = PagedCache(model.configuration, pages: 16)
      cached = model.cachedPrefix(in: &cache)
    }

    /// Tokens of the text that are cached.
    var count: Int { cached.count - model.prefixCount }

    /// Scores of what follows each of the tokens from `start` on, `[tokens, vocabulary]`; those before
    /// are computed where they have not been.
    mutating func scores(_ text: [Int], from start: Int, _ sampler: Sampler) -> Tensor {
      var step = CachedStep()
      let first = count
      step.add(text[first...], to: &cached, in: &cache)
      let hidden = model.hidden(step, cache: &cache)
      return HeadCall.scores(
        start == first ? hidden : hidden.sliced(start - first..<text.count - first),
        model.head ?? model.embedding, inverseTemperature: sampler.inverseTemperature)
    }

    mutating func truncate(to tokens: Int) {
      cached.truncate(to: model.prefixCount + min(count, tokens), in: &cache)
    }
  }

  let sampler: Sampler
  let ahead: Int
  let proposer: SpeculativeGenerator.Proposer
  let bytes: (@Sendable (Int) -> [UInt8])?
  var stops: StopStrings
  var target: Reader
  var draft: Reader?
  var text: [Int]
  let promptCount: Int
  let limit: Int
  var random: PCG64
  var completion = Completion(tokens: [], logProbabilities: [], ending: .length)
  var speculation = SpeculativeGenerator.Speculation()
  var isFinished = false

  init(
    _ generator: SpeculativeGenerator, _ prompt: [Int], _ settings: SamplingSettings, _ seed: UInt64
  ) {
    sampler = Sampler(settings: settings)
    ahead = generator.ahead
    proposer = generator.proposer
    bytes = generator.bytes
    stops = StopStrings(settings.stopStrings)
    target = Reader(generator.model)
    if case .draft(let model) = generator.proposer { draft = Reader(model.detached()) }
    text = prompt
    promptCount = prompt.count
    let room = generator.model.room - prompt.count
    limit = min(settings.maximumTokens, room)
    random = PCG64(seed: seed)
  }

  mutating func complete(
    _ onToken: ((Int) -> Bool)?
  ) throws(ModelError) -> (Completion, SpeculativeGenerator.Speculation) {
    while !isFinished && completion.tokens.count < limit {
      let room = limit - completion.tokens.count - 1
      let (proposals, distributions) = try propose(min(ahead, room))
      let start = text.count - 1
      let scores = target.scores(text + proposals, from: start, sampler)
      if start >= promptCount { speculation.steps += 1 }
      speculation.proposed += proposals.count
      let before = completion.tokens.count
      try verify(proposals, distributions, scores, onToken)
      if start >= promptCount { speculation.tokens += completion.tokens.count - before }
      target.truncate(to: text.count - 1)
      draft?.truncate(to: text.count - 1)
    }
    return (completion, speculation)
  }

  /// Tokens to verify, and what each was drawn from; nil for one that was certain.
  private mutating func propose(
    _ count: Int
  ) throws(ModelError) -> ([Int], [Distribution?]) {
    if count <= 0 { return ([], []) }
    guard var reader = draft.take() else {
      guard case .promptLookup(let longest) = proposer else { return ([], []) }
      let found = lookUp(longest, count)
      return (found, found.map { _ in nil })
    }
    var (tokens, distributions): ([Int], [Distribution?]) = ([], [])
    for _ in 0..<count {
      let all = text + tokens
      if all.count >= reader.model.room { break }
      let q = try shares(of: reader.scores(all, from: all.count - 1, sampler))[0]
      tokens.append(q.withUnsafeBufferPointer { draw($0, at: random.random()) })
      distributions.append(q)
    }
    draft = reader
    return (tokens, distributions)
  }

  /// What followed the last place where the text's last tokens stood before; beyond the end of the text
  /// it goes round, as a text that repeats itself does.
  private func lookUp(_ longest: Int, _ count: Int) -> [Int] {
    for length in stride(from: min(longest, text.count - 1), to: 0, by: -1) {
      let pattern = text[(text.count - length)...]
      for start in stride(from: text.count - length - 1, through: 0, by: -1)
      where text[start..<start + length].elementsEqual(pattern) {
        let period = text.count - length - start
        return (0..<count).map { text[start + length + $0 % period] }
      }
    }
    return []
  }

  /// What each row is drawn from.
  private func shares(of scores: Tensor) throws(ModelError) -> [Distribution] {
    try Sampler.check(scores)
    let (rows, vocabulary) = (scores.shape[0], scores.shape[1])
    if sampler.settings.temperature == 0 {
      return Sampler.mostProbable(scores).map { token in
        var p = Distribution(repeating: 0, count: vocabulary)
        p[token] = 1
        return p
      }
    }
    return Sampler.probabilities(scores).withUnsafeBuffer { numbers in
      (0..<rows).map { row in
        let p = UnsafeBufferPointer(rebasing: numbers[row * vocabulary..<(row + 1) * vocabulary])
        if !sampler.settings.truncates { return Array(p) }
        let kept = sampler.keptTokens(p)
        let total = kept.probabilities.reduce(0, +)
        var all = Distribution(repeating: 0, count: vocabulary)
        for (token, share) in zip(kept.tokens, kept.probabilities) { all[token] = share / total }
        return all
      }
    }
  }

  /// Accepts proposals from the first on with probability min(1, p / q); the first that is refused is
  /// drawn again from the rest of p, and where none is, one token more comes from the last row.
  private mutating func verify(
    _ proposals: [Int], _ q: [Distribution?], _ scores: Tensor, _ onToken: ((Int) -> Bool)?
  ) throws(ModelError) {
    let p = try shares(of: scores)
    var tokens: [Int] = []
    for (i, token) in proposals.enumerated() {
      let share = q[i]?[token] ?? 1
      if random.random() * Double(share) < Double(p[i][token]) {
        tokens.append(token)
        continue
      }
      var rest = p[i]
      if let q = q[i] {
        for j in rest.indices { rest[j] = max(rest[j] - q[j], 0) }
      } else {
        rest[token] = 0
      }
      tokens.append(rest.withUnsafeBufferPointer { draw($0, at: random.random()) })
      break
    }
    speculation.accepted += zip(tokens, proposals).prefix { $0 == $1 }.count
    if tokens.count == proposals.count, tokens == proposals {
      let last = p[proposals.count]
      tokens.append(last.withUnsafeBufferPointer { draw($0, at: random.random()) })
    }
    let logs = logProbabilities(of: tokens, scores, p)
    for (token, log) in zip(tokens, logs) {
      if isFinished || completion.tokens.count == limit { return }
      text.append(token)
      completion.tokens.append(token)
      completion.logProbabilities.append(log)
      let isStop =
        sampler.settings.stopTokens.contains(token)
        || !stops.isEmpty && bytes.map { stops.end(within: $0(token)) } == true
      if isStop {
        completion.ending = .stop
        isFinished = true
      }
      if !(onToken?(token) ?? true) { isFinished = true }
    }
  }

  private func logProbabilities(
    of tokens: [Int], _ scores: Tensor, _ p: [Distribution]
  ) -> [Float] {
    if sampler.settings.temperature == 0 { return tokens.map { _ in 0 } }
    if sampler.settings.truncates {
      return tokens.enumerated().map { Tensor([p[$0][$1]]).log().scalars[0] }
    }
    let rows = scores.sliced(0..<tokens.count)
    let losses = crossEntropy(rows, Indices(tokens.map { Int32($0) }), reduction: .none)
    return (-losses).scalars
  }
}
