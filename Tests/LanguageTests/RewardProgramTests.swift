import Foundation
import Language
import Testing

private func program(_ script: String, timeout: Double = 5) throws -> RewardProgram {
  let path = NSTemporaryDirectory() + "swirl-\(UUID().uuidString).sh"
  try Data(script.utf8).write(to: URL(fileURLWithPath: path))
  return try RewardProgram(["/bin/sh", path], problems: Arithmetic(.addition), timeout: timeout)
}

private func asked(_ count: Int) -> [MarkedText] {
  let addition = Arithmetic(.addition)
  return (0..<count).map {
    MarkedText(problem: addition.problem($0, of: .training, seed: 1), answer: "\($0)")
  }
}

@Test func programMarksAnswers() throws {
  let constant = try program("while read -r line; do echo 0.25; done")
  #expect(try constant.marks(asked(3)) == [[0.25], [0.25], [0.25]])
  // The process is kept: the second batch is answered by the same one.
  #expect(try constant.marks(asked(2)) == [[0.25], [0.25]])
  let byObject = try program(
    "while read -r line; do case $line in *'\"completion\":\"1\"'*) echo '{\"reward\": 1}';; *) echo "
      + "'{\"reward\": 0}';; esac; done")
  #expect(try byObject.marks(asked(3)) == [[0], [1], [0]])
}

@Test func manyLongAnswersDoNotFillThePipes() throws {
  let problem = TextProblem(String(repeating: "long ", count: 2000), answer: "1", numbers: [1])
  let answers = (0..<40).map { _ in MarkedText(problem: problem, answer: "x") }
  let constant = try program("while read -r line; do echo 1; done", timeout: 30)
  #expect(try constant.marks(answers) == [[Double]](repeating: [1], count: 40))
}

@Test func answersNobodyAskedForAreNotTaken() throws {
  let babbling = try program("while read -r line; do echo 1; echo 0.5; sleep 0.1; done")
  #expect(try babbling.marks(asked(1)) == [[1]])
  usleep(50_000)
  // What it said too much is not the next answer; it is started again for that.
  #expect(try babbling.marks(asked(1)) == [[1]])
}

@Test func crashCostsOneAnswer() throws {
  let crashing = try program(
    "while read -r line; do case $line in *'\"completion\":\"1\"'*) exit 3;; *) echo 1;; esac; done"
  )
  #expect(try crashing.marks(asked(4)) == [[1], nil, [1], [1]])
}

@Test func answersThatNameTheirQuestionComeInAnyOrder() throws {
  let turned = try program(
    """
    read -r a; read -r b; read -r c
    echo '{"id": 2, "reward": 1}'; echo 0.5; echo '{"id": 1, "reward": 0.25}'; sleep 5
    """)
  #expect(try turned.marks(asked(3)) == [[0.5], [0.25], [1]])
  // Nonsense costs the answer that it names, and the others are asked for again.
  let wrong = try program(
    """
    read -r a; read -r b
    case $b in *'"id":1,'*) echo '{"id": 1, "reward": 7}';; esac
    echo 1; echo 1; sleep 5
    """)
  #expect(try wrong.marks(asked(3)) == [[1], nil, [1]])
}

@Test func failuresWithMarksBetweenThemDoNotAddUp() throws {
  let flaky = try program(
    #"while read -r line; do case $line in *'"completion":"'*[02468]'"'*) exit 3;; *) echo 1;; esac; done"#
  )
  #expect(
    try flaky.marks(asked(24)) == (0..<24).map { $0 % 2 == 0 ? nil : [1] })
}

@Test func whatAProgramHasStartedEndsWithIt() throws {
  let trace = NSTemporaryDirectory() + "swirl-\(UUID().uuidString)"
  let leaving = try program("(sleep 0.4; echo > '\(trace)') >/dev/null 2>&1 & exit 3")
  #expect(throws: ModelError.self) { try leaving.marks(asked(1)) }
  usleep(700_000)
  #expect(!FileManager.default.fileExists(atPath: trace))
}

@Test(arguments: [
  ("sleep 60", "within"), ("exit 7", "status 7"), ("echo hello", "neither a number"),
  ("echo nan", "not from 0 to 1"), ("echo 2", "not from 0 to 1"),
  ("kill -9 $$", "signal 9"),
  ("exec 1>&-; sleep 60", "closed its standard output"),
]) func brokenProgramsGetASentence(script: String, part: String) throws {
  let broken = try program(script, timeout: 0.3)
  do {
    let marks = try broken.marks(asked(1))
    Issue.record("marked \(marks)")
  } catch {
    #expect("\(error)".contains(part), "\(error)")
  }
}

@Test func missingProgramsGetASentence() {
  #expect(throws: ModelError.self) {
    try RewardProgram(["/nowhere/program"], problems: Arithmetic(.addition))
  }
  #expect(throws: ModelError.self) { try RewardProgram([], problems: Arithmetic(.addition)) }
  #expect(
    RewardProgram.words("python3 'my reward.py'  --strict \"\"")
      == ["python3", "my reward.py", "--strict", ""])
}
