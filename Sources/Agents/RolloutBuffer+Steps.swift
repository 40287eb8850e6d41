import Envs
import Replay

extension RolloutBuffer {
  /// Where environments read their actions and leave what comes of a step.
  ///
  /// - Parameters:
  ///   - actions: `[N, actionSize]`, as the environments take them; the limited ones where it says nothing.
  ///   - t: The step that rewards, endings, returns and lengths are of.
  ///   - row: The row of observations and masks that is filled: 0 where a buffer of one step is written over.
  func stepRows(
    _ actions: UnsafeMutablePointer<Float>? = nil, at t: Int = 0, observing row: Int = 0
  ) -> StepRows {
    let (cell, next) = (t * environmentCount, row * environmentCount)
    return StepRows(
      actions: UnsafePointer(actions ?? limitedActions), observations: observation(at: next),
      finalObservations: finalObservations, rewards: rewards + cell,
      endings: UnsafeMutableRawPointer(endings + cell).assumingMemoryBound(to: Ending.self),
      episodeReturns: episodeReturns + cell, episodeLengths: episodeLengths + cell,
      masks: maskSize > 0 ? masks + next * maskSize : nil)
  }

  /// Where the first number of an observation is that is not finite; nil where all are, as bytes always are.
  func firstBadNumber(of row: UnsafeMutableRawPointer) -> Int? {
    if elementSize != 4 { return nil }
    let numbers = row.assumingMemoryBound(to: Float.self)
    // x − x is 0 for finite numbers only, so one sum tells whether a closer look is needed.
    var suspicion: Float = 0
    for i in 0..<observationSize { suspicion += numbers[i] - numbers[i] }
    return suspicion == 0 ? nil : (0..<observationSize).first { !numbers[$0].isFinite }
  }
}
