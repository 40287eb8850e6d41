import Foundation

/// A model file, a tokenizer or a text task that cannot be used, in one sentence.
public struct ModelError: Error, CustomStringConvertible, LocalizedError, Hashable {
  public let description: String
  public var errorDescription: String? { description }

  public init(_ description: String) { self.description = description }
}
