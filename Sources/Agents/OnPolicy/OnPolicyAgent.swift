import Envs
import Foundation
import Policy
import Runtime
import Tensors

/// Where an agent's fresh experience comes from, and what a checkpoint has to hold of it.
public protocol Experience: Sendable {
  associatedtype State: Codable

  /// Environment steps taken so far, over all environments.
  var stepCount: Int { get }

  var state: State { get }

  /// - Throws: `RunError` when the state is of other environments or settings.
  mutating func restore(_ state: State, directory: String) throws
}

/// An agent that acts by an actor-critic and learns from its own fresh experience.
public protocol OnPolicyAgent: TrainableAgent {
  associatedtype Source: Experience

  var model: ActorCritic { get set }
  var rollouts: Source { get set }
  /// What changes the parameters, or the value function's alone.
  var optimizer: any Optimizer { get set }
  /// The stream of the networks: initial weights, then the order of minibatches.
  var random: PCG64 { get set }

  /// Numbers that adapt while training goes on; none unless an agent has some.
  var adapting: [Double] { get set }

  /// Restores the optimiser's state: of the whole model, unless an agent's moves only a part of it.
  mutating func restoreOptimizer(_ moments: [String: Tensor], step: Int) throws
}

extension OnPolicyAgent {
  /// The trained policy, with the statistics that normalise what it reads.
  public var policy: Actor { model.actor }
  public var actorCritic: ActorCritic? { model }

  public var modules: [any Module] { [model] }

  public var adapting: [Double] {
    get { [] }
    set {}
  }

  public var stepCount: Int { rollouts.stepCount }

  public mutating func restoreOptimizer(_ moments: [String: Tensor], step: Int) throws {
    try optimizer.restore(moments, step: step, for: model)
  }

  public func snapshot() throws -> [String: Data] {
    let state = OnPolicyState(
      rollouts: rollouts.state, optimizerStep: optimizer.step, random: random,
      adapting: adapting.isEmpty ? nil : adapting)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return [
      "model.safetensors": try model.encoded(),
      "state.safetensors": Safetensors.encode(optimizer.state),
      "state.json": try encoder.encode(state),
    ]
  }

  public mutating func restore(_ files: [String: Data], directory: String) throws {
    let checkpoint = CheckpointFiles(files: files, directory: directory)
    let state = try checkpoint.decoded(OnPolicyState<Source.State>.self, of: Self.name)
    model = try checkpoint.networks(like: model)
    try rollouts.restore(state.rollouts, directory: directory)
    let moments = try checkpoint.tensors("state.safetensors")
    try restoreOptimizer(moments, step: state.optimizerStep)
    random = state.random
    guard adapting.count == state.adapting?.count ?? 0 else {
      throw RunError(.data, "\(directory)/state.json does not fit the settings of config.yaml")
    }
    adapting = state.adapting ?? []
  }
}

/// What `state.json` holds beside the tensors.
private struct OnPolicyState<Rollouts: Codable>: Codable {
  var rollouts: Rollouts
  var optimizerStep: Int
  var random: PCG64
  var adapting: [Double]?
}

extension SeedSequence {
  /// What an agent's streams are spawned from: apart from those of its environments, which come from the
  /// same seed. Child 0 is the networks', child 1 + n that of environment n's actions.
  static func agent(_ seed: UInt64) -> SeedSequence { SeedSequence(seed, spawnKey: [0x5050_4F00]) }
}

extension ActorCritic {
  /// Networks for environments like these, as `settings` has them.
  ///
  /// - Parameters:
  ///   - agent: What errors call the agent.
  ///   - memory: Recurrent layers, and whether both networks share them.
  ///   - sharesFeatures: Whether both networks may share their features; they do where the settings say so.
  ///   - exploresByState: Whether a Gaussian's noise is a function of the state.
  /// - Throws: `UnsupportedSpace` for spaces no policy can act in, `RunError` for a feature extractor that does
  ///   not fit the observations, `EnvironmentError` for an environment whose rows are not of the size its
  ///   spaces say.
  init(
    for environments: some VectorizedEnvironments, _ settings: NetworkSettings, agent: String,
    memory: Memory.Form? = nil, sharesMemory: Bool = false, sharesFeatures: Bool = true,
    exploresByState: Bool = false, criticOutputs: Int = 1, using random: inout PCG64
  ) throws {
    try environments.checkRows()
    let head = try ActionHead(environments.actionSpace)
    let encoder = try settings.encoder(for: environments, agent: agent)
    let sharesFeatures = sharesFeatures && settings.sharesFeatures
    self.init(
      encoder: encoder, head: head,
      architecture: .init(
        network: .init(
          features: try settings.features(for: environments), memory: memory,
          hidden: settings.networkArchitecture, activation: settings.activation),
        sharesFeatures: sharesFeatures, sharesMemory: sharesMemory,
        orthogonal: settings.orthogonalInitialization, logStdInit: settings.logStdInit,
        exploresByState: exploresByState, criticOutputs: criticOutputs,
        normalizationClip: settings.normalizeObservations ? settings.observationClip : nil),
      using: &random)
  }
}
