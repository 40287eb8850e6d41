import Foundation
import Language
import Runtime

/// A completion as training sees it: its tokens, what it said, and what that was worth.
public struct ScoredCompletion: Sendable, Codable {
  public var trajectory: Trajectory
  public var prompt: String
  /// The answer; the model's messages, a line each, in a conversation.
  public var text: String
  /// A mark for each of the task's components; nil where nobody could mark it.
  public var marks: [Double]?
  /// What learning is from: the score, with what lengths added or took.
  public var reward: Double
  /// The marks by the components' weights, in [0, 1].
  public var score: Double

  /// Whether the first component is fulfilled: the answer is right.
  public var isRight: Bool { (marks?.first ?? 0) >= 1 }
}

extension [ScoredCompletion] {
  /// Those that somebody could mark.
  var marked: [ScoredCompletion] { filter { $0.marks != nil } }

  /// The completions of each problem.
  func groups(of size: Int) -> [[ScoredCompletion]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }

  /// Every completion's advantage: what `find` gives the marked ones of the groups, one group after
  /// another, and 0 for the others, which no mean or deviation knows of.
  func advantages(
    groupSize: Int, _ find: ([[ScoredCompletion]]) -> [Double]
  ) -> [Double] {
    var found = find(groups(of: groupSize).map(\.marked)).makeIterator()
    return map { $0.marks == nil ? 0 : found.next() ?? 0 }
  }
}

/// Samples groups of completions and has them marked.
struct CompletionSampler: Sendable {
  let source: TextSource
  /// The weights of the components in force; a setting may differ from the task's own.
  let components: [RewardComponent]
  /// What the run's sampling is made from.
  let seed: UInt64
  let temperature: Float
  /// The most tokens of an answer.
  let limit: Int

  init(
    _ source: TextSource, weights: [Double], seed: UInt64, temperature: Double, limit: Int
  ) throws {
    var components = source.components
    guard weights.isEmpty || weights.count == components.count else {
      throw RunError(
        .usage,
        "reward_weights has \(weights.count) weights, but the task has the components "
          + components.map(\.name).joined(separator: ", "))
    }
    for (index, weight) in weights.enumerated() { components[index].weight = weight }
    self.source = source
    self.components = components
    self.seed = seed
    self.temperature = Float(temperature)
    self.limit = limit
  }

  /// The stream seeds of `count` completions of one round, a function of the round alone.
  func seeds(_ count: Int, round: Int, turn: Int) -> [UInt64] {
    SeedSequence(
      seed,
      spawnKey: [
        0x4C41_4E47, UInt32(truncatingIfNeeded: round), UInt32(truncatingIfNeeded: round >> 32),
        UInt32(truncatingIfNeeded: turn),
      ]
    ).generateState64(count)
  }

  /// `groupSize` completions of each problem, marked; the completions of a problem follow each
  /// other.
  ///
  /// - Parameters:
  ///   - round: A number that no other call of the run has: what the streams are made from.
  ///   - temperature: In place of the sampler's own, such as 0 in evaluation.
  /// - Throws: `ModelError` where a prompt is too long or nobody can mark answers.
  func sample(
    _ policy: TextPolicy, problems: [Int], of split: TaskSplit, problemSeed: UInt64,
    groupSize: Int, round: Int, temperature: Float? = nil
  ) throws -> [ScoredCompletion] {
    let settings = SamplingSettings(
      temperature: temperature ?? self.temperature, maximumTokens: limit,
      stopTokens: policy.stopTokens)
    switch source {
    case .task(let task):
      let chosen = problems.map { task.problem($0, of: split, seed: problemSeed) }
      let prompts = try chosen.map { try policy.promptTokens($0.prompt) }
      let members = problems.indices.flatMap { [Int](repeating: $0, count: groupSize) }
      let completions = try Generator(policy.model).generate(
        prompts: members.map { prompts[$0] }, settings: settings,
        seeds: seeds(members.count, round: round, turn: 0))
      let trajectories = zip(members, completions).map { member, completion in
        var trajectory = Trajectory(prompt: prompts[member], problem: problems[member])
        trajectory.append(completion)
        return trajectory
      }
      return try marked(trajectories, members.map { chosen[$0] }, task, policy)
    case .environment(let environment):
      return try conversations(
        policy, environment, problems: problems, of: split, problemSeed: problemSeed,
        groupSize: groupSize, round: round, settings)
    }
  }

