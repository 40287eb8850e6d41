import Language
import Tensors

extension TextPolicy {
  /// Writes the model, its low-rank adapters added into its weights, as a folder that transformers and
  /// `--model` read.
  ///
  /// - Throws: `ModelError` where the model has other adapters, something is at `path` or the system refuses.
  public func write(toHuggingFaceFolder path: String) throws {
    guard model.bottleneck == nil && model.prefixTuning == nil else {
      let kind = model.bottleneck == nil ? "a tuned prefix" : "bottleneck adapters"
      throw ModelError(
        "\(kind) cannot be added into the weights of a Hugging Face folder, as low-rank adapters can",
        kind: .usage)
    }
    try HuggingFaceFolder.write(
      model.merged().denseWeights(), configuration: model.configuration, tokenizer: tokenizer,
      to: path, as: .float32)
  }
}
