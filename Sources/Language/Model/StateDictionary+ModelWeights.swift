import Tensors

/// Tensors by name are weights of a model, too: those of a model in memory, for example.
///
/// ```swift
/// try HuggingFaceFolder.write(
///   model.denseWeights(), configuration: model.configuration, tokenizer: tokenizer, to: "my-model")
/// ```
extension StateDictionary: ModelWeights {
  public func shape(of name: String) -> Shape? { self[name]?.shape }

  public func matrix(_ name: String) throws -> StoredMatrix { .dense(try held(name)) }

  public func tensor(_ name: String) throws -> Tensor { try held(name).float32 }

  private func held(_ name: String) throws(ModelError) -> Tensor {
    guard let tensor = self[name] else {
      throw ModelError("there is no parameter \(name) among \(count)")
    }
    return tensor
  }
}
