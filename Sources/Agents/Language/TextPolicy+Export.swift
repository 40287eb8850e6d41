import Language
import Tensors

extension TextPolicy {
  /// Writes the model, its adapters added into its weights, as a folder that transformers and `--model` read.
  ///
  /// - Throws: `ModelError` where something is at `path` or the system refuses.
  public func write(toHuggingFaceFolder path: String) throws {
    try HuggingFaceFolder.write(
      DenseWeights(model.merged().denseWeights()), configuration: model.configuration,
      tokenizer: tokenizer, to: path, as: .float32)
  }
}

/// The weights of a model in memory.
private struct DenseWeights: ModelWeights {
  private let tensors: [String: Tensor]
  let names: [String]

  init(_ weights: StateDictionary) {
    names = weights.map(\.name)
    tensors = Dictionary(weights.map { ($0.name, $0.value) }) { $1 }
  }

  func shape(of name: String) -> Shape? { tensors[name]?.shape }

  func matrix(_ name: String) throws -> StoredMatrix { .dense(try tensor(name)) }

  func tensor(_ name: String) throws -> Tensor {
    guard let tensor = tensors[name] else { throw ModelError("the model has no \(name)") }
    return tensor
  }
}
