/// Where each sequence of a packed batch lies: a batch is one row of tokens, its sequences one after
/// another, and nothing is padded.
///
/// ```swift
/// let batch = SequenceOffsets(lengths: [5, 3])   // tokens 0 ..< 5 and 5 ..< 8
/// let y = attention(q, k, v, queries: batch, mask: .causal)   // q: [8, heads, dim]
/// ```
public struct SequenceOffsets: Sendable {
  let starts: Indices
  let lengths: Indices
  /// One past the last token any sequence has.
  public private(set) var end: Int
  /// The length of the longest sequence.
  public private(set) var longest: Int
  /// Whether the sequences follow one another from token 0 without gaps.
  private(set) var isDense: Bool

  /// Sequences that follow one another from token 0.
  public init(lengths: [Int]) {
    var start = 0
    let starts = lengths.map { length in
      defer { start += length }
      return start
    }
    self.init(starts: starts, lengths: lengths)
  }

  /// `count` sequences of one length.
  public init(count: Int, length: Int) {
    if count < 0 || length < 0 || count * length > Int(Int32.max) {
      fail("SequenceOffsets", "there cannot be \(count) sequences of \(length) tokens")
    }
    self.init(
      Indices(count: count) { for i in $0.indices { $0[i] = Int32(i * length) } },
      Indices(count: count) { $0.update(repeating: Int32(length)) })
  }

  /// Sequences that start where `starts` says, such as the filled parts of caches of fixed capacity.
  public init(starts: [Int], lengths: [Int]) {
    if starts.count != lengths.count {
      fail("SequenceOffsets", "\(starts.count) starts for \(lengths.count) lengths")
    }
    for (start, length) in zip(starts, lengths)
    where start < 0 || length < 0 || length > Int(Int32.max) - start {
      fail("SequenceOffsets", "a sequence of \(length) tokens cannot start at token \(start)")
    }
    self.init(Indices(starts.map { Int32($0) }), Indices(lengths.map { Int32($0) }))
  }

  /// From what has been checked: nothing is allocated but from the pool.
  init(_ starts: Indices, _ lengths: Indices) {
    self.starts = starts
    self.lengths = lengths
    (end, longest, isDense) = (0, 0, true)
    var next = 0
    for sequence in 0..<starts.count {
      let tokens = self[sequence]
      isDense = isDense && tokens.lowerBound == next
      next = tokens.upperBound
      end = Swift.max(end, next)
      longest = Swift.max(longest, tokens.count)
    }
  }

  /// How many sequences there are.
  public var count: Int { starts.count }

  /// The tokens of one sequence.
  public subscript(_ sequence: Int) -> Range<Int> {
    let start = Int(starts[sequence])
    return start..<start + Int(lengths[sequence])
  }
}
