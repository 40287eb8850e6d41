/// How completions are drawn. Training samples with the temperature alone.
public struct SamplingSettings: Sendable, Hashable, Codable {
  /// Logits are divided by it: 0.0001 or more, or 0, which takes the most probable token each time.
  public var temperature: Float
  /// Keeps the so many most probable tokens; nil keeps all.
  public var topK: Int?
  /// Keeps the fewest most probable tokens whose probabilities add up to it (Holtzman et al., 2019).
  public var topP: Float
  /// Keeps tokens at least so probable as a share of the most probable one (Nguyen et al., 2024).
  public var minP: Float
  /// The most tokens of a completion.
  public var maximumTokens: Int
  /// Tokens that end a completion; the one that did is its last token.
  public var stopTokens: Set<Int>
  /// Texts that end a completion, which keeps the token that completed one; they need a tokenizer.
  public var stopStrings: [String]

  public init(
    temperature: Float = 1, topK: Int? = nil, topP: Float = 1, minP: Float = 0,
    maximumTokens: Int = 128, stopTokens: Set<Int> = [], stopStrings: [String] = []
  ) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.maximumTokens = maximumTokens
    self.stopTokens = stopTokens
    self.stopStrings = stopStrings
  }

  /// Whether some tokens are kept from being drawn.
  var truncates: Bool { topK != nil || topP < 1 || minP > 0 }

  /// - Throws: `ModelError` where a setting cannot be.
  func check() throws(ModelError) {
    // Logits divided by less might not be finite.
    guard temperature == 0 || (temperature >= 1e-4 && temperature.isFinite) else {
      throw ModelError(
        "a temperature of \(temperature) is none: it must be 0, or 0.0001 or more", kind: .usage)
    }
    if let topK, topK < 1 {
      throw ModelError("top-k must keep 1 token or more, not \(topK)", kind: .usage)
    }
    guard topP > 0, topP <= 1 else {
      throw ModelError("top-p must be above 0 and at most 1, not \(topP)", kind: .usage)
    }
    guard minP >= 0, minP <= 1 else {
      throw ModelError("min-p must be from 0 to 1, not \(minP)", kind: .usage)
    }
    guard maximumTokens >= 0 else {
      throw ModelError("the most tokens of a completion cannot be \(maximumTokens)", kind: .usage)
    }
    if stopStrings.contains("") { throw ModelError("a stop string cannot be empty", kind: .usage) }
  }
}

/// What a model said after a prompt.
public struct Completion: Sendable, Hashable, Codable {
  public enum Ending: String, Sendable, Codable {
    /// A stop token, which is the last one, or a stop string.
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
