import Envs
import Foundation

/// Groups of answers as an HTML page or as lines of a terminal, tokens coloured by how probable they were.
public struct TextPage: Sendable {
  public var title: String
  public var groups: [TextGroup]

  public init(title: String, groups: [TextGroup]) {
    self.title = title
    self.groups = groups
  }

  /// From the probable, nearly white, to what surprised, strong orange and red.
  static func color(_ logProbability: Double) -> Scene.Color {
    let surprise = max(0, min(1, -logProbability / 6))
    return surprise < 0.5
      ? Scene.Color(0xffffff).mixed(with: Scene.Color(0xf8d08a), surprise * 2)
      : Scene.Color(0xf8d08a).mixed(with: Scene.Color(0xe8745a), surprise * 2 - 1)
  }

  // MARK: - HTML

  /// A page of its own, without scripts or anything fetched.
  public func html() -> String {
    var page = """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>\(Self.escaped(title))</title><style>
      body { font: 15px/1.5 system-ui, sans-serif; margin: 2em; color: #1f2933; background: #f7f8fa }
      h1 { font-size: 1.4em } h2 { font-size: 1.05em; margin-top: 2em }
      .prompt { white-space: pre-wrap; background: #e4e9ee; padding: .7em 1em; border-radius: 6px }
      .group { display: grid; grid-template-columns: repeat(auto-fill, minmax(22em, 1fr)); gap: 1em; margin-top: 1em }
      .answer { background: white; border-radius: 6px; padding: .8em 1em; box-shadow: 0 1px 2px #0002 }
      .text { white-space: pre-wrap; font-family: ui-monospace, monospace; font-size: .9em }
      .numbers { color: #7b8794; font-size: .85em; margin-bottom: .5em } b { color: #1f2933 }
      .cut { color: #d64545 } .scale span { padding: 0 .5em }
      </style></head><body><h1>\(Self.escaped(title))</h1>

      """
    if groups.contains(where: { $0.episodes.contains { $0.logProbability != nil } }) {
      let steps = [0.0, -1, -2, -3, -4.5, -6]
      let scale = steps.map {
        "<span style=\"background:\(Self.code(Self.color($0)))\">"
          + "\(Panel.text(exp($0), places: 2))</span>"
      }
      page += "<p class=\"scale\">a token's probability: \(scale.joined())</p>\n"
    }
    for (n, group) in groups.enumerated() {
      let step = group.step.map { ", step \($0)" } ?? ""
      page += "<h2>Prompt \(n + 1)\(step)</h2>\n"
      page += "<div class=\"prompt\">\(Self.escaped(group.prompt))</div>\n<div class=\"group\">\n"
      for episode in group.episodes {
        page += "<div class=\"answer\"><div class=\"numbers\">\(Self.numbersHTML(episode))</div>"
        page += "<div class=\"text\">\(Self.textHTML(episode))</div></div>\n"
      }
      page += "</div>\n"
    }
    return page + "</body></html>\n"
  }

  private static func numbersHTML(_ episode: TextEpisode) -> String {
    numbers(episode).map { "\(escaped($0.name)) <b>\(escaped($0.text))</b>" }
      .joined(separator: " · ")
  }

  private static func textHTML(_ episode: TextEpisode) -> String {
    let text = episode.pieces.map { piece in
      guard let p = piece.logProbability else { return escaped(piece.text) }
      return "<span style=\"background:\(code(color(p)))\" title=\"p \(Panel.text(exp(p)))\">"
        + "\(escaped(piece.text))</span>"
    }
    return text.joined() + (episode.isComplete ? "" : "<span class=\"cut\"> … cut</span>")
  }

  private static func code(_ color: Scene.Color) -> String {
    "rgb(\(color.red),\(color.green),\(color.blue))"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }

  private static func numbers(_ episode: TextEpisode) -> [(name: String, text: String)] {
    var numbers: [(name: String, text: String)] = []
    if let reward = episode.reward { numbers.append(("reward", Panel.text(reward))) }
    numbers += episode.components.map { ($0.name, Panel.text($0.value)) }
    if let advantage = episode.advantage {
      numbers.append(("advantage", Panel.text(advantage)))
    }
    if let sum = episode.logProbability {
      numbers.append(("tokens", "\(episode.pieces.count)"))
      numbers.append(("log p", Panel.text(sum)))
    }
    return numbers
  }

  // MARK: - Terminals

  /// Lines with colours, the answers of a group side by side where they fit.
  ///
  /// - Parameter hasColors: Whether the terminal shows 24-bit colours; without, no codes are written.
  public func lines(columns: Int, hasColors: Bool) -> [String] {
    let columns = max(20, min(columns, 400))
    var lines = Self.wrapped([.init(title)], width: columns, colors: false).map(\.text) + [""]
    for (n, group) in groups.enumerated() {
      let step = group.step.map { ", step \($0)" } ?? ""
      lines.append("prompt \(n + 1)\(step)")
      lines += Self.wrapped([.init(group.prompt)], width: columns - 2, colors: false)
        .map { "  " + $0.text }
      lines.append("")
      let across = max(1, min(group.episodes.count, columns / 40))
      let width = (columns - 2 * (across - 1)) / across
      for first in stride(from: 0, to: group.episodes.count, by: across) {
        let row = group.episodes[first..<min(first + across, group.episodes.count)]
        let cells = row.map { Self.cell($0, width: width, colors: hasColors) }
        for i in 0..<(cells.map(\.count).max() ?? 0) {
          let parts = cells.map { cell in
            let line = i < cell.count ? cell[i] : (text: "", width: 0)
            return line.text + String(repeating: " ", count: max(0, width - line.width))
          }
          lines.append(parts.joined(separator: "  "))
        }
        lines.append("")
      }
    }
    return lines
  }

  private static func cell(
    _ episode: TextEpisode, width: Int, colors: Bool
  ) -> [(text: String, width: Int)] {
    let head = numbers(episode).map { "\($0.name) \($0.text)" }.joined(separator: " · ")
    var lines = wrapped([.init(head)], width: width, colors: false)
    var pieces = episode.pieces
    if !episode.isComplete { pieces.append(.init(" … cut")) }
    lines += wrapped(pieces, width: width, colors: colors)
    return lines
  }

  /// Breaks tokens into lines of so many characters.
  private static func wrapped(
    _ pieces: [TextEpisode.Piece], width: Int, colors: Bool
  ) -> [(text: String, width: Int)] {
    var lines: [(text: String, width: Int)] = []
    var (line, count) = ("", 0)
    func end() {
      lines.append((line, count))
      (line, count) = ("", 0)
    }
    for piece in pieces {
      var open = ""
      if colors, let p = piece.logProbability {
        let color = color(p)
        open = "\u{1b}[38;2;31;41;51;48;2;\(color.red);\(color.green);\(color.blue)m"
      }
      let close = open.isEmpty ? "" : "\u{1b}[0m"
      line += open
      for character in piece.text {
        if character.isNewline || count == width {
          line += close
          end()
          line += open
        }
        if !character.isNewline {
          // A character that commands the terminal is none to show.
          let isControl = character.unicodeScalars.contains {
            $0.value < 32 || 127...159 ~= $0.value
          }
          line.append(isControl ? " " : character)
          count += 1
        }
      }
      line += close
    }
    if count > 0 || lines.isEmpty { end() }
    return lines
  }
}
