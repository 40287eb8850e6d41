import Foundation
import Tensors

extension ActorCritic {
  /// A safetensors file of the parameters, with the form of the networks and the normaliser's
  /// statistics in its metadata.
  public func encoded() throws -> Data {
    let form = ModelForm(
      actor: .init(actor),
      value: .init(
        outputs: value.outputs, hidden: value.hidden, sharesFeatures: sharesFeatures,
        sharesMemory: sharesMemory, ownMemory: value.memory?.form))
    return Safetensors.encode(parameters, metadata: try form.metadata)
  }

  /// Reads what `encoded` wrote.
  ///
  /// - Throws: `SafetensorsError`, a sentence with the file and what is wrong.
  public init(decoding data: Data, file: String) throws {
    let source = try ModelSource(data, file)
    guard let form = source.form.value else {
      throw SafetensorsError("\(file) holds a policy without a value function")
    }
    actor = try source.actor()
    (sharesFeatures, sharesMemory) = (form.sharesFeatures, form.sharesMemory)
    value = try source.value(form)
    try source.requireNothingBut(parameters)
  }
}

extension Actor {
  /// A safetensors file of the parameters, as `ActorCritic.encoded`, without a value function.
  public func encoded() throws -> Data {
    Safetensors.encode(parameters, metadata: try ModelForm(actor: .init(self)).metadata)
  }

  /// Reads the policy of what either `encoded` wrote.
  ///
  /// - Throws: `SafetensorsError`, a sentence with the file and what is wrong.
  public init(decoding data: Data, file: String) throws {
    let source = try ModelSource(data, file)
    self = try source.actor()
    if source.form.value == nil { try source.requireNothingBut(parameters) }
  }
}

/// What a model file says beside its tensors, so that it can be used on its own.
private struct ModelForm: Codable {
  var actor: ActorForm
  var value: ValueForm?

  struct ActorForm: Codable {
    var encoder: ObservationEncoder
    var head: ActionHead
    var network: Network.Form
    var exploresByState: Bool?
    var normalizer: NormalizerState?

    init(_ actor: Actor) {
      encoder = actor.encoder
      head = actor.head
      network = actor.policy.form
      exploresByState = actor.exploresByState ? true : nil
      normalizer = actor.normalizer.map { NormalizerState(moments: $0.moments, clip: $0.clip) }
    }
  }

  struct ValueForm: Codable {
    var outputs: Int
    var hidden: [Int]
    var sharesFeatures: Bool
    var sharesMemory: Bool
    var ownMemory: Memory.Form?
  }

  struct NormalizerState: Codable {
    var moments: RunningMoments
    var clip: Float
  }

  static let key = "swirl.policy"

  var metadata: [String: String] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      return [Self.key: String(decoding: try encoder.encode(self), as: UTF8.self)]
    }
  }

  /// Whether these numbers can be of networks: none so large that arithmetic on sizes could overflow.
  var isPlausible: Bool {
    actor.encoder.encodedSize <= 4_000_000 && actor.head.isPlausible
      && actor.network.isPlausible(inputs: actor.encoder.encodedSize)
      && actor.normalizer.map({ $0.moments.isPlausible(size: actor.encoder.rawSize) }) ?? true
      && value.map {
        1...1_000_000 ~= $0.outputs && plausible($0.hidden)
          && (!$0.sharesFeatures || actor.network.features != nil)
          && (!$0.sharesMemory
            || actor.network.memory != nil
              && $0.sharesFeatures == (actor.network.features != nil))
          && $0.ownMemory == ($0.sharesMemory ? nil : actor.network.memory)
      } ?? true
  }
}

private func plausible(_ widths: [Int]) -> Bool {
  widths.count <= 16 && widths.allSatisfy { 1...65_536 ~= $0 }
}

extension Network {
  fileprivate var outputs: Int { perceptron.layers.last?.weight.shape[1] ?? 0 }
  fileprivate var hidden: [Int] { perceptron.layers.dropLast().map { $0.weight.shape[1] } }

  fileprivate var form: Form {
    Form(
      features: features.map { features in
        .init(
          pictures: features.pictures.map(\.form),
          widths: features.dense.layers.map { $0.weight.shape[1] },
          activation: features.dense.layers.first?.activation ?? .relu)
      },
      memory: memory?.form, hidden: hidden,
      activation: perceptron.layers.count > 1 ? perceptron.layers[0].activation : .tanh)
  }
}

