import Envs
import Foundation
import Runtime
import Yams

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The folder of a run: `config.yaml`, `run.json`, metrics, event files and `checkpoints/step-N/`.
///
/// A checkpoint is one folder and one rename, so a crash at any instant leaves whole checkpoints only.
/// The folder is locked by the process that trains in it; reading it needs no lock.
public struct RunDirectory: Sendable {
  /// Checkpoints that are kept.
  public static let keptCheckpoints = 3

  public let path: String

  /// A run that is to be read: nothing in it is changed.
  ///
  /// - Throws: `RunError` of kind `missing` when there is no run there.
  public init(reading path: String) throws {
    self.path = path
    guard FileManager.default.fileExists(atPath: path) else {
      throw RunError(
        .missing, "there is no folder \(path); a run is the folder that 'swirl train' names")
    }
    guard FileManager.default.fileExists(atPath: file("run.json")) else {
      throw RunError(.missing, "\(path) is not a run: it has no run.json")
    }
  }

  /// The folder of a new run, which holds nothing yet; `begin` makes it one.
  ///
  /// - Throws: `RunError` of kind `usage` when the folder holds a run already.
  init(creating path: String) throws {
    self.path = path
    try refuseRun()
    do {
      try FileManager.default.createDirectory(
        atPath: path + "/checkpoints", withIntermediateDirectories: true)
    } catch {
      throw RunError(.failed, "cannot create the folder \(path): \(Self.reason(error))")
    }
  }

  /// Writes what makes the folder a run. Whoever calls it holds the lock: of two processes that were
  /// given one folder at the same moment the second then finds the first one's run.
  ///
  /// - Throws: `RunError` of kind `usage` when the folder holds a run already.
  func begin(_ description: RunDescription, configuration: String) throws {
    try refuseRun()
    try DurableFile.replace(file("config.yaml"), with: Data(configuration.utf8))
    try write(description)
  }

  private func refuseRun() throws {
    let checkpoints = checkpointSteps()
    guard FileManager.default.fileExists(atPath: file("run.json")) || !checkpoints.isEmpty else {
      return
    }
    throw RunError(
      .usage,
      "\(path) holds a run already; continue it with --resume \(path), or choose another folder with --out"
    )
  }

  func file(_ name: String) -> String { path + "/" + name }

  /// Where the best policy of a run that is evaluated while it trains is kept.
  public var bestModelFile: String { file("best/model.safetensors") }

  // MARK: - Description and configuration

  public func description() throws -> RunDescription {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    let data = try read("run.json")
    do { return try decoder.decode(RunDescription.self, from: data) } catch {
      throw RunError(.data, "\(file("run.json")) is damaged: it does not describe a run")
    }
  }

  public func write(_ description: RunDescription) throws {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try DurableFile.replace(
      file("run.json"), with: try encoder.encode(description) + Data("\n".utf8))
  }

  /// The text of `config.yaml`.
  public func configuration() throws -> String {
    String(decoding: try read("config.yaml"), as: UTF8.self)
  }

  /// The options that the run's environments were made with, which `config.yaml` holds as `env_kwargs`.
  public func environmentOptions() throws -> [String: OptionValue] {
    let text = try configuration()
    guard let node = try? Yams.compose(yaml: text), let value = node["env_kwargs"] else {
      return [:]
    }
    guard let setting = Setting(value),
      let options = try? JSONDecoder().decode(
        [String: OptionValue].self, from: JSONEncoder().encode(setting))
    else {
      throw RunError(
        .data,
        "\(file("config.yaml")): env_kwargs is no mapping from options of the environment to values"
      )
    }
    return options
  }

  private func read(_ name: String) throws -> Data {
    guard let data = FileManager.default.contents(atPath: file(name)) else {
      throw RunError(.missing, "\(path) is not a whole run: \(name) is missing or cannot be read")
    }
    return data
  }

  // MARK: - Evaluations

  /// One evaluation of a run's policy, as `evaluations.json` lists them.
  public struct Evaluation: Codable, Sendable, Equatable {
    public let step: Int
    public let seed: UInt64
    public let deterministic: Bool
    public let returns: [Double]
    public let lengths: [Int]

    public var mean: Double { returns.reduce(0, +) / Double(returns.count) }
  }

