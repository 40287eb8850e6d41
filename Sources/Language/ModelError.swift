import Foundation

/// A model file, a tokenizer or a text task that cannot be used, in one sentence.
public struct ModelError: Error, CustomStringConvertible, LocalizedError, Hashable {
  /// What kind of thing is wrong; the command's exit status follows it.
  public enum Kind: Sendable {
    case badData, missingFile, usage
  }

  public let kind: Kind
  public let description: String
  public var errorDescription: String? { description }

  public init(_ description: String, kind: Kind = .badData) {
    self.description = description
    self.kind = kind
  }
}
