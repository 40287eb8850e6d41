import ArgumentParser
import Foundation
import Swirl

/// `swirl chat`: a conversation with a language model.
struct ChatCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat", abstract: "Talk with a language model.",
    discussion: """
      One line is one message; the end of the input, or /quit, ends the conversation, and /reset begins a \
      new one. Answers go to standard output, so that a file of questions can be piped through.
      """)

  @Argument(help: "A GGUF file, a Hugging Face folder, a run, or the name of a fetched model.")
  var model: String

  @Option(help: ArgumentHelp("What the model is told first.", valueName: "text"))
  var system: String?

  @OptionGroup var sampling: SamplingArguments
  @OptionGroup var drawing: DrawingArguments
  @OptionGroup var threads: ThreadArguments

  mutating func run() throws {
    let opened = try OpenedModel(model)
    let settings = sampling.settings(for: opened.tokenizer)
    let first = (system ?? opened.policy.systemPrompt).map { [ChatMessage(.system, $0)] } ?? []
    _ = try opened.tokens(of: first + [ChatMessage(.user, "")])
    let generator = Generator(opened.model, bytes: opened.bytes)
    var seed = drawing.first
    var messages = first
    let asks = Console.isTerminal && isatty(STDIN_FILENO) == 1
    func ask() -> String? {
      if asks { Console.write(Console.paint("> ", .green)) }
      return readLine()
    }
    while let line = ask() {
      if line == "/quit" { break }
      if line == "/reset" {
        messages = first
        continue
      }
      if line.allSatisfy(\.isWhitespace) { continue }
      messages.append(ChatMessage(.user, line))
      let tokens = try opened.tokens(of: messages)
      let printer = StreamPrinter(opened, settings, isOn: true)
      let drawn = seed
      _ = try threads.withPool {
        try generator.generate(prompts: [tokens], settings: settings, seeds: [drawn]) { _, token in
          printer.add(token)
          return true
        }
      }
      printer.finish()
      messages.append(ChatMessage(.assistant, printer.text))
      seed &+= 1
    }
  }
}