  /// The evaluations so far, oldest first; none where the file is not there.
  ///
  /// - Throws: `RunError` of kind `data` when the file is not a list of evaluations.
  public func evaluations() throws -> [Evaluation] {
    let path = file("evaluations.json")
    guard let data = FileManager.default.contents(atPath: path) else { return [] }
    guard let list = try? JSONDecoder().decode([Evaluation].self, from: data) else {
      throw RunError(.data, "\(path) is damaged: it is not a list of evaluations")
    }
    return list
  }

  /// Adds an evaluation of the checkpoint of `step`; the same one again is listed once.
  public func add(_ result: EvaluationResult, step: Int, deterministic: Bool) throws {
    try add([
      Evaluation(
        step: step, seed: result.seed, deterministic: deterministic, returns: result.returns,
        lengths: result.lengths)
    ])
  }

  /// Adds evaluations; those that are listed already stay listed once.
  func add(_ new: [Evaluation]) throws {
    try changeEvaluations { list in
      for evaluation in new where !list.contains(evaluation) { list.append(evaluation) }
    }
  }

  /// Removes the evaluations of checkpoints after `step`.
  func removeEvaluations(after step: Int) throws {
    try changeEvaluations { $0.removeAll { $0.step > step } }
  }

  /// A run may be evaluated while it trains and evaluates itself, so the change is made under a lock.
  private func changeEvaluations(_ change: (inout [Evaluation]) -> Void) throws {
    let folder = open(path, O_RDONLY | O_CLOEXEC)
    guard folder >= 0 else { throw DurableFile.failure("open", path) }
    defer { close(folder) }
    flock(folder, LOCK_EX)
    let before = try evaluations()
    var list = before
    change(&list)
    if list == before { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try DurableFile.replace(file("evaluations.json"), with: try encoder.encode(list))
  }

  // MARK: - Checkpoints

  /// The files of one checkpoint.
  public struct Checkpoint: Sendable {
    public let step: Int
    public let directory: String
    public let files: [String: Data]
  }

  struct Manifest: Codable {
    struct Entry: Codable {
      let bytes: Int
      let crc32c: String

      init(_ data: Data) {
        bytes = data.count
        crc32c = String(Checksum.crc32c(data), radix: 16)
      }
    }
    let files: [String: Entry]
    /// Files of the run's folder `segments` that belong to the checkpoint.
    var segments: [String: Entry]?
  }

  /// The steps of the checkpoints there are, oldest first.
  public func checkpointSteps() -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: file("checkpoints"))) ?? []
    return names.compactMap { name in
      name.hasPrefix("step-") ? Int(name.dropFirst(5)) : nil
    }.sorted()
  }

  /// Writes a checkpoint and then removes all but the last three.
  ///
  /// - Throws: `RunError` of kind `failed`, for example when the disk is full; earlier checkpoints are
  ///   then as they were.
  public func writeCheckpoint(
    step: Int, files: [String: Data], segments: [CheckpointSegment] = []
  ) throws {
    let folder = file("checkpoints")
    let target = "\(folder)/step-\(step)"
    if FileManager.default.fileExists(atPath: target) { return }
    let entries = try write(segments)
    let temporary = "\(folder)/.writing-step-\(step)"
    do {
      try? FileManager.default.removeItem(atPath: temporary)
      guard mkdir(temporary, 0o755) == 0 else { throw DurableFile.failure("create", temporary) }
      for (name, data) in files.sorted(by: { $0.key < $1.key }) {
        try DurableFile.write(data, to: "\(temporary)/\(name)")
      }
      let manifest = Manifest(
        files: files.mapValues(Manifest.Entry.init), segments: entries.isEmpty ? nil : entries)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try DurableFile.write(try encoder.encode(manifest), to: "\(temporary)/manifest.json")
      DurableFile.synchronizeFolder(temporary)
      guard rename(temporary, target) == 0 else { throw DurableFile.failure("rename", temporary) }
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      throw error
    }
    DurableFile.synchronizeFolder(folder)
    for old in checkpointSteps().filter({ $0 <= step }).dropLast(Self.keptCheckpoints) {
      removeCheckpoint(old)
    }
    removeUnusedSegments()
  }

  /// Hides a checkpoint by one rename before its files go, so that none is ever seen in part.
  private func removeCheckpoint(_ step: Int) {
    let hidden = file("checkpoints/.removing-step-\(step)")
    try? FileManager.default.removeItem(atPath: hidden)
    if rename(file("checkpoints/step-\(step)"), hidden) == 0 {
      try? FileManager.default.removeItem(atPath: hidden)
    }
  }

  /// The latest checkpoint, every file checked against its size and checksum; nil where there is none.
  ///
  /// - Parameter withSegments: Whether the files hold the segments too, which going on with a run takes and
  ///   reading its policy does not.
  /// - Throws: `RunError` of kind `data` naming the file that is damaged and how.
  public func latestCheckpoint(withSegments: Bool = false) throws -> Checkpoint? {
    guard let step = checkpointSteps().last else { return nil }
    let directory = file("checkpoints/step-\(step)")
    func bad(_ name: String, _ what: String, in folder: String? = nil) -> RunError {
      RunError(
        .data,
        "\(folder ?? directory)/\(name) is damaged: \(what); removing \(directory) goes back to the checkpoint before it"
      )
    }
    guard let encoded = FileManager.default.contents(atPath: directory + "/manifest.json") else {
      throw bad("manifest.json", "it is missing or cannot be read")
    }
    guard let manifest = try? JSONDecoder().decode(Manifest.self, from: encoded) else {
      throw bad("manifest.json", "it is not the list of the checkpoint's files")
    }
    var files: [String: Data] = [:]
    let segments = withSegments ? manifest.segments ?? [:] : [:]
    let all =
      manifest.files.map { ($0, $1, directory) } + segments.map { ($0, $1, file("segments")) }
    for (name, entry, folder) in all.sorted(by: { $0.0 < $1.0 }) {
      guard !name.contains("/"), name != "..", !name.isEmpty else {
        throw bad(
          "manifest.json", "it names the file '\(name.prefix(60))', which is outside the checkpoint"
        )
      }
      guard
        let data = try? Data(
          contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"), options: .mappedIfSafe)
      else {
        throw bad(name, "it is missing or cannot be read", in: folder)
      }
      guard data.count == entry.bytes else {
        throw bad(
          name, "it has \(data.count) bytes where \(entry.bytes) were written", in: folder)
      }
      guard String(Checksum.crc32c(data), radix: 16) == entry.crc32c else {
        throw bad(
          name, "its bytes are not those that were written (the checksum differs)", in: folder)
      }
      files[name] = data
    }
    return Checkpoint(step: step, directory: directory, files: files)
  }

  /// Removes what a crash left behind: checkpoints half written or half removed.
  func removeLeftovers() {
    let folder = file("checkpoints")
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where name.hasPrefix(".writing-") || name.hasPrefix(".removing-") {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
    for name in [
      "run.json.tmp", "config.yaml.tmp", "metrics.csv.tmp", "metrics.jsonl.tmp",
      "completions.jsonl.tmp", "evaluations.json.tmp", "best/model.safetensors.tmp",
    ] {
      unlink(file(name))
    }
    removeUnusedSegments()
  }

  private static func reason(_ error: any Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    if let underlying, underlying.domain == NSPOSIXErrorDomain {
      return String(cString: strerror(Int32(underlying.code)))
    }
    return error.localizedDescription
  }
}

/// A folder, such as a run's, that this process has to itself, until the lock is given up or the process
/// ends in any way.
final class RunLock: Sendable {
  private let descriptor: Int32
  private let path: String

  /// - Throws: `RunError` of kind `usage` when another process holds the lock.
  convenience init(_ directory: RunDirectory) throws {
    try self.init(folder: directory.path, "trained")
  }

  /// - Parameter busy: What its holder does with the folder, for the sentence: "is being trained".
  init(folder: String, _ busy: String) throws {
    let path = folder + "/.lock"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw DurableFile.failure("open", path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let holder = (try? String(contentsOfFile: path, encoding: .utf8))?
        .trimmingCharacters(in: .whitespacesAndNewlines)
      close(descriptor)
      throw RunError(
        .usage,
        "\(folder) is being \(busy) by process \(holder ?? "unknown"); wait for it or stop it first"
      )
    }
    self.path = path
  }

  /// Leaves this process's number for whoever finds the run locked; not done before the run has been
  /// read whole, so that a damaged one stays as it was.
  func sign() {
    ftruncate(descriptor, 0)
    try? DurableFile.write(Data("\(getpid())\n".utf8), to: descriptor, path)
  }

  deinit { close(descriptor) }
}
