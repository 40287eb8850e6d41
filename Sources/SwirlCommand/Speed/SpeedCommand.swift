import ArgumentParser
import Foundation
import Swirl

/// `swirl speed`: what this machine reaches.
struct SpeedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "speed", abstract: "Measure what this machine reaches.",
    discussion: """
      environments: every registered one, 1,024 at once (64 in a physics engine) with random actions, \
      steps/s, the best of three rounds of a fifth of the seconds; the roofline of HalfCheetah-v5 is the \
      speed of MuJoCo's steps alone, that of wrapped environments the speed of the bare ones, taken in turns. engine: products, training steps, layers and elementwise ops on 1 and 2 \
      threads, in microseconds (us) a call, the median of many short windows; the roofline is the share of \
      what the processor's multiply-add units, or memory for elementwise ops, reach here. training: the \
      whole loop of PPO, the best of three rounds. language: decoding, reading a prompt, generating for \
      sixteen and training with the language model that --model names, tokens/s, the best of three or more.
      """)

  @Argument(
    help: "One of environments, engine, training, language; all but language when left out.")
  var part: String?

  @Option(
    help: "Seconds a round, or a row of the engine, takes.", transform: SpeedCommand.duration)
  var seconds = 0.5

  @Option(
    parsing: .unconditional,
    help: "The most threads to measure with; the machine's, or 2 for the engine, when left out.",
    transform: wholeNumber(in: Limits.workers))
  var workers: Int?

  @Option(
    name: .customLong("row"), parsing: .singleValue,
    help: """
      A row of the engine or of language, or an environment to measure, such as gemm_64 or Pendulum-v1; \
      may be repeated. All when left out.
      """)
  var rows: [String] = []

  @Option(
    help: "The language model: a GGUF file, a Hugging Face folder, or a fetched model's name.")
  var model: String?

  @OptionGroup var options: OptionArguments

  @Flag(help: "Print a JSON array, for programs.")
  var json = false

  private typealias Part = (
    name: String, measure: @Sendable (Stopwatch, [Int], [String]) throws -> [Reading]
  )
  private static let parts: [Part] = [
    (
      "environments",
      { watch, threads, rows in
        // There are many of them.
        let watch = Stopwatch(seconds: watch.seconds / 5)
        return try environmentReadings(watch, threads: threads, rows: rows)
      }
    ),
    ("engine", { try engineReadings($0, threads: $1, rows: $2) }),
    ("training", { watch, threads, _ in try trainingReadings(watch, threads: threads) }),
  ]

  mutating func run() throws {
    let names = Self.parts.map { $0.name } + ["language"]
    if let part, !names.contains(part) {
      throw CommandFailure.unknown("part", part, among: names)
    }
    if !rows.isEmpty {
      let known =
        switch part {
        case "engine": engineWorkloads.map(\.name)
        case "environments": environmentRows.map(\.name)
        case "language": languageRows.map(\.name)
        default:
          throw CommandFailure(
            .usage,
            "--row picks rows of the engine, environments or language: write swirl speed engine --row …"
          )
        }
      if let row = rows.first(where: { !known.contains($0) }) {
        throw CommandFailure.unknown("row", row, among: known)
      }
    }
    if !options.isEmpty { return show(try readingsWithOptions()) }
    if (model != nil) != (part == "language") {
      throw CommandFailure(
        .usage,
        "the language part needs --model, and no other does: write swirl speed language --model …")
    }
    var readings: [Reading] = []
    if let model {
      let most = workers ?? ProcessInfo.processInfo.activeProcessorCount
      readings = try languageReadings(
        model, Stopwatch(seconds: seconds), threads: most > 1 ? [1, most] : [1], rows: rows)
    }
    for (name, measure) in Self.parts where part == nil || part == name {
      // The engine's rows are compared between machines, so their threads are those of the table.
      let most = workers ?? (name == "engine" ? 2 : ProcessInfo.processInfo.activeProcessorCount)
      readings += try measure(Stopwatch(seconds: seconds), most > 1 ? [1, most] : [1], rows)
    }
    show(readings)
  }

  /// One environment made with options.
  private func readingsWithOptions() throws -> [Reading] {
    guard part == "environments", rows.count == 1, let id = rows.first else {
      throw CommandFailure(
        .usage,
        "--option needs the one environment that takes it: write swirl speed environments --row "
          + "Pendulum-v1 --option g=9.81")
    }
    let chosen = try options.values(for: id)
    let most = workers ?? ProcessInfo.processInfo.activeProcessorCount
    let row = EnvironmentRow(
      name: "\(id) with \(options.assignments.joined(separator: " "))",
      of: try environmentSpec(id).id
    ) {
      try make(id, count: $0, seed: 0, options: chosen)
    }
    return try environmentReadings(
      Stopwatch(seconds: seconds / 5), threads: most > 1 ? [1, most] : [1], of: row)
  }

  private func show(_ readings: [Reading]) {
    if json { printJSON(readings) } else { printTable(readings) }
  }

  @Sendable private static func duration(_ text: String) throws -> Double {
    guard let seconds = Double(text), seconds > 0, seconds <= 3600 else {
      throw ValidationError("give a number of seconds above 0, at most 3600")
    }
    return seconds
  }

  private func printJSON(_ readings: [Reading]) {
    Output.standard.list(readings) { out, reading in
      out.text("{\"name\": ")
      out.string(reading.name)
      out.text(", \"value\": ")
      out.number(reading.value)
      out.text(", \"unit\": ")
      out.string(reading.unit)
      out.text(", \"threads\": ")
      out.number(reading.threads)
      out.text(", \"roofline\": ")
      if let share = reading.roofline { out.number(share) } else { out.text("null") }
      out.text("}")
    }
    Output.standard.endLine()
  }

  private func printTable(_ readings: [Reading]) {
    printColumns(
      [["what", "value", "unit", "threads", "of the roofline"]]
        + readings.map { reading in
          [
            reading.name, number(reading), reading.unit, "\(reading.threads)",
            reading.roofline.map { "\(fixed($0 * 100, 0)) %" } ?? "–",
          ]
        })
  }

  private func number(_ reading: Reading) -> String {
    if reading.unit != "us" { return withPrefix(reading.value) }
    return fixed(reading.value, reading.value < 10 ? 3 : reading.value < 1000 ? 1 : 0)
  }
}
