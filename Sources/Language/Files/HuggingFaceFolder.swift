import Foundation
import Tensors

/// A language model in a folder of Hugging Face's: `config.json`, `model.safetensors` or its shards, and
/// `tokenizer.json`, of the families Llama, Mistral, Qwen 2, 2.5 and 3, and GPT-2.
///
/// Opening reads the headers; numbers are read where they are mapped, except GPT-2's matrices, which
/// its files hold transposed.
///
/// ```swift
/// let folder = try HuggingFaceFolder("Qwen2.5-0.5B-Instruct")
/// print(folder.configuration.blockCount, try folder.tokenizer().vocabularySize)
/// ```
public struct HuggingFaceFolder: ModelWeights {
  public let path: String
  public let configuration: LanguageModelConfiguration
  public let names: [String]
  private let file: SafetensorsFile
  private let places: [String: HuggingFaceNames.Place]

  /// - Throws: `ModelError`, one sentence with the file and what is wrong.
  public init(_ path: String) throws {
    self = try Self.open(path)
  }

  private init(
    path: String, configuration: LanguageModelConfiguration, names: [String],
    file: SafetensorsFile, places: [String: HuggingFaceNames.Place]
  ) {
    self.path = path
    self.configuration = configuration
    self.names = names
    self.file = file
    self.places = places
  }

  private static func open(_ path: String) throws -> HuggingFaceFolder {
    let config = try ModelJSON(path + "/config.json")
    let configuration = try config.languageModelConfiguration()
    let file: SafetensorsFile
    do {
      file = try SafetensorsFile(path)
    } catch let error as SafetensorsError {
      throw ModelError(error.description)
    }
    let isGPT2 = configuration.rotary == nil
    var names: [String] = []
    var places: [String: HuggingFaceNames.Place] = [:]
    for stored in file.names {
      let parts =
        isGPT2
        ? HuggingFaceNames.gpt2Parameters(of: stored, width: configuration.width)
        : HuggingFaceNames.parameters(of: stored)
      for (name, place) in parts {
        if configuration.tiesHead && name == "lm_head.weight" { continue }
        if let columns = place.columns {
          guard let shape = file.shape(of: stored), shape.count > 0,
            columns.upperBound <= shape[shape.count - 1]
          else {
            throw ModelError("\(path) holds \(stored) with a shape that its width does not fit")
          }
        }
        if places.updateValue(place, forKey: name) == nil { names.append(name) }
      }
    }
    let folder = HuggingFaceFolder(
      path: path, configuration: configuration, names: names, file: file, places: places)
    try configuration.check(folder, file: path)
    return folder
  }

  /// The model's tokenizer.
  ///
  /// - Throws: `ModelError` where the folder has none, or one that is not byte-level byte-pair encoding.
  public func tokenizer() throws -> Tokenizer {
    try Tokenizer(folder: path, rows: configuration.vocabularySize)
  }

  public func shape(of name: String) -> Shape? {
    guard let place = places[name], var shape = file.shape(of: place.stored) else { return nil }
    if let columns = place.columns, shape.count > 0 { shape[shape.count - 1] = columns.count }
    if place.isTransposed {
      guard shape.count == 2 else { return shape }
      shape = [shape[1], shape[0]]
    }
    return shape
  }

  public func matrix(_ name: String) throws -> StoredMatrix {
    let tensor = try stored(name)
    guard tensor.rank == 2 else {
      throw ModelError("\(path) holds \(name) with shape \(tensor.shape), which is no matrix")
    }
    return .dense(tensor)
  }

  public func tensor(_ name: String) throws -> Tensor { try stored(name).float32 }

  private func stored(_ name: String) throws -> Tensor {
    guard let place = places[name] else {
      throw ModelError("\(path) has no parameter \(name) among its \(names.count)")
    }
    var tensor: Tensor
    do {
      tensor = try file.tensor(place.stored)
    } catch let error as SafetensorsError {
      throw ModelError(error.description)
    }
    guard [.float32, .float16, .bfloat16].contains(tensor.type) else {
      throw ModelError("\(path) holds \(name) as \(tensor.type), which are no weights")
    }
    if let columns = place.columns { tensor = tensor.sliced(columns, axis: tensor.rank - 1) }
    if place.isTransposed, tensor.rank == 2 { tensor = tensor.transposed() }
    return tensor.contiguous()
  }
}
