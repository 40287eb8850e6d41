import Foundation
import Runtime
import Synchronization

/// A child process that is asked lines of JSON and answers with numbers. Nothing here waits without
/// an end.
final class ProgramProcess: Sendable {
  private struct Child {
    var process: ChildProcess
    /// What it has written without an end of line.
    var unread: [UInt8] = []
  }

  private struct State {
    var child: Child?
    var asked = 0
    var warnings = 0
  }

  private let command: [String]
  private let state = Mutex(State())

  init(_ command: [String]) { self.command = command }

  deinit { state.withLock { Self.end(&$0.child) } }

  func start() throws {
    try state.withLock { try start(&$0) }
  }

  /// At most a few sentences a run; a program that fails always would fill the terminal.
  func warn(_ sentence: String) {
    let count = state.withLock { state in
      state.warnings += 1
      return state.warnings
    }
    if count <= 5 {
      Runtime.warn(sentence + (count == 5 ? " (this is not said again)" : ""))
    }
  }

  // MARK: - Asking

  /// The reward of each question, nil where the program gave none, and what was wrong with the
  /// first of those.
  func rewards(
    _ questions: [[String: Any]], timeout: Double
  ) -> (rewards: [Double?], trouble: String?) {
    state.withLock { state in
      var rewards = [Double?](repeating: nil, count: questions.count)
      var trouble: String?
      var open = Array(questions.indices)
      var failures = 0
      if let child = state.child, Self.hasMore(child) { Self.end(&state.child) }
      // A program that fails at one question after another is not asked for ever.
      while !open.isEmpty && failures < 9 {
        let before = open.count
        do {
          if state.child == nil { try start(&state) }
          try ask(questions, &open, &rewards, &state, timeout)
        } catch {
          Self.end(&state.child)
          trouble = trouble ?? "\(error)"
          failures = open.count < before ? 1 : failures + 1
          // The question it failed at is left out.
          if !open.isEmpty { open.removeFirst() }
        }
      }
      return (rewards, trouble)
    }
  }

  /// Whether a child has said more than it was asked for, or is gone: then nothing it says next can
  /// be trusted.
  private static func hasMore(_ child: Child) -> Bool {
    var file = pollfd(fd: child.process.output, events: Int16(POLLIN), revents: 0)
    return poll(&file, 1, 0) != 0
  }

