#if Viewer
  import ArgumentParser
  import Foundation
  import Swirl
  import Viewer

  /// The options of `swirl view` that have a language model answer a prompt.
  struct PromptArguments: ParsableArguments {
    @Option(
      help: "What a language model is to answer; the target is then its file, folder, run or name.")
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

    @OptionGroup var threads: ThreadArguments

    /// Answers of a model or of a run's, with how probable each token was.
    ///
    /// - Parameter name: A file, a folder, a run directory or the name of a fetched model.
    /// - Throws: `ModelError` or `RunError` for what is none or does not fit.
    func page(of name: String, seed: UInt64) throws -> TextPage? {
      guard let prompt else { return nil }
      let policy = try policy(of: name)
      let tokens = try policy.promptTokens(prompt)
      let completions = try threads.withPool {
        try Generator(policy.model).generate(
          prompts: Array(repeating: tokens, count: samples),
          settings: SamplingSettings(
            temperature: Float(temperature), maximumTokens: maxTokens,
            stopTokens: policy.stopTokens),
          seeds: (0..<UInt64(samples)).map { seed &+ $0 })
      }
      let episodes = completions.map { completion in
        TextEpisode(
          prompt: prompt, pieces: pieces(of: completion, policy),
          isComplete: completion.ending == .stop)
      }
      return TextPage(
        title: "\((name as NSString).lastPathComponent), temperature \(temperature)",
        groups: [TextGroup(prompt: prompt, episodes: episodes)])
    }

    private func policy(of name: String) throws -> TextPolicy {
      if FileManager.default.fileExists(atPath: name + "/run.json") { return try TextPolicy(name) }
      let opened = try OpenedModel(name)
      return TextPolicy(model: opened.model, tokenizer: opened.tokenizer)
    }

    /// A token may end in the middle of a letter; the one that completes it shows it.
    private func pieces(of completion: Completion, _ policy: TextPolicy) -> [TextEpisode.Piece] {
      var stream = TextStream()
      var pieces: [TextEpisode.Piece] = []
      for (token, logProbability) in zip(completion.tokens, completion.logProbabilities) {
        let text =
          policy.stopTokens.contains(token)
          ? stream.finish() + "⏎" : stream.add(policy.tokenizer.bytes(of: token))
        pieces.append(.init(text, logProbability: Double(logProbability)))
      }
      if !pieces.isEmpty { pieces[pieces.count - 1].text += stream.finish() }
      return pieces
    }
  }
#endif
