import Foundation
import Policy
import Tensors

/// The files of a checkpoint, read with a sentence for whatever is wrong with them.
struct CheckpointFiles {
  let files: [String: Data]
  /// What errors call the files' folder.
  let directory: String

  func file(_ name: String) throws -> Data {
    guard let data = files[name] else { throw RunError(.data, "\(directory) lacks \(name)") }
    return data
  }

  /// What `state.json` holds.
  func decoded<State: Decodable>(_ type: State.Type, of agent: String) throws -> State {
    do { return try JSONDecoder().decode(type, from: try file("state.json")) } catch let error
      as DecodingError
    {
      throw RunError(
        .data,
        "\(directory)/state.json does not hold the state of \(agent): \(error.sentence)")
    }
  }

  /// The networks of `model.safetensors`, which must have the form of `networks`.
  func networks<Networks: SavedNetworks>(like networks: Networks) throws -> Networks {
    let saved = try Networks(
      decoding: try file("model.safetensors"), file: directory + "/model.safetensors")
    guard saved.head == networks.head, saved.encoder == networks.encoder,
      (saved.normalizer == nil) == (networks.normalizer == nil),
      saved.parameters.map(\.name) == networks.parameters.map(\.name),
      saved.parameters.map(\.value.shape) == networks.parameters.map(\.value.shape)
    else {
      throw RunError(
        .data,
        "\(directory)/model.safetensors holds a network of another shape than config.yaml asks for")
    }
    return saved
  }

  /// The tensors of a file in the order in which `model` visits its parameters, which must have their shapes.
  func parameters(_ name: String, like model: some Module) throws -> [Tensor] {
    let saved = try tensors(name)
    return try model.parameters.map { parameter in
      guard let tensor = saved[parameter.name], tensor.shape == parameter.value.shape else {
        throw RunError(
          .data, "\(directory)/\(name) holds no \(parameter.name) of shape \(parameter.value.shape)"
        )
      }
      return tensor
    }
  }

  func tensors(_ name: String) throws -> [String: Tensor] {
    try Safetensors.decode(try file(name), file: directory + "/" + name).tensors
  }
}

/// What `model.safetensors` holds: a policy, alone or with its value function.
protocol SavedNetworks: Module {
  var head: ActionHead { get }
  var encoder: ObservationEncoder { get }
  var normalizer: ObservationNormalizer? { get }

  init(decoding data: Data, file: String) throws
}

extension Actor: SavedNetworks {}
extension ActorCritic: SavedNetworks {}

extension DecodingError {
  /// What is wrong and where, without the type names a person cannot use.
  var sentence: String {
    switch self {
    case .keyNotFound(let key, _): "\(key.stringValue) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "it is not JSON"
        : "\(context.codingPath.map(\.stringValue).joined(separator: ".")) is of the wrong kind"
    @unknown default: "it is of another form"
    }
  }
}
