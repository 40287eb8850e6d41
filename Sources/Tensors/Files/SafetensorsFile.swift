import Foundation

/// A safetensors model on disk, mapped into memory: one file, or the shards an index names.
///
/// Opening reads headers only. A tensor reads the mapped file in place where the engine has its number
/// type and the file aligns it, and keeps the mapping alive; a write to the tensor copies first.
/// Whoever shortens a file while it is mapped ends the process, as with any mapped file.
///
/// ```swift
/// let file = try SafetensorsFile("SmolLM2-135M")    // a directory, an index or a file
/// let embedding = try file.tensor("model.embed_tokens.weight")   // bfloat16, not copied
/// ```
public struct SafetensorsFile: Sendable {
  private struct Place: Sendable {
    let mapping: FileMapping
    let entry: SafetensorsHeader.Entry
  }

  private let places: [String: Place]
  /// The tensors' names: file by file, in the order of their bytes.
  public let names: [String]
  /// The metadata of the files; where shards disagree, that of the first in the order of their names.
  public let metadata: [String: String]

  /// - Parameter path: A `.safetensors` file, a `.safetensors.index.json` index, or a directory with
  ///   `model.safetensors` or `model.safetensors.index.json`.
  /// - Throws: `SafetensorsError`, one sentence with the file and what is wrong.
  public init(_ path: String) throws {
    var path = path
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      isDirectory.boolValue
    {
      let directory = URL(filePath: path, directoryHint: .isDirectory)
      let candidates = ["model.safetensors", "model.safetensors.index.json"]
        .map { directory.appending(path: $0).path }
      guard let found = candidates.first(where: FileManager.default.fileExists(atPath:)) else {
        throw SafetensorsError(
          "\(path) holds neither model.safetensors nor model.safetensors.index.json")
      }
      path = found
    }
    if path.hasSuffix(".json") {
      try self.init(index: path)
    } else {
      try self.init(single: path)
    }
  }

  private init(single path: String) throws {
    let (mapping, header) = try Self.open(path)
    names = header.entries.map(\.name)
    metadata = header.metadata
    places = Dictionary(
      header.entries.map { ($0.name, Place(mapping: mapping, entry: $0)) },
      uniquingKeysWith: { first, _ in first })
  }

  private static func open(_ path: String) throws -> (FileMapping, SafetensorsHeader) {
    let mapping = try FileMapping(path)
    return (mapping, try SafetensorsHeader(mapping.bytes, file: path))
  }

  /// Opens every shard that an index names: `{"weight_map": {tensor: file, …}}`.
  private init(index path: String) throws {
    func bad(_ what: String) -> SafetensorsError {
      SafetensorsError("\(path) is not an index of safetensors files: \(what)")
    }
    let mapping = try FileMapping(path)
    let index: JSONValue
    do {
      index = try JSONValue.read(mapping.bytes, maximumDepth: 8)
    } catch {
      throw bad("\(error.what), at byte \(error.position)")
    }
    guard let map = index.object?.first(where: { $0.name == "weight_map" })?.value.object else {
      throw bad("it lacks a weight_map")
    }
    var wanted: [String: Set<String>] = [:]
    for (name, file) in map {
      guard let file = file.string else { throw bad("tensor \(name) has no file") }
      // A shard lies beside its index: a path could lead anywhere.
      guard !file.isEmpty, file != ".", file != "..", !file.contains("/"), !file.contains("\0")
      else { throw bad("tensor \(name) is said to lie in \(file), which is not a file's name") }
      wanted[file, default: []].insert(name)
    }
    var (names, places, metadata): ([String], [String: Place], [String: String]) = ([], [:], [:])
    let directory = URL(filePath: path).deletingLastPathComponent()
    for file in wanted.keys.sorted() {
      let shard = directory.appending(path: file).path
      let (mapping, header) = try Self.open(shard)
      for entry in header.entries where wanted[file]!.remove(entry.name) != nil {
        names.append(entry.name)
        places[entry.name] = Place(mapping: mapping, entry: entry)
      }
      if let missing = wanted[file]!.sorted().first {
        throw SafetensorsError("\(shard) lacks the tensor \(missing), which \(path) says it holds")
      }
      metadata.merge(header.metadata) { first, _ in first }
    }
    (self.names, self.places, self.metadata) = (names, places, metadata)
  }

