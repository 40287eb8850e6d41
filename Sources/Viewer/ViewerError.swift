/// What went wrong with a picture, a window or a recording, in one sentence.
public struct ViewerError: Error, Sendable, CustomStringConvertible {
  public enum Kind: Sendable {
    /// Something asked for that cannot be.
    case usage
    /// A file that cannot be read as what it should be.
    case data
    /// A file or program that is not there.
    case missing
    /// Something that the machine refused, such as a full disk.
    case failed
  }

  public let kind: Kind
  public let description: String

  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
