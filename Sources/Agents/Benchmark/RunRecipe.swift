import Envs
import Foundation
import Policy
import Runtime
import Tensors

/// How a run that a program drives comes about: what learns in what, from which seed, for how long.
///
/// The run is an ordinary run directory, trained on one thread, so that several go on side by side.
package struct RunRecipe: Sendable {
  package var agent: String
  package var environment: String
  package var seed: UInt64
  /// Schedules run to here.
  package var totalSteps: Int
  /// Settings over the preset, of the form `key=value`.
  package var settings: [String]
  /// Its run directory.
  package var path: String
  /// The version of the program, for `run.json`.
  package var version: String
  /// How it is evaluated while it trains; not at all where the environment has no time limit, since an
  /// evaluation might never end.
  package var evaluation: EvaluationPlan?

  package init(
    agent: String, environment: String, seed: UInt64, totalSteps: Int, settings: [String],
    path: String, version: String, evaluation: EvaluationPlan? = nil
  ) {
    self.agent = agent
    self.environment = environment
    self.seed = seed
    self.totalSteps = totalSteps
    self.settings = settings
    self.path = path
    self.version = version
    self.evaluation = evaluation
  }

  /// The settings of the run.
  ///
  /// - Throws: `RunError` of kind `usage` for one that the agent does not have or that is out of range.
  package func configuration<Learner: TrainableAgent>(
    for type: Learner.Type
  ) throws -> Learner.Configuration {
    var configuration = Learner.Configuration.preset(environment)
    for setting in settings { configuration = try configuration.applying(setting) }
    try configuration.validate()
    return configuration
  }

  /// Makes the agent and its environments and forgets them: what cannot be trained is said before
  /// anything is.
  package func check<Learner: TrainableAgent>(_ type: Learner.Type) throws {
    let configuration = try parts(for: type).configuration
    guard let directory = try? RunDirectory(reading: path) else { return }
    let description = try directory.description()
    guard description.totalSteps == totalSteps else {
      throw RunError(
        .usage, "\(path) is a run of \(description.totalSteps) steps, not of \(totalSteps)")
    }
    try requireSame(try directory.configuration(), configuration.yaml)
  }

  private func requireSame(_ recorded: String, _ now: String) throws {
    guard recorded == now else {
      throw RunError(
        .usage,
        "\(path) was begun with other settings (its config.yaml differs from what would be trained now); "
          + "choose another folder with --out")
    }
  }

  /// What a run is made of.
  package typealias Parts<Learner: TrainableAgent> = (
    learner: Learner, environments: AnyVectorEnvironment, configuration: Learner.Configuration
  )

  /// The agent at its beginning and its environments.
  ///
  /// - Throws: `RunError` of kind `usage` for settings or spaces the agent is not for.
  package func parts<Learner: TrainableAgent>(for type: Learner.Type) throws -> Parts<Learner> {
    var configuration = try configuration(for: type)
    let environments = try make(
      environment, count: configuration.environmentCount, seed: seed,
      options: configuration.environmentOptions)
    configuration.environmentOptions = environments.spec?.options ?? [:]
    return (
      try Learner(for: environments, configuration, seed: seed, totalSteps: nil), environments,
      configuration
    )
  }

  /// The run, from its beginning or from where it was left.
  package func open<Learner: TrainableAgent>(_ parts: Parts<Learner>) throws -> TrainingRun<Learner>
  {
    let (learner, environments, configuration) = parts
    if FileManager.default.fileExists(atPath: path + "/run.json") {
      return try TrainingRun(resuming: path) { _, recorded in
        try requireSame(recorded, configuration.yaml)
        return (learner, environments)
      }
    }
    return try TrainingRun(
      creating: path,
      RunDescription(
        agent: agent, environment: environment, seed: seed, totalSteps: totalSteps,
        version: version, simd: simdLevel,
        evaluation: environments.timeLimit == nil ? nil : evaluation),
      configuration: configuration, agent: learner, environments: environments)
  }

  /// Evaluates a policy over fresh episodes, which end after a thousand steps where the environment has
  /// no limit, and lists the result with the run; the same evaluation is not made twice.
  package func evaluated<Learner: TrainableAgent>(
    _ run: TrainingRun<Learner>, episodes: Int, seed: UInt64
  ) throws -> RunDirectory.Evaluation {
    let step = run.agent.stepCount
    if let known = try run.directory.evaluations().last(where: {
      $0.step == step && $0.seed == seed && $0.deterministic && $0.returns.count == episodes
    }) {
      return known
    }
    let options = try run.directory.environmentOptions()
    let environments = try fresh(episodes, seed: seed, options: options)
    let result = try evaluate(run.agent.policy, in: environments, seed: seed)
    try run.directory.add(result, step: step, deterministic: true)
    return RunDirectory.Evaluation(
      step: step, seed: seed, deterministic: true, returns: result.returns, lengths: result.lengths)
  }

  private func fresh(
    _ episodes: Int, seed: UInt64, options: [String: OptionValue]
  ) throws -> AnyVectorEnvironment {
    let limit = try environmentSpec(environment).maxEpisodeSteps
    return try make(
      environment, count: episodes, seed: seed, timeLimit: limit ?? Self.stepsWithoutLimit,
      options: options)
  }

  /// Where an environment has no time limit a policy may play for ever.
  package static let stepsWithoutLimit = 1000
}

/// The mean return of actions drawn at random: where a scale of scores begins.
///
/// - Throws: `EnvironmentError` for an environment that cannot be made.
func randomReturn(in id: String, episodes: Int, seed: UInt64) throws -> Double {
  let limit = try environmentSpec(id).maxEpisodeSteps ?? RunRecipe.stepsWithoutLimit
  var environments = try make(id, count: episodes, seed: seed, timeLimit: limit)
  let size = episodes * environments.observationSize * (environments.observesBytes ? 1 : 4)
  let actions = UnsafeMutablePointer<Float>.allocate(capacity: episodes * environments.actionSize)
  let rows = StepRows(
    actions: actions, observations: .allocate(byteCount: size, alignment: 64),
    finalObservations: .allocate(byteCount: size, alignment: 64),
    rewards: .allocate(capacity: episodes), endings: .allocate(capacity: episodes),
    episodeReturns: .allocate(capacity: episodes), episodeLengths: .allocate(capacity: episodes))
  defer {
    actions.deallocate()
    rows.observations.deallocate()
    rows.finalObservations?.deallocate()
    rows.rewards.deallocate()
    rows.endings.deallocate()
    rows.episodeReturns?.deallocate()
    rows.episodeLengths?.deallocate()
  }
  var returns = [Double?](repeating: nil, count: episodes)
  environments.withStepper { stepper in
    for _ in 0..<limit where returns.contains(where: { $0 == nil }) {
      stepper.sampleActions(0..<episodes, into: actions)
      stepper.step(0..<episodes, rows)
      for n in 0..<episodes where rows.endings[n] != .none && returns[n] == nil {
        returns[n] = rows.episodeReturns?[n]
      }
    }
  }
  return mean(returns.compactMap { $0 })
}
