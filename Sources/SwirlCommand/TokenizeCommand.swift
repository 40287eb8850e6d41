import ArgumentParser
import Foundation
import Swirl

/// `swirl tokenize`: the token ids of a text, line by line.
struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Print the token ids of each line of a text.",
    discussion: """
      The model is a GGUF file, a folder of Hugging Face's or a name that 'swirl model list' knows. Names of \
      special tokens in the text become those tokens, as in Hugging Face's tokenizers. Lines end at a \
      line feed, which is not part of them; the text may hold any bytes.
      """)

  @Argument(help: "The model whose tokenizer to use.")
  var model: String

  @Option(help: ArgumentHelp("The file with the text; - for standard input.", valueName: "file"))
  var text: String

  @Flag(help: "Read names of special tokens as the text they are.")
  var noSpecials = false

  @Flag(help: "Print one JSON array of ids a line, for programs; else each piece follows its id.")
  var json = false

  mutating func run() throws {
    let tokenizer = try Tokenizer(model: try ModelStore.path(of: model))
    let bytes = try Self.bytes(of: text)
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    for line in lines {
      let tokens = tokenizer.encode(line, parsingSpecials: !noSpecials)
      if json {
        Output.standard.list(tokens) { out, token in out.number(token) }
      } else {
        let pieces = tokens.map { token in
          let piece = String(decoding: tokenizer.bytes(of: token), as: UTF8.self)
          return "\(token) \(piece.debugDescription)"
        }
        Output.standard.text(pieces.joined(separator: "  "))
      }
      Output.standard.endLine()
    }
  }

  /// The bytes of a file, or of standard input for "-".
  static func bytes(of path: String) throws -> [UInt8] {
    if path == "-" { return [UInt8](FileHandle.standardInput.readDataToEndOfFile()) }
    guard FileManager.default.fileExists(atPath: path) else {
      throw CommandFailure(.missingFile, "there is no file \(path)")
    }
    do {
      return [UInt8](try Data(contentsOf: URL(filePath: path)))
    } catch {
      throw CommandFailure(.badData, "\(path) cannot be read: \(error.localizedDescription)")
    }
  }
}
