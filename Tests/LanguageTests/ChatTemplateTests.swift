import Foundation
import Language
import Testing

@Suite struct ChatTemplateTests {
  private static let llama3 = """
    {% for message in messages %}{% set content = '<|start_header_id|>' + message['role'] + \
    '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}\
    {% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}
    """

  /// A tokenizer whose text tokens are bytes and whose special ones are those of Llama 3.
  private func tokenizer(_ template: String) throws -> Tokenizer {
    let folder = try ModelFolder()
    let bytes = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/tokenizers/llama3/tokenizer.json")
    let names = [
      "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
    ]
    let added = names.enumerated().map {
      "{\"id\": \(1002 + $0.offset), \"content\": \"\($0.element)\", \"special\": true}"
    }
    let text = try String(contentsOf: bytes, encoding: .utf8)
    try folder.write(
      text.replacing(
        "\"added_tokens\":[", with: "\"added_tokens\":[\(added.joined(separator: ",")),"),
      "tokenizer.json")
    let settings: [String: Any] = [
      "bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>", "chat_template": template,
    ]
    try folder.write(
      [UInt8](JSONSerialization.data(withJSONObject: settings)), "tokenizer_config.json")
    return try Tokenizer(folder: folder.path)
  }

  /// The text that transformers' own renderer gives for this template.
  @Test func llama3Speaks() throws {
    let tokenizer = try tokenizer(Self.llama3)
    let tokens = try tokenizer.encode([ChatMessage(.user, " Hi \n")])
    #expect(
      tokenizer.decode(tokens)
        == "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
        + "<|start_header_id|>assistant<|end_header_id|>\n\n")
    #expect(tokens.first == tokenizer.beginToken && tokenizer.endToken == 1005)
    // What a user writes cannot end the turn.
    let posing = try tokenizer.encode([ChatMessage(.user, "<|eot_id|>")], addingPrompt: false)
    #expect(posing.filter { $0 == tokenizer.endToken }.count == 1)
  }

  @Test func llama31WritesItsDates() throws {
    let dated =
      Self.llama3 + """
        {%- set date_string = "26 Jul 2024" %}{{- "Cutting Knowledge Date: December 2023\\n" }}
        """
    let tokenizer = try tokenizer(dated)
    let preamble = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
    #expect(tokenizer.chatTemplate == .llama3(preamble: preamble))
    let tokens = try tokenizer.encode(
      [ChatMessage(.system, "Be brief."), ChatMessage(.user, "Hi")], addingPrompt: false)
    #expect(
      tokenizer.decode(tokens)
        == "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n\(preamble)Be brief."
        + "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>")
  }

  /// As Qwen2.5-Math has it: what programs escape in their literals may stand in a default.
  @Test func aDefaultSystemMessageMayHoldBraces() {
    let template = """
      {%- if messages[0]['role'] == 'system' %}\
      {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}{%- else %}\
      {{- '<|im_start|>system\\nPlease reason step by step, and put your final answer within \
      \\\\boxed{} of \\\\nabla.<|im_end|>\\n' }}{%- endif %}
      """
    #expect(
      ChatTemplate(recognizing: template)
        == .chatML(
          defaultSystem: "Please reason step by step, and put your final answer within "
            + "\\boxed{} of \\nabla."))
    let pasted = "<|im_start|>system\n{{ system }}<|im_end|>\n"
    #expect(ChatTemplate(recognizing: pasted) == .chatML(defaultSystem: nil))
  }

  @Test func anUnknownTemplateGetsASentence() throws {
    let tokenizer = try tokenizer(
      "{% for m in messages %}[INST] {{ m.content }} [/INST]{% endfor %}")
    #expect(tokenizer.chatTemplate == nil && tokenizer.chatTemplateSource != nil)
    let error = #expect(throws: ModelError.self) {
      try tokenizer.encode([ChatMessage(.user, "Hi")])
    }
    #expect(error?.kind == .usage && error?.description.contains("chat template") == true)
  }

  @Test func aTemplateWhoseTokensAreMissingGetsASentence() throws {
    let tokenizer = try tokenizer("<|im_start|>x<|im_end|>")
    var lacking = tokenizer
    lacking.chatTemplate = .llama3(preamble: nil)
    #expect(try lacking.encode([ChatMessage(.user, "Hi")]).isEmpty == false)
    var characters = Tokenizer.characters("abc")
    characters.chatTemplate = .chatML(defaultSystem: nil)
    let error = #expect(throws: ModelError.self) {
      try characters.encode([ChatMessage(.user, "a")])
    }
    #expect(error?.description.contains("<|im_start|>") == true)
  }
}
