public import Foundation
import Runtime

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
    try StateCoding.encode(
      State(
        environments: environments, dynamics: dynamics, sampling: sampling, elapsed: elapsed,
        returns: returns, endings: byHand.endings))
  }

  public mutating func restoreState(_ data: Data) throws {
    let state: State
    do {
      state = try StateCoding.decode(State.self, from: data, functionsOf: environments)
    } catch {
      throw EnvironmentError(
        .data,
        "the saved environments are no state of \(count) × \(E.self): \(StateCoding.reason(error))")
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
    // An environment whose rows are as long as its state says would write beyond the columns.
    let width = environments.first?.observationSpace.flatSize
    guard state.environments.allSatisfy({ $0.observationSpace.flatSize == width }) else {
      throw EnvironmentError(
        .data,
        "the saved environments observe rows of another length than these, which have "
          + "\(width ?? 0) numbers")
    }
    environments = state.environments
    dynamics = state.dynamics
    sampling = state.sampling
    elapsed = state.elapsed
    returns = state.returns
    byHand = HandRows()
    if !state.endings.isEmpty { observeByHand(endings: state.endings) }
  }
}
