/// Byte-pair merges (Sennrich et al., 2016): which two neighbouring tokens become which one, and how
/// early. A lower rank goes first; among equal ones the leftmost does.
struct MergeTable: Sendable {
  struct Merge {
    fileprivate var pair: UInt64
    var rank: UInt32
    var token: UInt32
  }

  private static let empty = UInt64.max
  /// The rank of two tokens that do not merge.
  static let none = UInt32.max

  private var slots: [Merge] = []
  private(set) var count = 0

  init(capacity: Int) {
    var size = 16
    while size < 2 * capacity { size *= 2 }
    slots = Array(repeating: Merge(pair: Self.empty, rank: Self.none, token: 0), count: size)
  }

  /// Adds the merge of the next rank; a pair that is there already takes the new rank.
  mutating func append(_ left: Int, _ right: Int, into token: Int) {
    if 2 * (count + 1) > slots.count {
      let previous = slots
      slots = Array(
        repeating: Merge(pair: Self.empty, rank: Self.none, token: 0), count: 2 * previous.count)
      for merge in previous where merge.pair != Self.empty { insert(merge) }
    }
    let pair = UInt64(left) << 32 | UInt64(right)
    insert(Merge(pair: pair, rank: UInt32(count), token: UInt32(token)))
    count += 1
  }

  private mutating func insert(_ merge: Merge) {
    var slot = Self.hash(merge.pair) & (slots.count - 1)
    while slots[slot].pair != Self.empty, slots[slot].pair != merge.pair {
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = merge
  }

  @inline(__always)
  private static func hash(_ pair: UInt64) -> Int {
    let mixed = pair &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: (mixed ^ mixed >> 32) & 0x7fff_ffff)
  }

  /// Every merge, in the order of the ranks.
  var inOrder: [(left: Int, right: Int)] {
    slots.filter { $0.pair != Self.empty }.sorted { $0.rank < $1.rank }
      .map { (Int($0.pair >> 32), Int($0.pair & 0xffff_ffff)) }
  }

  /// Merges `tokens` in place until no two neighbours merge, and returns how many are left.
  func apply(to tokens: UnsafeMutableBufferPointer<UInt32>) -> Int {
    if count == 0 || tokens.count < 2 { return tokens.count }
    return slots.withUnsafeBufferPointer { slots in
      let lookUp = LookUp(slots: slots.baseAddress!, mask: slots.count - 1)
      return tokens.count <= 32 ? lookUp.mergeFew(tokens) : lookUp.mergeMany(tokens)
    }
  }

  private struct LookUp {
    let slots: UnsafePointer<Merge>
    let mask: Int

    @inline(__always)
    func callAsFunction(_ left: UInt32, _ right: UInt32) -> (rank: UInt32, token: UInt32) {
      let pair = UInt64(left) << 32 | UInt64(right)
      var slot = MergeTable.hash(pair) & mask
      while true {
        let found = slots[slot]
        if found.pair == pair { return (found.rank, found.token) }
        if found.pair == MergeTable.empty { return (MergeTable.none, 0) }
        slot = (slot + 1) & mask
      }
    }

    /// A piece has a few bytes mostly: looking through all ranks is then faster than any queue.
    func mergeFew(_ tokens: UnsafeMutableBufferPointer<UInt32>) -> Int {
      withUnsafeTemporaryAllocation(of: (rank: UInt32, token: UInt32).self, capacity: 32) { next in
        var count = tokens.count
        for i in 0..<count - 1 { next.initializeElement(at: i, to: self(tokens[i], tokens[i + 1])) }
        while count > 1 {
          var (best, rank) = (0, next[0].rank)
          for i in 1..<max(count - 1, 1) where next[i].rank < rank {
            (best, rank) = (i, next[i].rank)
          }
          if rank == MergeTable.none { break }
          tokens[best] = next[best].token
          count -= 1
          for i in best + 1..<max(count, best + 1) {
            tokens[i] = tokens[i + 1]
            next[i - 1] = next[i]
          }
          if best > 0 { next[best - 1] = self(tokens[best - 1], tokens[best]) }
          if best < count - 1 { next[best] = self(tokens[best], tokens[best + 1]) }
        }
        return count
      }
    }

    /// The same by a queue of pairs over a linked list, so that a long piece costs n log n.
    func mergeMany(_ tokens: UnsafeMutableBufferPointer<UInt32>) -> Int {
      let count = tokens.count
      var next = Array(1...count)
      var previous = Array(-1..<count - 1)
      var merges = (0..<count).map { i in
        i + 1 < count ? self(tokens[i], tokens[i + 1]) : (rank: MergeTable.none, token: 0)
      }
      var queue = MergeQueue()
      for i in 0..<count where merges[i].rank != MergeTable.none { queue.push(merges[i].rank, i) }
      func renew(_ i: Int) {
        merges[i] = next[i] < count ? self(tokens[i], tokens[next[i]]) : (MergeTable.none, 0)
        if merges[i].rank != MergeTable.none { queue.push(merges[i].rank, i) }
      }
      while let (rank, i) = queue.pop() {
        if merges[i].rank != rank { continue }  // an entry of a pair that is gone
        let gone = next[i]
        tokens[i] = merges[i].token
        merges[gone] = (MergeTable.none, 0)
        next[i] = next[gone]
        if next[i] < count { previous[next[i]] = i }
        renew(i)
        if previous[i] >= 0 { renew(previous[i]) }
      }
      var (kept, i) = (0, 0)
      while i < count {
        tokens[kept] = tokens[i]
        kept += 1
        i = next[i]
      }
      return kept
    }
  }
}

/// A binary heap of pairs by rank, then position.
private struct MergeQueue {
  private var heap: [(rank: UInt32, position: Int)] = []

  private func isBefore(_ a: Int, _ b: Int) -> Bool {
    (heap[a].rank, heap[a].position) < (heap[b].rank, heap[b].position)
  }

  mutating func push(_ rank: UInt32, _ position: Int) {
    heap.append((rank, position))
    var child = heap.count - 1
    while child > 0, isBefore(child, (child - 1) / 2) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func pop() -> (rank: UInt32, position: Int)? {
    guard let first = heap.first else { return nil }
    heap[0] = heap[heap.count - 1]
    heap.removeLast()
    var parent = 0
    while true {
      var smallest = parent
      let (left, right) = (2 * parent + 1, 2 * parent + 2)
      if left < heap.count, isBefore(left, smallest) { smallest = left }
      if right < heap.count, isBefore(right, smallest) { smallest = right }
      if smallest == parent { return first }
      heap.swapAt(parent, smallest)
      parent = smallest
    }
  }
}
