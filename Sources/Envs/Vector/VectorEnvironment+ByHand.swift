import Runtime

// Stepping by hand: the environments keep the rows, and what is read after a step is that step's.
extension VectorEnvironment {
  /// The observations after the last step or reset, `[N, observationSize]`.
  public var observations: [E.Element] { byHand.observations }
  /// The rewards of the last step, `[N]`.
  public var rewards: [Double] { byHand.rewards }
  /// How the last step ended each episode, `[N]`.
  public var endings: [Ending] { byHand.endings }
  /// The sum of rewards of each episode that the last step ended, `[N]`; elsewhere that of the
  /// environment's last ended episode.
  public var episodeReturns: [Double] { byHand.episodeReturns }
  /// The steps of each episode that the last step ended, `[N]`; elsewhere as `episodeReturns`.
  public var episodeLengths: [Int32] { byHand.episodeLengths }
  /// The action masks that go with the observations, `[N, maskSize]`.
  public var actionMasks: [Bool] { byHand.masks }

  /// The observation of environment n after the last step or reset.
  public func observation(_ n: Int) -> [E.Element] {
    Array(byHand.observations[n * observationSize..<(n + 1) * observationSize])
  }

  /// The last observation of the episode that the last step ended in environment n; nil if it
  /// ended none.
  public func finalObservation(_ n: Int) -> [E.Element]? {
    guard byHand.ending(n) != .none else { return nil }
    let rows = autoreset == .sameStep ? byHand.finalObservations : byHand.observations
    return Array(rows[n * observationSize..<(n + 1) * observationSize])
  }

  /// Lends the observations `[N, observationSize]` without copying them.
  public func withObservations<R>(_ body: (Span<E.Element>) throws -> R) rethrows -> R {
    try body(byHand.observations.span)
  }

  /// Lends the rewards `[N]` without copying them.
  public func withRewards<R>(_ body: (Span<Double>) throws -> R) rethrows -> R {
    try body(byHand.rewards.span)
  }

  /// Begins new episodes everywhere; the streams go on.
  public mutating func reset() {
    for n in 0..<count { environments[n].reset(using: &dynamics[n]) }
    for n in 0..<count {
      elapsed[n] = 0
      returns[n] = 0
    }
    prepareRows()
    for n in 0..<count { byHand.endings[n] = .none }
    writeObservations()
  }

  /// Begins the episodes that Gymnasium's vector of environments begins with this seed: environment
  /// i's is that of `reset(seed=seed + i)`.
  public mutating func reset(seed: UInt64) {
    for n in 0..<count { dynamics[n] = PCG64(seed: seed &+ UInt64(n)) }
    reset()
  }

  /// Begins new episodes everywhere, environment i's drawing from stream i.
  public mutating func reset(using streams: [PCG64]) {
    if streams.count != count {
      stop(
        "VectorEnvironment.reset",
        "\(streams.count) streams were given for \(count) environments; give one each")
    }
    dynamics = streams
    reset()
  }

  /// Begins a new episode in environment n; its stream goes on.
  public mutating func reset(environment n: Int) {
    environments[n].reset(using: &dynamics[n])
    elapsed[n] = 0
    returns[n] = 0
    prepareRows()
    byHand.endings[n] = .none
    writeObservations()
  }

  /// Seeds the streams that ``sampleActions()`` draws from: environment i's as Gymnasium's
  /// `action_space.seed(seed + i)`.
  public mutating func seedActions(_ seed: UInt64) {
    for n in 0..<count { sampling[n] = PCG64(seed: seed &+ UInt64(n)) }
  }

