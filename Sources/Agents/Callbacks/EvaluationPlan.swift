/// How a run is evaluated while it trains and when that ends it early, as `run.json` records it: part of what
/// a resumed run does, and of nothing it learns.
public struct EvaluationPlan: Codable, Sendable, Equatable {
  /// Steps between two evaluations.
  public var every: Int
  public var episodes: Int
  /// What the episodes are made from; another than the run's.
  public var seed: UInt64
  /// The mean return that ends the run.
  public var stopAtReturn: Double?
  /// How many evaluations in a row may bring nothing better before the run ends.
  public var patience: Int?

  public init(
    every: Int, episodes: Int, seed: UInt64, stopAtReturn: Double? = nil, patience: Int? = nil
  ) {
    self.every = every
    self.episodes = episodes
    self.seed = seed
    self.stopAtReturn = stopAtReturn
    self.patience = patience
  }

  enum CodingKeys: String, CodingKey {
    case every = "eval_every"
    case episodes = "eval_episodes"
    case seed = "eval_seed"
    case stopAtReturn = "stop_at_return"
    case patience
  }

  /// What does all this, in order.
  public var callbacks: [any Callback] {
    var callbacks: [any Callback] = [
      PeriodicEvaluation(every: every, episodes: episodes, seed: seed), BestModel(),
    ]
    if let stopAtReturn { callbacks.append(StopAtReturn(stopAtReturn)) }
    if let patience { callbacks.append(StopWithoutImprovement(evaluations: patience)) }
    return callbacks
  }
}
