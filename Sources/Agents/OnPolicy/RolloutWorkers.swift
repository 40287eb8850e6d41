import Envs
import Policy
import Replay
import Runtime

/// Fills a rollout: each worker thread owns a slice of the environments and runs the policy on it for
/// the whole rollout, so that threads meet once a rollout, not once a step.
///
/// A row's policy output, its environment's stream and its action stream depend on nothing but the row,
/// so a rollout is the same to the last bit for any number of workers.
package struct RolloutWorkers {
  let pool: WorkerPool

  package init(pool: WorkerPool) { self.pool = pool }

  /// - Parameters:
  ///   - streams: one a row, from which its actions are sampled
  ///   - memory: `[N, memorySize]`, what the networks remember of the episodes that run
  ///   - noiseSteps: steps after which noise that depends on the state is drawn anew, 0 for a rollout
  ///   - buffer: its last observation row is filled too, and holds where the next rollout begins
  package func collect(
    _ model: ActorCritic, in environments: inout AnyVectorEnvironment, streams: inout [PCG64],
    memory: inout [Float], noiseSteps: Int = 0, into buffer: RolloutBuffer
  ) {
    let count = buffer.environmentCount
    let workers = min(pool.threads, count)
    environments.withStepper { stepper in
      streams.withUnsafeMutableBufferPointer { streams in
        nonisolated(unsafe) let streams = streams.baseAddress!
        memory.withUnsafeMutableBufferPointer { memory in
          nonisolated(unsafe) let memory = memory.baseAddress
          pool.parallelFor(workers) { worker in
            let slice = count * worker / workers..<count * (worker + 1) / workers
            Self.run(model, slice, stepper, streams, memory, noiseSteps, buffer)
          }
        }
      }
    }
  }

  private static func run(
    _ model: ActorCritic, _ slice: Range<Int>, _ stepper: VectorStepper,
    _ streams: UnsafeMutablePointer<PCG64>, _ memory: UnsafeMutablePointer<Float>?,
    _ noiseSteps: Int, _ buffer: RolloutBuffer
  ) {
    let runner = PolicyRunner(model, capacity: slice.count)
    let (count, rows, first) = (buffer.environmentCount, slice.count, slice.lowerBound)
    let (actionWidth, maskWidth) = (buffer.actionSize, buffer.maskSize)
    let remembered = buffer.memorySize
    let states = remembered == 0 ? nil : memory.map { $0 + first * remembered }
    if let states {
      (buffer.firstMemory + first * remembered).update(from: states, count: rows * remembered)
    }
    (buffer.badFinals + first).update(repeating: -1, count: rows)
    let endings = UnsafeMutableRawPointer(buffer.endings).assumingMemoryBound(to: Ending.self)
    stepper.observe(
      slice, into: buffer.observations,
      masks: maskWidth > 0 ? buffer.masks : nil)
    for t in 0..<buffer.stepCount {
      let cell = t * count
      let actions = buffer.actions + cell * actionWidth
      runner.sample(
        rows: rows, buffer.observation(at: cell + first),
        masks: maskWidth > 0 ? buffer.masks + (cell + first) * maskWidth : nil,
        streams: streams + first, actions: actions + first * actionWidth,
        logProbabilities: buffer.logProbabilities + cell + first,
        values: buffer.values + cell + first, memory: states,
        drawsNoise: noiseSteps == 0 ? t == 0 : t % noiseSteps == 0)
      runner.limited(
        rows: rows, actions + first * actionWidth,
        into: buffer.limitedActions + first * actionWidth)
      stepper.step(slice, buffer.stepRows(at: t, observing: t + 1))
      for n in slice {
        buffer.finalValues[cell + n] = 0
        if endings[cell + n] == .none { continue }
        // The row is written over by the next episode that ends.
        if buffer.badFinals[n] < 0
          && buffer.firstBadNumber(of: buffer.finalObservation(of: n)) != nil
        {
          buffer.badFinals[n] = Int32(t)
        }
        let state = states.map { $0 + (n - first) * remembered }
        if endings[cell + n] == .truncated {
          runner.values(
            rows: 1, buffer.finalObservation(of: n), memory: state,
            into: buffer.finalValues + cell + n)
        }
        // A new episode remembers nothing.
        state?.update(repeating: 0, count: remembered)
      }
    }
    runner.values(
      rows: rows, buffer.observation(at: buffer.count + first), memory: states,
      into: buffer.values + buffer.count + first)
  }
}

/// The first cell of a rollout where an environment gave what no agent can learn from.
struct BadStep: Error {
  let environment: Int
  let step: Int
  let field: String
}

extension RolloutBuffer {
  /// Looks for numbers that are not finite, in (t, n) order.
  func firstBadStep() -> BadStep? {
    // As in `firstBadNumber`, one sum tells whether a closer look is needed.
    var suspicion: Float = 0
    let numbers = observations.assumingMemoryBound(to: Float.self)
    let width = elementSize == 4 ? observationSize : 0
    for i in 0..<(count + environmentCount) * width { suspicion += numbers[i] - numbers[i] }
    var doubt = 0.0
    for i in 0..<count { doubt += rewards[i] - rewards[i] }
    let areFinalsGood = (0..<environmentCount).allSatisfy { badFinals[$0] < 0 }
    if suspicion == 0 && doubt == 0 && areFinalsGood { return nil }
    for cell in 0..<count + environmentCount {
      let (t, n) = (cell / environmentCount, cell % environmentCount)
      if let i = firstBadNumber(of: observation(at: cell)) {
        let x = numbers[cell * width + i]
        return BadStep(environment: n, step: t, field: "observation[\(i)] is \(x)")
      }
      if cell < count && !rewards[cell].isFinite {
        return BadStep(environment: n, step: t + 1, field: "the reward is \(rewards[cell])")
      }
      if Int(badFinals[n]) == t {
        return BadStep(
          environment: n, step: t + 1, field: "a number of its episode's final observation")
      }
    }
    return nil
  }
}
