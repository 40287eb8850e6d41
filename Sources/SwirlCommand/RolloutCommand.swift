import ArgumentParser
import Foundation
import Swirl

/// `swirl rollout`: what an environment does, for checking it against other implementations.
struct RolloutCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollout", abstract: "Step an environment and print what it does.",
    usage: """
      swirl rollout <env> [--seed <seed>] [--steps <steps>] [--actions <file>] [--action-seed <seed>] \
      [--option <name=value>]... [--save <file> [--at <step>]] [--json]
      swirl rollout --from <file> [--steps <steps>] [--actions <file>] [--action-seed <seed>] \
      [--save <file> [--at <step>]] [--json]
      """,
    discussion: """
      With --json one object a line: {"step": 0, "observation": […], "reset": true} for a reset, then \
      {"step": 1, "action": 0, "observation": […], "reward": 1.0, "terminated": false, "truncated": \
      false}. After an ending the environment is reset without a new seed and another reset line \
      follows. Steps are counted through the resets. A task that ends at the last step of its time limit \
      is terminated and truncated. What --save wrote goes on with --from as it would have: its first line \
      is {"step": 5, "observation": […], "restored": true}, the others are the same.
      """)

  @Argument(help: ArgumentHelp("The environment's id; 'swirl envs' lists them.", valueName: "env"))
  var environment: String?

  @Option(help: ArgumentHelp("Go on with the episode that --save wrote.", valueName: "file"))
  var from: String?

  @Option(
    parsing: .unconditional,
    help: "The seed of the first reset, as Gymnasium's reset(seed:); 0 when left out.",
    transform: seedNumber)
  var seed: UInt64?

  @Option(
    parsing: .unconditional,
    help: "Steps to take; 1000, or as many as --actions holds, when left out.",
    transform: wholeNumber(in: Limits.steps))
  var steps: Int?

  @Option(help: "A file with one JSON action a line; without it actions are sampled.")
  var actions: String?

  @Option(
    parsing: .unconditional,
    help: """
      The seed of the action space that actions are sampled from; --seed when left out, or where the saved \
      episode was.
      """,
    transform: seedNumber)
  var actionSeed: UInt64?

  @OptionGroup var options: OptionArguments

  @Option(help: ArgumentHelp("Write the episode, to go on from with --from.", valueName: "file"))
  var save: String?

  @Option(
    parsing: .unconditional,
    help: "The step after which to write it, as the lines count; the last when left out.",
    transform: wholeNumber(in: 0...Limits.steps.upperBound))
  var at: Int?

  @Flag(help: "Print one JSON object a line, for programs.")
  var json = false
}

extension RolloutCommand {
  mutating func run() throws {
    var (episode, first, saved) = try start()
    let streams =
      saved == nil || actionSeed != nil
      ? episode.actionSpace.streams(seed: actionSeed ?? seed ?? 0) : saved
    var source = try actionSource(for: episode.actionSpace, streams)
    let steps = steps ?? source.count ?? 1000
    if let available = source.count, steps > available {
      throw CommandFailure(
        .usage, "--steps is \(steps), but \(actions ?? "") holds \(available) actions")
    }
    let last = first + steps
    if let at, save == nil || !(first...last).contains(at) {
      throw CommandFailure(
        .usage,
        save == nil
          ? "--at says when to write the file of --save; give both"
          : "--at is \(at); this rollout's steps are \(first) to \(last)")
    }

    let saving = at ?? last
    var writer = RolloutWriter(json: json, episode)
    writer.start(step: first, episode.observation, isRestored: from != nil)
    if saving == first { try keep(episode, step: first, source.streams ?? streams) }
    for step in first + 1...last {
      let action = source.next()
      let result = try episode.step(action)
      writer.step(
        step, action, episode.observation, result,
        isAtLimit: episode.elapsedSteps == episode.timeLimit)
      if result.ending != .none {
        episode.reset()
        writer.start(step: step, episode.observation, isRestored: false)
      }
      if saving == step { try keep(episode, step: step, source.streams ?? streams) }
    }
  }

