/// What the last step by hand wrote, row n for environment n.
@usableFromInline
struct HandRows<Element: ObservationElement>: Sendable {
  @usableFromInline var actions: [Float] = []
  @usableFromInline var observations: [Element] = []
  @usableFromInline var finalObservations: [Element] = []
  @usableFromInline var rewards: [Double] = []
  @usableFromInline var endings: [Ending] = []
  @usableFromInline var episodeReturns: [Double] = []
  @usableFromInline var episodeLengths: [Int32] = []
  @usableFromInline var masks: [Bool] = []

  @usableFromInline init() {}

  /// Makes room when the first step or reset by hand needs it: agents never do.
  mutating func prepare(count: Int, observationSize: Int, actionSize: Int, maskSize: Int) {
    guard rewards.isEmpty else { return }
    actions = Array(repeating: 0, count: count * actionSize)
    observations = Array(repeating: Element(0), count: count * observationSize)
    finalObservations = observations
    rewards = Array(repeating: 0, count: count)
    endings = Array(repeating: .none, count: count)
    episodeReturns = rewards
    episodeLengths = Array(repeating: 0, count: count)
    masks = Array(repeating: true, count: count * maskSize)
  }

  func ending(_ n: Int) -> Ending { endings.isEmpty ? .none : endings[n] }

  @usableFromInline
  mutating func withRows<R>(_ body: (StepRows) -> R) -> R {
    actions.withUnsafeBufferPointer { actions in
      observations.withUnsafeMutableBufferPointer { observations in
        finalObservations.withUnsafeMutableBufferPointer { finalObservations in
          rewards.withUnsafeMutableBufferPointer { rewards in
            endings.withUnsafeMutableBufferPointer { endings in
              episodeReturns.withUnsafeMutableBufferPointer { episodeReturns in
                episodeLengths.withUnsafeMutableBufferPointer { episodeLengths in
                  masks.withUnsafeMutableBufferPointer { masks in
                    body(
                      StepRows(
                        actions: actions.baseAddress!,
                        observations: UnsafeMutableRawPointer(observations.baseAddress!),
                        finalObservations: UnsafeMutableRawPointer(finalObservations.baseAddress!),
                        rewards: rewards.baseAddress!, endings: endings.baseAddress!,
                        episodeReturns: episodeReturns.baseAddress!,
                        episodeLengths: episodeLengths.baseAddress!, masks: masks.baseAddress))
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
