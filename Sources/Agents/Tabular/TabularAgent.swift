import Envs
import Foundation
import Policy
import Replay
import Runtime
import Tensors

/// What a temporal-difference method takes the state after a step to be worth; all else is the same.
///
/// Source of the three: R. S. Sutton and A. G. Barto, "Reinforcement Learning: An Introduction", second
/// edition, sections 6.4 to 6.6.
public protocol TemporalDifferenceRule: Sendable {
  /// The name on the command line.
  static var name: String { get }

  /// Whether the action after a step is chosen before the step is learnt from, and then taken.
  static var learnsFromNextAction: Bool { get }

  /// What `state`, after the step, is worth.
  ///
  /// - Parameter next: The action taken there, where `learnsFromNextAction`.
  static func worth(of state: Int, taking next: Int, _ q: ActionValues, epsilon: Double) -> Double
}

/// q(s′, a′) of the action taken next: on-policy, so that exploring counts.
public enum SARSARule: TemporalDifferenceRule {
  public static let name = "sarsa"
  public static let learnsFromNextAction = true
  public static func worth(
    of state: Int, taking next: Int, _ q: ActionValues, epsilon: Double
  ) -> Double { q[state, next] }
}

/// Σ π(a | s′) q(s′, a) of the ε-greedy policy: SARSA without the chance in a′.
public enum ExpectedSARSARule: TemporalDifferenceRule {
  public static let name = "expected-sarsa"
  public static let learnsFromNextAction = false
  public static func worth(
    of state: Int, taking next: Int, _ q: ActionValues, epsilon: Double
  ) -> Double { q.expected(in: state, epsilon: epsilon) }
}

/// max q(s′, ·): off-policy, the greedy policy's value whatever explores.
public enum QLearningRule: TemporalDifferenceRule {
  public static let name = "q-learning"
  public static let learnsFromNextAction = false
  public static func worth(
    of state: Int, taking next: Int, _ q: ActionValues, epsilon: Double
  ) -> Double { q.largest(in: state) }
}

public typealias SARSA = TabularAgent<SARSARule>
public typealias ExpectedSARSA = TabularAgent<ExpectedSARSARule>
public typealias QLearning = TabularAgent<QLearningRule>

/// Learns a table q(s, a) while it acts ε-greedily on it, for environments whose observation is one discrete
/// number.
///
/// ```swift
/// var environments = try make("CliffWalking-v1", seed: 1)
/// var agent = try QLearning(for: environments, seed: 1)
/// try agent.train(on: &environments, steps: 100_000) { report in print(report) }
/// print(agent.values[36, 0])
/// ```
///
/// For a step (s, a, r, s′): q(s, a) ← q(s, a) + α (r + γ w(s′) − q(s, a)), where w is the rule's, and 0 where
/// the episode terminated. The policy is a network without hidden layers whose weights are the table, so it is
/// evaluated, saved and exported as any other.
public struct TabularAgent<Rule: TemporalDifferenceRule>: TrainableAgent {
  public static var name: String { Rule.name }

  public let configuration: TabularConfiguration
  public var totalSteps: Int
  /// q(s, a)
  public private(set) var values: ActionValues
  private var progress = Progress()
  /// One stream an environment, from which its actions are drawn.
  private var actionStreams: [PCG64]
  /// The action each environment takes next, where it is chosen already.
  private var chosen: [Int?]
  /// The policy's form, with weights that nobody reads.
  private let form: Actor
  private let firstState: Int
  private let firstAction: Int
  private let seed: UInt64

  public var stepCount: Int { progress.stepCount }

