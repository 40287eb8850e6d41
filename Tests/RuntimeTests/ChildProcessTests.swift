import Foundation
import Runtime
import Testing

/// Programs that are fed and read.
@Suite struct ChildProcessTests {
  private func program(
    _ script: String, reading kind: ChildProcess.Output = .standardOutput
  ) throws -> ChildProcess {
    try ChildProcess(["sh", "-c", script], reading: kind)
  }

  /// What a program says until it ends a line, closes its end or has said nothing for a second.
  private func said(by child: ChildProcess) -> String {
    var bytes: [UInt8] = []
    var file = pollfd(fd: child.output, events: Int16(POLLIN), revents: 0)
    while bytes.last != UInt8(ascii: "\n"), poll(&file, 1, 1000) > 0 {
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = read(child.output, &buffer, buffer.count)
      if count <= 0 { break }
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func aProgramReadsAndAnswers() throws {
    var child = try program("tr a-z A-Z; exit 3")
    defer { child.end() }
    #expect(Array("hello".utf8).withUnsafeBytes { child.write($0, waits: true) } == 5)
    #expect(child.wait(forEnd: false) == nil)
    child.closeInput()
    #expect(said(by: child) == "HELLO")
    #expect(child.wait() == 3 << 8)
    // It is asked once.
    #expect(child.wait() == nil)
  }

  @Test func errorsAreReadInPlaceOfTheOutput() throws {
    var child = try program("echo aside; echo wrong >&2", reading: .standardError)
    defer { child.end() }
    #expect(said(by: child) == "wrong\n")
  }

  /// Writing to a program that is gone is an error and no signal; one that does not read makes nobody wait.
  @Test func writingNeverEndsThisProgram() throws {
    var gone = try program("exit 0")
    #expect(gone.wait() == 0)
    #expect([UInt8](repeating: 1, count: 9).withUnsafeBytes { gone.write($0, waits: true) } < 0)
    gone.end()
    var deaf = try program("sleep 60")
    let much = [UInt8](repeating: 1, count: 1 << 22)
    let taken = much.withUnsafeBytes { deaf.write($0, waits: false) }
    #expect(taken > 0 && taken < much.count)
    #expect(much.withUnsafeBytes { deaf.write($0, waits: false) } < 0)
    deaf.end()
  }

  /// What a program has started ends with it, whether it is ended or ends by itself.
  @Test(arguments: ["wait", "exit 0"]) func itsOwnProgramsEndToo(rest: String) throws {
    var child = try program("sleep 60 & echo $!; \(rest)")
    let id = try #require(pid_t(said(by: child).trimmingCharacters(in: .whitespacesAndNewlines)))
    if rest == "exit 0" { #expect(child.wait() == 0) }
    child.end()
    // Nobody waits for it but the system, in a moment.
    var isGone = false
    for _ in 0..<200 where !isGone {
      let status = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)
      isGone = kill(id, 0) != 0 || status?.contains(") Z ") == true
      usleep(5000)
    }
    #expect(isGone)
  }

  @Test func whatIsNoProgramIsNotStarted() throws {
    for command in [["/nowhere/program"], []] {
      let failure = #expect(throws: ChildProcess.LaunchFailure.self) {
        try ChildProcess(command, reading: .standardOutput)
      }
      guard case .notStarted(ENOENT) = failure else {
        Issue.record("\(String(describing: failure))")
        continue
      }
    }
  }
}
