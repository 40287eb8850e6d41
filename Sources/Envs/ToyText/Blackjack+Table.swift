extension Blackjack {
  public var stateCount: Int { 715 }

  public var state: Int {
    player.isNatural
      ? 704 + card : Self.state(value: player.value, card: card, isSoft: player.isSoft)
  }

  private static func state(value: Int, card: Int, isSoft: Bool) -> Int {
    (value * 11 + card) * 2 + (isSoft ? 1 : 0)
  }

  private static func odds(of card: Int) -> Double { card == 10 ? 4.0 / 13 : 1.0 / 13 }

  public var starts: [(state: Int, probability: Double)] {
    var odds = [Double](repeating: 0, count: stateCount)
    for card in 1...10 {
      for first in 1...10 {
        for second in 1...10 {
          var table = self
          table.card = card
          table.player = Hand()
          table.player.add(first)
          table.player.add(second)
          odds[table.state] += Self.odds(of: card) * Self.odds(of: first) * Self.odds(of: second)
        }
      }
    }
    return odds.indices.filter { odds[$0] > 0 }.map { (state: $0, probability: odds[$0]) }
  }

  public func transitions(from state: Int, taking action: Int) -> [Transition] {
    let isNatural = state >= 704
    let card = isNatural ? state - 704 : state / 2 % 11
    let value = isNatural ? 21 : state / 22
    let isSoft = isNatural || state % 2 == 1
    // No cards add up to the rest of the numbers.
    guard card > 0, isSoft ? (12...21).contains(value) : (4...21).contains(value) else {
      return [Transition(probability: 1, nextState: state, reward: 0, terminated: true)]
    }
    return action == 0
      ? sticking(in: state, value: value, card: card, isNatural: isNatural)
      : drawing(value: value, card: card, isSoft: isSoft)
  }

  private func drawing(value: Int, card: Int, isSoft: Bool) -> [Transition] {
    (1...10).map { drawn in
      var hand = Hand()
      hand.sum = isSoft ? value - 10 : value
      hand.hasAce = isSoft
      hand.add(drawn)
      return Transition(
        probability: Self.odds(of: drawn),
        nextState: Self.state(value: hand.value, card: card, isSoft: hand.isSoft),
        reward: hand.value > 21 ? -1 : 0, terminated: hand.value > 21)
    }
  }

  /// One transition for each reward there can be.
  private func sticking(
    in state: Int, value: Int, card: Int, isNatural: Bool
  ) -> [Transition] {
    var outcomes: [(reward: Double, probability: Double)] = []
    var hand = Hand()
    hand.add(card)
    play(hand, probability: 1) { dealer, probability in
      let reward = reward(
        playerValue: value, playerIsNatural: isNatural, dealerValue: dealer.value,
        dealerIsNatural: dealer.isNatural)
      if let index = outcomes.firstIndex(where: { $0.reward == reward }) {
        outcomes[index].probability += probability
      } else {
        outcomes.append((reward, probability))
      }
    }
    return outcomes.map {
      Transition(probability: $0.probability, nextState: state, reward: $0.reward, terminated: true)
    }
  }

  /// All that the dealer may end with.
  private func play(_ dealer: Hand, probability: Double, _ body: (Hand, Double) -> Void) {
    if dealer.value >= 17 { return body(dealer, probability) }
    for card in 1...10 {
      var next = dealer
      next.add(card)
      play(next, probability: probability * Self.odds(of: card), body)
    }
  }
}
