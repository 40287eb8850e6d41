import Runtime

/// Blackjack against a dealer who draws to 17, with cards from a deck that never ends.
///
/// Equal to Gymnasium 1.4's Blackjack-v1 for a seed and actions.
///
/// Observation: the sum of the player's cards, the dealer's card that shows (an ace is 1), and whether
/// the player holds a usable ace, one that counts 11 without the sum passing 21. Actions: 0 sticks, 1
/// draws. Reward: 1 for winning, −1 for losing, 0 for a draw. By the book's rules, the registered
/// version's, a natural (an ace and a ten at once) wins against all but another natural; by Gymnasium's
/// others it counts 21, and with `naturalBonus` a win with it 1.5.
///
/// Its states are numbered by observation, `(sum · 11 + card) · 2 + ace`; a natural, which looks like
/// any 21, is 704 plus the dealer's card.
///
/// Source: R. S. Sutton and A. G. Barto, "Reinforcement Learning: An Introduction", example 5.1.
public struct Blackjack: TabularEnvironment {
  /// Cards as far as the rules look at them.
  @usableFromInline
  struct Hand: Codable, Sendable {
    /// The sum with aces as 1.
    @usableFromInline var sum = 0
    @usableFromInline var hasAce = false
    @usableFromInline var count = 0

    @usableFromInline var isSoft: Bool {
      @inlinable get { hasAce && sum <= 11 }
    }
    @usableFromInline var value: Int {
      @inlinable get { isSoft ? sum + 10 : sum }
    }
    @usableFromInline var isNatural: Bool {
      @inlinable get { count == 2 && value == 21 }
    }

    @inlinable init() {}

    @inlinable
    mutating func add(_ card: Int) {
      sum += card
      hasAce = hasAce || card == 1
      count += 1
    }
  }

  @usableFromInline var player = Hand()
  @usableFromInline var dealer = Hand()
  /// The dealer's card that shows.
  @usableFromInline var card = 1
  public let followsBook: Bool
  public let naturalBonus: Bool

  /// Creates a table; Gymnasium calls the options `sab` and `natural`. The book's rules know no bonus.
  @inlinable
  public init(followsBook: Bool = true, naturalBonus: Bool = false) {
    self.followsBook = followsBook
    self.naturalBonus = naturalBonus
    // What a reset may deal, so that a table never sat at observes something.
    player.add(10)
    player.add(2)
    dealer.add(1)
    dealer.add(1)
  }

  public var observationSpace: Tuple { Tuple(Discrete(32), Discrete(11), Discrete(2)) }

  public var actionSpace: Discrete {
    @inlinable get { Discrete(2) }
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    dealer = Hand()
    player = Hand()
    card = Self.draw(using: &random)
    dealer.add(card)
    dealer.add(Self.draw(using: &random))
    player.add(Self.draw(using: &random))
    player.add(Self.draw(using: &random))
    // Gymnasium draws the suit of the card that shows and, of a ten, its face.
    _ = random.integers(0..<4)
    if card == 10 { _ = random.integers(0..<3) }
  }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    if action != 0 {
      player.add(Self.draw(using: &random))
      return player.value > 21
        ? StepResult(reward: -1, ending: .terminated) : StepResult(reward: 0)
    }
    while dealer.value < 17 { dealer.add(Self.draw(using: &random)) }
    let reward = reward(
      playerValue: player.value, playerIsNatural: player.isNatural, dealerValue: dealer.value,
      dealerIsNatural: dealer.isNatural)
    return StepResult(reward: reward, ending: .terminated)
  }

  public var stateFault: String? {
    [player, dealer].lazy.compactMap { fault("sum", $0.sum, in: 1...31) }.first
      ?? [player, dealer].lazy.compactMap { fault("count", $0.count, in: 1...31) }.first
      ?? fault("card", card, in: 1...10)
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(player.value)
    observation[1] = Float(card)
    observation[2] = player.isSoft ? 1 : 0
  }

  /// A card's number: an ace is 1, and four in thirteen are 10.
  @inlinable
  static func draw(using random: inout PCG64) -> Int { min(10, random.integers(0..<13) + 1) }

  /// What sticking earns once the dealer has drawn.
  @inlinable
  func reward(
    playerValue: Int, playerIsNatural: Bool, dealerValue: Int, dealerIsNatural: Bool
  ) -> Double {
    // Past 21 a hand scores nothing.
    let (ours, theirs) = (playerValue > 21 ? 0 : playerValue, dealerValue > 21 ? 0 : dealerValue)
    let reward = ours > theirs ? 1.0 : ours < theirs ? -1.0 : 0
    guard playerIsNatural else { return reward }
    if followsBook { return dealerIsNatural ? reward : 1 }
    return naturalBonus && reward == 1 ? 1.5 : reward
  }
}
