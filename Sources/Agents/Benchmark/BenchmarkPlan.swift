import Foundation

/// What a benchmark trains: agents × environments × seeds, each for the same number of steps.
///
/// ```swift
/// let plan = BenchmarkPlan(
///   agents: ["ppo", "a2c"], environments: ["CartPole-v1", "Acrobot-v1"], seeds: 5, steps: 100_000)
/// ```
public struct BenchmarkPlan: Codable, Sendable, Equatable {
  public var agents: [String]
  public var environments: [String]
  /// Runs of each agent in each environment, with the seeds from 0 on.
  public var seeds: Int
  /// Environment steps of a run.
  public var steps: Int
  /// Fresh episodes that judge the policy a run ends with.
  public var episodes: Int
  /// Steps between two evaluations of 20 episodes during training, which make the learning curve.
  public var evaluationInterval: Int
  /// Settings over the presets, of the form `key=value`; every agent must have them.
  public var settings: [String]

  enum CodingKeys: String, CodingKey {
    case agents, environments, seeds, steps, episodes, settings
    case evaluationInterval = "eval_every"
  }

  /// - Parameter evaluationInterval: A twentieth of the steps when nil.
  public init(
    agents: [String], environments: [String], seeds: Int, steps: Int, episodes: Int = 100,
    evaluationInterval: Int? = nil, settings: [String] = []
  ) {
    self.agents = agents
    self.environments = environments
    self.seeds = seeds
    self.steps = steps
    self.episodes = episodes
    self.evaluationInterval = evaluationInterval ?? max(1, steps / 20)
    self.settings = settings
  }

  /// One run of a benchmark.
  public struct Run: Hashable, Sendable, Codable, CustomStringConvertible {
    public let agent: String
    public let environment: String
    public let seed: UInt64

    /// The name of its folder.
    public var name: String { "\(agent)-\(environment.replacing("/", with: "-"))-s\(seed)" }

    public var description: String { "\(agent) \(environment) seed \(seed)" }

    /// What its final evaluation is made from: the same for every agent, and never a training seed.
    public var evaluationSeed: UInt64 { BenchmarkPlan.firstEvaluationSeed + seed }

    /// What the evaluations during training are made from: others than the final one, which the best of them
    /// would else be chosen by.
    var curveSeed: UInt64 { evaluationSeed + 500_000 }
  }

  /// Training seeds lie below, evaluation seeds from here on.
  public static let firstEvaluationSeed: UInt64 = 1_000_000
  public static let mostSeeds = 100_000
  /// Episodes of an evaluation during training.
  public static let curveEpisodes = 20

  /// Every run; all with the first seed come first, so that a benchmark that is stopped early has
  /// something to say about each agent.
  public var runs: [Run] {
    (0..<UInt64(seeds)).flatMap { seed in
      environments.flatMap { environment in
        agents.map { Run(agent: $0, environment: environment, seed: seed) }
      }
    }
  }

  /// This plan and what an earlier one of the same folder asked for besides.
  ///
  /// - Throws: `RunError` of kind `usage` where both cannot stand in one table.
  func extending(_ earlier: BenchmarkPlan, in path: String) throws -> BenchmarkPlan {
    func same<Value: Equatable>(_ now: Value, _ then: Value, _ name: String) throws {
      if now != then {
        throw RunError(
          .usage,
          "\(path) was begun with \(name) \(then), not \(now); repeat that, or choose another folder "
            + "with --out")
      }
    }
    try same(steps, earlier.steps, "--steps")
    try same(episodes, earlier.episodes, "--episodes")
    try same(evaluationInterval, earlier.evaluationInterval, "--eval-every")
    try same(settings, earlier.settings, "the settings")
    var plan = earlier
    plan.agents += agents.filter { !earlier.agents.contains($0) }
    plan.environments += environments.filter { !earlier.environments.contains($0) }
    plan.seeds = max(seeds, earlier.seeds)
    return plan
  }
}
