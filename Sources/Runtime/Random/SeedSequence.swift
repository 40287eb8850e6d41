/// A seed spread over as many well-mixed bits as a generator asks for, equal to NumPy's
/// `SeedSequence(seed, spawn_key:)` bit for bit.
///
/// ```swift
/// let run = SeedSequence(42)
/// var dynamics = PCG64(run.child(0))   // independent of every other child
/// ```
///
/// Source: M. E. O'Neill's `seed_seq_fe`, as NumPy 2.4 has it in `numpy/random/bit_generator.pyx`.
public struct SeedSequence: Sendable, Hashable, Codable {
  /// The entropy that the sequence started from.
  public let seed: UInt64
  /// The path from the root to this sequence: one index (one or two words) a generation.
  public let spawnKey: [UInt32]
  /// How many children ``spawn(_:)`` has given out; the next one gets this index.
  public private(set) var childrenSpawned: Int

  /// Creates the sequence of `seed`, or of the descendant that `spawnKey` names.
  public init(_ seed: UInt64, spawnKey: [UInt32] = []) {
    self.seed = seed
    self.spawnKey = spawnKey
    self.childrenSpawned = 0
  }

  /// The first `count` 32-bit words of state, NumPy's `generate_state(count, np.uint32)`.
  public func generateState32(_ count: Int) -> [UInt32] {
    let pool = mixedPool()
    var hashConstant: UInt32 = 0x8b51_f9dd
    return (0..<count).map { index in
      var word = pool[index % 4] ^ hashConstant
      hashConstant &*= 0x58f3_8ded
      word &*= hashConstant
      return word ^ (word >> 16)
    }
  }

  /// The first `count` 64-bit words of state, NumPy's `generate_state(count, np.uint64)`.
  public func generateState64(_ count: Int) -> [UInt64] {
    let halves = generateState32(2 * count)
    return (0..<count).map { UInt64(halves[2 * $0]) | UInt64(halves[2 * $0 + 1]) << 32 }
  }

  /// The next `count` children, never given out before; NumPy's `spawn`.
  public mutating func spawn(_ count: Int) -> [SeedSequence] {
    let children = (childrenSpawned..<childrenSpawned + count).map(child)
    childrenSpawned += count
    return children
  }

  /// The child with this index, the same one whenever it is asked for.
  ///
  /// Independent of ``spawn(_:)``'s count: the first `spawn` gives out child 0 too.
  public func child(_ index: Int) -> SeedSequence {
    SeedSequence(seed, spawnKey: spawnKey + Self.words(UInt64(index)))
  }

  /// NumPy's entropy pool: four words, each of which depends on every word of seed and key.
  private func mixedPool() -> InlineArray<4, UInt32> {
    var entropy = Self.words(seed)
    if !spawnKey.isEmpty {
      // Padding keeps a short seed with a key apart from a long seed without one.
      entropy += Array(repeating: 0, count: 4 - entropy.count)
      entropy += spawnKey
    }

    var hashConstant: UInt32 = 0x43b0_d7e5
    func hashed(_ value: UInt32) -> UInt32 {
      var word = value ^ hashConstant
      hashConstant &*= 0x931e_8875
      word &*= hashConstant
      return word ^ (word >> 16)
    }
    func mixed(_ x: UInt32, _ y: UInt32) -> UInt32 {
      let word = (x &* 0xca01_f9dd) &- (y &* 0x4973_f715)
      return word ^ (word >> 16)
    }

    var pool = InlineArray<4, UInt32>(repeating: 0)
    for index in 0..<4 {
      pool[index] = hashed(index < entropy.count ? entropy[index] : 0)
    }
    for source in 0..<4 {
      for target in 0..<4 where target != source {
        pool[target] = mixed(pool[target], hashed(pool[source]))
      }
    }
    for word in entropy.dropFirst(4) {
      for target in 0..<4 {
        pool[target] = mixed(pool[target], hashed(word))
      }
    }
    return pool
  }

  /// The 32-bit words of a number, lowest first, without leading zeros; one word for zero.
  private static func words(_ number: UInt64) -> [UInt32] {
    let low = UInt32(truncatingIfNeeded: number)
    let high = UInt32(truncatingIfNeeded: number >> 32)
    return high == 0 ? [low] : [low, high]
  }
}
