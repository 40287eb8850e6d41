import Tensors

/// A weight matrix as a file holds it, `[out, in]`: numbers, or GGML blocks read where they are mapped.
public enum StoredMatrix: Sendable {
  case dense(Tensor)
  case quantized(QuantizedTensor)

  public var shape: Shape {
    switch self {
    case .dense(let tensor): tensor.shape
    case .quantized(let tensor): tensor.shape
    }
  }
}

/// The parameters of a stored model under the names of Hugging Face's checkpoints
/// (`model.layers.0.self_attn.q_proj.weight`), whichever kind of file they come from.
public protocol ModelWeights: Sendable {
  var names: [String] { get }

  /// Nil where there is no such parameter.
  func shape(of name: String) -> Shape?

  /// A matrix `[out, in]` as it is stored, without widening; shapes and names are those of
  /// `LanguageModelConfiguration.parameterShapes`.
  ///
  /// - Throws: `ModelError` where there is none or the file ends before it.
  func matrix(_ name: String) throws -> StoredMatrix

  /// A parameter of any shape, widened to Float32.
  ///
  /// - Throws: `ModelError` where there is none or the file ends before it.
  func tensor(_ name: String) throws -> Tensor
}
