import Tensors

/// Keys and values of many sequences in pages of `attentionPage` tokens, which sequences with a common
/// beginning share (Kwon et al., 2023).
struct PagedCache: Sendable {
  /// `[pages · attentionPage, kvHeads, dim]`, one a block of the model.
  private(set) var keys: [Tensor]
  private(set) var values: [Tensor]
  /// How many sequences hold each page.
  private var holders: [Int]
  private var free: [Int32]

  init(_ configuration: LanguageModelConfiguration, pages: Int) {
    let c = configuration
    let shape = Shape(pages * attentionPage, c.kvHeadCount, c.headSize)
    keys = (0..<c.blockCount).map { _ in .zeros(shape) }
    values = (0..<c.blockCount).map { _ in .zeros(shape) }
    holders = [Int](repeating: 0, count: pages)
    free = (0..<Int32(pages)).reversed()
  }

  static func pages(for tokens: Int) -> Int { (tokens + attentionPage - 1) / attentionPage }

  /// A page for one holder.
  mutating func take() -> Int32 {
    if free.isEmpty { grow(to: max(2 * holders.count, 16)) }
    let page = free.removeLast()
    holders[Int(page)] = 1
    return page
  }

  mutating func retain(_ page: Int32) { holders[Int(page)] += 1 }

  mutating func release(_ pages: some Sequence<Int32>) {
    for page in pages {
      holders[Int(page)] -= 1
      if holders[Int(page)] == 0 { free.append(page) }
    }
  }

  /// A page of one's own with the first `tokens` rows of `page`.
  mutating func copy(_ page: Int32, tokens: Int) -> Int32 {
    let target = take()
    for block in keys.indices {
      Self.copy(&keys[block], page, to: target, tokens: tokens)
      Self.copy(&values[block], page, to: target, tokens: tokens)
    }
    return target
  }

  /// Within one buffer: a second holder of it would have all of it copied.
  private static func copy(_ tensor: inout Tensor, _ page: Int32, to target: Int32, tokens: Int) {
    let width = tensor.shape[1] * tensor.shape[2]
    tensor.mutate { numbers in
      guard let base = numbers.baseAddress else { return }
      (base + Int(target) * attentionPage * width)
        .update(from: base + Int(page) * attentionPage * width, count: tokens * width)
    }
  }

  private mutating func grow(to pages: Int) {
    for block in keys.indices {
      Self.grow(&keys[block], to: pages)
      Self.grow(&values[block], to: pages)
    }
    free = (Int32(holders.count)..<Int32(pages)).reversed() + free
    holders += [Int](repeating: 0, count: pages - holders.count)
  }

  private static func grow(_ tensor: inout Tensor, to pages: Int) {
    let old = tensor
    let shape = Shape(pages * attentionPage, old.shape[1], old.shape[2])
    tensor = Tensor(shape: shape) { out in
      old.withUnsafeBuffer { numbers in
        guard let base = out.baseAddress else { return }
        if let from = numbers.baseAddress { base.update(from: from, count: numbers.count) }
        (base + numbers.count).update(repeating: 0, count: out.count - numbers.count)
      }
    }
  }

  /// Puts token i of `k` and `v`, `[tokens, kvHeads, dim]`, into row `rows[i]` of a block's part.
  mutating func write(_ k: Tensor, _ v: Tensor, block: Int, rows: [Int]) {
    Self.write(k, into: &keys[block], rows)
    Self.write(v, into: &values[block], rows)
  }

  private static func write(_ source: Tensor, into target: inout Tensor, _ rows: [Int]) {
    let width = target.shape[1] * target.shape[2]
    source.withUnsafeBuffer { numbers in
      target.mutate { out in
        guard let from = numbers.baseAddress, let to = out.baseAddress else { return }
        for (i, row) in rows.enumerated() {
          (to + row * width).update(from: from + i * width, count: width)
        }
      }
    }
  }
}

/// A sequence's place in a cache.
struct CachedSequence: Sendable {
  private(set) var pages: [Int32] = []
  /// Tokens whose keys and values are there.
  private(set) var count = 0

  /// The beginning of another sequence, of which full pages are shared and the last is copied.
  init(sharing other: CachedSequence, tokens: Int, in cache: inout PagedCache) {
    let full = tokens / attentionPage
    pages = Array(other.pages[..<full])
    for page in pages { cache.retain(page) }
    if tokens % attentionPage > 0 {
      pages.append(cache.copy(other.pages[full], tokens: tokens % attentionPage))
    }
    count = tokens
  }

  init() {}

  /// Makes room for `tokens` more; the rows they go to.
  mutating func extend(by tokens: Int, in cache: inout PagedCache) -> [Int] {
    let range = count..<count + tokens
    while pages.count < PagedCache.pages(for: range.upperBound) { pages.append(cache.take()) }
    count = range.upperBound
    return range.map { Int(pages[$0 / attentionPage]) * attentionPage + $0 % attentionPage }
  }

  /// Forgets all but the first `tokens`.
  mutating func truncate(to tokens: Int, in cache: inout PagedCache) {
    let kept = PagedCache.pages(for: tokens)
    cache.release(pages[kept...])
    pages.removeSubrange(kept...)
    count = tokens
  }
}

/// The next tokens of cached sequences, as one step of the model takes them.
struct CachedStep: Sendable {
  private(set) var tokens: [Int] = []
  private(set) var places: [Int] = []
  private(set) var rows: [Int] = []
  private var lengths: [Int] = []
  private var pages: [Int32] = []
  private var firstPages: [Int] = []
  private var keyCounts: [Int] = []

  /// Adds the next tokens of a sequence, which then counts them as cached.
  mutating func add(
    _ next: some Collection<Int>, to sequence: inout CachedSequence, in cache: inout PagedCache
  ) {
    tokens += next
    places += sequence.count..<sequence.count + next.count
    rows += sequence.extend(by: next.count, in: &cache)
    lengths.append(next.count)
    firstPages.append(pages.count)
    pages += sequence.pages
    keyCounts.append(sequence.count)
  }

  var queries: SequenceOffsets { SequenceOffsets(lengths: lengths) }
  var keys: SequenceOffsets { SequenceOffsets(starts: firstPages, lengths: keyCounts) }
  var pageTable: Indices { Indices(pages) }
}

extension LanguageModel {
  /// The last norm's output for the tokens of a step, `[tokens, width]`; their keys and values go into
  /// the cache. Bits are those of whole sequences.
  func hidden(_ step: CachedStep, cache: inout PagedCache) -> Tensor {
    let rotation = rotation(at: step.places)
    let (queries, keys, pages) = (step.queries, step.keys, step.pageTable)
    var x = embed(step.tokens, at: step.places)
    for (index, block) in blocks.enumerated() {
      x = block(x, rotation: rotation, dropout: nil) { q, k, v in
        cache.write(k, v, block: index, rows: step.rows)
        return attention(
          q, cache.keys[index], cache.values[index], queries: queries, pages: pages, keys: keys,
          mask: mask)
      }
    }
    return norm(x)
  }
}
