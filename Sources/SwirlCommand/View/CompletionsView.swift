#if Viewer
  import Foundation
  import Swirl
  import Viewer

  /// What language models said, of a run or in answer to a prompt, shown as text.
  struct CompletionsView {
    private let page: TextPage

    init(_ page: TextPage) { self.page = page }

    /// Nil where the target is no run of a language model.
    ///
    /// - Parameter step: Only what was sampled at this step; at the last one when nil.
    init?(run: String, step: Int?) throws {
      let file = (run as NSString).appendingPathComponent("completions.jsonl")
      guard FileManager.default.fileExists(atPath: file) else { return nil }
      guard let data = FileManager.default.contents(atPath: file) else {
        throw CommandFailure(.badData, "\(file) cannot be read")
      }
      page = TextPage(
        title: run,
        groups: try TextGroup.groups(ofCompletions: data, file: file, step: step))
    }

    func show(record: String?) throws {
      if let record {
        guard record.lowercased().hasSuffix(".html") else {
          throw CommandFailure(
            .usage, "completions are written as a page, not as \(record); give --record x.html")
        }
        do {
          try Data(page.html().utf8).write(to: URL(fileURLWithPath: record), options: .atomic)
        } catch {
          throw CommandFailure(.other, "cannot write \(record): \(error.localizedDescription)")
        }
        let count = page.groups.count
        Console.note("wrote \(record): \(grouped(count)) prompt\(count == 1 ? "" : "s")")
        return
      }
      var size = winsize()
      let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
      let columns = isKnown ? Int(size.ws_col) : 100
      for line in page.lines(
        columns: columns, hasColors: Console.showsColour(on: STDOUT_FILENO))
      {
        Output.standard.text(line)
        Output.standard.endLine()
      }
    }
  }
#endif
