import ArgumentParser
import Foundation
import Swirl

/// A language model with its tokenizer, ready to be asked.
struct OpenedModel {
  let path: String
  let policy: TextPolicy
  var tokenizer: Tokenizer { policy.tokenizer }
  var model: LanguageModel { policy.model }

  /// - Parameter path: A file, a folder, a run directory or the name of a fetched model.
  init(_ path: String) throws {
    self.path = path
    if FileManager.default.fileExists(atPath: path + "/run.json") {
      policy = try TextPolicy(path)
      return
    }
    let checkpoint = try Checkpoint.open(try ModelStore.path(of: path))
    policy = TextPolicy(
      model: try LanguageModel(checkpoint.configuration, weights: checkpoint, as: .stored),
      tokenizer: try checkpoint.tokenizer())
  }

  /// The tokens of plain text, after the token that begins a text where the model has one.
  func tokens(of text: String) -> [Int] {
    let begin = tokenizer.addsBeginToken ? tokenizer.beginToken.map { [$0] } ?? [] : []
    return begin + tokenizer.encode(text)
  }

  /// The tokens of a conversation up to where the model answers.
  func tokens(of messages: [ChatMessage]) throws -> [Int] {
    guard tokenizer.chatTemplate != nil else {
      throw ModelError(
        "\(path) has no chat template that is known; 'swirl generate' continues plain text")
    }
    return try tokenizer.encode(messages, addingPrompt: true)
  }

  var bytes: @Sendable (Int) -> [UInt8] {
    let tokenizer = tokenizer
    return { tokenizer.bytes(of: $0) }
  }
}

/// How many threads compute; all there are when nothing is said.
struct ThreadArguments: ParsableArguments {
  @Option(
    parsing: .unconditional, help: "Threads that compute; all the machine has when left out.",
    transform: wholeNumber(in: Limits.workers))
  var threads: Int?

  func withPool<R>(_ body: () throws -> R) rethrows -> R {
    let count = threads ?? ProcessInfo.processInfo.activeProcessorCount
    return try withWorkers(WorkerPool(threads: count), body)
  }
}

/// How text is sampled; what is left out is llama.cpp's.
struct SamplingArguments: ParsableArguments {
  @Option(
    parsing: .unconditional, help: "The most tokens of an answer.",
    transform: wholeNumber(in: 1...1_000_000))
  var tokens = 256

  @Option(
    parsing: .unconditional,
    help: "What logits are divided by; 0 takes the most probable token each time.",
    transform: number)
  var temperature: Float = 0.8

  @Option(
    parsing: .unconditional, help: "Keep the so many most probable tokens; 0 keeps all.",
    transform: wholeNumber(in: 0...10_000_000))
  var topK = 40

  @Option(
    parsing: .unconditional,
    help: "Keep the fewest most probable tokens whose probabilities add up to it.",
    transform: number)
  var topP: Float = 0.95

  @Option(
    parsing: .unconditional,
    help: "Keep tokens at least so probable as a share of the most probable one.",
    transform: number)
  var minP: Float = 0.05

  @Option(help: ArgumentHelp("Text that ends an answer; may be given again.", valueName: "text"))
  var stop: [String] = []

  /// Turns an argument into a number, or says what would be right.
  private static let number: @Sendable (String) throws -> Float = { text in
    guard let value = Float(text), value.isFinite else {
      throw ValidationError("give a number, such as 0.8")
    }
    return value
  }

  func settings(for tokenizer: Tokenizer) -> SamplingSettings {
    SamplingSettings(
      temperature: temperature, topK: topK == 0 ? nil : topK, topP: topP, minP: minP,
      maximumTokens: tokens, stopTokens: Set(tokenizer.endTokens), stopStrings: stop)
  }
}

/// Where what is drawn comes from.
struct DrawingArguments: ParsableArguments {
  @Option(
    parsing: .unconditional, help: "The seed of what is drawn; a random one when left out.",
    transform: seedNumber)
  var seed: UInt64?

  /// The seed of the first answer.
  var first: UInt64 { seed ?? .random(in: 0..<1 << 32) }
}
