import Envs
import Runtime
import Testing

@Suite struct SpaceTests {
  /// The spaces of make_spaces.py by name.
  static let spaces: [String: any Space] = [
    "discrete": Discrete(2),
    "discrete start": Discrete(7, start: -3),
    "discrete one": Discrete(1),
    "discrete large": Discrete(1 << 40 + 3),
    "box uniform": Box(shape: [3, 4], in: -1...2),
    "box scalar": Box(shape: [], in: 0...1),
    "box unbounded": Box(shape: [5], in: -.infinity ... .infinity),
    "box below": Box(shape: [4], in: -3 ... .infinity),
    "box above": Box(shape: [4], in: -.infinity...3.5),
    "box mixed": Box(
      low: [-1, -.infinity, 0, -.infinity], high: [1, .infinity, .infinity, 2]),
    "box float64": Box(shape: [3], in: -.infinity ... .infinity, of: .float64),
    "box pixels": Box(shape: [2, 3, 2], in: 0...255, of: .uint8),
    "box int32": Box(shape: [4], in: -5...5, of: .int32),
    "multi-discrete": MultiDiscrete([5, 2, 2]),
    "multi-discrete start": MultiDiscrete([3, 10], start: [-1, 100]),
    "multi-discrete square": MultiDiscrete([1, 2, 3, 4], shape: [2, 2]),
    "multi-binary": MultiBinary(11),
    "multi-binary square": MultiBinary(shape: [3, 2]),
    "text": Text(maxLength: 12),
    "text digits": Text(maxLength: 6, minLength: 2, characters: "0123456789"),
    "tuple": Tuple(Discrete(3), Box(shape: [2], in: -1...1), Tuple(Discrete(2), MultiBinary(4))),
    "dict": Dict([
      "position": Box(shape: [2], in: -1...1), "color": Discrete(3), "Name": Text(maxLength: 4),
    ]),
    "dict nested": Dict([
      "outer": Dict(["b": Discrete(4), "a": MultiDiscrete([2, 9])]), "first": Discrete(5),
    ]),
    "cart-pole": CartPole().observationSpace,
    "mountain car": Box(low: [-1.2, -0.07], high: [0.6, 0.07]),
    "pendulum": Box(low: [-1, -1, -8], high: [1, 1, 8]),
    "acrobot": Box(
      low: [-1, -1, -1, -1, -4 * .pi, -9 * .pi], high: [1, 1, 1, 1, 4 * .pi, 9 * .pi]),
    "box scales": Box(low: [-1e-5, -3, -12345.678], high: [2.5e9, 1, 7]),
    "box wide": Box(
      low: (0..<20).map { Double(Float($0) / 3 - 9) }, high: (0..<20).map { Double($0) * 7.25 }),
    "box rows": Box(low: [-1, -2, -3, -4.5], high: [1, 2, 3, 4], shape: [2, 2]),
  ]

