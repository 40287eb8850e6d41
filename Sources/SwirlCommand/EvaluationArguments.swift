import ArgumentParser
import Swirl

/// The options of `swirl train` that evaluate the policy as training goes on.
struct EvaluationArguments: ParsableArguments {
  @Option(
    name: .customLong("eval-every"), parsing: .unconditional,
    help: ArgumentHelp(
      "Evaluate the policy each time so many steps more are taken.", valueName: "steps"),
    transform: wholeNumber(in: Limits.steps))
  var every: Int?

  @Option(
    name: .customLong("eval-episodes"), parsing: .unconditional,
    help: ArgumentHelp("Episodes of an evaluation; 20 when left out.", valueName: "episodes"),
    transform: wholeNumber(in: Limits.episodes))
  var episodes: Int?

  @Option(
    name: .customLong("stop-at"), parsing: .unconditional,
    help: ArgumentHelp(
      "Stop once an evaluation's mean return is so much, or 'threshold' for the environment's own.",
      valueName: "return"))
  var stopAt: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Stop once so many evaluations in a row were no better than the best before.",
      valueName: "evaluations"),
    transform: wholeNumber(in: 1...1_000_000))
  var patience: Int?

  var isEmpty: Bool { every == nil && episodes == nil && stopAt == nil && patience == nil }

  /// What was asked for, nil where nothing was.
  ///
  /// - Parameter seed: The run's; the evaluations' is one more, as `swirl evaluate` has it.
  func plan(
    for environments: AnyVectorEnvironment, named environment: String, seed: UInt64
  ) throws -> EvaluationPlan? {
    guard let every else {
      let needy: [(String, Bool)] = [
        ("--eval-episodes", episodes != nil), ("--stop-at", stopAt != nil),
        ("--patience", patience != nil),
      ]
      guard let (name, _) = needy.first(where: { $0.1 }) else { return nil }
      throw CommandFailure(
        .usage,
        "\(name) is about evaluations; say with --eval-every after how many steps they are made")
    }
    guard environments.timeLimit != nil else {
      throw CommandFailure(
        .usage,
        "\(environment) has no time limit, so an evaluation might never end; leave out --eval-every and "
          + "evaluate the run with 'swirl evaluate'")
    }
    return EvaluationPlan(
      every: every, episodes: episodes ?? 20, seed: seed &+ 1,
      stopAtReturn: try threshold(of: environments, named: environment), patience: patience)
  }

  /// What was asked for of a language model on a task.
  func plan(named task: String, seed: UInt64) throws -> EvaluationPlan? {
    guard let every else {
      guard isEmpty else {
        throw CommandFailure(
          .usage,
          "--eval-episodes, --stop-at and --patience are about evaluations; say with --eval-every after how many "
            + "steps they are made")
      }
      return nil
    }
    var goal: Double?
    if let stopAt {
      guard let number = Double(stopAt.replacing("_", with: "")), number.isFinite else {
        throw CommandFailure(
          .usage,
          "--stop-at is '\(stopAt.prefix(60))', but must be a number: \(task) has no threshold")
      }
      goal = number
    }
    return EvaluationPlan(
      every: every, episodes: episodes ?? 100, seed: seed &+ 1, stopAtReturn: goal,
      patience: patience)
  }

  private func threshold(
    of environments: AnyVectorEnvironment, named environment: String
  ) throws -> Double? {
    guard let stopAt else { return nil }
    if stopAt == "threshold" {
      guard let threshold = environments.spec?.rewardThreshold else {
        throw CommandFailure(
          .usage, "\(environment) has no reward threshold; give --stop-at a number")
      }
      return threshold
    }
    guard let number = Double(stopAt.replacing("_", with: "")), number.isFinite else {
      throw CommandFailure(
        .usage, "--stop-at is '\(stopAt.prefix(60))', but must be a number or 'threshold'")
    }
    return number
  }
}
