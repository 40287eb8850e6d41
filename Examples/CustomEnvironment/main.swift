// An environment of one's own, checked and solved: `swift run -c release CustomEnvironment [steps]`.

import Swirl

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

// Says what is wrong with an environment before training on it wastes time.
try checkEnvironment(Corridor())

let steps = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 20_000

var configuration = PPOConfiguration()
configuration.stepsPerRollout = 128
configuration.batchSize = 256
configuration.learningRate = 1e-3

var environments = VectorEnvironment(count: 8, seed: 1, timeLimit: 100) { Corridor() }
var agent = try PPO(for: environments, configuration, seed: 1)
try agent.train(on: &environments, steps: steps) { report in
  print("step \(report.steps): mean return \(report.meanReturn)")
}

// Eight steps right: seven that cost 0.01 and one that pays 1.
let result = try evaluate(agent.policy, in: Corridor(), episodes: 10, seed: 2, timeLimit: 100)
print("mean return \(result.mean), the best there is is 0.93")
