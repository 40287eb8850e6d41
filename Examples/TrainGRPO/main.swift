// GRPO with low-rank adapters teaches SmolLM2-135M to add: `make model`, then
// `swift run -c release TrainGRPO 60` trains for 60 updates; `swift run -c release TrainGRPO 60
// MODEL` another model ('characters' is a small one made from scratch).

import Swirl

let steps = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 60
let model = CommandLine.arguments.dropFirst(2).first ?? "smollm2-135m"

let addition = try makeTask("addition", options: ["bare": .flag(model == "characters")])
var configuration = GRPOConfiguration()
configuration.model = model
configuration.loraRank = 16
configuration.learningRate = 2e-4
configuration.maxCompletionLength = 16

var agent = try GRPO(on: addition, configuration, seed: 1)
let before = try evaluate(agent.policy, on: addition, problems: 50, seed: 2, limit: 16)
print("right before training: \(before.accuracy)")

try agent.train(steps: steps) { report in
  print(report)
}

// Sums whose numbers, in either order, were never trained on.
let after = try evaluate(agent.policy, on: addition, problems: 50, seed: 2, limit: 16)
print("right after training: \(after.accuracy)")
for completion in after.completions.prefix(5) { print(completion.prompt, "→", completion.text) }
