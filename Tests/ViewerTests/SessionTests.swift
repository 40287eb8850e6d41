import Agents
import Envs
import Synchronization
import Testing
import Viewer

@Suite struct SessionTests {
  private static func session(_ id: String = "CartPole-v1", isGame: Bool = false) throws -> Session
  {
    Session([try Playback(of: id, seed: 1)], isGame: isGame)
  }

  @Test func timePlaysAtTheWorldsPace() throws {
    var session = try Self.session("MountainCar-v0")
    // 30 steps a second.
    for _ in 0..<60 { try session.tick(1.0 / 60) }
    #expect((28...31).contains(session.current.position))
    try session.perform(.faster)
    for _ in 0..<60 { try session.tick(1.0 / 60) }
    #expect((86...92).contains(session.current.position))
  }

  @Test func commandsMoveThroughTheEpisode() throws {
    var session = try Self.session()
    try session.perform(.forward(10))
    #expect(session.current.position == 10 && !session.isPlaying)
    try session.perform(.back(3))
    #expect(session.current.position == 7)
    try session.perform(.toStart)
    #expect(session.current.position == 0)
    try session.perform(.seek(0.5))
    #expect(session.current.position == 5)
    try session.perform(.toEnd)
    #expect(session.current.position == 10)
    try session.perform(.otherSeed)
    #expect(session.current.seed == 2 && session.current.position == 0)
    for _ in 0..<20 { try session.perform(.faster) }
    #expect(session.speed == 100)
    for _ in 0..<20 { try session.perform(.slower) }
    #expect(session.speed == 0.1)
  }

  @Test func aPersonTakesOverAndHandsBack() throws {
    var session = try Self.session()
    try session.perform(.forward(4))
    try session.perform(.back(2))
    try session.strike("t")
    #expect(session.isByHand && session.uses("left"))
    try session.strike("left")
    try session.perform(.forward(1))
    #expect(session.current.shown.action == [0] && session.current.shown.isByHand)
    #expect(session.current.steps.count == 4)
    session.release("left")
    try session.strike("t")
    try session.perform(.forward(1))
    #expect(!session.current.shown.isByHand)
  }

  @Test func aGameOfTablesWaitsForKeys() throws {
    var session = try Self.session("FrozenLake-v1", isGame: true)
    for _ in 0..<100 { try session.tick(0.05) }
    #expect(session.current.position == 0)
    try session.strike("right")
    session.release("right")
    for _ in 0..<5 { try session.tick(0.05) }
    #expect(session.current.position == 1 && session.current.shown.action == [2])
  }

  @Test(arguments: [
    ("CartPole-v1", ["left": [Float(0)], "right": [1]]),
    ("MountainCar-v0", ["left": [0], "right": [2]]),
    ("Acrobot-v1", ["left": [0], "right": [2]]),
    ("FrozenLake-v1", ["left": [0], "down": [1], "right": [2], "up": [3]]),
    ("Taxi-v4", ["down": [0], "up": [1], "right": [2], "left": [3], "space": [4], "return": [5]]),
    ("Blackjack-v1", ["down": [0], "up": [1]]),
    ("Pendulum-v1", ["left": [-2], "right": [2]]),
    (
      "Navigation2DDiscrete-v0",
      ["up": [1], "a": [2], "d": [3], "left": [4], "right": [5], "no key": [0]]
    ),
    ("MinAtar/Seaquest-v0", ["left": [1], "up": [2], "right": [3], "down": [4], "space": [5]]),
  ])
  func keysSuitTheEnvironment(id: String, expected: [String: [Float]]) throws {
    let keys = ActionKeys.standard(for: try describeEnvironment(id))
    for (key, action) in expected {
      let pressed: Set = key == "no key" ? [] : [key]
      #expect(keys.action(pressed: pressed, step: 0) == action, "\(key)")
    }
  }

  @Test func keysCanBeChanged() throws {
    var keys = ActionKeys.standard(for: try describeEnvironment("CartPole-v1"))
    #expect(keys.action(pressed: [], step: 0) != keys.action(pressed: [], step: 1))
    try keys.rebind("A=1")
    try keys.rebind("none=0")
    #expect(keys.action(pressed: ["a"], step: 0) == [1])
    #expect(keys.action(pressed: [], step: 1) == [0])
    for bad in ["a", "=1", "a=2", "a=left", "a=0:1", "a=0,foo", "a=0,"] {
      #expect(throws: ViewerError.self) { try keys.rebind(bad) }
    }
    var numbers = ActionKeys.standard(for: try describeEnvironment("Pendulum-v1"))
    try numbers.rebind("w=0:0.5")
    #expect(numbers.action(pressed: ["w"], step: 0) == [0.5])
    #expect(numbers.action(pressed: [], sticks: ["right": 0.5], step: 0) == [1])
    #expect(throws: ViewerError.self) { try numbers.rebind("w=0:3") }
    // Keys that push the same number push it to its bound and no farther.
    #expect(numbers.action(pressed: ["w", "right"], step: 0) == [2])
    #expect(numbers.action(pressed: ["left", "right"], step: 0) == [0])
  }

