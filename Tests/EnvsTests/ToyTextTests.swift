import CAllocationCounter
import Envs
import Runtime
import Testing

@Suite struct ToyTextTests {
  @Test(arguments: Goldens.toyText.runs)
  func equalsGymnasium(_ run: ChecksumRun) throws {
    switch run.name {
    case "FrozenLake-v1", "FrozenLake8x8-v1":
      run.compare(try Self.lake(run)) { action, _ in action = [Float(1 + Int(action[0]) % 2)] }
    case "CliffWalking-v1", "CliffWalkingSlippery-v1":
      run.compare(Self.cliff(run)) { $0 = [$1[0] == 36 ? 0 : Int($1[0]) % 12 == 11 ? 2 : 1] }
    case "Taxi-v4": run.compare(Self.taxi(run)) { $0 = [Self.fetch(Int($1[0]))] }
    case "Blackjack-v1":
      let blackjack = Blackjack(
        followsBook: run.parameters["sab"] != 0, naturalBonus: run.parameters["natural"] == 1)
      run.compare(blackjack) { $0 = [$1[0] < 17 ? 1 : 0] }
    default: Issue.record("no environment for \(run.name)")
    }
    let spec = try #require(registeredEnvironments().first { $0.id == run.name })
    #expect(spec.maxEpisodeSteps == run.limit)
  }

  @Test func tablesEqualGymnasiums() throws {
    #expect(Goldens.toyText.tables.count == 14)
    for table in Goldens.toyText.tables {
      let run = Goldens.toyText.runs[table.run]
      let checksum =
        switch run.name {
        case "CliffWalking-v1", "CliffWalkingSlippery-v1": Self.checksum(Self.cliff(run))
        // Gymnasium's table knows nothing of fickle passengers.
        case "Taxi-v4": Self.checksum(Taxi(rain: run.parameters["rain"]))
        default: Self.checksum(try Self.lake(run))
        }
      #expect(checksum == table.checksum, "\(run.testDescription)")
    }
  }

  static func lake(_ run: ChecksumRun) throws -> FrozenLake {
    let parameters = run.parameters
    let size: FrozenLake.Size = run.name == "FrozenLake-v1" ? .fourByFour : .eightByEight
    return try FrozenLake(
      map: run.map ?? size.map, isSlippery: parameters["is_slippery"] != 0,
      successRate: parameters["success_rate"] ?? 1.0 / 3.0,
      rewards: .init(
        goal: parameters["goal"] ?? 1, hole: parameters["hole"] ?? 0, ice: parameters["ice"] ?? 0))
  }

  static func cliff(_ run: ChecksumRun) -> CliffWalking {
    CliffWalking(isSlippery: run.name == "CliffWalkingSlippery-v1")
  }

  static func taxi(_ run: ChecksumRun) -> Taxi {
    Taxi(rain: run.parameters["rain"], fickleness: run.parameters["fickleness"])
  }

  /// The script's policy "fetch".
  static func fetch(_ place: Int) -> Float {
    let (row, column, passenger) = (place / 100, place / 20 % 5, place / 4 % 5)
    let stands = [(0, 0), (0, 4), (4, 0), (4, 3)]
    let goal = stands[passenger == 4 ? place % 4 : passenger]
    if (row, column) == goal { return passenger == 4 ? 5 : 4 }
    if row == 2 { return column < goal.1 ? 2 : column > goal.1 ? 3 : goal.0 == 4 ? 0 : 1 }
    if column == goal.1 { return row < goal.0 ? 0 : 1 }
    return row < 2 ? 0 : 1
  }

  private static func checksum(_ environment: some TabularEnvironment) -> UInt32 {
    var checksum = CRC32()
    for state in 0..<environment.stateCount {
      for action in 0..<environment.actionSpace.n {
        for transition in environment.transitions(from: state, taking: action) {
          checksum.add(transition.probability.bitPattern)
          checksum.add(Int32(transition.nextState))
          checksum.add(transition.reward.bitPattern)
          checksum.add(UInt8(transition.terminated ? 1 : 0))
        }
      }
    }
    return checksum.value
  }

