import Envs
import Foundation
import Language
import Runtime
import Testing

private func task(_ name: String, _ options: [String: OptionValue] = [:]) throws -> any TextTask {
  guard case .task(let task) = try makeTask(name, options: options) else {
    throw ModelError("\(name) is no task of single answers")
  }
  return task
}

private let names = [
  "addition", "subtraction", "multiplication", "countdown", "maximum-gap", "sorting",
  "letter-counting", "bracket-matching",
]

@Test(arguments: names) func problemsFollowFromSeedAndIndex(name: String) throws {
  let (first, again) = (try task(name), try task(name))
  let problems = (0..<50).map { first.problem($0, of: .training, seed: 7) }
  #expect(problems == (0..<50).map { again.problem($0, of: .training, seed: 7) })
  #expect(problems != (0..<50).map { first.problem($0, of: .training, seed: 8) })
  #expect(Set(problems.map(\.prompt)).count > 10)
}

@Test(arguments: names) func trainingNeverSeesWhatIsEvaluated(name: String) throws {
  let task = try task(name)
  let seen = Set((0..<300).map { task.problem($0, of: .training, seed: 1).key })
  let unseen = Set((0..<300).map { task.problem($0, of: .evaluation, seed: 2).key })
  #expect(seen.isDisjoint(with: unseen))
  #expect(!unseen.isEmpty)
}

@Test(arguments: names) func rightAnswersScoreOneAndNonsenseLess(name: String) throws {
  let task = try task(name)
  for index in 0..<50 {
    let problem = task.problem(index, of: .training, seed: 3)
    #expect(task.score(problem.answer, for: problem) == 1, "\(problem)")
    #expect(task.score(" \(problem.answer)\n", for: problem) == 1)
    for nonsense in ["", "perhaps", "((((", "9999999999999999999999", "1/0", "\u{FFFD}é"] {
      let marks = task.marks(nonsense, for: problem)
      #expect(marks.count == task.components.count)
      #expect(marks.allSatisfy { 0...1 ~= $0 })
      #expect(marks[0] == 0)
    }
  }
}

@Test func orderedPairsOfASumAreInOneSplit() throws {
  let addition = Arithmetic(.addition, digits: 1)
  let held = (0..<500).map { addition.problem($0, of: .evaluation, seed: 0).prompt }
  let trained = (0..<500).map { addition.problem($0, of: .training, seed: 0).prompt }
  for prompt in held {
    let (a, b) = (prompt.numbers[0], prompt.numbers[1])
    #expect(!trained.contains("What is \(b) + \(a)? Answer with only the number."))
  }
}

@Test func marksOfNumbersAreGraded() {
  let addition = Arithmetic(.addition)
  let problem = TextProblem("", answer: "12", numbers: [12])
  #expect(addition.marks("12", for: problem) == [1, 1, 1])
  #expect(addition.marks("5 + 7 is 12.", for: problem) == [0, 1, 0])
  #expect(addition.marks("13", for: problem) == [0, 0, 1])
  #expect(addition.marks("12 or 13", for: problem) == [0, 0, 0])
  #expect(abs(addition.score("5 + 7 = 12", for: problem) - 0.2) < 1e-12)
}

@Test func numbersAreReadAsPeopleWriteThem() {
  #expect("a -3, 1,234 and 5-6; 1,23 (2)-1".numbers == [-3, 1234, 5, 6, 1, 23, 2, 1])
  #expect("12345678901234567890".numbers == [.max])
  #expect(" -12 ".asNumber == -12)
  #expect("1.5".asNumber == nil && "".asNumber == nil && "-".asNumber == nil)
}

@Test func countdownComputesInFractions() {
  let countdown = Countdown()
  let problem = TextProblem("", answer: "", numbers: [2, 3, 4, 6])
  #expect(countdown.marks("4 * 3 / 2", for: problem) == [1, 1, 1])
  #expect(countdown.marks("so\n4/(2/3) = 6", for: problem) == [1, 1, 1])
  #expect(countdown.marks("3 + 3", for: problem) == [0, 0, 1])
  #expect(countdown.marks("2 + 3 + 4", for: problem) == [0, 1, 1])
  #expect(countdown.marks("4 / (2 + 3", for: problem) == [0, 0, 0])
  #expect(countdown.marks("2 * 3 / (4 - 4)", for: problem) == [0, 0, 1])
  let deep = String(repeating: "(", count: 5000)
  #expect(countdown.marks(deep, for: problem) == [0, 0, 0])
}

@Test func gridWorldIsWalkedInWords() throws {
  guard case .environment(var world) = try makeTask("grid-world") else {
    Issue.record("grid-world is no environment")
    return
  }
  let prompt = world.begin(4, of: .training, seed: 1)
  #expect(prompt.contains("You are in row"))
  var copy = world
  #expect(copy.begin(4, of: .training, seed: 1) == prompt)
  #expect(world.marks[0] == 0)
  let turn = world.respond(to: "fly")
  #expect(turn.ending == .none && turn.reply.contains("one word"))
  var ending = Ending.none
  for _ in 1..<world.turnLimit { ending = world.respond(to: "North.").ending }
  #expect(ending != .none)
  #expect(world.marks.allSatisfy { 0...1 ~= $0 })
}

