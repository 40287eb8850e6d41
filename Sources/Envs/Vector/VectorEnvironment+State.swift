public import Foundation
import Runtime

// Saved state is JSON: what is saved is small, people can read it, and Foundation writes every
// Double in the shortest form that reads back exactly.
extension VectorEnvironment {
  private struct State: Codable {
    var environments: [E]
    var dynamics: [PCG64]
    var sampling: [PCG64]
    var elapsed: [Int32]
    var returns: [Double]
    var endings: [Ending]
  }

  public func encodedState() throws -> Data {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    // Sorted, so that equal states give equal bytes.
    encoder.outputFormatting = [.sortedKeys]
    return try encoder.encode(
      State(
        environments: environments, dynamics: dynamics, sampling: sampling, elapsed: elapsed,
        returns: returns, endings: byHand.endings))
  }

  public mutating func restoreState(_ data: Data) throws {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let state: State
    do {
      state = try decoder.decode(State.self, from: data)
    } catch {
      throw EnvironmentError(
        .data, "the saved environments are no state of \(count) × \(E.self): \(Self.reason(error))")
    }
    let sizes = [
      state.environments.count, state.dynamics.count, state.sampling.count, state.elapsed.count,
      state.returns.count,
    ]
    guard sizes.allSatisfy({ $0 == count }), [0, count].contains(state.endings.count) else {
      throw EnvironmentError(
        .data,
        "the saved state is of \(state.environments.count) environments and these are \(count); "
          + "they must be as many")
    }
    environments = state.environments
    dynamics = state.dynamics
    sampling = state.sampling
    elapsed = state.elapsed
    returns = state.returns
    byHand = HandRows()
    if !state.endings.isEmpty { observeByHand(endings: state.endings) }
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "'\(key.stringValue)' is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.dataCorrupted(let context):
      context.debugDescription
    default: "\(error)"
    }
  }
}
