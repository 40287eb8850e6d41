import Tensors

/// Something a person has to know about a run or its settings, in one sentence.
public struct RunError: Error, CustomStringConvertible, Sendable {
  /// What a command exits with.
  public enum Kind: Int32, Sendable {
    /// A setting or argument that cannot be used.
    case usage = 64
    /// A file that cannot be read as what it should be.
    case data = 65
    /// A file or folder that is not there.
    case missing = 66
    /// Anything else, such as a disk that is full.
    case failed = 1
  }

  public let kind: Kind
  public let description: String

  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}

/// Training cannot go on: an environment or a network gave a number that is not finite.
public struct TrainingFailure: Error, CustomStringConvertible, Sendable {
  public let description: String
  /// What was being learnt from when it happened, by name; a run writes it to its folder.
  public let batch: [String: Tensor]

  public init(_ description: String, batch: [String: Tensor] = [:]) {
    self.description = description
    self.batch = batch
  }
}
