import Foundation

/// What a run directory says about one run: how it learnt, how fast, and how good its policy is.
public struct RunRecord: Codable, Sendable, Equatable {
  public var agent: String
  public var environment: String
  public var seed: UInt64
  /// Environment steps taken.
  public var steps: Int
  /// Seconds of training, over every process that trained the run; evaluations are not among them.
  public var seconds: Double
  public var phases: [PhaseTime]
  public var curve: LearningCurve
  /// Returns of the latest evaluation of the deterministic policy after the last step.
  public var returns: [Double]
  public var evaluationSeed: UInt64?
  /// The most bytes of tensors that the run held at once, where it was measured.
  public var peakTensorBytes: Int?

  /// Seconds that a part of training took.
  public struct PhaseTime: Codable, Sendable, Equatable {
    public var name: String
    public var seconds: Double

    public init(name: String, seconds: Double) {
      self.name = name
      self.seconds = seconds
    }
  }

  enum CodingKeys: String, CodingKey {
    case agent, environment, seed, steps, seconds, phases, curve, returns
    case evaluationSeed = "evaluation_seed"
    case peakTensorBytes = "peak_tensor_bytes"
  }

  /// The mean return of the final evaluation; nil where there was none.
  public var finalReturn: Double? { returns.isEmpty ? nil : mean(returns) }

  /// The best mean return that an evaluation found, or a hundred episodes of training.
  public var bestReturn: Double? {
    [curve.best, finalReturn].compactMap { $0 }.max()
  }

  public var stepsPerSecond: Double { Double(steps) / max(seconds, 1e-9) }

  /// Reads a run directory; nothing in it changes.
  ///
  /// - Parameter evaluationSeed: The seed of the final evaluation, or nil for whichever is latest.
  /// - Throws: `RunError` of kind `missing` or `data`.
  public init(reading directory: RunDirectory, evaluationSeed: UInt64? = nil) throws {
    let description = try directory.description()
    agent = description.agent
    environment = description.environment
    seed = description.seed
    let table = try MetricsTable(of: directory)
    let rows = table.steps
    let times = table.seconds(through: description.sessions.map(\.firstStep))
    let steps = max(rows.last ?? 0, description.sessions.last?.lastStep ?? 0)
    self.steps = steps
    seconds = times.last ?? 0
    phases = table.phases
    let evaluations = try directory.evaluations().filter { $0.deterministic }
    let final = evaluations.last {
      $0.step == steps && (evaluationSeed == nil || $0.seed == evaluationSeed)
    }
    returns = final?.returns ?? []
    self.evaluationSeed = final?.seed
    curve = Self.curve(of: evaluations, rows, times) ?? Self.curve(of: table, rows, times)
    peakTensorBytes = BenchmarkNote(of: directory)?.peakTensorBytes
  }

  /// From evaluations at several steps; those of one step count together.
  private static func curve(
    of evaluations: [RunDirectory.Evaluation], _ rows: [Int], _ times: [Double]
  ) -> LearningCurve? {
    let byStep = Dictionary(grouping: evaluations, by: \.step).sorted { $0.key < $1.key }
    guard byStep.count > 1 else { return nil }
    return LearningCurve(
      source: .evaluations, steps: byStep.map(\.key),
      seconds: byStep.map { step, _ in
        rows.lastIndex { $0 <= step }.map { times[$0] } ?? 0
      }, returns: byStep.map { mean($0.value.flatMap(\.returns)) }, firstSettled: 0)
  }

  /// From the mean over the last hundred episodes, as soon as ten have ended; settled when it is a hundred,
  /// or all there were.
  private static func curve(
    of table: MetricsTable, _ rows: [Int], _ times: [Double]
  ) -> LearningCurve {
    let (episodes, values) = (table["episodes"], table["mean_return"])
    let all = episodes.last ?? 0
    let kept = rows.indices.filter { values[$0].isFinite && episodes[$0] >= min(all, 10) }
    return LearningCurve(
      source: .training, steps: kept.map { rows[$0] }, seconds: kept.map { times[$0] },
      returns: kept.map { values[$0] },
      firstSettled: kept.firstIndex { episodes[$0] >= min(all, 100) } ?? kept.count)
  }
}

/// What a benchmark leaves in a run directory beside the run's own files.
struct BenchmarkNote: Codable {
  var peakTensorBytes: Int

  enum CodingKeys: String, CodingKey { case peakTensorBytes = "peak_tensor_bytes" }

  private static let name = "benchmark.json"

  init(peakTensorBytes: Int) { self.peakTensorBytes = peakTensorBytes }

  init?(of directory: RunDirectory) {
    guard let data = FileManager.default.contents(atPath: directory.file(Self.name)),
      let note = try? JSONDecoder().decode(Self.self, from: data)
    else { return nil }
    self = note
  }

  /// The larger of two readings is the one that stays.
  func write(to directory: RunDirectory) throws {
    var note = self
    if let earlier = Self(of: directory) {
      note.peakTensorBytes = max(peakTensorBytes, earlier.peakTensorBytes)
    }
    try DurableFile.replace(directory.file(Self.name), with: try JSONEncoder().encode(note))
  }
}
