import ArgumentParser
import Foundation
import Swirl

/// `swirl generate`: what a language model says after a text.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Continue a text with a language model.",
    discussion: """
      The text is continued as it stands; --chat wraps it as a question in the model's chat template. With \
      --json one object: {"model", "prompt_tokens", "completions": [{"text", "tokens", "logprobs", \
      "ending"}], "seconds", "tokens_per_second"}, and with --draft or --lookup also "acceptance_rate" and \
      "tokens_per_step".
      """)

  @Argument(help: "A GGUF file, a Hugging Face folder, a run, or the name of a fetched model.")
  var model: String

  @Option(help: ArgumentHelp("The text to continue.", valueName: "text"))
  var prompt: String

  @Flag(help: "Ask the text as a question, in the model's chat template.")
  var chat = false

  @Option(help: ArgumentHelp("The system message of --chat.", valueName: "text"))
  var system: String?

  @Option(
    parsing: .unconditional, help: "How many answers to draw.",
    transform: wholeNumber(in: 1...10_000))
  var samples = 1

  @Option(help: ArgumentHelp("A smaller model that proposes tokens ahead.", valueName: "model"))
  var draft: String?

  @Flag(help: "Propose what followed in the text when its last tokens stood there before.")
  var lookup = false

  @Option(
    parsing: .unconditional, help: "The most tokens proposed at a time.",
    transform: wholeNumber(in: 1...64))
  var ahead = 4

  @OptionGroup var sampling: SamplingArguments
  @OptionGroup var drawing: DrawingArguments
  @OptionGroup var threads: ThreadArguments

  @Flag(help: "Print one JSON object, for programs.")
  var json = false
}

extension GenerateCommand {
  mutating func run() throws {
    if system != nil && !chat {
      throw CommandFailure(.usage, "--system belongs to --chat; give both")
    }
    let isSpeculative = draft != nil || lookup
    if draft != nil && lookup {
      throw CommandFailure(.usage, "--draft and --lookup both propose tokens; give one")
    }
    if isSpeculative && samples > 1 {
      throw CommandFailure(.usage, "--draft and --lookup take one answer; leave out --samples")
    }
    let opened = try OpenedModel(model)
    let tokens: [Int]
    if chat {
      let first = (system ?? opened.policy.systemPrompt).map { [ChatMessage(.system, $0)] } ?? []
      let messages = first + [ChatMessage(.user, prompt)]
      tokens = try opened.tokens(of: messages)
    } else {
      tokens = opened.tokens(of: prompt)
    }
    let seed = drawing.first
    let clock = ContinuousClock()
    let start = clock.now
    let (completions, speculation) = try threads.withPool {
      try isSpeculative
        ? speculate(opened, tokens, seed) : (generate(opened, tokens, seed), nil)
    }
    let seconds = (clock.now - start) / .seconds(1)
    if json { write(opened, tokens, completions, speculation, seconds) }
    if let speculation, !json {
      let rate = String(format: "%.0f", 100 * speculation.acceptanceRate)
      let gain = String(format: "%.2f", speculation.tokensPerStep)
      Console.note("\(rate) % of the proposals were accepted; \(gain) tokens a step")
    }
  }

  private func generate(
    _ opened: OpenedModel, _ tokens: [Int], _ seed: UInt64
  ) throws -> [Completion] {
    let settings = sampling.settings(for: opened.tokenizer)
    let printer = StreamPrinter(opened, settings, isOn: !json && samples == 1)
    let completions = try Generator(opened.model, bytes: opened.bytes).generate(
      prompts: [[Int]](repeating: tokens, count: samples), settings: settings,
      seeds: (0..<UInt64(samples)).map { seed &+ $0 }
    ) { _, token in
      printer.add(token)
      return true
    }
    printer.finish()
    if !json && samples > 1 {
      for (number, completion) in completions.enumerated() {
        let text = opened.text(of: completion, settings)
        Output.standard.text("\(number + 1): \(text)")
        Output.standard.endLine()
      }
    }
    return completions
  }

  private func speculate(
    _ opened: OpenedModel, _ tokens: [Int], _ seed: UInt64
  ) throws -> ([Completion], SpeculativeGenerator.Speculation?) {
    let settings = sampling.settings(for: opened.tokenizer)
    let proposer: SpeculativeGenerator.Proposer =
      try draft.map { .draft(try OpenedModel($0).model) } ?? .promptLookup()
    let printer = StreamPrinter(opened, settings, isOn: !json)
    let (completion, speculation) = try SpeculativeGenerator(
      opened.model, proposer: proposer, ahead: ahead, bytes: opened.bytes
    ).generate(prompt: tokens, settings: settings, seed: seed) { token in
      printer.add(token)
      return true
    }
    printer.finish()
    return ([completion], speculation)
  }

  private func write(
    _ opened: OpenedModel, _ tokens: [Int], _ completions: [Completion],
    _ speculation: SpeculativeGenerator.Speculation?, _ seconds: Double
  ) {
    let settings = sampling.settings(for: opened.tokenizer)
    let count = completions.reduce(0) { $0 + $1.tokens.count }
    Output.standard.text("{\"model\": ")
    Output.standard.string(model)
    Output.standard.text(", \"prompt_tokens\": ")
    Output.standard.list(tokens) { $0.number($1) }
    Output.standard.text(", \"completions\": ")
    Output.standard.list(completions) { out, completion in
      out.text("{\"text\": ")
      out.string(opened.text(of: completion, settings))
      out.text(", \"tokens\": ")
      out.list(completion.tokens) { $0.number($1) }
      out.text(", \"logprobs\": ")
      out.list(completion.logProbabilities) { $0.number($1) }
      out.text(", \"ending\": \"\(completion.ending.rawValue)\"}")
    }
    if let speculation {
      Output.standard.text(", \"acceptance_rate\": ")
      Output.standard.number(speculation.acceptanceRate)
      Output.standard.text(", \"tokens_per_step\": ")
      Output.standard.number(speculation.tokensPerStep)
    }
    Output.standard.text(", \"seconds\": ")
    Output.standard.number(seconds)
    Output.standard.text(", \"tokens_per_second\": ")
    Output.standard.number(Double(count) / seconds)
    Output.standard.text("}")
    Output.standard.endLine()
  }
}

extension OpenedModel {
  /// A completion as text, without special tokens and from a stop string on.
  func text(of completion: Completion, _ settings: SamplingSettings) -> String {
    var stream = TextStream(stopStrings: settings.stopStrings)
    return stream.add(tokenizer.bytes(of: completion.tokens, skippingSpecials: true))
      + stream.finish()
  }
}

/// Prints tokens as text as they come.
final class StreamPrinter {
  private let tokenizer: Tokenizer
  private var stream: TextStream
  private let isOn: Bool
  /// All that was printed.
  private(set) var text = ""

  init(_ opened: OpenedModel, _ settings: SamplingSettings, isOn: Bool) {
    tokenizer = opened.tokenizer
    stream = TextStream(stopStrings: settings.stopStrings)
    self.isOn = isOn
  }

  func add(_ token: Int) {
    if !tokenizer.isSpecial(token) { show(stream.add(tokenizer.bytes(of: token))) }
  }

  func finish() {
    show(stream.finish())
    if isOn {
      Output.standard.endLine()
      Output.standard.flush()
    }
  }

  private func show(_ part: String) {
    if !isOn || part.isEmpty { return }
    text += part
    Output.standard.text(part)
    Output.standard.flush()
  }
}
