import Foundation
import Testing

/// `swirl model`, `swirl tokenize` and `swirl export --format huggingface`.
@Suite struct LanguageCommandTests {
  private static let references = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "LanguageTests/References")
  private static let tokenizer = references.appending(path: "tokenizers/gpt2").path
  private static let model = references.appending(path: "tiny.gguf").path

  private func run(_ arguments: [String]) throws -> BuiltProgram.Result {
    try BuiltProgram.swirl.start(arguments).wait()
  }

  @Test func tokenizesLineByLine() throws {
    let folder = try TemporaryFolder()
    let text = folder.path("text")
    try Data([0x61, 0x0a, 0x0a, 0xff, 0xfe, 0x0a, 0x62]).write(to: URL(filePath: text))
    let json = try run(["tokenize", Self.tokenizer, "--text", text, "--json"])
    #expect(json.status == 0, "\(json.errors)")
    let lines = json.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 5 && lines[1] == "[]" && lines[4].isEmpty)
    let ids = try lines.prefix(4).map { try JSONDecoder().decode([Int].self, from: Data($0.utf8)) }
    #expect(ids.map(\.count) == [1, 0, 2, 1])
    let plain = try run(["tokenize", Self.model, "--text", text])
    #expect(plain.status == 0, "\(plain.errors)")
  }

  @Test func badInputGetsASentence() throws {
    let folder = try TemporaryFolder()
    let text = folder.path("text")
    try Data("a".utf8).write(to: URL(filePath: text))
    let broken = folder.path("broken.gguf")
    try Data("GGUF no".utf8).write(to: URL(filePath: broken))
    for (arguments, status, sentence) in [
      (["tokenize", broken, "--text", text], 65, "is not a GGUF file"),
      (["tokenize", folder.path("none.gguf"), "--text", text], 66, "there is no model"),
      (["tokenize", Self.tokenizer, "--text", folder.path("none")], 66, "there is no file"),
      (["tokenize", Self.tokenizer], 64, "--text"),
      (["model", "fetch", "smollm2"], 64, "did you mean 'smollm2-135m'"),
      (["export", broken, "--format", "huggingface"], 65, "is not a GGUF file"),
      (["export", Self.model, "--format", "peft"], 64, "is no run"),
    ] {
      let result = try run(arguments)
      #expect(result.status == Int32(status), "\(arguments): \(result.errors)")
      #expect(result.errors.contains(sentence), "\(result.errors)")
      #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    }
  }

  @Test func exportsAFolder() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("written")
    let result = try run(["export", Self.model, "--format", "huggingface", "--out", out])
    #expect(result.status == 0, "\(result.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: out)
    #expect(
      Set(names) == [
        "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json",
      ])
    let again = try run(["export", Self.model, "--format", "huggingface", "--out", out])
    #expect(again.status == 64 && again.errors.contains("exists already"))
  }

  @Test func listsModels() throws {
    let result = try run(["model", "list", "--json"])
    #expect(result.status == 0, "\(result.errors)")
    let rows = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]]
    #expect(rows?.first?["name"] as? String == "smollm2-135m")
    #expect(rows?.first?["bytes"] as? Int == 98_362_432)
  }
}
