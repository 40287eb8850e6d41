import Foundation

/// One message of a conversation.
public struct ChatMessage: Sendable, Hashable, Codable {
  public enum Role: String, Sendable, Hashable, Codable {
    case system, user, assistant, tool
  }

  public var role: Role
  public var content: String

  public init(_ role: Role, _ content: String) {
    self.role = role
    self.content = content
  }
}

/// How a conversation becomes one text. Files bring templates as programs, which are recognised by what
/// they write and never run.
public enum ChatTemplate: Sendable, Hashable {
  /// `<|im_start|>role\ncontent<|im_end|>\n`, as SmolLM and Qwen have it.
  ///
  /// - defaultSystem: The system message of a conversation that does not start with one.
  case chatML(defaultSystem: String?)
  /// `<|start_header_id|>role<|end_header_id|>\n\ncontent<|eot_id|>` after `<|begin_of_text|>`.
  ///
  /// - preamble: What stands before the system message, which is then always there (Llama 3.1).
  case llama3(preamble: String?)

  /// The template that the Jinja program `source` is, or nil where it is none of these.
  public init?(recognizing source: String) {
    let text = Self.unescaped(source)
    if text.contains("<|start_header_id|>"), text.contains("<|eot_id|>") {
      // Llama 3.1's template writes dates; where none is given, these.
      let hasDates = text.contains("Cutting Knowledge Date: December 2023\n")
      self = .llama3(
        preamble: hasDates
          ? "Cutting Knowledge Date: December 2023\nToday Date: \(Self.date(in: text))\n\n" : nil)
    } else if text.contains("<|im_start|>"), text.contains("<|im_end|>") {
      self = .chatML(defaultSystem: Self.defaultSystem(in: text))
    } else {
      return nil
    }
  }

  /// A program with the `\n` and `\\` of its literals as what they stand for.
  private static func unescaped(_ source: String) -> String {
    var bytes: [UInt8] = []
    var isEscape = false
    for byte in source.utf8 {
      switch (isEscape, byte) {
      case (true, UInt8(ascii: "n")): bytes[bytes.count - 1] = UInt8(ascii: "\n")
      case (true, UInt8(ascii: "\\")): break  // the first of the two stays
      default: bytes.append(byte)
      }
      isEscape = !isEscape && byte == UInt8(ascii: "\\")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func date(in text: String) -> String {
    let found = text.firstMatch(of: #/date_string = "(\d+ \w+ \d+)"/#)
    return found.map { String($0.1) } ?? "26 Jul 2024"
  }

  /// The first system message that is written out: one that is not pasted together from variables.
  private static func defaultSystem(in text: String) -> String? {
    for after in text.split(separator: "<|im_start|>system\n", omittingEmptySubsequences: false)
      .dropFirst()
    {
      guard let end = after.range(of: "<|im_end|>") else { continue }
      let system = after[..<end.lowerBound]
      let isPasted = ["'", "\"", "{{", "{%"].contains { system.contains($0) }
      if !system.isEmpty, !isPasted { return String(system) }
    }
    return nil
  }

  /// A stretch of a conversation's text: a special token by name, or text that holds none.
  enum Part: Hashable {
    case special(String)
    case text(String)
  }

  func parts(_ messages: [ChatMessage], addingPrompt: Bool) -> [Part] {
    var parts: [Part] = []
    switch self {
    case .chatML(let defaultSystem):
      var messages = messages
      if let defaultSystem, messages.first?.role != .system {
        messages.insert(ChatMessage(.system, defaultSystem), at: 0)
      }
      for message in messages {
        parts += [
          .special("<|im_start|>"), .text("\(message.role.rawValue)\n\(message.content)"),
          .special("<|im_end|>"), .text("\n"),
        ]
      }
      if addingPrompt { parts += [.special("<|im_start|>"), .text("assistant\n")] }
    case .llama3(let preamble):
      var messages = messages.map {
        ChatMessage($0.role, $0.content.trimmingCharacters(in: .whitespacesAndNewlines))
      }
      if let preamble {
        let system = messages.first?.role == .system ? messages.removeFirst().content : ""
        messages.insert(ChatMessage(.system, preamble + system), at: 0)
      }
      parts.append(.special("<|begin_of_text|>"))
      for message in messages {
        parts += header(message.role) + [.text("\n\n" + message.content), .special("<|eot_id|>")]
      }
      if addingPrompt { parts += header(.assistant) + [.text("\n\n")] }
    }
    return parts
  }

  private func header(_ role: ChatMessage.Role) -> [Part] {
    let name = role == .tool ? "ipython" : role.rawValue
    return [.special("<|start_header_id|>"), .text(name), .special("<|end_header_id|>")]
  }
}
