import Foundation
import Runtime
import Testing

private let goldens = RandomGoldens.shared

@Suite struct SeedSequenceTests {
  @Test func stateEqualsNumPys() {
    #expect(goldens.sequences.count == 35)
    for golden in goldens.sequences {
      let sequence = SeedSequence(golden.seed.word, spawnKey: golden.key)
      #expect(sequence.generateState32(7) == golden.words32)
      #expect(sequence.generateState64(5).map(Bits.init) == golden.words64)
    }
  }

  @Test func spawnGoesOnWhereItStopped() {
    var root = SeedSequence(42)
    let first = root.spawn(2)
    var second = root.spawn(3)
    let states = (first + second).map { $0.generateState64(2).map(Bits.init) }
    #expect(states == goldens.spawned.children)
    #expect(root.childrenSpawned == 5)
    #expect(second[1].spawn(2)[1].generateState64(2).map(Bits.init) == goldens.spawned.grandchild)
  }

  @Test func childIsStatelessAndEqualsSpawn() {
    var root = SeedSequence(42)
    let spawned = root.spawn(5)
    #expect((0..<5).map(root.child) == spawned)
    #expect(root.child(1 << 32 + 7).generateState64(2).map(Bits.init) == goldens.spawned.far)
    var generator = PCG64(SeedSequence(42).child(2))
    #expect((0..<3).map { _ in Bits(generator.next()) } == goldens.spawned.generator)
  }

  @Test func codingKeepsTheCount() throws {
    var root = SeedSequence(.max, spawnKey: [7])
    _ = root.spawn(3)
    let copy = try JSONDecoder().decode(SeedSequence.self, from: JSONEncoder().encode(root))
    #expect(copy == root)
    #expect(copy.childrenSpawned == 3)
  }
}

@Suite struct PCG64Tests {
  @Test func firstWordOfSeed42() {
    var generator = PCG64(seed: 42)
    #expect(generator.next() == 0xc621_fbcd_16d9_2688)
  }

  @Test(arguments: goldens.streams.indices)
  func streamsEqualNumPys(_ index: Int) {
    let golden = goldens.streams[index]
    let start = PCG64(seed: golden.seed.word)
    func first(_ draw: (inout PCG64) -> Double) -> [Bits] {
      var generator = start
      return (0..<8).map { _ in Bits(draw(&generator)) }
    }
    func many(_ draw: (inout PCG64) -> UInt64) -> Bits {
      var generator = start
      return digest(goldens.many) { draw(&generator) }
    }

    var raw = start
    #expect((0..<8).map { _ in Bits(raw.next()) } == golden.raw)
    #expect(first { $0.random() } == golden.random)
    #expect(first { $0.uniform(-0.05, 0.05) } == golden.uniform)
    #expect(first { $0.normal(3.5, 0.25) } == golden.normal)
    #expect(first { $0.standardNormal() } == golden.standardNormal)
    #expect(first { $0.exponential(2.5) } == golden.exponential)
    #expect(first { $0.standardExponential() } == golden.standardExponential)

    #expect(many { $0.next() } == golden.rawDigest)
    #expect(many { $0.random().bitPattern } == golden.randomDigest)
    #expect(many { $0.standardNormal().bitPattern } == golden.standardNormalDigest)
    #expect(many { $0.standardExponential().bitPattern } == golden.standardExponentialDigest)
  }

  @Test(arguments: goldens.streams.indices)
  func permutationsEqualNumPys(_ index: Int) {
    let golden = goldens.streams[index]
    var generator = PCG64(seed: golden.seed.word)
    #expect(generator.permutation(20) == golden.permutation)
    generator = PCG64(seed: golden.seed.word)
    var shuffled = (0..<Int32(100_000)).map { $0 }
    generator.shuffle(&shuffled)
    var place = 0
    let hash = digest(shuffled.count) {
      defer { place += 1 }
      return UInt64(shuffled[place])
    }
    #expect(hash == golden.permutationDigest)
  }

  @Test func permutationsOfNothingAndOneDrawNothing() {
    var generator = PCG64(seed: 1)
    #expect(generator.permutation(0) == [])
    #expect(generator.permutation(1) == [0])
    #expect(generator == PCG64(seed: 1))
  }