  /// A random action for each environment.
  public mutating func sampleActions() -> [E.Action] {
    let size = actionSize
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, count * size)) { rows in
      let base = rows.baseAddress!
      withStepper { $0.sampleActions(0..<$0.count, into: base) }
      return (0..<count).map { E.Action(row: base + $0 * size, count: size) }
    }
  }

  /// Steps every environment, one action each, and deals with endings as ``autoreset`` says.
  @inlinable
  public mutating func step(_ actions: [E.Action]) {
    takeActions(actions)
    step(slices: 1) { _, body in body(0) }
  }

  /// Steps every environment as ``step(_:)`` does, on the threads of a pool, with the same result.
  ///
  /// A thread gets at least `sliceSize` environments, since waking one costs about as much as a
  /// hundred steps of a small environment.
  @inlinable
  public mutating func step(_ actions: [E.Action], on pool: WorkerPool, sliceSize: Int = 128) {
    takeActions(actions)
    step(slices: max(1, min(pool.threads, count / max(1, sliceSize)))) { slices, body in
      pool.parallelFor(slices, body)
    }
  }

  @inlinable
  mutating func step(slices: Int, _ forEach: (Int, (Int) -> Void) -> Void) {
    var rows = HandRows<E.Element>()
    swap(&rows, &byHand)
    let (mode, count) = (autoreset, count)
    withStepper { stepper in
      rows.withRows { rows in
        forEach(slices) { index in
          let slice = count * index / slices..<count * (index + 1) / slices
          if mode == .sameStep {
            stepper.operations.step(stepper.columns, slice, rows)
          } else {
            SliceLoops<E>.stepWithoutReset(stepper.columns, slice, rows, mode)
          }
        }
      }
    }
    swap(&rows, &byHand)
    addStatistics()
  }

  @usableFromInline
  mutating func addStatistics() {
    for n in 0..<count where byHand.endings[n] != .none {
      statistics.add(return: byHand.episodeReturns[n], length: Int(byHand.episodeLengths[n]))
    }
  }

  @usableFromInline
  mutating func takeActions(_ actions: [E.Action]) {
    prepareRows()
    if actions.count != count {
      stop(
        "VectorEnvironment.step",
        "\(actions.count) actions were given for \(count) environments; give one each")
    }
    let (space, size) = (self.actions, actionSize)
    byHand.actions.withUnsafeMutableBufferPointer { rows in
      for n in actions.indices {
        let row = rows.baseAddress! + n * size
        let fits = actions[n].rowCount == size
        if fits { actions[n].write(to: row, count: size) }
        if !fits || !space.contains(row: UnsafeBufferPointer(start: row, count: size).span) {
          stop(
            "VectorEnvironment.step",
            "the action \(actions[n].rowText) for environment \(n) is not in the action space \(space)"
          )
        }
      }
    }
  }

  /// Takes up stepping by hand where a saved state left off.
  mutating func observeByHand(endings: [Ending]) {
    prepareRows()
    byHand.endings = endings
    writeObservations()
  }

  mutating func prepareRows() {
    byHand.prepare(
      count: count, observationSize: observationSize, actionSize: actionSize, maskSize: maskSize)
  }

  private mutating func writeObservations() {
    var rows = HandRows<E.Element>()
    swap(&rows, &byHand)
    withStepper { stepper in
      rows.withRows { stepper.observe(0..<stepper.count, into: $0.observations, masks: $0.masks) }
    }
    swap(&rows, &byHand)
  }
}

extension SliceLoops {
  /// A step for the modes that show the final observation in place; `rows.endings` tells which
  /// episodes the step before ended.
  @inlinable
  static func stepWithoutReset(
    _ columns: EnvironmentColumns, _ slice: Range<Int>, _ rows: StepRows, _ mode: Autoreset
  ) {
    let environments = columns.environments.assumingMemoryBound(to: E.self)
    let observations = rows.observations.assumingMemoryBound(to: E.Element.self)
    for n in slice {
      if rows.endings[n] == .none {
        let action = E.Action(
          row: rows.actions + n * columns.actionSize, count: columns.actionSize)
        let result = environments[n].step(action, using: &columns.dynamics[n])
        let length = columns.elapsed[n] &+ 1
        columns.elapsed[n] = length
        columns.returns[n] += result.reward
        let cut = length == columns.timeLimit
        rows.rewards[n] = result.reward
        rows.endings[n] = cut && result.ending == .none ? .truncated : result.ending
        if rows.endings[n] != .none {
          rows.episodeReturns?[n] = columns.returns[n]
          rows.episodeLengths?[n] = length
        }
      } else {
        if mode == .disabled {
          stop(
            "VectorEnvironment.step",
            "the episode of environment \(n) has \(rows.endings[n]); call reset(environment: \(n)) "
              + "first, or choose another autoreset mode")
        }
        environments[n].reset(using: &columns.dynamics[n])
        columns.elapsed[n] = 0
        columns.returns[n] = 0
        rows.rewards[n] = 0
        rows.endings[n] = .none
      }
      observe(
        &environments[n], into: observations + n * columns.observationSize, columns.observationSize)
    }
    if let masks = rows.masks, columns.maskSize > 0 {
      for n in slice {
        mask(environments + n, into: masks + n * columns.maskSize, columns.maskSize)
      }
    }
  }
}
