import Foundation
import Runtime
import Testing

extension Phase {
  fileprivate static let outer = Phase("outer")
  fileprivate static let inner = Phase("inner")
}

@Suite struct PhaseTimersTests {
  @Test func countsTimeThatPasses() {
    var timers = PhaseTimers()
    #expect(timers.seconds(.outer) == 0)
    let whole = ContinuousClock().measure {
      for _ in 0..<3 { timers.time(.outer) { usleep(2_000) } }
    }
    #expect(timers.count(.outer) == 3)
    #expect(timers.seconds(.outer) >= 0.006)
    #expect(timers.seconds(.outer) <= whole / .seconds(1))
  }

  @Test func givesTheResultAndTheErrorOfTheBody() {
    struct Failure: Error, Equatable { let code: Int }
    var timers = PhaseTimers()
    #expect(timers.time(.outer) { 7 } == 7)
    do throws(Failure) {
      try timers.time(.outer) { () throws(Failure) in throw Failure(code: 3) }
      Issue.record("the error was swallowed")
    } catch {
      #expect(error == Failure(code: 3))
    }
    #expect(timers.count(.outer) == 2)
  }

  @Test func phasesLieInsideEachOther() {
    var timers = PhaseTimers()
    let outer = timers.start()
    timers.time(.inner) { usleep(1_000) }
    timers.stop(.outer, since: outer)
    #expect(timers.seconds(.outer) >= timers.seconds(.inner))
    #expect(timers.phases == [.inner, .outer])
    #expect(Set(timers.seconds.keys) == ["inner", "outer"])
  }

  @Test func addsUpAndForgets() {
    var first = PhaseTimers()
    first.time(.outer) { usleep(1_000) }
    var second = first
    second.time(.inner) {}
    let alone = first.seconds(.outer)
    first.add(second)
    #expect(first.seconds(.outer) == 2 * alone)
    #expect(first.count(.inner) == 1)
    #expect(second.count(.outer) == 1)
    first.reset()
    #expect(first.phases.isEmpty)
    #expect(second.count(.inner) == 1)
  }

  @Test func reportsInOrder() throws {
    var timers = PhaseTimers()
    timers.time(.outer) { usleep(11_000) }
    timers.time(.inner) {}
    let report = timers.report
    let match = try #require(report.wholeMatch(of: /outer (\d+\.\d{3}) s, inner (\d+\.\d{3}) s/))
    let seconds = try #require(Double(match.1))
    #expect(abs(seconds - timers.seconds(.outer)) <= 0.0005 + 1e-9)
  }
}
