import CMuJoCo
import Runtime

/// The physics of a task and nothing else: as many simulations as there would be environments, each with memory of
/// its own, what an environment's speed is compared with.
package final class BareMuJoCo: @unchecked Sendable {
  private let model: MuJoCoModel
  private let frameSkip: Int
  private let simulations: [UnsafeMutablePointer<swirl_mujoco_data>]
  private var steps: [Int]
  /// Drawn beforehand, `[256, controls]`.
  private let controls: [Double]

  /// - Throws: ``EnvironmentError`` if MuJoCo or the model is missing.
  package init(_ file: String, count: Int, frameSkip: Int) throws(EnvironmentError) {
    let model = try MuJoCoModel.load(file)
    self.model = model
    self.frameSkip = frameSkip
    simulations = (0..<count).map { _ in model.make() }
    steps = Array(repeating: 0, count: count)
    let space = model.actionSpace
    var random = PCG64(seed: 0)
    controls = (0..<256).flatMap { _ in space.sample(using: &random) }
  }

  deinit { for simulation in simulations { model.release(simulation) } }

  /// Takes as many of MuJoCo's steps as an environment's step has; starts anew after 1000 of them.
  package func step(_ slice: Range<Int>) {
    let count = model.controls
    steps.withUnsafeMutableBufferPointer { steps in
      for n in slice {
        let data = MuJoCoData(raw: UnsafePointer(simulations[n]))
        if steps[n] % 1000 == 0 { model.reset(data) }
        let row = (n * 7 + steps[n]) % 256
        for index in 0..<count { data.ctrl[index] = controls[row * count + index] }
        steps[n] += 1
        _ = model.step(data, count: frameSkip, contactForces: false)
      }
    }
  }
}
