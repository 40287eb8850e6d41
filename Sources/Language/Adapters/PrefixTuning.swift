import Runtime
import Tensors

/// Trained keys and values before every sequence, in each block (Li and Liang, 2021). Positions of a
/// sequence's own tokens begin behind them.
///
/// ```swift
/// try model.add(PrefixTuning(tokens: 16), using: &random)   // now only the prefix is a parameter
/// ```
public struct PrefixTuning: Sendable, Hashable, Codable {
  /// How many keys and values stand before a sequence.
  public var tokens: Int

  public init(tokens: Int = 16) { self.tokens = tokens }

  /// One block's part.
  public struct Prefix: Sendable {
    /// `[tokens, kvHeads, headSize]`, after any rotation.
    public var keys: Tensor
    public var values: Tensor

    /// `own`, `[tokens, kvHeads, headSize]`, with `prefix` before every sequence.
    static func joined(
      _ prefix: Tensor, _ own: Tensor, _ sequences: SequenceOffsets
    ) -> Tensor {
      let count = prefix.shape[0]
      var rows: [Int32] = []
      for sequence in 0..<sequences.count {
        rows += (0..<count).map { Int32($0) }
        rows += sequences[sequence].map { Int32(count + $0) }
      }
      return Tensor.concatenated([prefix, own]).selectingRows(Indices(rows))
    }

    mutating func visit(_ body: (String, inout Tensor) -> Void) {
      body("self_attn.prefix_keys", &keys)
      body("self_attn.prefix_values", &values)
    }
  }
}

extension SequenceOffsets {
  /// Each sequence longer by `count`.
  func lengthened(by count: Int) -> SequenceOffsets {
    SequenceOffsets(lengths: (0..<self.count).map { self[$0].count + count })
  }
}

extension LanguageModel {
  /// Puts a trained prefix into every block and freezes everything but adapters.
  ///
  /// - Throws: `ModelError` where so long a prefix leaves no room in the context.
  public mutating func add(_ tuning: PrefixTuning, using random: inout PCG64) throws {
    try check(tuning)
    let shape = Shape(tuning.tokens, configuration.kvHeadCount, configuration.headSize)
    for block in blocks.indices {
      blocks[block].prefix = PrefixTuning.Prefix(
        keys: .normal(shape, standardDeviation: 0.02, using: &random),
        values: .normal(shape, standardDeviation: 0.02, using: &random))
    }
    prefixTuning = tuning
    isFrozen = true
  }

  func check(_ tuning: PrefixTuning) throws(ModelError) {
    guard tuning.tokens >= 1, tuning.tokens < configuration.contextLength else {
      throw ModelError(
        "a prefix of \(tuning.tokens) tokens does not fit a context of \(configuration.contextLength)",
        kind: .usage)
    }
  }

  /// Keys before every sequence's own.
  var prefixCount: Int { prefixTuning?.tokens ?? 0 }

  /// A cached sequence that holds the prefix alone: what every other begins with.
  func cachedPrefix(in cache: inout PagedCache) -> CachedSequence {
    var sequence = CachedSequence()
    if prefixCount == 0 { return sequence }
    let rows = sequence.extend(by: prefixCount, in: &cache)
    for (index, block) in blocks.enumerated() {
      if let prefix = block.prefix {
        cache.write(prefix.keys, prefix.values, block: index, rows: rows)
      }
    }
    return sequence
  }
}
