import Envs
import Policy
import Runtime
import Tensors

/// Values of actions that are rows of numbers: one or several networks that read an observation and an action.
public struct Critics: Module {
  public var networks: [MultilayerPerceptron]

  init(
    count: Int, inputs: Int, _ settings: NetworkSettings, using random: inout PCG64
  ) {
    networks = (0..<count).map { _ in
      MultilayerPerceptron(
        sizes: [inputs] + settings.networkArchitecture + [1], activation: settings.activation,
        outputGain: 1, orthogonal: settings.orthogonalInitialization, using: &random)
    }
  }

  /// Q of observations `[B, O]` and actions `[B, A]` from −1 to 1, by each network: `[B]` each.
  public func callAsFunction(_ observations: Tensor, _ actions: Tensor) -> [Tensor] {
    let inputs = Tensor.concatenated([observations, actions], axis: 1)
    let rows = Shape(observations.shape[0])
    return networks.map { $0(inputs).reshaped(to: rows) }
  }

  /// Q by the first network alone: `[B]`.
  public func first(_ observations: Tensor, _ actions: Tensor) -> Tensor {
    networks[0](Tensor.concatenated([observations, actions], axis: 1))
      .reshaped(to: Shape(observations.shape[0]))
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    for i in networks.indices { networks[i].visitParameters { body("\(i).\($0)", &$1) } }
  }
}

/// What an agent for rows of numbers needs to know of its environments.
struct ContinuousSpaces {
  let encoder: ObservationEncoder
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
    if environments.observesBytes {
      throw RunError(
        .usage,
        "\(agent) reads observations of numbers, not of bytes as \(environments.observationSpace)")
    }
    low = box.low.map(Float.init)
    high = box.high.map(Float.init)
    guard zip(low, high).allSatisfy({ $0.isFinite && $1.isFinite }) else {
      throw RunError(
        .usage,
        "\(agent) scales its actions to their bounds, but those of \(environments.actionSpace) are "
          + "not all finite")
    }
    guard [.automatic, .flatten].contains(settings.featureExtractor),
      settings.sharedArchitecture.isEmpty
    else {
      throw RunError(
        .usage,
        "\(agent)'s networks share no layers and read no pictures; leave features_extractor and "
          + "shared_net_arch as they are")
    }
    try environments.checkRows()
    encoder = try ObservationEncoder(for: environments)
  }
}

extension ObservationNormalizer {
  /// The normaliser that settings ask for.
  init?(_ settings: NetworkSettings, _ encoder: ObservationEncoder) {
    guard settings.normalizeObservations else { return nil }
    self.init(size: encoder.rawSize, clip: Float(settings.observationClip))
  }
}
