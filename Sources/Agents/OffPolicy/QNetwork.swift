import Policy
import Runtime
import Tensors

/// The values of a few actions in a state, as one network gives them: plain, or put together from the value of
/// the state and the advantages of the actions (Wang et al., 2016, https://arxiv.org/abs/1511.06581), each a
/// number or the logits of a distribution over several (Bellemare et al., 2017).
public struct QNetwork: Module {
  /// To the values, or with a dueling network to the features that both of its ends read.
  public var body: Network
  /// `[features, actions · atoms]`, of a dueling network.
  public var advantages: Linear?
  /// `[features, atoms]`, of a dueling network.
  public var value: Linear?
  public let actions: Int
  public let atoms: Int

  init(
    inputs: Int, actions: Int, atoms: Int, dueling: Bool, features: FeatureExtractor.Form?,
    _ settings: NetworkSettings, using random: inout PCG64
  ) {
    self.actions = actions
    self.atoms = atoms
    let form = Network.Form(
      features: features, hidden: settings.networkArchitecture, activation: settings.activation)
    body = Network(
      form, inputs: inputs, outputs: actions * atoms,
      orthogonal: settings.orthogonalInitialization, using: &random)
    if dueling {
      let last = body.perceptron.layers.removeLast()
      let width = last.weight.shape[0]
      advantages = last
      value = Linear(inputs: width, outputs: atoms, using: &random)
    }
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    self.body.visitParameters { body("body.\($0)", &$1) }
    advantages?.visitParameters { body("advantages.\($0)", &$1) }
    value?.visitParameters { body("value.\($0)", &$1) }
  }

  /// The values, or with several atoms their logits, of observations `[B, inputs]`: `[B, actions, atoms]`.
  public func callAsFunction(_ observations: Tensor) -> Tensor {
    let features = body(observations)
    let shape = Shape(observations.shape[0], actions, atoms)
    guard let advantages, let value else { return features.reshaped(to: shape) }
    let advantage = advantages(features).reshaped(to: shape)
    let state = value(features).reshaped(to: Shape(observations.shape[0], 1, atoms))
    return advantage - advantage.mean(axes: [1], keepingDims: true) + state
  }

  /// The same function as one network: both ends of a dueling network are linear, and so is their sum.
  var network: Network {
    guard let advantages, let value, let bias = advantages.bias, let stateBias = value.bias else {
      return body
    }
    /// `[…, actions · atoms]` and `[…, atoms]` put together as the outputs are.
    func joined(_ advantage: Tensor, _ state: Tensor, rows: Int) -> Tensor {
      let advantage = advantage.reshaped(to: Shape(rows, actions, atoms))
      return advantage - advantage.mean(axes: [1], keepingDims: true)
        + state.reshaped(to: Shape(rows, 1, atoms))
    }
    let features = advantages.weight.shape[0]
    let outputs = actions * atoms
    var network = body
    network.perceptron.layers.append(
      Linear(
        weight: joined(advantages.weight, value.weight, rows: features)
          .reshaped(to: Shape(features, outputs)),
        bias: joined(bias, stateBias, rows: 1).reshaped(to: Shape(outputs))))
    return network
  }
}

/// The network that learns and the one it is measured by.
public struct QNetworks: Module {
  public var online: QNetwork
  public var target: QNetwork

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    online.visitParameters { body("online.\($0)", &$1) }
    target.visitParameters { body("target.\($0)", &$1) }
  }
}
