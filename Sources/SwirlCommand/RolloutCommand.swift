import ArgumentParser
import Swirl

/// `swirl rollout`: what an environment does, for checking it against other implementations.
struct RolloutCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollout", abstract: "Step an environment and print what it does.",
    discussion: """
      With --json one object a line: {"step": 0, "observation": […], "reset": true} for a reset, then \
      {"step": 1, "action": 0, "observation": […], "reward": 1.0, "terminated": false, "truncated": \
      false}. After an ending the environment is reset without a new seed and another reset line \
      follows. Steps are counted through the resets. A task that ends at the last step of its time limit \
      is terminated and truncated.
      """)

  @Argument(help: ArgumentHelp("The environment's id; 'swirl envs' lists them.", valueName: "env"))
  var environment: String

  @Option(
    parsing: .unconditional, help: "The seed of the first reset, as Gymnasium's reset(seed:).",
    transform: seedNumber)
  var seed: UInt64 = 0

  @Option(
    parsing: .unconditional,
    help: "Steps to take; 1000, or as many as --actions holds, when left out.",
    transform: wholeNumber(in: Limits.steps))
  var steps: Int?

  @Option(help: "A file with one JSON action a line; without it actions are sampled.")
  var actions: String?

  @Option(
    parsing: .unconditional,
    help: "The seed of the action space that actions are sampled from; --seed when left out.",
    transform: seedNumber)
  var actionSeed: UInt64?

  @OptionGroup var options: OptionArguments

  @Flag(help: "Print one JSON object a line, for programs.")
  var json = false
}

extension RolloutCommand {
  mutating func run() throws {
    var episode = try makeEpisode(
      environment, seed: seed, options: options.values(for: environment))
    var source = try actionSource(for: episode.actionSpace)
    var writer = RolloutWriter(json: json, episode)

    let steps = steps ?? source.count ?? 1000
    if let available = source.count, steps > available {
      throw CommandFailure(
        .usage, "--steps is \(steps), but \(actions ?? "") holds \(available) actions")
    }
    writer.reset(step: 0, episode.observation)
    for step in 1...steps {
      let action = source.next()
      let result = try episode.step(action)
      writer.step(
        step, action, episode.observation, result,
        isAtLimit: episode.elapsedSteps == episode.timeLimit)
      if result.ending != .none {
        episode.reset()
        writer.reset(step: step, episode.observation)
      }
    }
  }

  private func actionSource(for space: any Space) throws -> ActionSource {
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
    return .sampled(space, space.streams(seed: actionSeed ?? seed))
  }
}

/// Where a rollout's actions come from.
private enum ActionSource {
  case file(ActionFile, next: Int)
  case sampled(any Space, SpaceStreams)

  var count: Int? {
    if case .file(let file, _) = self { file.rows.count } else { nil }
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

  mutating func reset(step: Int, _ row: [Float]) {
    Output.standard.text(json ? "{\"step\": " : "step ")
    Output.standard.number(step)
    Output.standard.text(json ? ", \"observation\": " : "  reset  observation ")
    Output.standard.row(row.span, as: observation)
    if json { Output.standard.text(", \"reset\": true}") }
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
