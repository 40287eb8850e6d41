import Runtime
import Tensors

/// Sequences of tokens that share their beginnings, packed so that each beginning is computed once:
/// a prompt and the completions sampled from it.
///
/// Rows of what the model computes are the prompts' tokens, prompt after prompt, and then the
/// completions'.
public struct SharedPrompts: Sendable {
  public private(set) var prompts: [[Int]] = []
  /// Each completion's prompt and tokens.
  public private(set) var completions: [(prompt: Int, tokens: [Int])] = []
  /// What each prompt, and each completion, draws its dropout from.
  private var (promptStreams, completionStreams): ([Int], [Int]) = ([], [])
  private(set) var promptTokens = 0
  private var completionTokens = 0

  public init() {}

  /// Tokens that are computed.
  public var tokenCount: Int { promptTokens + completionTokens }

  /// Adds a prompt of at least one token.
  ///
  /// - Parameter stream: What its dropout is drawn from, beside the seed: a prompt with the same
  ///   number loses the same, whatever it is packed with. Its place among the prompts when nil.
  /// - Returns: Its number.
  public mutating func add(prompt: [Int], stream: Int? = nil) -> Int {
    if prompt.isEmpty { fail("SharedPrompts", "a prompt needs at least one token") }
    promptStreams.append(stream ?? prompts.count)
    prompts.append(prompt)
    promptTokens += prompt.count
    return prompts.count - 1
  }

  /// Adds tokens that continue a prompt.
  ///
  /// - Parameter stream: As a prompt's; its place among the completions when nil.
  public mutating func add(completion: [Int], of prompt: Int, stream: Int? = nil) {
    completionStreams.append(stream ?? completions.count)
    completions.append((prompt, completion))
    completionTokens += completion.count
  }

  /// The row of each prompt's first token.
  private var promptStarts: [Int] {
    var start = 0
    return prompts.map { prompt in
      defer { start += prompt.count }
      return start
    }
  }

  /// The rows after which each completion's tokens were chosen, and one more after its last.
  public var rows: [[Int]] {
    let starts = promptStarts
    var next = promptTokens
    return completions.map { prompt, tokens in
      defer { next += tokens.count }
      return [starts[prompt] + prompts[prompt].count - 1] + (0..<tokens.count).map { next + $0 }
    }
  }

  /// Where the rows of each prompt and completion draw their dropout from.
  func dropout(from seed: SeedSequence) -> DropoutSeeds {
    let (ofPrompts, ofCompletions) = (seed.child(0), seed.child(1))
    return DropoutSeeds(
      stretches: zip(promptStreams, prompts).map { (ofPrompts.child($0), $1.count) }
        + zip(completionStreams, completions).map { (ofCompletions.child($0), $1.tokens.count) })
  }

  var tokens: [Int] { prompts.flatMap { $0 } + completions.flatMap(\.tokens) }

  /// Positions of the tokens, `prefix` of which are taken before every sequence.
  func positions(after prefix: Int) -> [Int] {
    prompts.flatMap { Array(prefix..<prefix + $0.count) }
      + completions.flatMap { prompt, tokens in
        (0..<tokens.count).map { prefix + prompts[prompt].count + $0 }
      }
  }

  /// Where queries lie, which rows keys are taken from, and where each sequence's then lie. A
  /// completion's keys are its prompt's and its own, next to each other; `prefix` rows before all others
  /// stand before every sequence.
  func attention(
    after prefix: Int
  ) -> (queries: SequenceOffsets, picks: [Int], keys: SequenceOffsets) {
    let starts = promptStarts
    func own(_ rows: Range<Int>) -> Range<Int> {
      prefix + rows.lowerBound..<prefix + rows.upperBound
    }
    var (queryStarts, queryLengths): ([Int], [Int]) = ([], [])
    var (picks, keyStarts, keyLengths): ([Int], [Int], [Int]) = ([], [], [])
    for (start, prompt) in zip(starts, prompts) {
      queryStarts.append(start)
      queryLengths.append(prompt.count)
      keyStarts.append(picks.count)
      keyLengths.append(prefix + prompt.count)
      picks += 0..<prefix
      picks += own(start..<start + prompt.count)
    }
    var next = promptTokens
    for (prompt, tokens) in completions where !tokens.isEmpty {
      queryStarts.append(next)
      queryLengths.append(tokens.count)
      keyStarts.append(picks.count)
      keyLengths.append(prefix + prompts[prompt].count + tokens.count)
      picks += 0..<prefix
      picks += own(starts[prompt]..<starts[prompt] + prompts[prompt].count)
      picks += own(next..<next + tokens.count)
      next += tokens.count
    }
    return (
      SequenceOffsets(starts: queryStarts, lengths: queryLengths), picks,
      SequenceOffsets(starts: keyStarts, lengths: keyLengths)
    )
  }
}

extension LanguageModel {
  /// The last norm's output for every row of `shared`, `[tokenCount, width]`, differentiable. A
  /// token has the bits that it has where nothing is shared.
  ///
  /// - Parameters:
  ///   - recomputing: Keep each block's input alone and compute the rest again in the backward
  ///     pass.
  ///   - dropout: Where adapters with dropout draw from; nil, as in evaluation, drops nothing.
  public func hidden(
    _ shared: SharedPrompts, recomputing: Bool = false, dropout: SeedSequence? = nil
  ) -> Tensor {
    let positions = shared.positions(after: prefixCount)
    let rotation = rotation(at: positions)
    let mask = mask
    let (queries, places, keys) = shared.attention(after: prefixCount)
    let picks = Indices(places.map(Int32.init))
    let seeds = dropout.map(shared.dropout)
    var x = embed(shared.tokens, at: positions)
    for (index, block) in blocks.enumerated() {
      let seeds = seeds?.child(index)
      let apply: @Sendable (LanguageModelBlock, Tensor) -> Tensor = { block, x in
        block(x, rotation: rotation, dropout: seeds) { q, k, v in
          let all = block.prefix.map {
            (Tensor.concatenated([$0.keys, k]), Tensor.concatenated([$0.values, v]))
          }
          return attention(
            q, (all?.0 ?? k).selectingRows(picks), (all?.1 ?? v).selectingRows(picks),
            queries: queries, keys: keys, mask: mask)
        }
      }
      x = recomputing ? recomputed(block, x, apply) : apply(block, x)
    }
    return norm(x)
  }
}