@Test func shortestWalkScoresOne() throws {
  for index in 0..<20 {
    var world = GridWorldInWords(size: 3, turnLimit: 12)
    let prompt = world.begin(index, of: .training, seed: 5)
    #expect(prompt.contains("3 rows"))
    // Breadth first over copies: an episode is a value.
    var (frontier, views, isFound) = ([world], Set<String>(), false)
    search: for _ in 0..<12 {
      var next: [GridWorldInWords] = []
      for state in frontier {
        for word in ["north", "east", "south", "west"] {
          var copy = state
          let turn = copy.respond(to: word)
          if turn.ending == .terminated {
            #expect(copy.components.score(copy.marks) > 0.999)
            isFound = true
            break search
          }
          if views.insert(turn.reply).inserted { next.append(copy) }
        }
      }
      frontier = next
    }
    #expect(isFound)
  }
}

@Test func cartPoleIsAPrompt() throws {
  guard case .environment(var world) = try makeTask("text/CartPole-v1", options: ["turns": 5])
  else {
    Issue.record("text/CartPole-v1 is no environment")
    return
  }
  let prompt = world.begin(0, of: .training, seed: 1)
  #expect(prompt.contains("Answer each message with one of"))
  for _ in 0..<4 { #expect(world.respond(to: "0").ending != .truncated) }
  let last = world.respond(to: "dance")
  #expect(last.ending != .none)
  #expect(world.marks[1] < 1)
  #expect(throws: ModelError.self) { try makeTask("text/Pendulum-v1") }
  #expect(throws: EnvironmentError.self) { try makeTask("text/CartPole-v9") }
}

/// Three actions and four numbers, some of which share a name.
private struct Rover: Environment {
  var place = 0
  var observationSpace: Box { Box(shape: [4], in: -9...9) }
  var actionSpace: Discrete { Discrete(3, start: 1) }

  mutating func reset(using random: inout PCG64) { place = 0 }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    place = action
    return StepResult(reward: 0)
  }

  func observe(into observation: inout MutableSpan<Float>) {
    for i in 0..<4 { observation[i] = Float(place + i) }
  }
}

@Test func numbersThatShareANameHaveNone() throws {
  func opening(_ name: String) throws -> String {
    guard case .environment(var world) = try makeTask(name) else {
      throw ModelError("\(name) is no environment")
    }
    return world.begin(0, of: .training, seed: 1)
  }
  // One name stands for all of its actions.
  let bits = try opening("text/BitFlipping-v0")
  #expect(bits.contains("one of: 0, 1, 2, 3") && !bits.contains("which bit"))
  try register(
    id: "tests/Rover-v0",
    page: EnvironmentPage(
      observations: ["speed", .init("ray", count: 2), .init("charge", unit: "V")],
      actions: [.init("turn", count: 2), "brake"])
  ) { Rover() }
  let rover = try opening("text/tests/Rover-v0")
  #expect(rover.contains("one of: 1, 2, brake."))
  #expect(rover.contains("Observation: speed 0.00, 1.00, 2.00, charge 3.00 V."))
}

@Test func unknownTasksAndOptionsGetASentence() {
  func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "no error"
  }
  #expect(message { _ = try makeTask("adition") }.contains("did you mean 'addition'"))
  #expect(
    message { _ = try makeTask("addition", options: ["digit": 2]) }.contains(
      "did you mean 'digits'"))
  #expect(
    message { _ = try taskOptions(["digits=99"], of: "addition") }.contains("from 1 to 7"))
  #expect(message { _ = try taskOptions(["digits"], of: "addition") }.contains("name=value"))
  #expect(message { _ = try makeTask("/nowhere.jsonl") }.contains("no readable file"))
}

private func file(_ text: String) throws -> String {
  let path = NSTemporaryDirectory() + "swirl-\(UUID().uuidString).jsonl"
  try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  return path
}

@Test func problemsComeFromAFile() throws {
  let lines = (0..<200).map { "{\"question\": \"q\($0)\", \"answer\": \"so #### \($0)\"}\n" }
  let path = try file(lines.joined())
  let problems = try ProblemFile(path)
  let count = try #require(problems.problemCount(of: .training))
  #expect(count + (problems.problemCount(of: .evaluation) ?? 0) == 200)
  #expect(5..<50 ~= 200 - count)
  let pass = Set((0..<count).map { problems.problem($0, of: .training, seed: 1).prompt })
  #expect(pass.count == count)
  #expect((0..<200).allSatisfy { pass.contains("q\($0)") != problems.keepsOut("q\($0)") })
  let problem = problems.problem(3, of: .training, seed: 1)
  #expect(problem.prompt == "q\(problem.answer)")
  #expect(abs(problems.score("it is \(problem.answer)", for: problem) - 0.2) < 1e-9)
  let words = try ProblemFile(
    try file("{\"prompt\": \"Capital of France?\", \"answer\": \"Paris\"}\n"), heldOut: 0)
  let question = words.problem(0, of: .training, seed: 0)
  #expect(words.score("paris", for: question) == 1)
  #expect(words.marks("It is Paris, of course", for: question)[0] == 0)
}

@Test(arguments: [
  ("[1]\n", "line 1"), ("{}\n", "\"prompt\""), ("\n{\"prompt\": \"a\"}\n", "line 2"),
  ("{\"prompt\": \"a\", \"answer\": []}\n", "\"answer\""), ("", "holds no problem"),
  ("\u{0}\u{1}{", "line 1"),
]) func brokenProblemFilesGetASentence(text: String, part: String) throws {
  let path = try file(text)
  do {
    _ = try ProblemFile(path)
    Issue.record("it was read")
  } catch {
    #expect("\(error)".contains(part))
  }
}
