/// How completions are drawn.
public struct SamplingSettings: Sendable, Hashable, Codable {
  /// Logits are divided by it; 0 takes the most probable token each time.
  public var temperature: Float
  /// The most tokens of a completion.
  public var maximumTokens: Int
  /// Tokens that end a completion; the one that did is its last token.
  public var stopTokens: Set<Int>

  public init(temperature: Float = 1, maximumTokens: Int = 128, stopTokens: Set<Int> = []) {
    self.temperature = temperature
    self.maximumTokens = maximumTokens
    self.stopTokens = stopTokens
  }
}

/// What a model said after a prompt.
public struct Completion: Sendable, Hashable, Codable {
  public enum Ending: String, Sendable, Codable {
    /// A stop token, which is the last one.
    case stop
    /// The limit of tokens, or of the model's context.
    case length
  }

  public var tokens: [Int]
  /// log p of each token under exactly the distribution it was drawn from; 0 at temperature 0.
  public var logProbabilities: [Float]
  public var ending: Ending

  public init(tokens: [Int], logProbabilities: [Float], ending: Ending) {
    self.tokens = tokens
    self.logProbabilities = logProbabilities
    self.ending = ending
  }
}
