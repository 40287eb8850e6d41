import Envs
import Testing

@Suite struct EnvironmentPageTests {
  private static var ids: [String] {
    registeredEnvironments().map(\.id).filter { !$0.hasPrefix("tests/") }
  }

  @Test func everyEnvironmentHasAPage() throws {
    for id in Self.ids {
      let about = try describeEnvironment(id)
      let page = about.page
      for text in [
        page.summary, page.dynamics, page.reward, page.start, page.endings, page.source,
      ] {
        #expect(text.count >= 5 && !text.contains("\n"), "\(id): '\(text)'")
        #expect(text.first?.isLowercase == false && text.last == ".", "\(id): '\(text)'")
      }
      // Every version there was, down from this one or up to a newer.
      let version = try #require(id.split(separator: "-").last)
      #expect(page.versions.contains { $0.name == version }, "\(id)")
      let numbers = page.versions.compactMap { Int($0.name.dropFirst()) }
      #expect(numbers == numbers.sorted(by: >) && numbers.count == page.versions.count, "\(id)")
    }
  }

  /// Every number has a name, and the bounds are the space's.
  @Test func rowsCoverTheSpaces() throws {
    for id in Self.ids {
      let about = try describeEnvironment(id)
      for (space, rows) in [
        (about.observationSpace, about.observations), (about.actionSpace, about.actions),
      ] {
        #expect(!rows.isEmpty && rows.allSatisfy { !$0.name.isEmpty }, "\(id) \(space)")
        guard let box = space as? Box else { continue }
        #expect(rows.compactMap(\.low).min() == box.low.min(), "\(id)")
        #expect(rows.compactMap(\.high).max() == box.high.max(), "\(id)")
      }
      // A page would have to name one number for all of them otherwise.
      if let discrete = about.actionSpace as? Discrete, about.page.actions.count > 1 {
        #expect(about.actions.count == discrete.n, "\(id)")
      }
    }
  }

  /// What the environment says itself is read from it: it changes with the options.
  @Test func spacesLimitsAndOptionsComeFromTheEnvironment() throws {
    for spec in registeredEnvironments() where !spec.id.hasPrefix("tests/") {
      let about = try describeEnvironment(spec.id)
      let made = try make(spec.id, seed: 0)
      #expect(about.spec == spec)
      #expect("\(about.observationSpace)" == "\(made.observationSpace)")
      #expect("\(about.actionSpace)" == "\(made.actionSpace)")
      #expect(about.maskSize == made.maskSize && about.metricNames == made.metricNames)
      #expect(try about.options == environmentOptions(of: spec.id))
    }
    let bits = try describeEnvironment("BitFlipping-v0", options: ["n": 3])
    #expect("\(bits.actionSpace)" == "Discrete(3)")
    #expect(bits.actions.map(\.place) == ["0–2"])
    #expect(bits.observations.map(\.place) == ["achieved_goal", "desired_goal", "observation"])
    #expect(bits.observations.map(\.space) == Array(repeating: "MultiBinary(3)", count: 3))
    #expect(bits.spec.options == ["n": 3])
    let game = try describeEnvironment(
      "MinAtar/Breakout-v0", options: ["use_minimal_action_set": true])
    #expect(game.actions.map(\.name) == ["none", "left", "right"])
    let robot = try describeEnvironment("Navigation2D-v0", options: ["rays": 5])
    #expect(robot.observations.map(\.place) == ["0–4", "5", "6", "7", "8", "9"])
  }

  @Test func rowsSayWhereUnitAndBounds() throws {
    let rows = try describeEnvironment("CartPole-v1").observations
    #expect(rows.map(\.place) == ["0", "1", "2", "3"])
    #expect(rows.map(\.unit) == ["m", "m/s", "rad", "rad/s"])
    #expect(rows[0].low == -Double(Float(4.8)) && rows[1].high == .infinity)
    let positions = try describeEnvironment("PositionOnlyCartPole-v0").observations
    #expect(positions == [0, 2].enumerated().map { rows[$1].moved(to: "\($0)") })
    let cells = try describeEnvironment("FrozenLake8x8-v1").observations
    #expect(cells.map(\.place) == ["0–63"] && cells[0].low == nil)
    let board = try describeEnvironment("MinAtar/Breakout-v1")
    #expect(board.observations.map(\.place) == (0..<4).map { "channel \($0)" })
    #expect(board.actions.map(\.name) == ["none", "left", "right"])
    #expect(board.observations[0].low == 0 && board.observations[0].high == 1)
  }

  @Test func outdatedIdsLeadToThePage() throws {
    let taxi = try describeEnvironment("Taxi-v4")
    #expect(taxi.replaced.map(\.id) == ["Taxi-v1", "Taxi-v2", "Taxi-v3"])
    #expect(throws: EnvironmentError.self) { try describeEnvironment("Taxy-v4") }
  }

  @Test func aPageIsNotNeeded() throws {
    try register(id: "tests/Plain-v0") { Corridor() }
    let about = try describeEnvironment("tests/Plain-v0")
    #expect(about.page == EnvironmentPage() && about.observations.map(\.name) == [""])
    // Three names do not fit two actions.
    try register(id: "tests/Plain-v1", page: EnvironmentPage(actions: ["a", "b", "c"])) {
      Corridor()
    }
    let misfit = try describeEnvironment("tests/Plain-v1").actions
    #expect(misfit.map(\.name) == [""] && misfit.map(\.place) == ["0–1"])
  }
}

extension EnvironmentDescription.Row {
  fileprivate func moved(to place: String) -> Self {
    Self(place: place, name: name, unit: unit, low: low, high: high, space: space)
  }
}
