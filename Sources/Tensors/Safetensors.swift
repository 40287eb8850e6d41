import Foundation

/// A sentence about a safetensors file that cannot be read or written.
public struct SafetensorsError: Error, CustomStringConvertible, LocalizedError {
  public let description: String
  public init(_ description: String) { self.description = description }
  public var errorDescription: String? { description }
}

/// Reading and writing of the safetensors format: an 8-byte header length, a JSON header that names
/// each tensor's type, shape and bytes, and the bytes (https://github.com/huggingface/safetensors).
public enum Safetensors {
  /// The format's own bound on the header.
  static let maximumHeader = 100_000_000

  private struct Entry: Codable {
    var dtype: String
    var shape: [Int]
    var offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }
  }

  /// The bytes of a file that holds `tensors` in the given order, and `metadata`.
  public static func encode(
    _ tensors: [(name: String, value: Tensor)], metadata: [String: String] = [:]
  ) -> Data {
    func quoted(_ string: String) -> String {
      String(decoding: (try? JSONEncoder().encode(string)) ?? Data("\"\"".utf8), as: UTF8.self)
    }
    var fields: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map {
        "\(quoted($0.key)):\(quoted($0.value))"
      }
      fields.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for (name, value) in tensors {
      let end = offset + value.count * 4
      let sizes = value.shape.map(String.init).joined(separator: ",")
      fields.append(
        "\(quoted(name)):{\"dtype\":\"F32\",\"shape\":[\(sizes)],\"data_offsets\":[\(offset),\(end)]}"
      )
      offset = end
    }
    var header = Data("{\(fields.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(0x20) }
    var data = Data(capacity: 8 + header.count + offset)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(header)
    for (_, value) in tensors {
      value.withUnsafeBuffer { data.append(contentsOf: UnsafeRawBufferPointer($0)) }
    }
    return data
  }

  /// The tensors and metadata of a file's bytes. Every length and offset is checked before it is used.
  ///
  /// - Parameter file: The name that errors give the file.
  /// - Throws: `SafetensorsError`, one sentence with the file and what is wrong.
  public static func decode(
    _ data: Data, file: String
  ) throws -> (tensors: [String: Tensor], metadata: [String: String]) {
    func bad(_ what: String) -> SafetensorsError {
      SafetensorsError("\(file) is not a safetensors file that can be read: \(what)")
    }
    guard data.count >= 8 else {
      throw bad("it has \(data.count) bytes, fewer than its 8-byte length")
    }
    let bytes = data.startIndex == 0 ? data : Data(data)
    let length = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(maximumHeader), length <= UInt64(bytes.count - 8) else {
      throw bad("its header says it is \(length) bytes long, but \(bytes.count - 8) bytes follow")
    }
    let start = 8 + Int(length)
    let header = bytes.subdata(in: 8..<start)
    let payload = bytes.count - start
    guard header.first == UInt8(ascii: "{") else { throw bad("its header does not start with {") }
    guard depth(of: header) <= 8 else { throw bad("its header is nested too deeply") }
    guard let object = try? JSONSerialization.jsonObject(with: header) as? [String: Any] else {
      throw bad("its header is not a JSON object")
    }
    var tensors: [String: Tensor] = [:]
    var ranges: [(Range<Int>, String)] = []
    for (name, value) in object where name != "__metadata__" {
      guard
        let encoded = try? JSONSerialization.data(
          withJSONObject: value, options: .fragmentsAllowed),
        let entry = try? JSONDecoder().decode(Entry.self, from: encoded)
      else { throw bad("the entry of tensor \(name) lacks a dtype, shape or data_offsets") }
      guard entry.dtype == "F32" else {
        throw bad("tensor \(name) has the type \(entry.dtype); F32 is what can be read")
      }
      guard entry.shape.count <= Shape.maximumRank,
        entry.shape.allSatisfy({ $0 >= 0 && $0 <= Int(Int32.max) })
      else { throw bad("tensor \(name) has the shape \(entry.shape)") }
      var byteCount = 4
      for size in entry.shape {
        let (product, overflow) = byteCount.multipliedReportingOverflow(by: size)
        if overflow {
          throw bad("tensor \(name) has the shape \(entry.shape), more than memory can hold")
        }
        byteCount = product
      }
      guard entry.offsets.count == 2, entry.offsets[0] >= 0,
        entry.offsets[1] >= entry.offsets[0], entry.offsets[1] <= payload
      else {
        throw bad(
          "tensor \(name) lies at \(entry.offsets), outside the file's \(payload) bytes of data"
        )
      }
      let range = entry.offsets[0]..<entry.offsets[1]
      guard range.count == byteCount else {
        throw bad(
          "tensor \(name) of shape \(entry.shape) needs \(byteCount) bytes but has \(range.count)")
      }
      ranges.append((range, name))
      tensors[name] = Tensor(shape: Shape(entry.shape)) { out in
        _ = bytes.copyBytes(
          to: UnsafeMutableRawBufferPointer(out),
          from: start + range.lowerBound..<start + range.upperBound)
      }
    }
    var end = 0
    for (range, name) in ranges.sorted(by: {
      ($0.0.lowerBound, $0.0.upperBound) < ($1.0.lowerBound, $1.0.upperBound)
    }) {
      guard range.lowerBound == end else {
        throw bad("tensor \(name) starts at byte \(range.lowerBound) of the data, not at \(end)")
      }
      end = range.upperBound
    }
    guard end == payload else { throw bad("its tensors use \(end) of \(payload) bytes of data") }
    let metadata = object["__metadata__"] as? [String: String] ?? [:]
    return (tensors, metadata)
  }

  /// How deeply brackets nest outside strings: JSON parsers recurse, and a hostile file may exploit it.
  private static func depth(of json: Data) -> Int {
    var (depth, deepest) = (0, 0)
    var (inString, escaped) = (false, false)
    for byte in json {
      if inString {
        if escaped {
          escaped = false
        } else if byte == UInt8(ascii: "\\") {
          escaped = true
        } else if byte == UInt8(ascii: "\"") {
          inString = false
        }
      } else if byte == UInt8(ascii: "\"") {
        inString = true
      } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
        depth += 1
        deepest = max(deepest, depth)
      } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
        depth -= 1
      }
    }
    return deepest
  }
}

extension Module {
  /// Takes every parameter from `tensors` by its dotted name.
  ///
  /// - Throws: A sentence naming the first parameter that is missing, has another shape, or is left over;
  ///   the module is then unchanged.
  public mutating func load(_ tensors: [String: Tensor], file: String) throws {
    let expected = parameters
    for (name, value) in expected {
      guard let found = tensors[name] else {
        throw SafetensorsError("\(file) lacks the parameter \(name)")
      }
      guard found.shape == value.shape else {
        throw SafetensorsError(
          "\(file) holds the parameter \(name) with shape \(found.shape), but the model needs \(value.shape)"
        )
      }
    }
    let names = Set(expected.map(\.name))
    if let extra = tensors.keys.filter({ !names.contains($0) }).sorted().first {
      throw SafetensorsError("\(file) holds a parameter \(extra) that the model does not have")
    }
    visitParameters { name, parameter in
      if let found = tensors[name] { parameter = found }
    }
  }
}