  /// Takes some steps, learning from each.
  public mutating func iterate(
    on environments: inout AnyVectorEnvironment, pool: WorkerPool
  ) throws -> TrainingReport {
    var timers = PhaseTimers()
    var (error, updates) = (0.0, 0.0)
    var (rate, epsilon) = (0.0, 0.0)
    let (settings, gamma, count) = (configuration.own, configuration.gamma, environments.count)
    let rows = RolloutBuffer(
      stepCount: 1, environmentCount: count, observationSize: 1, actionSize: 1,
      maskSize: environments.maskSize)
    let (width, masks) = (rows.maskSize, rows.maskSize > 0 ? rows.masks : nil)
    let observed = rows.observations.assumingMemoryBound(to: Float.self)
    let final = rows.finalObservations.assumingMemoryBound(to: Float.self)
    let endings = UnsafeMutableRawPointer(rows.endings).assumingMemoryBound(to: Ending.self)
    var states = [Int](repeating: 0, count: count)

    try environments.withStepper { stepper in
      stepper.observe(0..<count, into: UnsafeMutableRawPointer(rows.observations), masks: masks)
      for _ in 0..<settings.stepsPerReport {
        (rate, epsilon) = settings.rates(at: progress.remaining(of: totalSteps))
        timers.time(.rollout) {
          for n in 0..<count {
            let state = Int(observed[n]) - firstState
            states[n] = state
            if let masks { values.allow(masks + n * width, in: state) }
            let action =
              chosen[n] ?? values.sample(in: state, epsilon: epsilon, using: &actionStreams[n])
            chosen[n] = action
            rows.actions[n] = Float(action + firstAction)
          }
          stepper.step(0..<count, rows.stepRows(rows.actions))
        }
        try timers.time(.update) {
          for n in 0..<count {
            guard let action = chosen[n] else { continue }
            let ended = endings[n] != .none
            let next = Int((ended ? final : observed)[n]) - firstState
            if !ended, let masks { values.allow(masks + n * width, in: next) }
            let nextAction =
              Rule.learnsFromNextAction && endings[n] != .terminated
              ? values.sample(in: next, epsilon: epsilon, using: &actionStreams[n]) : nil
            let future =
              endings[n] == .terminated
              ? 0 : Rule.worth(of: next, taking: nextAction ?? 0, values, epsilon: epsilon)
            let difference = rows.rewards[n] + gamma * future - values[states[n], action]
            guard difference.isFinite else {
              throw TrainingFailure(
                "environment \(n) of seed \(seed) gave the reward \(rows.rewards[n]) at step "
                  + "\(stepCount / count + 1), or values grew without bound")
            }
            values[states[n], action] += rate * difference
            // The action of a final observation was looked at and belongs to no episode.
            chosen[n] = ended ? nil : nextAction
            error += difference * difference
            updates += 1
            if ended {
              progress.episodes.add(
                return: rows.episodeReturns[n], length: Int(rows.episodeLengths[n]))
            }
          }
        }
        progress.stepCount += count
      }
    }
    progress.iteration += 1
    return progress.report(
      [("value_loss", error / max(updates, 1)), ("learning_rate", rate), ("epsilon", epsilon)],
      timers)
  }

  /// The greedy policy of the table.
  public var policy: Actor {
    var model = form
    model.policy.perceptron.layers[0].weight =
      Tensor(values.numbers.map(Float.init)).reshaped([values.stateCount, values.actionCount])
    return model
  }

  // MARK: - Saving

  private struct State: Codable {
    var progress: Progress
    var actionStreams: [PCG64]
    var chosen: [Int?]
    var values: ActionValues
  }

  public func snapshot() throws -> [String: Data] {
    [
      "model.safetensors": try policy.encoded(),
      "state.json": try encodedState(
        State(progress: progress, actionStreams: actionStreams, chosen: chosen, values: values)),
    ]
  }

  public mutating func restore(_ files: [String: Data], directory: String) throws {
    let checkpoint = CheckpointFiles(files: files, directory: directory)
    let state = try checkpoint.decoded(State.self, of: Self.name)
    _ = try checkpoint.networks(like: form)
    guard state.values.hasSize(of: values), state.actionStreams.count == actionStreams.count,
      state.chosen.count == chosen.count,
      state.chosen.allSatisfy({ $0.map { 0..<values.actionCount ~= $0 } ?? true })
    else {
      throw RunError(
        .data, "\(directory)/state.json holds a table or streams of other environments")
    }
    (progress, actionStreams) = (state.progress, state.actionStreams)
    (chosen, values) = (state.chosen, state.values)
  }

  // MARK: - Making

  /// An agent for environments like these, its streams made from `seed`.
  ///
  /// - Parameter totalSteps: The steps over which schedules run; `train` sets it where it is nil.
  /// - Throws: `RunError` for spaces a table cannot hold and settings out of range.
  public init(
    for environments: some VectorizedEnvironments, _ configuration: TabularConfiguration = .init(),
    seed: UInt64, totalSteps: Int? = nil
  ) throws {
    var configuration = configuration
    configuration.environmentCount = environments.count
    try configuration.validate()
    guard let states = environments.observationSpace as? Discrete,
      let actions = environments.actionSpace as? Discrete, states.n <= 10_000_000 / actions.n
    else {
      throw RunError(
        .usage,
        "\(Self.name) learns a table, for observations and actions that are each one discrete number, "
          + "but the environment gives \(environments.observationSpace) and takes "
          + "\(environments.actionSpace)")
    }
    try environments.checkRows()
    self.configuration = configuration
    self.totalSteps = totalSteps ?? 0
    self.seed = seed
    (firstState, firstAction) = (states.start, actions.start)
    values = ActionValues(
      states: states.n, actions: actions.n, initial: configuration.own.initialValue)
    let streams = SeedSequence.agent(seed)
    actionStreams = (0..<environments.count).map { PCG64(streams.child(1 + $0)) }
    chosen = .init(repeating: nil, count: environments.count)
    form = Actor(
      encoder: try ObservationEncoder(states), head: try ActionHead(actions),
      policy: Network(
        perceptron: MultilayerPerceptron(layers: [
          // No bias stands beside a table.
          Linear(weight: .zeros(Shape(states.n, actions.n)), bias: .zeros(Shape(actions.n)))
        ])))
  }
}
