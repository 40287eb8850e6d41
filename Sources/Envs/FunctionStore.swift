import Synchronization

/// The functions of environments on their way past `Codable`, which cannot hold them.
///
/// Encoding puts them in here in the order it meets them; decoding meets the same types in the same
/// order and takes them out. So state is restored into environments that have the functions, and the
/// functions stay what they are.
final class FunctionStore: Sendable {
  private struct State {
    var functions: [any Sendable] = []
    var taken = 0
  }

  static let key = CodingUserInfoKey(rawValue: "swirl.functions")!

  private let state = Mutex(State())

  static func keep(_ function: some Sendable, for encoder: any Encoder) {
    guard let store = encoder.userInfo[key] as? FunctionStore else { return }
    store.state.withLock { $0.functions.append(function) }
  }

  static func take<Functions: Sendable>(
    _ type: Functions.Type, of wrapper: Any.Type, from decoder: any Decoder
  ) throws -> Functions {
    let store = decoder.userInfo[key] as? FunctionStore
    let next = store?.state.withLock { state -> (any Sendable)? in
      guard state.taken < state.functions.count else { return nil }
      state.taken += 1
      return state.functions[state.taken - 1]
    }
    if let functions = next as? Functions { return functions }
    throw DecodingError.dataCorrupted(
      DecodingError.Context(
        codingPath: decoder.codingPath,
        debugDescription:
          "the function of \(wrapper) is not in saved state; restore it into a vector of environments "
          + "that were made with that function"))
  }
}
