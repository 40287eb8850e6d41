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
  public let end: Int
  /// The length of the longest sequence.
  public let longest: Int
  /// Whether the sequences follow one another from token 0 without gaps.
  let isDense: Bool

  /// Sequences that follow one another from token 0.
  public init(lengths: [Int]) {
    var starts: [Int] = []
    var total = 0
    for length in lengths {
      starts.append(total)
      total += length
    }
    self.init(starts: starts, lengths: lengths)
  }

  /// `count` sequences of one length.
  public init(count: Int, length: Int) {
    self.init(lengths: [Int](repeating: length, count: count))
  }

  /// Sequences that start where `starts` says, such as the filled parts of caches of fixed capacity.
  public init(starts: [Int], lengths: [Int]) {
    if starts.count != lengths.count {
      fail("SequenceOffsets", "\(starts.count) starts for \(lengths.count) lengths")
    }
    var (end, longest, next) = (0, 0, 0)
    var isDense = true
    for (start, length) in zip(starts, lengths) {
      if start < 0 || length < 0 || start + length > Int(Int32.max) {
        fail("SequenceOffsets", "a sequence of \(length) tokens cannot start at token \(start)")
      }
      isDense = isDense && start == next
      next = start + length
      end = Swift.max(end, next)
      longest = Swift.max(longest, length)
    }
    self.starts = Indices(starts.map { Int32($0) })
    self.lengths = Indices(lengths.map { Int32($0) })
    self.end = end
    self.longest = longest
    self.isDense = isDense
  }

  /// How many sequences there are.
  public var count: Int { starts.count }

  /// The tokens of one sequence.
  public subscript(_ sequence: Int) -> Range<Int> {
    let start = Int(starts[sequence])
    return start..<start + Int(lengths[sequence])
  }
}
