import Foundation

/// A sentence about a safetensors file that cannot be read or written.
public struct SafetensorsError: Error, CustomStringConvertible, LocalizedError {
  public let description: String
  public init(_ description: String) { self.description = description }
  public var errorDescription: String? { description }
}

/// Reading and writing of the safetensors format: an 8-byte header length, a JSON header that names
/// each tensor's type, shape and bytes, and the bytes (https://github.com/huggingface/safetensors).
///
/// This is for bytes in memory; `SafetensorsFile` maps files, also those split into shards, and
/// `StateDictionary` moves tensors between files and modules.
public enum Safetensors {
  /// The bytes of a file that holds `tensors` in the given order, and `metadata`.
  ///
  /// Wide number types come before narrow ones, as the format's own library writes them, so that every
  /// tensor is aligned.
  public static func encode(
    _ tensors: [(name: String, value: Tensor)], metadata: [String: String] = [:]
  ) -> Data {
    let (header, ordered) = layout(tensors, metadata: metadata)
    var data = Data(
      capacity: header.count + ordered.reduce(0) { $0 + $1.value.count * $1.value.type.byteCount })
    data.append(header)
    for (_, value) in ordered { value.withDenseBytes { data.append(contentsOf: $0) } }
    return data
  }

  /// The bytes before the tensors', and the tensors in the order of their bytes.
  static func layout(
    _ tensors: [(name: String, value: Tensor)], metadata: [String: String]
  ) -> (header: Data, ordered: [(name: String, value: Tensor)]) {
    var fields: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map {
        "\(JSONValue.quoted($0.key)):\(JSONValue.quoted($0.value))"
      }
      fields.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    let ordered = [4, 2, 1].flatMap { size in tensors.filter { $0.value.type.byteCount == size } }
    var offset = 0
    for (name, value) in ordered {
      let end = offset + value.count * value.type.byteCount
      let sizes = value.shape.map(String.init).joined(separator: ",")
      fields.append(
        "\(JSONValue.quoted(name)):{\"dtype\":\"\(SafetensorsType(value.type).rawValue)\","
          + "\"shape\":[\(sizes)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Data("{\(fields.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(0x20) }
    return (withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header, ordered)
  }

  /// The tensors and metadata of a file's bytes. Every length and offset is checked before it is used.
  ///
  /// - Parameters:
  ///   - file: The name that errors give the file.
  ///   - type: What every tensor is converted to; nil keeps the type of the file, or the nearest the
  ///     engine has.
  /// - Throws: `SafetensorsError`, one sentence with the file and what is wrong.
  public static func decode(
    _ data: Data, file: String, as type: NumberType? = .float32
  ) throws -> (tensors: [String: Tensor], metadata: [String: String]) {
    try data.withUnsafeBytes { bytes in
      let header = try SafetensorsHeader(bytes, file: file)
      var tensors: [String: Tensor] = [:]
      for entry in header.entries {
        tensors[entry.name] = try entry.tensor(in: bytes, owner: nil, as: type, file: file)
      }
      return (tensors, header.metadata)
    }
  }
}

extension Tensor {
  /// Calls `body` with the bytes of the numbers in row-major order, as they are stored.
  func withDenseBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    let dense = contiguous()
    return try withExtendedLifetime(dense) {
      try body(UnsafeRawBufferPointer(start: dense.bytes, count: count * type.byteCount))
    }
  }
}