  /// The episode to step, the steps taken before, and where a saved one's sampled actions were.
  private func start() throws -> (AnyEpisode, step: Int, SpaceStreams?) {
    guard let from else {
      guard let environment else {
        throw ValidationError(
          "'swirl rollout' needs an environment, such as 'swirl rollout CartPole-v1', or --from")
      }
      let episode = try makeEpisode(
        environment, seed: seed ?? 0, options: options.values(for: environment))
      return (episode, 0, nil)
    }
    for (name, isGiven) in [("--seed", seed != nil), ("--option", !options.isEmpty)] where isGiven {
      throw CommandFailure(
        .usage, "--from goes on with the episode of \(from) as it is; leave out \(name)")
    }
    let data: Data
    do { data = try Data(contentsOf: URL(fileURLWithPath: from)) } catch {
      let missing = !FileManager.default.fileExists(atPath: from)
      throw CommandFailure(
        missing ? .missingFile : .badData,
        missing ? "there is no file \(from)" : "cannot read the file \(from)")
    }
    let snapshot = try EpisodeSnapshot(decoding: data, file: from)
    if let environment, let id = snapshot.episode.spec?.id {
      guard try environmentSpec(environment).id == id else {
        throw CommandFailure(
          .usage, "\(from) holds an episode of \(id), not of \(environment); leave the id out")
      }
    }
    return (snapshot.episode, snapshot.step, snapshot.actions)
  }

  private func keep(_ episode: AnyEpisode, step: Int, _ streams: SpaceStreams?) throws {
    guard let save else { return }
    let data = try EpisodeSnapshot(episode, step: step, actions: streams).encoded()
    try DurableFile.replace(save, with: data)
  }

  private func actionSource(
    for space: any Space, _ streams: SpaceStreams?
  ) throws -> ActionSource {
    if let actions {
      let file = try ActionFile(path: actions)
      guard !file.rows.isEmpty else {
        throw CommandFailure(.badData, "\(actions) holds no action; write one JSON action a line")
      }
      for (row, line) in zip(file.rows, file.lines) where !space.contains(row: row.span) {
        throw CommandFailure(
          .badData, "\(actions):\(line): the action is not in the action space \(space)")
      }
      return .file(file, next: 0)
    }
    return .sampled(space, streams ?? space.streams(seed: 0))
  }
}

/// Where a rollout's actions come from.
private enum ActionSource {
  case file(ActionFile, next: Int)
  case sampled(any Space, SpaceStreams)

  var count: Int? {
    if case .file(let file, _) = self { file.rows.count } else { nil }
  }

  /// Where sampled actions are.
  var streams: SpaceStreams? {
    if case .sampled(_, let streams) = self { streams } else { nil }
  }

  mutating func next() -> [Float] {
    switch self {
    case .file(let file, let next):
      self = .file(file, next: next + 1)
      return file.rows[next]
    case .sampled(let space, var streams):
      let row = space.sampleRow(using: &streams)
      self = .sampled(space, streams)
      return row
    }
  }
}

/// Prints a rollout, as JSON lines for programs or as plain lines for people.
private struct RolloutWriter {
  let json: Bool
  let observation: RowFormat
  let action: RowFormat

  init(json: Bool, _ episode: AnyEpisode) {
    self.json = json
    observation = RowFormat(episode.observationSpace)
    action = RowFormat(episode.actionSpace)
  }

  /// A reset, or the moment that a saved episode goes on from.
  mutating func start(step: Int, _ row: [Float], isRestored: Bool) {
    let word = isRestored ? "restored" : "reset"
    Output.standard.text(json ? "{\"step\": " : "step ")
    Output.standard.number(step)
    Output.standard.text(json ? ", \"observation\": " : "  \(word)  observation ")
    Output.standard.row(row.span, as: observation)
    if json { Output.standard.text(", \"\(word)\": true}") }
    Output.standard.endLine()
  }

  mutating func step(
    _ step: Int, _ chosen: [Float], _ row: [Float], _ result: StepResult, isAtLimit: Bool
  ) {
    Output.standard.text(json ? "{\"step\": " : "step ")
    Output.standard.number(step)
    Output.standard.text(json ? ", \"action\": " : "  action ")
    Output.standard.row(chosen.span, as: action)
    Output.standard.text(json ? ", \"observation\": " : "  observation ")
    Output.standard.row(row.span, as: observation)
    Output.standard.text(json ? ", \"reward\": " : "  reward ")
    Output.standard.number(result.reward)
    if json {
      Output.standard.text(", \"terminated\": ")
      Output.standard.boolean(result.ending == .terminated)
      Output.standard.text(", \"truncated\": ")
      // Gymnasium's time limit speaks up whether or not the task ended at that very step.
      Output.standard.boolean(result.ending == .truncated || isAtLimit)
      Output.standard.text("}")
    } else if result.ending != .none {
      Output.standard.text("  \(result.ending)")
    }
    Output.standard.endLine()
  }
}
