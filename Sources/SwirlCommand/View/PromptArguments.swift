#if Viewer
  import ArgumentParser
  import Foundation
  import Swirl
  import Viewer

  /// The options of `swirl view` that have a language model answer a prompt.
  struct PromptArguments: ParsableArguments {
    @Option(help: "What a language model is to answer; the target is then its file or folder.")
    var prompt: String?

    @Option(
      parsing: .unconditional, help: "Answers side by side.",
      transform: wholeNumber(in: 1...64))
    var samples = 4

    @Option(
      parsing: .unconditional, help: "What logits are divided by; 0 takes the most probable token.",
      transform: number(in: 0...100))
    var temperature = 1.0

    @Option(
      parsing: .unconditional, help: "Tokens of an answer at most.",
      transform: wholeNumber(in: 1...100_000))
    var maxTokens = 64

    /// Answers of the model at a path, with how probable each token was.
    ///
    /// - Throws: `ModelError` for what is no model or does not fit.
    func page(of path: String, seed: UInt64) throws -> TextPage? {
      guard let prompt else { return nil }
      let checkpoint = try Checkpoint.open(path)
      let tokenizer = try checkpoint.tokenizer()
      let model = try LanguageModel(checkpoint.configuration, weights: checkpoint)
      let tokens =
        tokenizer.chatTemplate == nil
        ? tokenizer.encode(prompt)
        : try tokenizer.encode([ChatMessage(.user, prompt)], addingPrompt: true)
      let completions = try Generator(model).generate(
        prompts: Array(repeating: tokens, count: samples),
        settings: SamplingSettings(
          temperature: Float(temperature), maximumTokens: maxTokens,
          stopTokens: Set(tokenizer.endTokens)),
        seeds: (0..<UInt64(samples)).map { seed &+ $0 })
      let episodes = completions.map { completion in
        TextEpisode(
          prompt: prompt, pieces: pieces(of: completion, tokenizer),
          isComplete: completion.ending == .stop)
      }
      return TextPage(
        title: "\((path as NSString).lastPathComponent), temperature \(temperature)",
        groups: [TextGroup(prompt: prompt, episodes: episodes)])
    }

    /// A token may end in the middle of a letter; the one that completes it shows it.
    private func pieces(
      of completion: Completion, _ tokenizer: Tokenizer
    ) -> [TextEpisode.Piece] {
      var pending: [UInt8] = []
      var pieces: [TextEpisode.Piece] = []
      let ends = Set(tokenizer.endTokens)
      for (token, logProbability) in zip(completion.tokens, completion.logProbabilities) {
        var text = ""
        if !ends.contains(token) {
          pending += tokenizer.bytes(of: token)
          if let whole = String(validating: pending, as: UTF8.self) {
            text = whole
            pending = []
          }
        } else {
          text = "⏎"
        }
        pieces.append(.init(text, logProbability: Double(logProbability)))
      }
      if !pending.isEmpty {
        pieces.append(.init(String(decoding: pending, as: UTF8.self)))
      }
      return pieces
    }
  }
#endif
