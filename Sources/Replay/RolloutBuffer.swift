import Tensors

/// What `stepCount` steps of `environmentCount` environments left behind: columns `[T, N, …]`.
///
/// Workers write their own environments' rows through the pointers; nothing is boxed or copied. The
/// memory is taken once and used again for every rollout.
public final class RolloutBuffer: @unchecked Sendable {
  public let stepCount: Int
  public let environmentCount: Int
  public let observationSize: Int
  public let actionSize: Int
  /// Width of an action mask, 0 where the environment has none.
  public let maskSize: Int
  /// Bytes of one number of an observation: 4 of Float32, 1 of a byte.
  public let elementSize: Int
  /// Numbers the networks remember of an episode, 0 without memory.
  public let memorySize: Int

  /// `[T + 1, N, observationSize]`: raw observations; the last row is where the next rollout begins.
  public let observations: UnsafeMutableRawPointer
  /// `[T, N, actionSize]`: what the policy sampled, before any clipping to the action space.
  public let actions: UnsafeMutablePointer<Float>
  /// `[N, actionSize]`: the latest actions as the environments were given them.
  public let limitedActions: UnsafeMutablePointer<Float>
  /// `[N, observationSize]`: the final observation of the latest episode that ended in each row.
  public let finalObservations: UnsafeMutableRawPointer
  /// `[N, memorySize]`: what the networks remembered before the first step.
  public let firstMemory: UnsafeMutablePointer<Float>
  /// `[T + 1, N, maskSize]`: true where an action was allowed.
  public let masks: UnsafeMutablePointer<Bool>
  /// `[T, N]`: log π(a | s) when the action was taken.
  public let logProbabilities: UnsafeMutablePointer<Float>
  /// `[T + 1, N]`: V(s).
  public let values: UnsafeMutablePointer<Float>
  /// `[T, N]`: the environment's rewards, unscaled.
  public let rewards: UnsafeMutablePointer<Double>
  /// `[T, N]`: `Ending` raw values: 0 none, 1 terminated, 2 truncated.
  public let endings: UnsafeMutablePointer<UInt8>
  /// `[T, N]`: V(final observation) where an episode was truncated, else 0.
  public let finalValues: UnsafeMutablePointer<Float>
  /// `[N]`: the first step of this rollout after which an episode ended with an observation that is not
  /// finite, -1 where there is none.
  public let badFinals: UnsafeMutablePointer<Int32>
  /// `[T, N]`: return and length of the episode that ended there.
  public let episodeReturns: UnsafeMutablePointer<Double>
  public let episodeLengths: UnsafeMutablePointer<Int32>

  /// `[T, N]`: the rewards that advantages are computed from (scaled where that is asked for).
  public let scaledRewards: UnsafeMutablePointer<Float>
  /// `[T, N]`
  public let advantages: UnsafeMutablePointer<Float>
  /// `[T, N]`: targets of the value function.
  public let returns: UnsafeMutablePointer<Float>

  public init(
    stepCount: Int, environmentCount: Int, observationSize: Int, actionSize: Int, maskSize: Int = 0,
    elementSize: Int = 4, memorySize: Int = 0
  ) {
    self.stepCount = stepCount
    self.environmentCount = environmentCount
    self.observationSize = observationSize
    self.actionSize = actionSize
    self.maskSize = maskSize
    self.elementSize = elementSize
    self.memorySize = memorySize
    let cells = stepCount * environmentCount
    func column<T>(_ count: Int, _ zero: T) -> UnsafeMutablePointer<T> {
      let pointer = UnsafeMutablePointer<T>.allocate(capacity: max(count, 1))
      pointer.initialize(repeating: zero, count: max(count, 1))
      return pointer
    }
    func rows(_ count: Int) -> UnsafeMutableRawPointer {
      let bytes = max(count * observationSize * elementSize, 1)
      let pointer = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 16)
      pointer.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      return pointer
    }
    observations = rows(cells + environmentCount)
    actions = column(cells * actionSize, 0)
    limitedActions = column(environmentCount * actionSize, 0)
    finalObservations = rows(environmentCount)
    firstMemory = column(environmentCount * memorySize, 0)
    masks = column((cells + environmentCount) * maskSize, true)
    logProbabilities = column(cells, 0)
    values = column(cells + environmentCount, 0)
    rewards = column(cells, 0)
    endings = column(cells, 0)
    finalValues = column(cells, 0)
    badFinals = column(environmentCount, -1)
    episodeReturns = column(cells, 0)
    episodeLengths = column(cells, 0)
    scaledRewards = column(cells, 0)
    advantages = column(cells, 0)
    returns = column(cells, 0)
  }

  deinit {
    observations.deallocate()
    actions.deallocate()
    limitedActions.deallocate()
    finalObservations.deallocate()
    firstMemory.deallocate()
    masks.deallocate()
    logProbabilities.deallocate()
    values.deallocate()
    rewards.deallocate()
    endings.deallocate()
    finalValues.deallocate()
    badFinals.deallocate()
    episodeReturns.deallocate()
    episodeLengths.deallocate()
    scaledRewards.deallocate()
    advantages.deallocate()
    returns.deallocate()
  }

  /// Bytes that a buffer of such sizes takes, give or take some a row of its own; nil beyond all memory.
  public static func byteCount(
    stepCount: Int, environmentCount: Int, observationSize: Int, actionSize: Int, maskSize: Int = 0,
    elementSize: Int = 4
  ) -> Int? {
    // Two columns of doubles, seven of four bytes and the endings.
    let cell = observationSize * elementSize + actionSize * 4 + maskSize + 2 * 8 + 7 * 4 + 1
    let (cells, overflow) = (stepCount + 1).multipliedReportingOverflow(by: environmentCount)
    let (bytes, overflows) = cells.multipliedReportingOverflow(by: cell)
    return overflow || overflows ? nil : bytes
  }

  /// A buffer of the same sizes with memory of its own.
  public func emptyCopy() -> RolloutBuffer {
    RolloutBuffer(
      stepCount: stepCount, environmentCount: environmentCount, observationSize: observationSize,
      actionSize: actionSize, maskSize: maskSize, elementSize: elementSize, memorySize: memorySize)
  }

  /// Bytes of one observation row.
  public var rowBytes: Int { observationSize * elementSize }

  /// The observation row of a cell, t · N + n.
  public func observation(at cell: Int) -> UnsafeMutableRawPointer {
    observations + cell * rowBytes
  }

  /// The final observation of environment n's latest episode that ended.
  public func finalObservation(of n: Int) -> UnsafeMutableRawPointer {
    finalObservations + n * rowBytes
  }

  /// Transitions the buffer holds.
  public var count: Int { stepCount * environmentCount }
}
