import Foundation

/// What `run.json` says about a run: what was trained, by what, on what.
public struct RunDescription: Codable, Sendable, Equatable {
  public var agent: String
  public var environment: String
  public var seed: UInt64
  /// The steps the run is to take; schedules end there.
  public var totalSteps: Int
  /// The version of this package.
  public var version: String
  public var cpu: String
  /// Results are exact for one binary at one SIMD level.
  public var simd: String
  public var gitCommit: String?
  /// How the run is evaluated while it trains, if it is.
  public var evaluation: EvaluationPlan?
  /// The model that a language agent was started with, unless it made its own.
  public var baseModel: BaseModel?
  /// Each process that trained the run, in order.
  public var sessions: [Session] = []

  public struct Session: Codable, Sendable, Equatable {
    public var started: Date
    public var workers: Int
    public var firstStep: Int
    public var lastStep: Int
    /// Wall clock of the session.
    public var seconds: Double
  }

  public init(
    agent: String, environment: String, seed: UInt64, totalSteps: Int, version: String,
    simd: String, evaluation: EvaluationPlan? = nil
  ) {
    self.agent = agent
    self.environment = environment
    self.seed = seed
    self.totalSteps = totalSteps
    self.version = version
    self.simd = simd
    self.evaluation = evaluation
    cpu = Self.processorName
    gitCommit = Self.currentCommit
  }

  enum CodingKeys: String, CodingKey {
    case agent, environment, seed, version, cpu, simd, evaluation, sessions
    case totalSteps = "total_steps"
    case gitCommit = "git_commit"
    case baseModel = "base_model"
  }

  private static var processorName: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    for line in text.split(separator: "\n") where line.hasPrefix("model name") {
      if let colon = line.firstIndex(of: ":") {
        return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      }
    }
    return "unknown"
  }

  /// The commit checked out in the working folder or above it, read without running git.
  private static var currentCommit: String? {
    var folder = URL(filePath: FileManager.default.currentDirectoryPath)
    while folder.path != "/" {
      let git = folder.appending(path: ".git")
      if let head = try? String(contentsOf: git.appending(path: "HEAD"), encoding: .utf8) {
        let reference = head.trimmingCharacters(in: .whitespacesAndNewlines)
        guard reference.hasPrefix("ref: ") else { return reference }
        let file = git.appending(path: String(reference.dropFirst(5)))
        return (try? String(contentsOf: file, encoding: .utf8))?
          .trimmingCharacters(in: .whitespacesAndNewlines)
      }
      folder.deleteLastPathComponent()
    }
    return nil
  }
}
