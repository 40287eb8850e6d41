import Foundation
import Policy
import Runtime
import Tensors

extension PPO {
  /// What `state.json` holds beside the tensors.
  private struct State: Codable {
    var stepCount: Int
    var iteration: Int
    var optimizerStep: Int
    var random: PCG64
    var actionStreams: [PCG64]
    var rewardScaling: RewardScaling?
    var episodes: EpisodeWindow
  }

  public func snapshot() throws -> [String: Data] {
    let state = State(
      stepCount: stepCount, iteration: iteration, optimizerStep: optimizer.step, random: random,
      actionStreams: actionStreams, rewardScaling: rewardScaling, episodes: episodes)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return [
      "model.safetensors": try model.encoded(),
      "state.safetensors": Safetensors.encode(optimizer.state),
      "state.json": try encoder.encode(state),
    ]
  }

  public mutating func restore(_ files: [String: Data], directory: String) throws {
    func file(_ name: String) throws -> Data {
      guard let data = files[name] else { throw RunError(.data, "\(directory) lacks \(name)") }
      return data
    }
    let state: State
    do { state = try JSONDecoder().decode(State.self, from: try file("state.json")) } catch let
      error as DecodingError
    {
      throw RunError(
        .data, "\(directory)/state.json does not hold the state of PPO: \(error.sentence)")
    }
    guard state.actionStreams.count == actionStreams.count else {
      throw RunError(
        .data,
        "\(directory) was written with \(state.actionStreams.count) environments, not \(actionStreams.count)"
      )
    }
    guard rewardScaling.map(\.returns.count) == state.rewardScaling.map(\.returns.count),
      state.rewardScaling.map({ [$0.moments.mean.count, $0.moments.variance.count] == [1, 1] })
        ?? true
    else {
      throw RunError(
        .data, "\(directory)/state.json scales the rewards of another number of environments")
    }
    let saved = try ActorCritic(
      decoding: try file("model.safetensors"), file: directory + "/model.safetensors")
    guard saved.head == model.head, saved.encoder == model.encoder,
      saved.parameters.map(\.value.shape) == model.parameters.map(\.value.shape)
    else {
      throw RunError(
        .data,
        "\(directory)/model.safetensors holds a network of another shape than config.yaml asks for")
    }
    let tensors = try Safetensors.decode(
      try file("state.safetensors"), file: directory + "/state.safetensors"
    ).tensors
    try optimizer.restore(tensors, step: state.optimizerStep, for: saved)
    model = saved
    stepCount = state.stepCount
    iteration = state.iteration
    random = state.random
    actionStreams = state.actionStreams
    rewardScaling = state.rewardScaling
    episodes = state.episodes
  }
}

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
