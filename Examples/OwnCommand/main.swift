// The command `swirl` with an environment of one's own among the others:
// `swift run -c release OwnCommand train ppo Corridor-v0 --steps 20_000 --option cells=12`,
// `swift run -c release OwnCommand envs Corridor-v0`.

import Swirl
import SwirlCommand

/// A corridor of some cells: walk right to the end, each step costs a little.
struct Corridor: Environment {
  var observationSpace: Box { Box(shape: [1], in: 0...1) }
  var actionSpace: Discrete { Discrete(2) }
  private let cells: Int
  private var position = 0

  init(cells: Int = 9) { self.cells = cells }

  mutating func reset(using random: inout PCG64) { position = 0 }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    position = max(0, position + (action == 0 ? -1 : 1))
    return position == cells - 1
      ? StepResult(reward: 1, ending: .terminated) : StepResult(reward: -0.01)
  }

  func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(position) / Float(cells - 1)
  }
}

try register(
  id: "Corridor-v0", maxEpisodeSteps: 100, rewardThreshold: 0.9,
  options: [.integer("cells", 9, in: 2...90, "How long the corridor is.")],
  page: EnvironmentPage(
    "A corridor to walk to the end of.", observations: ["how much of it is behind"],
    actions: ["left", "right"], reward: "1 at the end, −0.01 for every other step.")
) { Corridor(cells: $0["cells"]) }
SwirlMain.run()
