import Language
import Tensors

extension TextPolicy {
  /// Writes the model, its adapters added into its weights, as a folder that transformers and `--model` read.
  ///
  /// - Throws: `ModelError` where something is at `path` or the system refuses.
  public func write(toHuggingFaceFolder path: String) throws {
    try HuggingFaceFolder.write(
      model.merged().denseWeights(), configuration: model.configuration, tokenizer: tokenizer,
      to: path, as: .float32)
  }
}
