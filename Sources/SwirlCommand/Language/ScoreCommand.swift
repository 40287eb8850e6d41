import ArgumentParser
import Foundation
import Swirl

/// `swirl score`: how probable a language model finds a text.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Score a text with a language model.",
    discussion: """
      The log-probability of every token given those before it, and the perplexity. With --json one object: \
      {"tokens": […], "logprobs": [null, …], "perplexity"}; the first token has no probability.
      """)

  @Argument(help: "A GGUF file, a Hugging Face folder, a run, or the name of a fetched model.")
  var model: String

  @Option(help: ArgumentHelp("The file of the text.", valueName: "file"))
  var text: String

  @OptionGroup var threads: ThreadArguments

  @Flag(help: "Print one JSON object, for programs.")
  var json = false

  mutating func run() throws {
    guard let data = FileManager.default.contents(atPath: text) else {
      let isThere = FileManager.default.fileExists(atPath: text)
      throw CommandFailure(
        isThere ? .badData : .missingFile,
        isThere ? "cannot read the file \(text)" : "there is no file \(text)")
    }
    let opened = try OpenedModel(model)
    let begin =
      opened.tokenizer.addsBeginToken ? opened.tokenizer.beginToken.map { [$0] } ?? [] : []
    let tokens = begin + opened.tokenizer.encode(data)
    let context = opened.model.room
    guard tokens.count >= 2, tokens.count <= context else {
      throw CommandFailure(
        .badData,
        tokens.count < 2
          ? "\(text) has \(tokens.count) tokens; a score needs at least 2"
          : "\(text) has \(tokens.count) tokens, but the model's context ends at \(context)")
    }
    let logs = threads.withPool {
      let hidden = opened.model.hidden(
        tokens, sequences: SequenceOffsets(lengths: [tokens.count]))
      return opened.model.logProbabilities(
        of: Array(tokens.dropFirst()), at: hidden.sliced(0..<tokens.count - 1).contiguous()
      ).logProbabilities.scalars
    }
    let mean = logs.reduce(0.0) { $0 + Double($1) } / Double(logs.count)
    if json {
      Output.standard.text("{\"tokens\": ")
      Output.standard.list(tokens) { $0.number($1) }
      Output.standard.text(", \"logprobs\": ")
      Output.standard.list([nil] + logs.map(Optional.init)) { out, log in
        if let log { out.number(log) } else { out.text("null") }
      }
      Output.standard.text(", \"perplexity\": ")
      Output.standard.number(exp(-mean))
      Output.standard.text("}")
    } else {
      Output.standard.text(
        "\(tokens.count) tokens, log-probability \(String(format: "%.4f", mean)) a token, "
          + "perplexity \(String(format: "%.3f", exp(-mean)))")
    }
    Output.standard.endLine()
  }
}
