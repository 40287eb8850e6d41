import Foundation
import Testing

/// `swirl generate`, `swirl chat` and `swirl score` with a tiny model of random weights.
@Suite struct GenerateCommandTests {
  private static let model = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "LanguageTests/References/tiny.gguf").path

  private func run(_ arguments: [String]) throws -> BuiltProgram.Result {
    try BuiltProgram.swirl.start(arguments).wait()
  }

  @Test func generatesTheSameForASeed() throws {
    let arguments = [
      "generate", Self.model, "--prompt", "1+2=", "--tokens", "8", "--seed", "3", "--json",
    ]
    let first = try run(arguments + ["--samples", "3", "--threads", "1"])
    #expect(first.status == 0, "\(first.errors)")
    let object = try #require(try jsonLines(first.output).first)
    let completions = try #require(object["completions"] as? [[String: Any]])
    #expect(completions.count == 3)
    for completion in completions {
      let tokens = try #require(completion["tokens"] as? [Int])
      let logs = try #require(completion["logprobs"] as? [Double])
      #expect(tokens.count == logs.count && tokens.count <= 8 && logs.allSatisfy { $0 <= 0 })
    }
    let alone = try #require(try jsonLines(try run(arguments + ["--threads", "2"]).output).first)
    let again = try #require(alone["completions"] as? [[String: Any]])
    #expect(again[0]["tokens"] as? [Int] == completions[0]["tokens"] as? [Int])
    let greedy = ["--temperature", "0"]
    let plain = try run(arguments + greedy)
    let ahead = try run(arguments + greedy + ["--lookup"])
    #expect(ahead.status == 0, "\(ahead.errors)")
    let texts = try [plain, ahead].map { result in
      (try jsonLines(result.output).first?["completions"] as? [[String: Any]])?
        .first?["tokens"] as? [Int]
    }
    #expect(texts[0] != nil && texts[0] == texts[1])
  }

  @Test func scoresAText() throws {
    let folder = try TemporaryFolder()
    let text = try folder.write("12+3=4!5", to: "text")
    let result = try run(["score", Self.model, "--text", text, "--json"])
    #expect(result.status == 0, "\(result.errors)")
    let object = try #require(try jsonLines(result.output).first)
    let tokens = try #require(object["tokens"] as? [Int])
    let logs = try #require(object["logprobs"] as? [Any])
    #expect(logs.count == tokens.count && logs[0] is NSNull)
    let sum = logs.dropFirst().reduce(0) { $0 + (($1 as? Double) ?? .nan) }
    let perplexity = try #require(object["perplexity"] as? Double)
    #expect(abs(perplexity - exp(-sum / Double(tokens.count - 1))) < 1e-6 * perplexity)
  }

  @Test func badCallsGetASentence() throws {
    let folder = try TemporaryFolder()
    let empty = try folder.write("", to: "empty")
    let model = Self.model
    expectRefusal(
      try run(["score", model, "--text", empty]), status: 65, saying: "at least 2")
    expectRefusal(
      try run(["score", model, "--text", folder.path("none")]), status: 66, saying: "no file")
    expectRefusal(
      try run(["generate", folder.path("none.gguf"), "--prompt", "a"]), status: 66,
      saying: "no model")
    expectRefusal(
      try run(["generate", model, "--prompt", "a", "--top-p", "2"]), status: 64, saying: "top-p")
    expectRefusal(
      try run(["generate", model, "--prompt", "a", "--system", "b"]), status: 64, saying: "--chat")
    expectRefusal(
      try run(["generate", model, "--prompt", "a", "--lookup", "--samples", "2"]), status: 64,
      saying: "one answer")
  }
}
