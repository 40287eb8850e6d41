// As MinAtar's own Gymnasium registrations: `-v0` offers all six actions, `-v1` those that do something.
extension Registration {
  static var minAtar: [Registration] {
    [GameActions.all, .minimal].flatMap { actions in
      [
        game("Asterix", actions, ramps: true, Asterix.page) {
          Asterix(actions: $0.gameActions, ramping: $0["difficulty_ramping"])
        },
        game("Breakout", actions, ramps: false, Breakout.page) {
          Breakout(actions: $0.gameActions)
        },
        game("Freeway", actions, ramps: false, Freeway.page) { Freeway(actions: $0.gameActions) },
        game("Seaquest", actions, ramps: true, Seaquest.page) {
          Seaquest(ramping: $0["difficulty_ramping"])
        },
        game("SpaceInvaders", actions, ramps: true, SpaceInvaders.page) {
          SpaceInvaders(actions: $0.gameActions, ramping: $0["difficulty_ramping"])
        },
      ]
    }
  }

  @inline(__always)
  private static func game<E: Environment>(
    _ name: String, _ actions: GameActions, ramps: Bool, _ page: GamePage,
    make: @escaping @Sendable (OptionValues) -> E
  ) -> Registration where E.Action == Int {
    var options: [EnvironmentOption] = [
      .number(
        "sticky_action_prob", 0.1, in: 0...1,
        "How likely the last action is repeated whatever the agent chose.")
    ]
    var adaptPage: (@Sendable (inout EnvironmentPage, OptionValues) -> Void)?
    if page.moves.count < GamePage.allMoves.count {
      options.append(
        .flag(
          "use_minimal_action_set", actions == .minimal,
          "Whether only the actions that do something in the game are offered."))
      adaptPage = { shown, options in shown.actions = page.actions(options.gameActions) }
    }
    if ramps {
      options.append(
        .flag("difficulty_ramping", true, "Whether the game gets harder as it goes on."))
    }
    return Registration(
      "MinAtar/\(name)-v\(actions == .all ? 0 : 1)", options: options, page: page.page(actions),
      adaptPage: adaptPage
    ) { Sticky(make($0), probability: $0["sticky_action_prob"]) }
  }
}

extension OptionValues {
  fileprivate var gameActions: GameActions { self["use_minimal_action_set"] ? .minimal : .all }
}

/// What the pages of the five games do not share.
struct GamePage: Sendable {
  static let allMoves = ["none", "left", "up", "right", "down", "fire"]

  var summary: String
  var channels: [EnvironmentPage.Quantity]
  /// Those that do something.
  var moves: [String]
  var dynamics: String
  var reward: String
  var start: String
  var endings: String

  func actions(_ actions: GameActions) -> [EnvironmentPage.Quantity] {
    (actions == .all ? Self.allMoves : moves).map { EnvironmentPage.Quantity($0) }
  }

  func page(_ actions: GameActions) -> EnvironmentPage {
    EnvironmentPage(
      summary, observations: channels, actions: self.actions(actions),
      dynamics: """
        \(dynamics) A channel is 1 where its thing is, else 0. Equal to MinAtar 1.0.15 where both draw \
        the same numbers.
        """,
      reward: reward, start: start, endings: endings,
      versions: [
        .init("v1", "The actions that do something in the game."), .init("v0", "All six actions."),
      ],
      source: """
        K. Young and T. Tian, "MinAtar: An Atari-Inspired Testbed for Thorough and Reproducible \
        Reinforcement Learning Experiments", 2019, and their program, version 1.0.15.
        """)
  }
}

extension Asterix {
  static let page = GamePage(
    summary: "Gather treasure and avoid enemies, both of which cross the board in eight rows.",
    channels: ["player", "enemy", "trail behind each thing", "gold"],
    moves: ["none", "left", "up", "right", "down"],
    dynamics: """
      A board of 10 × 10 cells. Enemies and gold appear at the sides and move across; with \
      difficulty_ramping they appear and move faster every 101 steps.
      """,
    reward: "1 for each gold gathered.", start: "The player in the middle of an empty board.",
    endings: "The player and an enemy meet.")
}

extension Breakout {
  static let page = GamePage(
    summary: "A paddle bounces a ball that breaks three rows of bricks.",
    channels: ["paddle", "ball", "trail, where the ball was", "brick"],
    moves: ["none", "left", "right"],
    dynamics: """
      A board of 10 × 10 cells. The ball moves along diagonals; a wall or a brick reflects it, the \
      paddle sends it back the way it came or on, by the side it hits. When all bricks are gone and the \
      ball comes down, three new rows appear.
      """,
    reward: "1 for each brick broken.",
    start: "The ball in the upper left or right corner below the bricks, coming down.",
    endings: "The ball passes the paddle.")
}

extension Freeway {
  static let page = GamePage(
    summary: "A chicken crosses a road of eight lanes.",
    channels: [
      "chicken", "car", "trail of a car that moves once in 2 steps", "trail, once in 3 steps",
      "trail, once in 4 steps", "trail, once in 5 steps", "trail, once in 6 steps",
    ],
    moves: ["none", "up", "down"],
    dynamics: """
      A board of 10 × 10 cells. The chicken moves every third step at most; a car that hits it sends it \
      back to the bottom. After a crossing the cars get new speeds and directions.
      """,
    reward: "1 for each crossing.", start: "The chicken at the bottom; random cars.",
    endings: "None; the episode is truncated after 2501 steps.")
}

extension Seaquest {
  static let page = GamePage(
    summary: """
      A submarine shoots enemies and brings divers to the surface before its oxygen runs out.
      """,
    channels: [
      "front of the submarine", "back of the submarine", "own bullet", "trail", "enemy's bullet",
      "fish", "enemy submarine", "oxygen gauge", "diver gauge", "diver",
    ],
    moves: GamePage.allMoves,
    dynamics: """
      A board of 10 × 10 cells. Surfacing refills the oxygen and costs a diver; with \
      difficulty_ramping each surfacing makes enemies more frequent, and every second one faster.
      """,
    reward: """
      1 for each enemy shot and, for surfacing with six divers, 1 for each tenth of the oxygen left.
      """,
    start: "The submarine at the surface with its oxygen full.",
    endings: """
      An enemy or its bullet hits the submarine, the oxygen runs out, or it surfaces without a diver.
      """)
}

extension SpaceInvaders {
  static let page = GamePage(
    summary: "A cannon shoots at a block of aliens that comes down and shoots back.",
    channels: [
      "cannon", "alien", "alien going left", "alien going right", "own bullet", "alien's bullet",
    ],
    moves: ["none", "left", "right", "fire"],
    dynamics: """
      A board of 10 × 10 cells. The aliens move sideways, turn and come down a row at the edges, and \
      speed up as they become fewer; the nearest one shoots every eleventh step. With \
      difficulty_ramping each new wave starts a little faster.
      """,
    reward: "1 for each alien shot.", start: "A whole block of aliens above the cannon.",
    endings: "An alien or a bullet reaches the cannon, or an alien would leave the bottom row.")
}
