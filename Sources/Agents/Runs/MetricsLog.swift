import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `metrics.csv`, `metrics.jsonl` and the event file of a run, a row an iteration.
///
/// Rows gather in memory and reach the disk a few times a second: what a crash loses is cut on resume
/// anyway, since it lies after the checkpoint.
struct MetricsLog {
  private let directory: RunDirectory
  private let eventPath: String
  private var rows = Data()
  private var objects = Data()
  private var events: EventFile
  private var hasHeader: Bool
  private var lastFlush = ContinuousClock.now

  /// Continues after `step`: rows written later by a process that then died are cut.
  init(_ directory: RunDirectory, after step: Int) throws {
    self.directory = directory
    let now = Date().timeIntervalSince1970
    // TensorBoard drops what it has from this step on; the row of `step` itself is kept.
    events = EventFile(firstStep: step + 1, time: now)
    eventPath = directory.file("events.out.tfevents.\(Int(now * 1000)).swirl.\(getpid())")
    hasHeader = try Self.cut(directory.file("metrics.csv"), after: step, hasHeader: true)
    _ = try Self.cut(directory.file("metrics.jsonl"), after: step, start: Self.start)
  }

  /// What each line of `metrics.jsonl` begins with.
  private static let start = "{\"steps\": "

  /// Cuts the lines of steps after `step`, and one that a crash cut short, which has no newline and
  /// may end within a character.
  ///
  /// - Parameter start: What each line begins with, before its step.
  /// - Returns: Whether any line is left.
  static func cut(
    _ path: String, after step: Int, start: String = "", hasHeader: Bool = false
  ) throws -> Bool {
    guard let data = FileManager.default.contents(atPath: path) else { return false }
    let newline = UInt8(ascii: "\n")
    var kept = Data()
    let whole = data[..<(data.lastIndex(of: newline) ?? data.startIndex)]
    for (index, line) in whole.split(separator: newline).enumerated() {
      let digits = line.dropFirst(start.utf8.count).prefix { 0x30...0x39 ~= $0 }
      let isKnown = line.starts(with: start.utf8)
      if (hasHeader && index == 0)
        || (isKnown && (Int(String(decoding: digits, as: UTF8.self)) ?? .max) <= step)
      {
        kept += line
        kept.append(newline)
      }
    }
    try DurableFile.replace(path, with: kept)
    return !kept.isEmpty
  }

  mutating func add(_ report: TrainingReport) {
    let columns: [(name: String, value: Double)] =
      [
        ("mean_return", report.meanReturn), ("mean_length", report.meanLength),
        ("seconds", report.seconds), ("steps_per_second", report.stepsPerSecond),
      ] + report.losses + report.phases.map { ("seconds_\($0.name)", $0.seconds) }
    if !hasHeader {
      let names = ["steps", "iteration", "episodes"] + columns.map(\.name)
      rows.append(Data((names.joined(separator: ",") + "\n").utf8))
      hasHeader = true
    }
    let values =
      ["\(report.steps)", "\(report.iteration)", "\(report.episodes)"]
      + columns.map { "\(Float($0.value))" }
    rows.append(Data((values.joined(separator: ",") + "\n").utf8))
    let evaluation: [(name: String, value: Double)] =
      report.evaluation.map {
        [
          ("evaluation_mean_return", $0.mean), ("evaluation_std_return", $0.standardDeviation),
          ("evaluation_iqm", $0.interquartileMean), ("evaluation_episodes", Double($0.episodes)),
        ]
      } ?? []
    let fields = (columns + evaluation).map { name, value in
      // JSON has no NaN.
      "\"\(name)\": " + (Float(value).isFinite ? "\(Float(value))" : "null")
    }
    objects.append(
      Data(
        ("\(Self.start)\(report.steps), \"iteration\": \(report.iteration), "
          + "\"episodes\": \(report.episodes), " + fields.joined(separator: ", ") + "}\n").utf8))
    events.add(
      step: report.steps, time: Date().timeIntervalSince1970,
      [
        ("rollout/mean_return", report.meanReturn), ("rollout/mean_length", report.meanLength),
        ("time/steps_per_second", report.stepsPerSecond),
      ]
        + report.losses.map { ("train/\($0.name)", $0.value) }
        + (report.evaluation.map { [("evaluation/mean_return", $0.mean)] } ?? []))
  }

  /// Writes what has gathered, at most a few times a second unless `now`.
  ///
  /// - Throws: `RunError` when the disk refuses; the rows are kept for the next try.
  mutating func flush(now: Bool = false) throws {
    if !now && ContinuousClock.now - lastFlush < .milliseconds(250) { return }
    lastFlush = .now
    try append(rows, to: directory.file("metrics.csv"))
    rows = Data()
    try append(objects, to: directory.file("metrics.jsonl"))
    objects = Data()
    let pending = events
    do {
      var file = events
      try append(file.takePending(), to: eventPath)
      events = file
    } catch {
      events = pending
      throw error
    }
  }

  private func append(_ data: Data, to path: String) throws {
    try DurableFile.append(data, to: path)
  }
}

extension DurableFile {
  /// Adds to the end of a file, all of it or nothing.
  static func append(_ data: Data, to path: String) throws {
    if data.isEmpty { return }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw DurableFile.failure("open", path) }
    defer { close(descriptor) }
    let length = lseek(descriptor, 0, SEEK_END)
    do { try DurableFile.write(data, to: descriptor, path) } catch {
      // Half a row would be read as a wrong one.
      ftruncate(descriptor, length)
      throw error
    }
  }
}