extension Memory {
  fileprivate var form: Form { Form(kind: kind, units: units, layers: layers.count) }
}

extension Network.Form {
  fileprivate func isPlausible(inputs: Int) -> Bool {
    if let features {
      guard plausible(features.widths), features.pictures.count <= 16 else { return false }
      var position = 0
      for form in features.pictures {
        let picture = form.picture
        guard 1...16 ~= form.convolutions.count,
          form.convolutions.allSatisfy({
            1...65_536 ~= $0.channels && 1...4096 ~= $0.kernel && 1...4096 ~= $0.stride
          }), 1...65_536 ~= picture.height, 1...65_536 ~= picture.width,
          1...65_536 ~= picture.channels, form.convolved != nil, position...inputs ~= form.first,
          picture.count <= inputs - form.first
        else { return false }
        position = form.first + picture.count
      }
    }
    if let memory {
      guard 1...65_536 ~= memory.units, 1...16 ~= memory.layers else { return false }
    }
    return plausible(hidden)
  }
}

/// A model file that is being read: networks of its form take their parameters from it.
private struct ModelSource {
  let form: ModelForm
  private let tensors: [String: Tensor]
  private let file: String

  init(_ data: Data, _ file: String) throws {
    let metadata: [String: String]
    (tensors, metadata) = try Safetensors.decode(data, file: file)
    guard let text = metadata[ModelForm.key],
      let form = try? JSONDecoder().decode(ModelForm.self, from: Data(text.utf8))
    else {
      throw SafetensorsError(
        "\(file) does not say what networks it holds; it is not a policy of this program")
    }
    guard form.isPlausible else {
      throw SafetensorsError("\(file) describes networks that cannot be")
    }
    self.form = form
    self.file = file
  }

  private func tensor(_ key: String, _ shape: Shape) throws -> Tensor {
    guard let tensor = tensors[key] else {
      throw SafetensorsError("\(file) lacks the parameter \(key)")
    }
    guard tensor.shape == shape else {
      throw SafetensorsError(
        "\(file) holds \(key) with shape \(tensor.shape), but \(shape) is needed")
    }
    return tensor
  }

  func actor() throws -> Actor {
    let form = form.actor
    let policy = try network("policy.") {
      Network(
        form.network, inputs: form.encoder.encodedSize, outputs: form.head.outputSize, make: $0)
    }
    var logStd: Tensor?
    if case .gaussian(let low, _) = form.head {
      let latent = policy.perceptron.layers[policy.perceptron.layers.count - 1].weight.shape[0]
      logStd = try tensor(
        "logStd", form.exploresByState == true ? Shape(latent, low.count) : Shape(low.count))
    }
    return Actor(
      encoder: form.encoder, head: form.head, policy: policy, logStd: logStd,
      normalizer: form.normalizer.map { ObservationNormalizer(moments: $0.moments, clip: $0.clip) })
  }

  func value(_ form: ModelForm.ValueForm) throws -> Network {
    let actor = self.form.actor
    var description = actor.network
    description.hidden = form.hidden
    return try network("value.") {
      Network(
        description, inputs: actor.encoder.encodedSize, outputs: form.outputs,
        ownsFeatures: !form.sharesFeatures, ownsMemory: !form.sharesMemory, make: $0)
    }
  }

  /// A network whose parameters the file holds.
  ///
  /// - Throws: What is wrong with the first parameter that does not fit.
  private func network(
    _ prefix: String, _ build: (ParameterSource) -> Network
  ) throws -> Network {
    var problem: (any Error)?
    let network = build { name, shape, _ in
      do { return try tensor(prefix + name, shape) } catch {
        problem = problem ?? error
        return .zeros([0])
      }
    }
    if let problem { throw problem }
    return network
  }

  func requireNothingBut(_ parameters: [(name: String, value: Tensor)]) throws {
    if let extra = Set(tensors.keys).subtracting(parameters.map(\.name)).sorted().first {
      throw SafetensorsError("\(file) holds a parameter \(extra) that the networks do not have")
    }
  }
}
