import Foundation
import Testing
import Viewer

@Suite struct TextTests {
  private static let lines = """
    {"step": 1, "prompt": "1+1=", "completion": "3", "reward": 0, "advantage": -1, "is_complete": true}
    {"step": 2, "prompt": "2+3=", "completion": "5", "reward": 1, "advantage": 1, "rewards": {"right": 1, "form": null}, "is_complete": true}
    {"step": 2, "prompt": "2+3=", "completion": "<6>", "reward": 0, "advantage": -1, "is_complete": false, "pieces": ["<", "6>"], "log_probabilities": [-0.1, -5]}
    {"step": 2, "prompt": "4+4=", "completion": "8", "is_complete": true}
    """

  @Test func completionsAreGrouped() throws {
    let groups = try TextGroup.groups(ofCompletions: Data(Self.lines.utf8), file: "x")
    #expect(groups.map(\.prompt) == ["2+3=", "4+4="])
    #expect(groups[0].episodes.count == 2)
    #expect(groups[0].episodes[0].components.map(\.name) == ["right"])
    #expect(groups[0].episodes[1].logProbability == -5.1)
    let first = try TextGroup.groups(ofCompletions: Data(Self.lines.utf8), file: "x", step: 1)
    #expect(first.map(\.prompt) == ["1+1="])
    for bad in ["", "{}", "[1]", "{\"prompt\": 3}"] {
      #expect(throws: ViewerError.self) {
        try TextGroup.groups(ofCompletions: Data(bad.utf8), file: "x")
      }
    }
  }

  @Test func aPageShowsTokensByProbability() throws {
    let groups = try TextGroup.groups(ofCompletions: Data(Self.lines.utf8), file: "x")
    let page = TextPage(title: "a <b>", groups: groups)
    let html = page.html()
    #expect(html.contains("a &lt;b&gt;") && html.contains("&lt;</span>"))
    #expect(html.contains("title=\"p 0.905\"") && html.contains("reward <b>1</b>"))
    #expect(!html.contains("<6>"))
    let plain = page.lines(columns: 100, hasColors: false)
    #expect(plain.allSatisfy { $0.count <= 100 && !$0.contains("\u{1b}") })
    #expect(plain.contains { $0.contains("right 1") && $0.contains("advantage -1") })
    #expect(page.lines(columns: 60, hasColors: true).joined().contains("48;2;"))
  }

  @Test func noTextCommandsTheTerminal() {
    let page = TextPage(
      title: "t",
      groups: [
        TextGroup(
          prompt: "\u{1b}[2J\u{9b}2J",
          episodes: [.init(prompt: "", pieces: [.init("a\u{07}\r\nb\u{9d}\u{7f}")])])
      ])
    // The second block of control characters commands some terminals as escape does.
    let text = page.lines(columns: 40, hasColors: false).joined()
    #expect(!text.unicodeScalars.contains { $0.value < 32 || 127...159 ~= $0.value })
  }
}
