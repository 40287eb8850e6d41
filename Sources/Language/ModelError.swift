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
    // Names from files stand in sentences, whatever they hold.
    let sentence = description.unicodeScalars.lazy.map { scalar in
      scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar
    }
    self.description = String(String.UnicodeScalarView(sentence.prefix(1000)))
    self.kind = kind
  }
}
