import Foundation
import Language
import Runtime
import Tensors

/// A language model with what turns conversations into its tokens and back: the policy of a language agent.
///
/// ```swift
/// let policy = try TextPolicy("runs/grpo-addition-s0")
/// let answers = try policy.answers(to: ["What is 3 + 4? Answer with only the number."])
/// print(answers[0])
/// ```
public struct TextPolicy: Sendable {
  public var model: LanguageModel
  public let tokenizer: Tokenizer
  /// Whether prompts are messages under the model's chat template; else they are text to continue.
  public let usesChat: Bool
  /// What conversations begin with; nil for the template's own.
  public let systemPrompt: String?

  public init(
    model: LanguageModel, tokenizer: Tokenizer, usesChat: Bool? = nil, systemPrompt: String? = nil
  ) {
    self.model = model
    self.tokenizer = tokenizer
    self.usesChat = usesChat ?? (tokenizer.chatTemplate != nil)
    self.systemPrompt = systemPrompt
  }

  /// The tokens at any of which an answer ends.
  public var stopTokens: Set<Int> { Set(tokenizer.endTokens) }

  /// The tokens that come before the model's first answer.
  ///
  /// - Throws: `ModelError` where the prompt has no tokens or the template lacks one.
  public func promptTokens(_ prompt: String) throws -> [Int] {
    guard usesChat else {
      let begin = tokenizer.addsBeginToken ? tokenizer.beginToken.map { [$0] } ?? [] : []
      let tokens = begin + tokenizer.encode(prompt)
      if tokens.isEmpty {
        throw ModelError("the prompt '\(prompt.prefix(60))' has no tokens in this model's vocabulary")
      }
      return tokens
    }
    return try tokenizer.encode(opening(prompt), addingPrompt: true)
  }

  private func opening(_ prompt: String) -> [ChatMessage] {
    (systemPrompt.map { [ChatMessage(.system, $0)] } ?? []) + [ChatMessage(.user, prompt)]
  }

  /// The tokens between an answer of the model and its next one: the end of its turn, where it did not
  /// sample that itself, and the other side's message.
  public func turnTokens(_ message: String, afterStop: Bool) throws -> [Int] {
    guard usesChat else { return tokenizer.encode("\n" + message + "\n") }
    // What follows an answer is what the template writes after it: the difference of two conversations.
    let said = opening("?") + [ChatMessage(.assistant, "!")]
    let before = try tokenizer.encode(said, addingPrompt: false)
    let whole = try tokenizer.encode(said + [ChatMessage(.user, message)], addingPrompt: true)
    let rest = Array(whole[before.count...])
    guard let end = before.lastIndex(where: { stopTokens.contains($0) }) else { return rest }
    return Array(before[(afterStop ? end + 1 : end)...]) + rest
  }

  /// The text of an answer's tokens, without the token that ended it.
  public func text(_ tokens: some Collection<Int>) -> String {
    tokenizer.decode(tokens.filter { !stopTokens.contains($0) }, skippingSpecials: true)
  }

  /// Answers to prompts, each drawn by itself.
  ///
  /// - Parameters:
  ///   - temperature: 0 takes the most probable token each time.
  ///   - seed: What the answers are drawn from; nothing at temperature 0.
  public func answers(
    to prompts: [String], temperature: Float = 0, maximumTokens: Int = 64, seed: UInt64 = 0
  ) throws -> [String] {
    let tokens = try prompts.map(promptTokens)
    let seeds = SeedSequence(seed).generateState64(prompts.count)
    return try Generator(model).generate(
      prompts: tokens,
      settings: SamplingSettings(
        temperature: temperature, maximumTokens: maximumTokens, stopTokens: stopTokens),
      seeds: seeds
    ).map { text($0.tokens) }
  }
}
