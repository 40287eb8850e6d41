import Foundation
import Tensors

/// A language model on disk, whichever kind of file it is: a GGUF file or a Hugging Face folder.
///
/// ```swift
/// let checkpoint = try Checkpoint.open("SmolLM2-135M-Instruct.Q4_1.gguf")
/// let tokenizer = try checkpoint.tokenizer()
/// ```
public enum Checkpoint: ModelWeights {
  case gguf(GGUFFile)

  /// - Throws: `ModelError`, one sentence with the path and what is wrong.
  public static func open(_ path: String) throws -> Checkpoint {
    .gguf(try GGUFFile(path))
  }

  private var weights: any ModelWeights {
    switch self {
    case .gguf(let file): file
    }
  }

  public var configuration: LanguageModelConfiguration {
    switch self {
    case .gguf(let file): file.configuration
    }
  }

  public func tokenizer() throws -> Tokenizer {
    switch self {
    case .gguf(let file): try file.tokenizer()
    }
  }

  public var names: [String] { weights.names }
  public func shape(of name: String) -> Shape? { weights.shape(of: name) }
  public func matrix(_ name: String) throws -> StoredMatrix { try weights.matrix(name) }
  public func tensor(_ name: String) throws -> Tensor { try weights.tensor(name) }
}