  public func shape(of name: String) -> Shape? { places[name].map { Shape($0.entry.shape) } }

  /// The type `tensor(_:)` gives: that of the file, or the nearest the engine has.
  public func type(of name: String) -> NumberType? { places[name]?.entry.numberType }

  /// The tensor of a name, in the type of the file or as `type`.
  ///
  /// Float64 is rounded to Float32, 8-bit floats are widened, and whole numbers become Int32.
  ///
  /// - Throws: A sentence where there is none, or its numbers cannot be held.
  public func tensor(_ name: String, as type: NumberType? = nil) throws -> Tensor {
    guard let place = places[name] else {
      throw SafetensorsError("there is no tensor \(name) among \(names.count) of them")
    }
    return try place.entry.tensor(
      in: place.mapping.bytes, owner: place.mapping, as: type, file: place.mapping.path)
  }

  // MARK: - Writing

  /// Writes one file: to a temporary name, flushed, then renamed.
  ///
  /// - Throws: `SafetensorsError` with the system's reason.
  public static func write(
    _ tensors: [(name: String, value: Tensor)], to path: String, metadata: [String: String] = [:]
  ) throws {
    let (header, ordered) = Safetensors.layout(tensors, metadata: metadata)
    let partial = "\(path).partial"
    do {
      guard FileManager.default.createFile(atPath: partial, contents: nil) else {
        throw CocoaError(.fileWriteNoPermission)
      }
      let handle = try FileHandle(forWritingTo: URL(filePath: partial))
      defer { try? handle.close() }
      try handle.write(contentsOf: header)
      for (_, value) in ordered {
        try value.withDenseBytes { bytes in
          guard let base = bytes.baseAddress, bytes.count > 0 else { return }
          try handle.write(
            contentsOf: Data(
              bytesNoCopy: UnsafeMutableRawPointer(mutating: base), count: bytes.count,
              deallocator: .none))
        }
      }
      try handle.synchronize()
      guard rename(partial, path) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    } catch {
      try? FileManager.default.removeItem(atPath: partial)
      throw SafetensorsError("\(path) cannot be written: \(error.localizedDescription)")
    }
  }

  /// Writes `model-00001-of-00002.safetensors` and so on, none with more than `maximumBytes` of numbers
  /// unless one tensor has more, and last `model.safetensors.index.json`, which names each tensor's file.
  public static func writeShards(
    _ tensors: [(name: String, value: Tensor)], toDirectory directory: String,
    maximumBytes: Int = 5_000_000_000, metadata: [String: String] = [:]
  ) throws {
    var shards: [[(name: String, value: Tensor)]] = [[]]
    var (size, total) = (0, 0)
    for (name, value) in tensors {
      let bytes = value.count * value.type.byteCount
      if size > 0 && size + bytes > maximumBytes {
        shards.append([])
        size = 0
      }
      shards[shards.count - 1].append((name, value))
      size += bytes
      total += bytes
    }
    func digits(_ number: Int) -> String {
      String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)"
    }
    let root = URL(filePath: directory, directoryHint: .isDirectory)
    var map: [(name: String, file: String)] = []
    for (i, shard) in shards.enumerated() {
      let file = "model-\(digits(i + 1))-of-\(digits(shards.count)).safetensors"
      try write(shard, to: root.appending(path: file).path, metadata: metadata)
      map += shard.map { ($0.name, file) }
    }
    let lines = map.sorted { $0.name < $1.name }.map {
      "    \(JSONValue.quoted($0.name)): \(JSONValue.quoted($0.file))"
    }
    let index = """
      {
        "metadata": {"total_size": \(total)},
        "weight_map": {
      \(lines.joined(separator: ",\n"))
        }
      }

      """
    let path = root.appending(path: "model.safetensors.index.json").path
    do {
      try Data(index.utf8).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw SafetensorsError("\(path) cannot be written: \(error.localizedDescription)")
    }
  }
}
