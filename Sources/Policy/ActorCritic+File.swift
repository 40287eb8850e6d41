import Foundation
import Tensors

extension ActorCritic {
  /// What a model file says beside its tensors, so that it can be used on its own.
  private struct Form: Codable {
    var encoder: ObservationEncoder
    var head: ActionHead
    var hidden: [Int]
    var activation: Activation
    /// Outputs of the value network; 1 where a file does not say.
    var criticOutputs: Int?
    var normalizer: NormalizerState?
  }

  private struct NormalizerState: Codable {
    var moments: RunningMoments
    var clip: Float
  }

  /// A safetensors file of the parameters, with the form of the networks and the normaliser's
  /// statistics in its metadata.
  public func encoded() throws -> Data {
    let hidden = policy.layers.dropLast().map { $0.weight.shape[1] }
    let form = Form(
      encoder: encoder, head: head, hidden: Array(hidden),
      activation: policy.layers.first?.activation ?? .tanh,
      criticOutputs: value.layers.last.map { $0.weight.shape[1] }.flatMap { $0 == 1 ? nil : $0 },
      normalizer: normalizer.map { NormalizerState(moments: $0.moments, clip: $0.clip) })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return Safetensors.encode(
      parameters,
      metadata: ["swirl.actor_critic": String(decoding: try encoder.encode(form), as: UTF8.self)])
  }

  /// Reads what `encoded` wrote.
  ///
  /// - Throws: `SafetensorsError`, a sentence with the file and what is wrong.
  public init(decoding data: Data, file: String) throws {
    let (tensors, metadata) = try Safetensors.decode(data, file: file)
    guard let text = metadata["swirl.actor_critic"],
      let form = try? JSONDecoder().decode(Form.self, from: Data(text.utf8))
    else {
      throw SafetensorsError(
        "\(file) does not say what networks it holds; it is not a policy of this program")
    }
    guard form.encoder.encodedSize <= 4_000_000, form.head.isPlausible, form.hidden.count <= 16,
      1...1_000_000 ~= form.criticOutputs ?? 1,
      form.hidden.allSatisfy({ 1...65_536 ~= $0 }),
      form.normalizer.map({ $0.moments.isPlausible(size: form.encoder.rawSize) }) ?? true
    else { throw SafetensorsError("\(file) describes networks that cannot be") }
    func perceptron(_ name: String, outputs: Int) throws -> MultilayerPerceptron {
      let sizes = [form.encoder.encodedSize] + form.hidden + [outputs]
      return MultilayerPerceptron(
        layers: try (1..<sizes.count).map { i in
          func tensor(_ part: String, _ shape: Shape) throws -> Tensor {
            let key = "\(name).layers.\(i - 1).\(part)"
            guard let tensor = tensors[key] else {
              throw SafetensorsError("\(file) lacks the parameter \(key)")
            }
            guard tensor.shape == shape else {
              throw SafetensorsError(
                "\(file) holds \(key) with shape \(tensor.shape), but \(shape) is needed")
            }
            return tensor
          }
          return Linear(
            weight: try tensor("weight", Shape(sizes[i - 1], sizes[i])),
            bias: try tensor("bias", Shape(sizes[i])),
            activation: i == sizes.count - 1 ? .identity : form.activation)
        })
    }
    encoder = form.encoder
    head = form.head
    policy = try perceptron("policy", outputs: form.head.outputSize)
    value = try perceptron("value", outputs: form.criticOutputs ?? 1)
    if case .gaussian(let low, _) = form.head {
      guard let logStd = tensors["logStd"], logStd.shape == Shape(low.count) else {
        throw SafetensorsError("\(file) lacks the parameter logStd of \(low.count) numbers")
      }
      self.logStd = logStd
    }
    normalizer = form.normalizer.map { ObservationNormalizer(moments: $0.moments, clip: $0.clip) }
    if let extra = Set(tensors.keys).subtracting(parameters.map(\.name)).sorted().first {
      throw SafetensorsError("\(file) holds a parameter \(extra) that the networks do not have")
    }
  }
}

extension ActionHead {
  fileprivate var isPlausible: Bool {
    switch self {
    case .categorical(let count, let start):
      1...1_000_000 ~= count && start.magnitude <= 1_000_000_000
    case .multiCategorical(let counts, let start):
      counts.count == start.count && 1...100_000 ~= counts.count
        && counts.allSatisfy { 1...1_000_000 ~= $0 } && outputSize <= 1_000_000
        && start.allSatisfy { $0.magnitude <= 1_000_000_000 }
    case .gaussian(let low, let high): low.count == high.count && 1...100_000 ~= low.count
    }
  }
}