  @Test func randomMapsEqualGymnasiums() throws {
    for golden in Goldens.toyText.maps {
      let map = try FrozenLake.randomMap(size: golden.size, frozen: golden.p, seed: golden.seed)
      #expect(map == golden.map)
    }
  }

  @Test(
    arguments: [
      ([], "the map is empty; it must hold a start and a goal"),
      (["SF", "G"], "row 2 of the map has 1 cells and the first 2; all must have as many"),
      (
        ["SX", "FG"], "row 1 of the map holds 'X'; a cell is S, F, H or G (start, ice, hole, goal)"
      ),
      (
        ["SHF", "HFG"],
        "no path over ice leads from a start (S) to a goal (G) of the map; it needs one"
      ),
      (
        ["FFF", "FFG"],
        "no path over ice leads from a start (S) to a goal (G) of the map; it needs one"
      ),
    ] as [([String], String)])
  func badMapsGetASentence(_ map: [String], _ sentence: String) {
    let error = #expect(throws: EnvironmentError.self) { try FrozenLake(map: map) }
    #expect(error?.description == sentence)
  }

  @Test func impossibleRandomMapsGetASentence() {
    for (size, frozen) in [(1, 0.8), (1001, 0.8), (4, 0), (4, .nan), (60, 0.05)] {
      let error = #expect(throws: EnvironmentError.self) {
        try FrozenLake.randomMap(size: size, frozen: frozen, seed: 0)
      }
      #expect(error?.kind == .usage)
    }
  }

  @Test(
    arguments: [
      ("FrozenLake-v1", 0.7, "Discrete(16)", "Discrete(4)"),
      ("FrozenLake8x8-v1", 0.85, "Discrete(64)", "Discrete(4)"),
      ("CliffWalking-v1", nil, "Discrete(48)", "Discrete(4)"),
      ("CliffWalkingSlippery-v1", nil, "Discrete(48)", "Discrete(4)"),
      ("Taxi-v4", 8, "Discrete(500)", "Discrete(6)"),
      ("Blackjack-v1", nil, "Tuple(Discrete(32), Discrete(11), Discrete(2))", "Discrete(2)"),
    ] as [(String, Double?, String, String)])
  func registeredAsInGymnasium(
    _ id: String, _ threshold: Double?, _ observations: String, _ actions: String
  ) throws {
    let environments = try make(id, seed: 0)
    #expect(environments.spec?.rewardThreshold == threshold)
    #expect("\(environments.observationSpace)" == observations)
    #expect("\(environments.actionSpace)" == actions)
  }

  @Test func keepTheirPromises() throws {
    let counter = countsAllocations ? { Int(allocations_of_this_thread()) } : nil
    try checkEnvironment(FrozenLake(), countingAllocations: counter)
    try checkEnvironment(FrozenLake(.eightByEight, isSlippery: false), countingAllocations: counter)
    try checkEnvironment(CliffWalking(), countingAllocations: counter)
    try checkEnvironment(CliffWalking(isSlippery: true), countingAllocations: counter)
    try checkEnvironment(Taxi(), countingAllocations: counter)
    try checkEnvironment(Taxi(rain: 0.8, fickleness: 0.3), countingAllocations: counter)
    try checkEnvironment(Blackjack(), countingAllocations: counter)
    try checkEnvironment(Blackjack(followsBook: false, naturalBonus: true))
  }

  /// The mask allows what changes the state in dry weather, and nothing else.
  @Test func theTaxisMaskIsItsTable() {
    var episode = Episode(Taxi(), seed: 3)
    var random = PCG64(seed: 1)
    for _ in 0..<2_000 {
      let taxi = episode.environment
      let mask = episode.actionMask()
      for action in 0..<6 {
        let next = taxi.transitions(from: taxi.state, taking: action)[0].nextState
        #expect(mask[action] == (next != taxi.state))
      }
      let action = taxi.actionSpace.sample(allowed: mask.span, using: &random)
      if episode.step(action).ending != .none { episode.reset() }
    }
  }
}