  /// Asks and reads side by side, since a program may answer as it reads: neither pipe may fill
  /// while the other is waited for. `open` are the questions without an answer; the first of them
  /// is the one that an error is about.
  private func ask(
    _ questions: [[String: Any]], _ open: inout [Int], _ rewards: inout [Double?],
    _ state: inout State, _ timeout: Double
  ) throws {
    let (first, asked) = (state.asked, open)
    var pending: [UInt8] = []
    for (offset, number) in asked.enumerated() {
      var question = questions[number]
      question["id"] = first + offset
      pending += try JSONSerialization.data(
        withJSONObject: question, options: [.sortedKeys, .withoutEscapingSlashes])
      pending.append(UInt8(ascii: "\n"))
    }
    state.asked += asked.count
    var written = 0
    var deadline = ContinuousClock.now + .seconds(timeout)
    while !open.isEmpty {
      guard var child = state.child else { return }
      let left = Int32(
        min(max((deadline - ContinuousClock.now) / .milliseconds(1), 0), 86_400_000).rounded(.up))
      if left == 0 {
        throw ModelError("it gave no answer within \(timeout) seconds")
      }
      var files = [
        pollfd(fd: child.process.output, events: Int16(POLLIN), revents: 0),
        pollfd(
          fd: written < pending.count ? child.process.input : -1, events: Int16(POLLOUT),
          revents: 0),
      ]
      let ready = poll(&files, 2, left)
      if ready < 0 && errno != EINTR {
        throw ModelError("its pipe broke: \(String(cString: strerror(errno)))")
      }
      if ready <= 0 { continue }
      if files[0].revents != 0 {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = read(child.process.output, &buffer, buffer.count)
        if count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN) {
          throw ModelError(Self.ending(of: &state.child))
        }
        child.unread += buffer[..<max(count, 0)]
        state.child?.unread = child.unread
        while let newline = child.unread.firstIndex(of: UInt8(ascii: "\n")) {
          let line = Array(child.unread[..<newline])
          child.unread.removeSubrange(...newline)
          state.child?.unread = child.unread
          if line.allSatisfy({ $0 <= 32 }) { continue }
          let (id, reward) = Self.reward(line)
          var place = 0
          if let id {
            // An answer to what was asked before a failure.
            if id < first { continue }
            guard id - first < asked.count,
              let found = open.firstIndex(of: asked[id - first])
            else {
              throw ModelError("it answered with the id \(id), which waits for no answer")
            }
            place = found
          }
          let number = open.remove(at: place)
          do { rewards[number] = try reward.get() } catch {
            open.insert(number, at: 0)
            throw error
          }
          deadline = ContinuousClock.now + .seconds(timeout)
          if open.isEmpty {
            guard child.unread.allSatisfy({ $0 <= 32 }) else {
              throw ModelError("it wrote more lines than it was asked for")
            }
            return
          }
        }
        if child.unread.count > 1 << 20 {
          throw ModelError("it wrote a line of more than a million bytes")
        }
      }
      if files[1].revents != 0 && written < pending.count {
        let count = pending[written...].withUnsafeBytes {
          child.process.write($0, waits: false)
        }
        // A child that is gone is seen by the end of its output.
        if count > 0 {
          written += count
        } else if errno != EINTR && errno != EAGAIN {
          written = pending.count
        }
      }
    }
  }

  private static func reward(
    _ line: [UInt8]
  ) -> (id: Int?, reward: Result<Double, ModelError>) {
    func shown() -> String { String(decoding: line.prefix(60), as: UTF8.self) }
    let value = try? JSONSerialization.jsonObject(with: Data(line), options: .fragmentsAllowed)
    var (id, number) = (Int?.none, value as? NSNumber)
    if let object = value as? [String: Any] {
      id = (object["id"] as? NSNumber)?.intValue
      number = object["reward"] as? NSNumber
    } else if number == nil {
      // JSON has no NaN, but programs print it.
      let text = String(decoding: line, as: UTF8.self).trimmingWhitespace
      number = Double(text).map { NSNumber(value: $0) }
    }
    guard let number else {
      let sentence =
        "it wrote '\(shown())', which is neither a number nor an object with \"reward\""
      return (id, .failure(ModelError(sentence)))
    }
    let reward = number.doubleValue
    guard reward.isFinite, 0...1 ~= reward else {
      return (id, .failure(ModelError("it gave the reward \(reward), which is not from 0 to 1")))
    }
    return (id, .success(reward))
  }

  // MARK: - Starting and ending

  private func start(_ state: inout State) throws {
    do {
      state.child = Child(process: try ChildProcess(command, reading: .standardOutput))
    } catch {
      switch error {
      case .noPipes(let code):
        throw ModelError(
          "the reward program cannot be started: \(String(cString: strerror(code)))")
      case .notStarted(let code):
        throw ModelError(
          "the reward program '\(command[0])' cannot be started: "
            + String(cString: strerror(code)), kind: code == ENOENT ? .missingFile : .usage)
      }
    }
  }

  /// What became of a child whose output has ended.
  private static func ending(of child: inout Child?) -> String {
    // Its output may be closed a moment before it ends.
    for _ in 0..<20 {
      if let status = child?.process.wait(forEnd: false) {
        end(&child)
        let signal = status & 0x7f
        return signal == 0
          ? "it ended with status \(status >> 8 & 0xff) before it had answered"
          : "it was ended by signal \(signal)"
      }
      usleep(5000)
    }
    return "it closed its standard output"
  }

  private static func end(_ child: inout Child?) {
    child?.process.end()
    child = nil
  }
}
