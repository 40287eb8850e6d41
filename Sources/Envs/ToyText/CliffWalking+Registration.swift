extension CliffWalking {
  static let page = EnvironmentPage(
    "A walk along a cliff: the shortest way is next to the edge.",
    observations: ["cell of a grid of 4 rows and 12 columns, row by row from 0 at the top left"],
    actions: ["up", "right", "down", "left"],
    dynamics: """
      Walls stop a step. On slippery ground it goes aside with 2 in 3, to either side with equal odds. \
      The cells 37 to 46 are the cliff, from which one is carried back to the start. Equal to Gymnasium \
      1.4 for a seed.
      """,
    reward: "−1 for every step, −100 for one into the cliff.",
    start: "At the bottom left, in cell 36.",
    endings: "The bottom right, cell 47, is reached.",
    versions: [.init("v1", "Slippery ground."), .init("v0", "The first.")],
    source: """
      R. S. Sutton and A. G. Barto, "Reinforcement Learning: An Introduction", example 6.6.
      """)

  private static func options(isSlippery: Bool) -> [EnvironmentOption] {
    [.flag("is_slippery", isSlippery, "Whether the ground may carry one aside.")]
  }

  static let registrations = [
    Registration(
      "CliffWalking-v1", options: options(isSlippery: CliffWalking().isSlippery), page: page,
      replacing: ["CliffWalking-v0": "the ground can be made slippery"]
    ) { CliffWalking(isSlippery: $0["is_slippery"]) },
    Registration("CliffWalkingSlippery-v1", options: options(isSlippery: true), page: page) {
      CliffWalking(isSlippery: $0["is_slippery"])
    },
  ]
}
