import Envs
import Policy
import Runtime
import Tensors

/// Values of actions that are rows of numbers: one or several networks that read an observation, its pictures
/// through features they share, and an action.
public struct Critics: Module {
  /// Nil where observations are read as they are.
  public var features: FeatureExtractor?
  public var networks: [MultilayerPerceptron]

  init(
    count: Int, _ spaces: ContinuousSpaces, _ settings: NetworkSettings, using random: inout PCG64
  ) {
    let (form, observed) = (spaces.features, spaces.encoder.encodedSize)
    features = form.map {
      FeatureExtractor(
        $0, inputs: observed, orthogonal: settings.orthogonalInitialization, using: &random)
    }
    let inputs = (form?.outputs(inputs: observed) ?? observed) + spaces.low.count
    networks = (0..<count).map { _ in
      MultilayerPerceptron(
        sizes: [inputs] + settings.networkArchitecture + [1], activation: settings.activation,
        outputGain: 1, orthogonal: settings.orthogonalInitialization, using: &random)
    }
  }

  /// Q of observations `[B, O]` and actions `[B, A]` from −1 to 1, by each network: `[B]` each.
  public func callAsFunction(_ observations: Tensor, _ actions: Tensor) -> [Tensor] {
    let (inputs, rows) = (inputs(observations, actions), Shape(observations.shape[0]))
    return networks.map { $0(inputs).reshaped(to: rows) }
  }

  /// Q by the first network alone: `[B]`.
  public func first(_ observations: Tensor, _ actions: Tensor) -> Tensor {
    networks[0](inputs(observations, actions)).reshaped(to: Shape(observations.shape[0]))
  }

  private func inputs(_ observations: Tensor, _ actions: Tensor) -> Tensor {
    .concatenated([features.map { $0(observations) } ?? observations, actions], axis: 1)
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    features?.visitParameters { body("features.\($0)", &$1) }
    for i in networks.indices { networks[i].visitParameters { body("\(i).\($0)", &$1) } }
  }
}

/// What an agent for rows of numbers needs to know of its environments.
struct ContinuousSpaces {
  let encoder: ObservationEncoder
  /// What reads pictures, in the actor and in the critics each; nil where there are none.
  let features: FeatureExtractor.Form?
  let low: [Float]
  let high: [Float]

  var scale: ActionScale { ActionScale(low: low, high: high) }

  /// - Throws: `RunError` or `UnsupportedSpace`: a sentence about what the agent cannot learn in.
  init(
    _ environments: some VectorizedEnvironments, _ settings: NetworkSettings, agent: String
  ) throws {
    guard let box = environments.actionSpace as? Box, environments.maskSize == 0 else {
      throw RunError(
        .usage,
        "\(agent) acts by rows of numbers, a Box, but the environment acts in "
          + "\(environments.actionSpace)")
    }
    low = box.low.map(Float.init)
    high = box.high.map(Float.init)
    guard zip(low, high).allSatisfy({ $0.isFinite && $1.isFinite }) else {
      throw RunError(
        .usage,
        "\(agent) scales its actions to their bounds, but those of \(environments.actionSpace) are "
          + "not all finite")
    }
    guard settings.sharedArchitecture.isEmpty else {
      throw RunError(.usage, "\(agent)'s networks share no layers; leave shared_net_arch empty")
    }
    try environments.checkRows()
    encoder = try settings.encoder(for: environments, agent: agent)
    features = try settings.features(for: environments)
  }

  /// An actor with some outputs.
  func actor(
    outputs: Int, _ settings: NetworkSettings, using random: inout PCG64
  ) -> Network {
    Network(
      .init(
        features: features, hidden: settings.networkArchitecture, activation: settings.activation),
      inputs: encoder.encodedSize, outputs: outputs, outputGain: 0.01,
      orthogonal: settings.orthogonalInitialization, using: &random)
  }
}

extension ObservationNormalizer {
  /// The normaliser that settings ask for.
  init?(_ settings: NetworkSettings, _ encoder: ObservationEncoder) {
    guard settings.normalizeObservations else { return nil }
    self.init(size: encoder.rawSize, clip: Float(settings.observationClip))
  }
}
