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
    for n in 0..<count {
      let fault =
        state.environments[n].stateFault
        ?? Envs.fault("elapsed steps", state.elapsed[n], in: 0...Int32(timeLimit ?? Int(Int32.max)))
      if let fault {
        throw EnvironmentError(.data, "the saved environment \(n) is damaged: \(fault)")
      }
    }
    // An environment whose rows are as long as its state says would write beyond the columns.
    let made = environments[0]
    guard
      state.environments.allSatisfy({
        $0.observationSpace == made.observationSpace && $0.actionSpace == made.actionSpace
          && $0.maskSize == made.maskSize
      })
    else {
      throw EnvironmentError(
        .data,
        "the saved environments have other spaces, or rows of another length, than these, which "
          + "observe \(made.observationSpace) and act in \(made.actionSpace)")
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
