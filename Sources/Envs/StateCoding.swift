import Foundation

/// How state is saved: as JSON, since it is small, people can read it, and Foundation writes every
/// Double in the shortest form that reads back exactly.
enum StateCoding {
  static func encode(
    _ value: some Encodable, keeping functions: FunctionStore? = nil
  ) throws -> Data {
    let encoder = JSONEncoder()
    if let functions { encoder.userInfo[FunctionStore.key] = functions }
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    // Sorted, so that equal states give equal bytes.
    encoder.outputFormatting = [.sortedKeys]
    return try encoder.encode(value)
  }

  static func decode<T: Decodable>(_ type: T.Type, from data: Data) throws -> T {
    try decode(type, from: data, functions: nil)
  }

  /// Reads a value back; functions, which are not saved, are those of a value of the same make.
  static func decode<T: Decodable>(
    _ type: T.Type, from data: Data, functionsOf made: some Encodable
  ) throws -> T {
    let functions = FunctionStore()
    _ = try encode(made, keeping: functions)
    return try decode(type, from: data, functions: functions)
  }

  private static func decode<T: Decodable>(
    _ type: T.Type, from data: Data, functions: FunctionStore?
  ) throws -> T {
    let decoder = JSONDecoder()
    if let functions { decoder.userInfo[FunctionStore.key] = functions }
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(type, from: data)
  }

  /// What a coding error says, as part of a sentence.
  static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "'\(key.stringValue)' is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.dataCorrupted(let context):
      context.debugDescription
    default: "\(error)"
    }
  }
}
