extension Blackjack {
  static let page = EnvironmentPage(
    "Blackjack against a dealer who draws to 17, with cards from a deck that never ends.",
    observations: [
      "sum of the player's cards", "the dealer's card that shows, an ace being 1",
      "whether the player holds an ace that counts 11 without the sum passing 21",
    ],
    actions: ["stick", "draw a card"],
    dynamics: """
      Cards count what they show, an ace 1 or 11. After the player sticks, the dealer draws until \
      the sum is 17 or more. Equal to Gymnasium 1.4 for a seed.
      """,
    reward: """
      1 for winning, −1 for losing, 0 for a draw. With sab a natural (an ace and a ten at once) wins \
      against all but another natural; without, it counts 21, and a win with it earns 1.5 with natural.
      """,
    start: "Two cards for the player and two for the dealer, one of which shows.",
    endings: "The player sticks or passes 21.",
    versions: [.init("v1", "Corrected naturals."), .init("v0", "The first.")],
    source: """
      R. S. Sutton and A. G. Barto, "Reinforcement Learning: An Introduction", example 5.1.
      """)

  static let registrations: [Registration] = {
    let plain = Blackjack()
    return [
      Registration(
        "Blackjack-v1",
        options: [
          .flag(
            "natural", plain.naturalBonus, "Whether a natural that wins earns 1.5; not with sab."),
          .flag("sab", plain.followsBook, "Whether the rules are the book's of Sutton and Barto."),
        ],
        page: page, replacing: ["Blackjack-v0": "naturals are corrected"]
      ) { Blackjack(followsBook: $0["sab"], naturalBonus: $0["natural"]) }
    ]
  }()
}
