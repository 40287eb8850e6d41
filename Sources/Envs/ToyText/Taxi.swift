import Runtime

/// A taxi in a small town: fetch the passenger and take them where they want to go.
///
/// Equal to Gymnasium 1.4's Taxi-v4 for a seed and actions.
///
/// ```
/// +---------+
/// |R: | : :G|
/// | : | : : |
/// | : : : : |
/// | | : | : |
/// |Y| : |B: |
/// +---------+
/// ```
///
/// Observation: `((row · 5 + column) · 5 + passenger) · 4 + destination`, where passenger and
/// destination are 0 to 3 for R, G, Y and B and a passenger in the taxi is 4. Actions: 0 south, 1 north,
/// 2 east, 3 west, 4 pick up, 5 drop off; the mask allows those that change something. Reward: −1 for
/// every step, −10 for picking up or dropping off in vain, 20 for arriving. An episode starts anywhere
/// with the passenger away from the destination and ends with their arrival; the registered version ends
/// after 200 steps.
///
/// In rain a drive that no wall stops goes as intended with the given probability, else to either side
/// with equal odds. A fickle passenger may, with the given probability, want to go elsewhere after the
/// taxi's first move with them aboard; the table then has 1000 states, 500 more for passengers who will.
///
/// Source: T. G. Dietterich, "Hierarchical Reinforcement Learning with the MAXQ Value Function
/// Decomposition", 2000.
public struct Taxi: TabularEnvironment {
  /// What is observed, 0 ..< 500.
  @usableFromInline var place = 0
  /// Whether the passenger will change their mind.
  @usableFromInline var isFickleNow = false
  /// The probability that a drive goes as intended; nil when it does not rain.
  public let rain: Double?
  /// The probability that a passenger is fickle; nil when none is.
  public let fickleness: Double?

  /// Creates a taxi; Gymnasium's `is_rainy` is a `rain` of 0.8, its `fickle_passenger` a `fickleness` of
  /// 0.3.
  @inlinable
  public init(rain: Double? = nil, fickleness: Double? = nil) {
    for odds in [rain, fickleness].compactMap({ $0 }) where !(0...1).contains(odds) {
      stop("Taxi", "a probability is \(odds); it must be from 0 to 1")
    }
    self.rain = rain
    self.fickleness = fickleness
  }

  public var observationSpace: Discrete {
    @inlinable get { Discrete(500) }
  }
  public var actionSpace: Discrete {
    @inlinable get { Discrete(6) }
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    let draw = random.random()
    // The sum is rounded at every state, as Gymnasium's is.
    var odds = 0.0
    place = 0
    for candidate in 0..<500 where Self.isStart(candidate) {
      odds += 1.0 / 300
      if odds > draw {
        place = candidate
        break
      }
    }
    isFickleNow = false
    if let fickleness { isFickleNow = random.random() < fickleness }
  }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    let draw = random.random()
    let next: Transition
    if action < 4, let rain {
      let aside = (1 - rain) / 2
      // Where rounding leaves the sum below the draw, Gymnasium takes the first.
      let way = rain > draw ? 0 : rain + aside > draw ? 1 : rain + aside + aside > draw ? 2 : 0
      next = Self.drive(from: place, direction: action, aside: way, probability: 1)
    } else {
      next = Self.outcome(from: place, action: action)
    }
    var place = next.nextState
    if isFickleNow, Self.hasMovedAboard(self.place, place) {
      isFickleNow = false
      place = Self.place(place, withOtherDestination: random.integers(0..<3))
    }
    self.place = place
    return StepResult(reward: next.reward, ending: next.terminated ? .terminated : .none)
  }

  public var stateFault: String? { fault("place", place, in: 0...499) }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(place)
  }

  @inlinable public var maskSize: Int { 6 }

  @inlinable
  public func actionMask(into mask: inout MutableSpan<Bool>) {
    let (row, column, passenger) = (place / 100, place / 20 % 5, place / 4 % 5)
    let stand = Self.stand(at: place / 20)
    mask[0] = row < 4
    mask[1] = row > 0
    mask[2] = Self.isOpen(eastOf: row * 5 + column)
    mask[3] = column > 0 && Self.isOpen(eastOf: row * 5 + column - 1)
    mask[4] = passenger < 4 && stand == passenger
    mask[5] = passenger == 4 && stand != nil
  }
}

// MARK: - The town

extension Taxi {
  /// A bit for each cell, 0 ..< 25, that has no wall on its east side: after columns 0, 2 and 3 in the
  /// upper rows, 0 to 3 in the middle, 1 and 3 in the lower.
  @inlinable static var open: UInt32 { 0b01010_01010_01111_01101_01101 }

