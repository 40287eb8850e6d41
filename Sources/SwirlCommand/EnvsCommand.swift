import ArgumentParser
import Foundation
import Swirl

/// `swirl envs`: what can be trained on, and the page of one environment.
struct EnvsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "envs",
    abstract: "List the environments, or print the page of one.",
    discussion: """
      Without an id the list: id, spaces, time limit, reward threshold. With one its page: what its \
      observations and actions mean, with units and bounds, how it moves, its reward, its endings, the \
      options it takes with --option, its versions. Options given here change the spaces that are shown.
      """)

  @Argument(help: ArgumentHelp("The environment whose page to print.", valueName: "env"))
  var environment: String?

  @OptionGroup var options: OptionArguments

  @Flag(help: "Print a JSON array of all, or the page as a JSON object, for programs.")
  var json = false

  mutating func run() throws {
    if let environment {
      let writer = PageWriter(
        try describeEnvironment(environment, options: options.values(for: environment)))
      if json { writer.printJSON() } else { writer.printText() }
      return
    }
    guard options.isEmpty else {
      throw CommandFailure(
        .usage, "--option needs the environment that takes it, such as 'swirl envs Pendulum-v1'")
    }
    let rows = try registeredEnvironments().map { spec in
      let environments = try make(spec.id, count: 1, seed: 0)
      return Row(
        id: spec.id, observationSpace: "\(environments.observationSpace)",
        actionSpace: "\(environments.actionSpace)",
        maxEpisodeSteps: spec.maxEpisodeSteps, rewardThreshold: spec.rewardThreshold)
    }
    if json { printJSON(rows) } else { printTable(rows) }
  }

  private struct Row {
    var id: String
    var observationSpace: String
    var actionSpace: String
    var maxEpisodeSteps: Int?
    var rewardThreshold: Double?
  }

  private func printJSON(_ rows: [Row]) {
    Output.standard.list(rows) { out, row in
      out.text("{\"id\": ")
      out.string(row.id)
      out.text(", \"observation_space\": ")
      out.string(row.observationSpace)
      out.text(", \"action_space\": ")
      out.string(row.actionSpace)
      out.text(", \"max_episode_steps\": ")
      if let limit = row.maxEpisodeSteps { out.number(limit) } else { out.text("null") }
      out.text(", \"reward_threshold\": ")
      if let threshold = row.rewardThreshold { out.number(threshold) } else { out.text("null") }
      out.text("}")
    }
    Output.standard.endLine()
  }

  private func printTable(_ rows: [Row]) {
    printColumns(
      [["id", "observation space", "action space", "time limit", "threshold"]]
        + rows.map { row in
          [
            row.id, shortened(row.observationSpace), shortened(row.actionSpace),
            row.maxEpisodeSteps.map { "\($0)" } ?? "–",
            row.rewardThreshold.map { "\($0)" } ?? "–",
          ]
        })
  }

  private func shortened(_ space: String) -> String {
    let line = withoutManyBounds(space)
    return line.count <= 64 ? line : line.prefix(63) + "…"
  }
}

/// A space on one line: bounds that differ from number to number and are many are left to the page's table.
func withoutManyBounds(_ space: String) -> String {
  let line = space.split(whereSeparator: \.isNewline).joined()
  if line.count > 64, line.hasPrefix("Box("),
    let shape = line.range(of: ", (", options: .backwards)
  {
    return "Box(…" + line[shape.lowerBound...]
  }
  return line
}