  @Test(arguments: goldens.integers.indices)
  func integersEqualNumPys(_ index: Int) {
    let golden = goldens.integers[index]
    // No Range<Int> reaches past the largest Int; NumPy's widest range is compared by its words.
    guard golden.last < .max else {
      var generator = PCG64(seed: 7)
      #expect(
        golden.draws.map { UInt64(bitPattern: Int64($0)) &- 1 << 63 }
          == golden.draws.map { _ in generator.next() })
      return
    }
    let range = golden.low..<golden.last + 1
    var generator = PCG64(seed: 7)
    #expect((0..<9).map { _ in generator.integers(range) } == golden.draws)
    #expect(Bits(generator.next()) == golden.after)
    generator = PCG64(seed: 8)
    let hash = digest(100_000) { UInt64(bitPattern: Int64(generator.integers(range))) }
    #expect(hash == golden.digest)
  }

  @Test func mixedDrawsShareTheBufferedHalf() {
    var generator = PCG64(seed: 2024)
    var draws: [UInt64] = []
    func note(_ integer: Int) { draws.append(UInt64(bitPattern: Int64(integer))) }
    for _ in 0..<2_000 {
      note(generator.integers(0..<6))
      draws.append(generator.random().bitPattern)
      note(generator.integers(-100..<1 << 33))
      draws.append(generator.standardNormal().bitPattern)
      note(generator.integers(0..<1000))
      draws.append(generator.standardExponential().bitPattern)
      note(generator.integers(0..<1 << 20))
    }
    var place = 0
    let hash = digest(draws.count) {
      defer { place += 1 }
      return draws[place]
    }
    #expect(hash == goldens.mixed.digest)
    #expect([generator.integers(0..<1000), generator.integers(0..<1000)] == goldens.mixed.next)
  }

  @Test func tailsEqualNumPys() {
    #expect(goldens.tails.count == 9)
    for golden in goldens.tails {
      var generator = PCG64(seed: 99)
      let normal = golden.kind == "standard_normal"
      func draw() -> Double {
        normal ? generator.standardNormal() : generator.standardExponential()
      }
      for _ in 0..<golden.place { _ = draw() }
      #expect(Bits(draw()) == golden.value)
    }
  }

  @Test func zigguratTablesEqualNumPys() {
    func hash(_ words: (Int) -> UInt64) -> Bits {
      var place = 0
      return digest(256) {
        defer { place += 1 }
        return words(place)
      }
    }
    let tables = [
      "normalLimits": hash { Ziggurat.normalLimits[$0] },
      "normalScales": hash { Ziggurat.normalScales[$0].bitPattern },
      "normalHeights": hash { Ziggurat.normalHeights[$0].bitPattern },
      "exponentialLimits": hash { Ziggurat.exponentialLimits[$0] },
      "exponentialScales": hash { Ziggurat.exponentialScales[$0].bitPattern },
      "exponentialHeights": hash { Ziggurat.exponentialHeights[$0].bitPattern },
    ]
    #expect(tables == goldens.tables)
  }

  @Test(arguments: [0, 1, 2, 3])
  func codingContinuesTheStream(_ halvesDrawn: Int) throws {
    var generator = PCG64(seed: .max)
    for _ in 0..<halvesDrawn { _ = generator.nextUInt32() }
    let data = try JSONEncoder().encode(generator)
    var copy = try JSONDecoder().decode(PCG64.self, from: data)
    #expect(copy == generator)
    #expect((0..<5).map { _ in copy.nextUInt32() } == (0..<5).map { _ in generator.nextUInt32() })
    #expect(copy.next() == generator.next())
  }

  @Test func codingRefusesAnEvenIncrement() throws {
    let text = #"{"state_high":1,"state_low":2,"increment_high":3,"increment_low":4}"#
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(PCG64.self, from: Data(text.utf8))
    }
  }

  @Test func equalStreamsCompareEqualWhateverWasBuffered() {
    var split = PCG64(seed: 5)
    _ = split.nextUInt32()
    _ = split.nextUInt32()
    var whole = PCG64(seed: 5)
    #expect(split != whole)
    _ = whole.next()
    #expect(split == whole)
  }

  @Test func copiesAreForks() {
    var original = PCG64(seed: 3)
    var fork = original
    let drawn = original.random()
    #expect(fork.random() == drawn)
    #expect(fork == original)
  }
}
