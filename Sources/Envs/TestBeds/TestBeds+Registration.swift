extension PointMass {
  static let registrations = [
    Registration(
      "PointMass-v0", maxEpisodeSteps: 50, rewardThreshold: -3,
      page: EnvironmentPage(
        "A mass on a line to be pushed to the origin and kept there.",
        observations: [.init("position", unit: "m"), .init("velocity", unit: "m/s")],
        actions: ["force to the right, limited"],
        dynamics: """
          Steps of 0.1 s of semi-implicit Euler in Float32; four times the force accelerates, and a drag \
          of 0.5/s slows down.
          """,
        reward: "Minus the squared position minus a tenth of the squared force.",
        start: "At rest at a position uniform in −1 … 1.", endings: "None.",
        versions: [.init("v0", "The first.")],
        source: "Swirl's own: the smallest task with continuous actions.")
    ) { _ in PointMass() }
  ]
}

extension IdentityTask {
  static let registrations = [
    Registration(
      "Identity-v0", maxEpisodeSteps: 100, rewardThreshold: 99,
      options: [.integer("n", IdentityTask().n, in: 1...1000, "How many numbers there are.")],
      page: EnvironmentPage(
        "Say what you see: the smallest task there is.",
        observations: ["a number, drawn anew at every step"], actions: ["a number"],
        dynamics: "Numbers are drawn with equal odds. The best return is 1 a step.",
        reward: "1 if the action is the number observed, else 0.", start: "A random number.",
        endings: "None.", versions: [.init("v0", "The first.")], source: "Swirl's own.")
    ) { IdentityTask($0["n"]) }
  ]
}

extension BitFlipping {
  static let registrations = [
    Registration(
      "BitFlipping-v0", maxEpisodeSteps: 15, rewardThreshold: -7,
      options: [.integer("n", BitFlipping().n, in: 1...30, "How many bits there are.")],
      page: EnvironmentPage(
        "Flip bits one at a time until they are the goal's: what hindsight replay is for.",
        observations: ["the bits, as what is achieved", "the goal's bits", "the bits"],
        actions: ["which bit to flip"],
        dynamics: """
          An action flips one bit. With 15 bits the best mean return is −6.50023; the type's \
          documentation has the formula.
          """,
        reward: "−1 for every step, 0 for the one that reaches the goal.",
        start: "Random bits and another random goal.", endings: "The bits equal the goal's.",
        versions: [.init("v0", "The first.")],
        source: "M. Andrychowicz and others, \"Hindsight Experience Replay\", 2017.")
    ) { BitFlipping($0["n"]) }
  ]
}

extension ChainWalk {
  static let registrations = [
    Registration(
      "Chain-v0", maxEpisodeSteps: 1000,
      options: [
        .integer("n", ChainWalk().n, in: 2...100_000, "How many states there are."),
        .number("slip", ChainWalk().slip, in: 0...1, "How likely an action does the other's work."),
      ],
      page: EnvironmentPage(
        "A chain to walk to the end of, past a small reward for turning back at once.",
        observations: ["the state, from 0 at the start"],
        actions: ["forward", "back to the start"],
        dynamics: """
          An action slips with the odds slip and then does what the other would. For five states and a \
          discount of 0.9 the start is worth 25.4991.
          """,
        reward: "10 for going forward in the last state, 2 for going back, else 0.",
        start: "In the first state.", endings: "None.", versions: [.init("v0", "The first.")],
        source: "M. Strens, \"A Bayesian Framework for Reinforcement Learning\", 2000.")
    ) { ChainWalk($0["n"], slip: $0["slip"]) }
  ]
}

extension TwoArmedBandit {
  static let registrations = [
    Registration(
      "TwoArmedBandit-v0",
      options: [
        .number("first", TwoArmedBandit().first, in: 0...1, "How likely the first arm pays."),
        .number("second", TwoArmedBandit().second, in: 0...1, "How likely the second arm pays."),
      ],
      page: EnvironmentPage(
        "Two arms to choose from, once: each pays with odds of its own.",
        observations: ["always 0"], actions: ["the first arm", "the second arm"],
        dynamics: "Nothing moves. The best mean return is the larger of the two odds.",
        reward: "1 if the arm pays, else 0.", start: "Always the same.",
        endings: "Every step ends the episode.", versions: [.init("v0", "The first.")],
        source: "H. Robbins, \"Some Aspects of the Sequential Design of Experiments\", 1952.")
    ) { TwoArmedBandit($0["first"], $0["second"]) }
  ]
}

extension RepeatPrevious {
  static let registrations: [Registration] = {
    let plain = RepeatPrevious()
    return [
      Registration(
        "RepeatPrevious-v0", rewardThreshold: 0.9,
        options: [
          .integer("n", plain.n, in: 2...16, "How many numbers there are."),
          .integer("delay", plain.delay, in: 0...15, "How many steps ago to repeat."),
          .integer("length", plain.length, in: 1...1_000_000, "Steps of an episode."),
        ],
        page: EnvironmentPage(
          "Say what you saw some steps ago: a test of memory that nothing without memory passes.",
          observations: ["a number, drawn anew at every step"],
          actions: ["the number observed so many steps ago"],
          dynamics: """
            Numbers are drawn with equal odds. The best return is 1; without memory guessing is best, \
            with a mean of 2 / n − 1.
            """,
          reward: """
            1 / (length − delay) for a right answer, minus as much for a wrong one, 0 as long as there \
            is none.
            """,
          start: "A random number.", endings: "After length steps.",
          versions: [.init("v0", "The first.")],
          source: """
            S. Morad and others, "POPGym: Benchmarking Partially Observable Reinforcement Learning", \
            2023.
            """)
      ) { options in
        let (delay, length): (Int, Int) = (options["delay"], options["length"])
        guard delay < length else {
          throw EnvironmentError(
            .usage,
            "option delay is \(delay) and length \(length); delay must be less than length")
        }
        return RepeatPrevious(options["n"], delay: delay, length: length)
      }
    ]
  }()
}

extension TMaze {
  static let registrations = [
    Registration(
      "TMaze-v0", maxEpisodeSteps: 100, rewardThreshold: 3.9,
      options: [
        .integer(
          "length", TMaze().length, in: 1...1_000_000, "Steps from the sign to the junction.")
      ],
      page: EnvironmentPage(
        "A corridor to a junction, where the way to turn is what a sign at its start said.",
        observations: [.init("sign, corridor and junction as the paper encodes them", count: 3)],
        actions: ["north", "east", "south", "west"],
        dynamics: """
          The observation is 011 for the sign "north", 110 for "south", 101 in the corridor and 010 at \
          the junction. The best return is 4; without memory the best mean is 1.95.
          """,
        reward: """
          4 for turning as the sign said, −0.1 for turning the other way or running into a wall, else 0.
          """,
        start: "At the sign.", endings: "A turn at the junction.",
        versions: [.init("v0", "The first.")],
        source: "B. Bakker, \"Reinforcement Learning with Long Short-Term Memory\", 2001.")
    ) { TMaze(length: $0["length"]) }
  ]
}
