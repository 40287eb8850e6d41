// The command `swirl` with an environment of one's own among the others:
// `swift run -c release OwnCommand train ppo Corridor-v0 --steps 20_000`.

import Swirl
import SwirlCommand

/// A corridor of nine cells: walk right to the end, each step costs a little.
struct Corridor: Environment {
  var observationSpace: Box { Box(shape: [1], in: 0...1) }
  var actionSpace: Discrete { Discrete(2) }
  private var position = 0

  mutating func reset(using random: inout PCG64) { position = 0 }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    position = max(0, position + (action == 0 ? -1 : 1))
    return position == 8 ? StepResult(reward: 1, ending: .terminated) : StepResult(reward: -0.01)
  }

  func observe(into observation: inout MutableSpan<Float>) { observation[0] = Float(position) / 8 }
}

try register(id: "Corridor-v0", maxEpisodeSteps: 100, rewardThreshold: 0.9) { Corridor() }
SwirlMain.run()
