import Foundation
import Swirl

// Does an agent with its preset learn? Each seed is judged by the deterministic policy over 100 fresh episodes.
//
//     learning-benchmark                                 PPO on CartPole-v1, 100,000 steps, 10 seeds
//     learning-benchmark trpo Acrobot-v1 100000 5
//     learning-benchmark gail CartPole-v1 100000 5 demonstrations=shown.safetensors   with settings
let arguments = Array(CommandLine.arguments.dropFirst())
let name = arguments.first ?? "ppo"
let environment = arguments.count > 1 ? arguments[1] : "CartPole-v1"
let settings = arguments.dropFirst(2).filter { $0.contains("=") }
let numbers = arguments.dropFirst(2).filter { !$0.contains("=") }.map { Int($0) }
let agents: [any TrainableAgent.Type] = [
  PPO.self, A2C.self, TRPO.self, REINFORCE.self, QAC.self, BehaviorCloning.self, GAIL<PPO>.self,
  GAIL<TRPO>.self, SARSA.self, ExpectedSARSA.self, QLearning.self,
  DDPG.self, TD3.self, SAC.self, DQN.self,
]
guard let agent = agents.first(where: { $0.name == name }), numbers.count <= 2,
  numbers.allSatisfy({ $0 ?? 0 > 0 })
else {
  print(
    "learning-benchmark [agent] [environment] [steps] [seeds] [key=value]...; agents: "
      + agents.map { $0.name }.joined(separator: ", "))
  exit(64)
}
try learn(agent, steps: (numbers.first ?? nil) ?? 100_000, seeds: (numbers.last ?? nil) ?? 10)

func learn<A: TrainableAgent>(_ type: A.Type, steps: Int, seeds: Int) throws {
  let configuration = try settings.reduce(A.Configuration.preset(environment)) {
    try $0.applying($1)
  }
  let pool = WorkerPool(threads: 2)
  var means: [Double] = []
  for seed in 0..<UInt64(seeds) {
    var environments = try make(environment, count: configuration.environmentCount, seed: seed)
    var agent = try A(for: environments, configuration, seed: seed, totalSteps: steps)
    let start = ContinuousClock.now
    while agent.stepCount < steps { _ = try agent.iterate(on: &environments, pool: pool) }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let result = try evaluate(
      agent.policy, in: make(environment, count: 100, seed: 1000 + seed), seed: 1000 + seed)
    means.append(result.mean)
    print(
      "seed \(seed): mean return \(short(result.mean)) ± \(short(result.standardError)) after "
        + "\(agent.stepCount) steps in \(short(seconds)) s")
  }
  means.sort()
  print(
    "\(name) on \(environment), \(steps) steps, \(seeds) seeds: mean "
      + "\(short(means.reduce(0, +) / Double(seeds))), median \(short(means[seeds / 2])), from "
      + "\(short(means[0])) to \(short(means[seeds - 1]))")
}

func short(_ x: Double) -> String { String(format: "%.2f", x) }
