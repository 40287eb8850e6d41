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
  case folder(HuggingFaceFolder)

  /// - Throws: `ModelError`, one sentence with the path and what is wrong.
  public static func open(_ path: String) throws -> Checkpoint {
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      isDirectory.boolValue
    {
      return .folder(try HuggingFaceFolder(path))
    }
    return .gguf(try GGUFFile(path))
  }

  private var weights: any ModelWeights {
    switch self {
    case .gguf(let file): file
    case .folder(let folder): folder
    }
  }

  public var configuration: LanguageModelConfiguration {
    switch self {
    case .gguf(let file): file.configuration
    case .folder(let folder): folder.configuration
    }
  }

  public func tokenizer() throws -> Tokenizer {
    switch self {
    case .gguf(let file): try file.tokenizer()
    case .folder(let folder): try folder.tokenizer()
    }
  }

  public var names: [String] { weights.names }
  public func shape(of name: String) -> Shape? { weights.shape(of: name) }
  public func matrix(_ name: String) throws -> StoredMatrix { try weights.matrix(name) }
  public func tensor(_ name: String) throws -> Tensor { try weights.tensor(name) }
}

extension Tokenizer {
  /// The tokenizer of a model: a GGUF file, or a folder with a `tokenizer.json`, which needs no weights.
  ///
  /// - Throws: `ModelError`, one sentence with the path and what is wrong.
  public init(model path: String) throws {
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      isDirectory.boolValue
    {
      try self.init(folder: path)
    } else {
      self = try GGUFFile(path).tokenizer()
    }
  }
}
