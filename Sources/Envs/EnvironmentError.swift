import Runtime

/// Something wrong with an environment, a space or how they are used, in one sentence.
public struct EnvironmentError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Sendable {
    /// An unknown id or a value out of range: what was asked for cannot be.
    case usage
    /// An environment broke its own promises, or saved state does not fit.
    case data
  }

  public let kind: Kind
  public let description: String

  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}

/// Ends the process with a sentence: the answer to a programming mistake.
@usableFromInline
@inline(never)
func stop(_ operation: String, _ message: String) -> Never {
  endProcess(operation, message)
}