  /// Has finished answers marked.
  func marked(
    _ trajectories: [Trajectory], _ problems: [TextProblem], _ task: any TextTask,
    _ policy: TextPolicy
  ) throws -> [ScoredCompletion] {
    let texts = trajectories.map { policy.text($0.tokens) }
    let marks = try task.marks(
      zip(problems, texts).map { MarkedText(problem: $0, answer: $1) })
    guard marks.count == texts.count else {
      throw ModelError(
        "the task gave marks of \(marks.count) answers where \(texts.count) were given")
    }
    return try trajectories.indices.map { index in
      try scored(
        trajectories[index], prompt: problems[index].prompt, text: texts[index],
        marks: marks[index])
    }
  }

  /// A completion with its marks, which must be one for each component and from 0 to 1.
  private func scored(
    _ trajectory: Trajectory, prompt: String, text: String, marks: [Double]?
  ) throws -> ScoredCompletion {
    if let marks, marks.count != components.count {
      throw ModelError(
        "the task gave the answer '\(text.prefix(60))' \(marks.count) marks; it has "
          + "\(components.count) components")
    }
    if let bad = marks?.first(where: { !(0...1 ~= $0) }) {
      throw ModelError(
        "the task gave the answer '\(text.prefix(60))' the mark \(bad); marks are from 0 to 1")
    }
    let score = marks.map { components.score($0) } ?? 0
    return ScoredCompletion(
      trajectory: trajectory, prompt: prompt, text: text, marks: marks, reward: score,
      score: score)
  }

  /// Conversations of several turns; those that go on are sampled together, turn by turn.
  private func conversations(
    _ policy: TextPolicy, _ environment: any TextEnvironment, problems: [Int],
    of split: TaskSplit, problemSeed: UInt64, groupSize: Int, round: Int,
    _ settings: SamplingSettings
  ) throws -> [ScoredCompletion] {
    var worlds: [any TextEnvironment] = []
    var (prompts, texts): ([String], [[String]]) = ([], [])
    var trajectories: [Trajectory] = []
    for problem in problems {
      var world = environment
      let prompt = world.begin(problem, of: split, seed: problemSeed)
      let tokens = try policy.promptTokens(prompt)
      for _ in 0..<groupSize {
        worlds.append(world)
        prompts.append(prompt)
        texts.append([])
        trajectories.append(Trajectory(prompt: tokens, problem: problem))
      }
    }
    let context = policy.model.room
    var active = Array(worlds.indices)
    var turn = 0
    while !active.isEmpty {
      let all = seeds(worlds.count, round: round, turn: turn)
      let completions = try Generator(policy.model).generate(
        prompts: active.map { trajectories[$0].prompt + trajectories[$0].tokens },
        settings: settings, seeds: active.map { all[$0] })
      var next: [Int] = []
      for (place, completion) in zip(active, completions) {
        trajectories[place].append(completion)
        let said = policy.text(completion.tokens)
        texts[place].append(said)
        let answer = worlds[place].respond(to: said)
        if answer.ending != .none { continue }
        let told = try policy.turnTokens(
          answer.reply, afterStop: completion.ending == .stop)
        // A conversation that no longer fits is over: its marks are those so far.
        let length = trajectories[place].prompt.count + trajectories[place].tokens.count
        if length + told.count + limit > context { continue }
        trajectories[place].append(told: told)
        next.append(place)
      }
      active = next
      turn += 1
    }
    return try worlds.indices.map { place in
      try scored(
        trajectories[place], prompt: prompts[place], text: texts[place].joined(separator: "\n"),
        marks: worlds[place].marks)
    }
  }
}