  @Test(.enabled(if: (try? environmentSpec("Humanoid-v5")) != nil, "needs MuJoCo"))
  func everyJointHasItsKeys() throws {
    let keys = ActionKeys.standard(for: try describeEnvironment("Humanoid-v5"))
    #expect(Set(keys.bindings.map(\.key)).count == 34 && keys.bindings.count == 34)
    for binding in keys.bindings {
      let action = try #require(keys.action(pressed: [binding.key], step: 0))
      #expect(action.count { $0 != 0 } == 1)
    }
  }

  @Test func anEndedEpisodeIsToldOfAtOnce() throws {
    let count = Counter()
    var session = try Self.session(isGame: true)
    session.reachedEnd = { count.add($0.steps.count) }
    while session.current.ending == .none {
      session.press("left")
      try session.perform(.forward(1))
    }
    let steps = session.current.steps.count
    #expect(count.numbers == [steps])
    try session.perform(.forward(1))
    #expect(count.numbers == [steps])
  }

  private final class Counter: Sendable {
    private let state = Mutex<[Int]>([])
    var numbers: [Int] { state.withLock { $0 } }
    func add(_ number: Int) { state.withLock { $0.append(number) } }
  }

  // MARK: - Controllers and terminals

  @Test func anAxisPushesOneKey() {
    var sticks = Sticks()
    let moves: [(Double, [String: Double])] = [
      (-0.8, ["a": 0.8]), (0.6, ["d": 0.6]), (0.1, [:]), (2, ["d": 1]),
    ]
    for (position, pushes) in moves {
      sticks.move(.rightX, to: position)
      #expect(sticks.pushes == pushes)
    }
    sticks.move(.rightX, to: 0)
    // A trigger and a stick that stand for one key do not let go of it for each other.
    sticks.move(.rightTrigger, to: 0.9)
    sticks.move(.leftY, to: -0.4)
    #expect(sticks.pushes == ["up": 0.9])
    sticks.move(.leftY, to: 0)
    #expect(sticks.pushes == ["up": 0.9])
    sticks.move(.rightTrigger, to: 0)
    #expect(sticks.pushes.isEmpty)
  }

  @Test func aHeldStickIsAKeyStruckAtTheWorldsPace() throws {
    // Four steps a second.
    var session = try Self.session("CliffWalking-v1", isGame: true)
    func pass(_ ticks: Int) throws -> Int {
      for _ in 0..<ticks { try session.tick(0.02) }
      return session.current.position
    }
    session.sticks.move(.leftY, to: -0.4)
    #expect(try pass(50) == 0)
    session.sticks.move(.leftY, to: -0.9)
    #expect(try pass(10) == 1)
    #expect(try pass(5) == 2)
    session.sticks.move(.leftY, to: 0)
    #expect(try pass(50) == 2)
    // A push between two ticks counts.
    session.sticks.move(.leftY, to: -1)
    session.sticks.move(.leftY, to: 0)
    #expect(try pass(50) == 3)
  }

  @Test func keysOfATerminalAreFoundHoweverTheyAreCut() {
    let bytes = Array("a\u{1b}[C\u{1b}[1;2DQ\u{1b}OH\u{1b}[15~\u{1b}x \u{1b}[A".utf8)
    let expected: [TerminalKeys.Key] = [
      .init("a"), .init("right"), .init("left", isShifted: true), .init("q"), .init("home"),
      .init("space"), .init("up"),
    ]
    for size in 1...bytes.count {
      var keys = TerminalKeys()
      var found: [TerminalKeys.Key] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        found += keys.add(bytes[start..<min(start + size, bytes.count)])
      }
      #expect(found == expected && !keys.isWaiting, "in reads of \(size)")
    }
    var keys = TerminalKeys()
    #expect(keys.add([27]).isEmpty && keys.isWaiting)
    #expect(keys.finish() == [.init("escape")] && !keys.isWaiting)
    #expect(keys.add([27, 91]).isEmpty && keys.finish().isEmpty)
    #expect(keys.add([27, 27, 91, 68]) == [.init("escape"), .init("left")])
    _ = keys.add([27, 91] + [UInt8](repeating: 49, count: 64))
    #expect(!keys.isWaiting)
  }

  @Test func playedEpisodesTeach() throws {
    var playback = try Playback(of: "CartPole-v1", seed: 1)
    playback.keepsObservations = true
    while try playback.advance([playback.position % 2 == 0 ? 1 : 0]) {}
    let demonstrations = try Demonstrations(of: [playback, playback], player: "person")
    #expect(demonstrations.episodes == 2)
    #expect(demonstrations.count == 2 * (playback.steps.count - 1))
    let again = try Demonstrations(decoding: demonstrations.encoded(), file: "x")
    #expect(again.origin.player == "person" && again.returns == demonstrations.returns)
  }

  @Test func layoutsFitAnyWindow() throws {
    var session = try Self.session()
    try session.perform(.forward(8))
    try session.perform(.toggleHelp)
    session.say("a sentence that is much longer than a window of a few points can show")
    for (width, height) in [(1.0, 1.0), (40, 3000), (3000, 40), (300, 200), (900, 520)] {
      let layout = session.layout(width: width, height: height)
      for part in layout.parts {
        #expect(part.frame.x >= -0.5 && part.frame.x + part.frame.width <= width + 0.5)
        #expect(part.frame.y >= -0.5 && part.frame.y + part.frame.height <= height + 0.5)
      }
    }
  }
}