  @inlinable
  static func isOpen(eastOf cell: Int) -> Bool { open >> UInt32(cell) & 1 == 1 }

  /// The stand at a cell, 0 to 3 for R, G, Y and B.
  @inlinable
  static func stand(at cell: Int) -> Int? {
    switch cell {
    case 0: 0
    case 4: 1
    case 20: 2
    case 23: 3
    default: nil
    }
  }

  @inlinable
  static func isStart(_ place: Int) -> Bool {
    let passenger = place / 4 % 5
    return passenger < 4 && passenger != place % 4
  }

  /// What an action leads to in dry weather.
  @inlinable
  static func outcome(from place: Int, action: Int) -> Transition {
    if action < 4 { return drive(from: place, direction: action, aside: 0, probability: 1) }
    let stand = stand(at: place / 20)
    let passenger = place / 4 % 5
    if action == 4 {
      guard passenger < 4, stand == passenger else {
        return Transition(probability: 1, nextState: place, reward: -10)
      }
      return Transition(probability: 1, nextState: place + (4 - passenger) * 4, reward: -1)
    }
    guard passenger == 4, let stand else {
      return Transition(probability: 1, nextState: place, reward: -10)
    }
    let arrives = stand == place % 4
    return Transition(
      probability: 1, nextState: place - (4 - stand) * 4, reward: arrives ? 20 : -1,
      terminated: arrives)
  }

  /// A drive: as intended (0), or carried to the left (1) or right (2) of it, which happens only where
  /// the way intended is free.
  @inlinable
  static func drive(
    from place: Int, direction: Int, aside: Int, probability: Double
  ) -> Transition {
    var next = neighbour(of: place, direction: direction)
    if aside != 0, next != place {
      // South, north, east and west have east, west, north and south on their left.
      let left =
        switch direction {
        case 0: 2
        case 1: 3
        case 2: 1
        default: 0
        }
      // Opposites differ in the last bit.
      next = neighbour(of: place, direction: aside == 1 ? left : left ^ 1)
    }
    return Transition(probability: probability, nextState: next, reward: -1)
  }

  @inlinable
  @inline(__always)
  static func neighbour(of place: Int, direction: Int) -> Int {
    // A bit for each cell that has a way south, north, east or west: without branches, which random
    // drives would have mispredicted.
    let south: UInt32 = 0b00000_11111_11111_11111_11111
    let north: UInt32 = 0b11111_11111_11111_11111_00000
    let west = open << 1 & 0b11110_11110_11110_11110_11110
    let ways = direction < 2 ? (direction == 0 ? south : north) : direction == 2 ? open : west
    let far = direction < 2 ? 100 : 20
    let isFree = ways >> UInt32(truncatingIfNeeded: place / 20) & 1 == 1
    return place &+ (isFree ? (direction & 1 == 0 ? far : -far) : 0)
  }

  @inlinable
  static func hasMovedAboard(_ before: Int, _ after: Int) -> Bool {
    before / 4 % 5 == 4 && before / 20 != after / 20
  }

  /// The place with the first, second or third of the other destinations.
  @inlinable
  static func place(_ place: Int, withOtherDestination choice: Int) -> Int {
    let destination = place % 4
    return place - destination + (choice < destination ? choice : choice + 1)
  }
}

// MARK: - The table

extension Taxi {
  @inlinable public var stateCount: Int { fickleness == nil ? 500 : 1000 }

  @inlinable public var state: Int { place + (isFickleNow ? 500 : 0) }

  public var starts: [(state: Int, probability: Double)] {
    let places = (0..<500).filter(Self.isStart)
    let odds = 1 / Double(places.count)
    guard let fickleness else { return places.map { (state: $0, probability: odds) } }
    return places.map { (state: $0, probability: odds * (1 - fickleness)) }
      + places.map { (state: $0 + 500, probability: odds * fickleness) }
  }

  public func transitions(from state: Int, taking action: Int) -> [Transition] {
    let place = state % 500
    var outcomes: [Transition]
    if action < 4, let rain {
      let aside = (1 - rain) / 2
      outcomes = [rain, aside, aside].enumerated().map { way, probability in
        Self.drive(from: place, direction: action, aside: way, probability: probability)
      }
    } else {
      outcomes = [Self.outcome(from: place, action: action)]
    }
    guard state >= 500 else { return outcomes }
    return outcomes.flatMap { outcome in
      if Self.hasMovedAboard(place, outcome.nextState) {
        return (0..<3).map { choice in
          Transition(
            probability: outcome.probability / 3,
            nextState: Self.place(outcome.nextState, withOtherDestination: choice),
            reward: outcome.reward)
        }
      }
      var outcome = outcome
      outcome.nextState += 500
      return [outcome]
    }
  }
}
