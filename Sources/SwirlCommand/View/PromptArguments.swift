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

    @OptionGroup var sampling: SamplingArguments

    @OptionGroup var threads: ThreadArguments

    /// Answers of a model or of a run's, with how probable each token was.
    ///
    /// - Parameter name: A file, a folder, a run directory or the name of a fetched model.
    /// - Throws: `ModelError` or `RunError` for what is none or does not fit.
    func page(of name: String, seed: UInt64) throws -> TextPage? {
      guard let prompt else { return nil }
      let opened = try OpenedModel(name)
      let policy = opened.policy
      let settings = sampling.settings(for: policy.tokenizer)
      let tokens = try policy.promptTokens(prompt)
      let completions = try threads.withPool {
        try Generator(policy.model, bytes: opened.bytes).generate(
          prompts: Array(repeating: tokens, count: samples), settings: settings,
          seeds: (0..<UInt64(samples)).map { seed &+ $0 })
      }
      let episodes = completions.map { completion in
        TextEpisode(
          prompt: prompt, pieces: pieces(of: completion, policy, settings),
          isComplete: completion.ending == .stop)
      }
      return TextPage(
        title: "\((name as NSString).lastPathComponent), temperature \(sampling.temperature)",
        groups: [TextGroup(prompt: prompt, episodes: episodes)])
    }

    /// A token may end in the middle of a letter; the one that completes it shows it.
    private func pieces(
      of completion: Completion, _ policy: TextPolicy, _ settings: SamplingSettings
    ) -> [TextEpisode.Piece] {
      var stream = TextStream(stopStrings: settings.stopStrings)
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
