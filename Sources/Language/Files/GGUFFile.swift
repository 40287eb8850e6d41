import Foundation
import Tensors

/// A language model in one GGUF file, mapped into memory: F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q4_K
/// and Q6_K tensors of the architectures llama, qwen2, qwen3 and gpt2.
///
/// Opening reads the header only; matrices are read where they are mapped. llama.cpp's files of Llama
/// models hold queries and keys in an order that needs interleaved rotary pairs, and `configuration`
/// says so. Whoever shortens a file while it is mapped ends the process, as with any mapped file.
///
/// ```swift
/// let file = try GGUFFile("SmolLM2-135M-Instruct.Q4_1.gguf")
/// print(file.configuration.width, try file.tokenizer().vocabularySize)   // 576 49152
/// ```
public struct GGUFFile: ModelWeights {
  /// Where a parameter lies: an entry, or some of its rows.
  private struct Place: Sendable {
    let entry: GGUFHeader.Entry
    let rows: Range<Int>?
  }

  public let path: String
  public let configuration: LanguageModelConfiguration
  public let names: [String]
  let metadata: GGUFMetadata
  private let places: [String: Place]

  /// - Throws: `ModelError`, one sentence with the file and what is wrong.
  public init(_ path: String) throws {
    self = try Self.open(path)
  }

  private init(
    path: String, configuration: LanguageModelConfiguration, names: [String],
    metadata: GGUFMetadata, places: [String: Place]
  ) {
    self.path = path
    self.configuration = configuration
    self.names = names
    self.metadata = metadata
    self.places = places
  }

  private static func open(_ path: String) throws -> GGUFFile {
    let mapping = try FileMapping.ofModel(path)
    let header = try GGUFHeader.read(mapping.bytes, file: path)
    let metadata = GGUFMetadata(mapping: mapping, values: header.values)
    let shapes = Dictionary(
      header.entries.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    var configuration = try metadata.configuration(shapes)
    if let factors = header.entries.first(where: { $0.name == "rope_freqs.weight" }) {
      try configuration.take(rotaryFactors: factors, in: mapping)
    }
    var names: [String] = []
    var places: [String: Place] = [:]
    for entry in header.entries where entry.name != "rope_freqs.weight" {
      for (name, rows) in GGUFNames.parameters(of: entry.name, configuration) {
        if let rows, rows.upperBound > entry.shape[0] {
          throw metadata.bad("tensor \(entry.name) has the shape \(Shape(entry.shape))")
        }
        if places.updateValue(Place(entry: entry, rows: rows), forKey: name) == nil {
          names.append(name)
        }
      }
    }
    let file = GGUFFile(
      path: path, configuration: configuration, names: names, metadata: metadata, places: places)
    try configuration.check(file, file: path)
    return file
  }

  public func shape(of name: String) -> Shape? {
    guard let place = places[name] else { return nil }
    var shape = place.entry.shape
    if let rows = place.rows { shape[0] = rows.count }
    return Shape(shape)
  }

  /// The bytes of a parameter, its shape and its type.
  private func stored(
    _ name: String
  ) throws(ModelError) -> (bytes: UnsafeRawBufferPointer, shape: Shape, type: GGUFType) {
    guard let place = places[name], let shape = shape(of: name) else {
      throw ModelError("\(path) has no parameter \(name) among its \(names.count)")
    }
    var range = place.entry.range
    if let rows = place.rows {
      let row = range.count / place.entry.shape[0]
      range = range.lowerBound + rows.lowerBound * row..<range.lowerBound + rows.upperBound * row
    }
    let bytes = UnsafeRawBufferPointer(rebasing: metadata.mapping.bytes[range])
    return (bytes, shape, place.entry.type)
  }

  public func matrix(_ name: String) throws -> StoredMatrix {
    let (bytes, shape, type) = try stored(name)
    guard shape.count == 2 else {
      throw ModelError("\(path) holds \(name) with shape \(shape), which is no matrix")
    }
    switch type {
    case .plain(let type):
      return .dense(Tensor(borrowing: bytes, owner: metadata.mapping, shape: shape, type: type))
    case .blocks(let format):
      return .quantized(
        try QuantizedTensor(
          borrowing: bytes, owner: metadata.mapping, shape: shape, format: format))
    }
  }

  public func tensor(_ name: String) throws -> Tensor {
    let (bytes, shape, type) = try stored(name)
    switch type {
    case .plain(let type):
      return Tensor(borrowing: bytes, owner: metadata.mapping, shape: shape, type: type).float32
    case .blocks(let format):
      let columns = shape[shape.count - 1]
      let matrix = try QuantizedTensor(
        borrowing: bytes, owner: metadata.mapping,
        shape: Shape(shape.elementCount / columns, columns), format: format)
      return matrix.dequantized().reshaped(to: shape)
    }
  }
}

extension FileMapping {
  /// A model's file, mapped.
  ///
  /// - Throws: `ModelError`, of the kind `.missingFile` where there is none.
  static func ofModel(_ path: String) throws -> FileMapping {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw ModelError("there is no file \(path)", kind: .missingFile)
    }
    do {
      return try FileMapping(path)
    } catch let error as SafetensorsError {
      throw ModelError(error.description)
    }
  }
}