  @Test(arguments: Goldens.spaces.spaces.indices)
  func samplesAsGymnasium(_ index: Int) throws {
    let golden = Goldens.spaces.spaces[index]
    let space = try #require(Self.spaces[golden.name])
    for (seed, samples) in golden.samples {
      var streams = space.streams(seed: try #require(UInt64(seed)))
      for sample in samples {
        let value = Self.sample(space, &streams)
        #expect(Self.plain(space, value) == sample, "\(golden.name), seed \(seed)")
      }
    }
  }

  @Test(arguments: Goldens.spaces.spaces.indices)
  func printsAsGymnasium(_ index: Int) throws {
    let golden = Goldens.spaces.spaces[index]
    let space = try #require(Self.spaces[golden.name])
    #expect(space.description == golden.description)
  }

  @Test func masksAsGymnasium() {
    let space = Discrete(6, start: 2)
    var random = PCG64(seed: 9)
    for (mask, expected) in zip(Goldens.spaces.masks, Goldens.spaces.masked) {
      let allowed = mask.map { $0 == 1 }
      let value = space.sample(allowed: allowed.span, using: &random)
      #expect(value == expected)
    }
  }

  @Test(arguments: spaces.keys.sorted())
  func samplesAreMembersAndSurviveRows(_ name: String) throws {
    let space = try #require(Self.spaces[name])
    Self.checkRows(space)
  }

  private static func checkRows<S: Space>(_ space: S) {
    var random = PCG64(seed: 5)
    for _ in 0..<50 {
      let value = space.sample(using: &random)
      #expect(space.contains(value))
      let row = space.row(of: value)
      #expect(row.count == space.flatSize)
      // Float32 cannot hold every whole number or Double; the others come back as they were.
      guard !"\(space)".contains("float64"), !"\(space)".contains("1099511627779") else { continue }
      #expect(space.contains(row: row))
      #expect(space.unflatten(row) == value)
      var again = PCG64(seed: 77)
      var other = again
      var direct = [Float](repeating: 0, count: space.flatSize)
      var span = direct.mutableSpan
      space.sample(into: &span, allowed: nil, using: &again)
      #expect(direct == space.row(of: space.sample(using: &other)))
      #expect(again == other)
    }
  }

  @Test func rowsOutsideAreNoMembers() {
    #expect(!Discrete(3).contains(row: [3]))
    #expect(!Discrete(3).contains(row: [0.5]))
    #expect(!Discrete(3).contains(row: [.nan]))
    #expect(!Discrete(3).contains(row: [0, 1]))
    #expect(!Box(shape: [2], in: -1...1).contains(row: [0, 1.5]))
    #expect(!Box(shape: [2], in: -1...1).contains(row: [0, .nan]))
    #expect(!Box(shape: [2], in: -1...1).contains(row: [0]))
    #expect(!Box(shape: [1], in: 0...255, of: .uint8).contains(row: [1.5]))
    #expect(!MultiDiscrete([2, 3]).contains(row: [1, 3]))
    #expect(!MultiBinary(2).contains(row: [1, 2]))
    #expect(!Text(maxLength: 2).contains(row: [62, 0]))
    #expect(!Tuple(Discrete(2), Discrete(2)).contains(row: [0, 2]))
    #expect(!Tuple(Discrete(2), Discrete(2)).contains(row: [0]))
    #expect(!Dict(["a": Discrete(2)]).contains(["b": .integer(0)]))
  }

  @Test func equalSpacesAreEqual() {
    #expect(Box(shape: [2], in: -1...1) == Box(low: [-1, -1], high: [1, 1]))
    #expect(Tuple(Discrete(2), MultiBinary(3)) == Tuple(Discrete(2), MultiBinary(3)))
    #expect(Tuple(Discrete(2)) != Tuple(Discrete(3)))
    #expect(
      Dict(["b": Discrete(2), "a": Discrete(3)]) == Dict(["a": Discrete(3), "b": Discrete(2)]))
  }

  private static func sample<S: Space>(_ space: S, _ streams: inout SpaceStreams) -> SpaceValue {
    space.erase(space.sample(using: &streams))
  }

  private static func plain(_ space: any Space, _ value: SpaceValue) -> SpaceGoldens.Sample {
    switch (value, space) {
    case (.integer(let number), _): .integer(number)
    case (.integers(let numbers), _): .list(numbers.map { .integer($0) })
    case (.bits(let bits), _): .list(bits.map { .integer($0 ? 1 : 0) })
    case (.numbers(let numbers), _): .text(hex(numbers))
    case (.text(let text), _): .text(text)
    case (.tuple(let parts), let space as Tuple):
      .list(zip(space.spaces, parts).map { plain($0, $1) })
    case (.dictionary(let parts), let space as Dict):
      .list(zip(space.keys, space.spaces).map { plain($1, parts[$0]!) })
    default: .text("\(space) gave a value of another kind, \(value)")
    }
  }
}
