public import Runtime

/// Environments that are stepped by hand, each as soon as it is ready.
///
/// Valid only inside ``VectorEnvironment/withAsyncEnvironments(on:_:)``; see ``AsyncStepper`` for what
/// depends on the order in which they are ready.
public final class AsyncEnvironments<E: Environment> {
  /// Returns and lengths of the episodes that ended, in the order in which they were received.
  public fileprivate(set) var statistics: EpisodeStatistics

  @usableFromInline let stepper: AsyncStepper
  @usableFromInline let rows: StepRows
  @usableFromInline let actionSpace: E.ActionSpace
  private let observationSize: Int
  @usableFromInline let actionSize: Int

  fileprivate init(
    _ stepper: AsyncStepper, _ rows: StepRows, _ environments: AsyncShape<E>,
    _ statistics: EpisodeStatistics
  ) {
    self.stepper = stepper
    self.rows = rows
    self.statistics = statistics
    actionSpace = environments.actionSpace
    observationSize = environments.observationSize
    actionSize = environments.actionSize
  }

  public var count: Int { stepper.count }

  /// How many environments were sent an action and not received.
  public var underWay: Int { stepper.underWay }

  /// Sends an action to each of these environments.
  @inlinable
  public func send(_ actions: [E.Action], to environments: [Int]) {
    if actions.count != environments.count {
      stop(
        "AsyncEnvironments.send",
        "\(actions.count) actions were given for \(environments.count) environments; give one each")
    }
    for index in environments.indices {
      let (n, action) = (environments[index], actions[index])
      // Sending says what is wrong with these; the row of one that is at work must not be written.
      if n < 0 || n >= count || stepper.isUnderWay(n) { continue }
      let row = UnsafeMutablePointer(mutating: rows.actions) + n * actionSize
      let fits = action.rowCount == actionSize
      if fits { action.write(to: row, count: actionSize) }
      if !fits
        || !actionSpace.contains(row: UnsafeBufferPointer(start: row, count: actionSize).span)
      {
        stop(
          "AsyncEnvironments.send",
          "the action \(action) for environment \(n) is not in the action space \(actionSpace)")
      }
    }
    stepper.send(environments)
  }

  /// Waits until as many environments have stepped as `ready` has elements, and names them.
  public func receive(_ ready: inout [Int]) {
    stepper.receive(&ready)
    for n in ready where rows.endings[n] != .none {
      if let returns = rows.episodeReturns, let lengths = rows.episodeLengths {
        statistics.add(return: returns[n], length: Int(lengths[n]))
      }
    }
  }

  /// The observation of environment n after its last step: where an episode ended, the first of the
  /// next.
  public func observation(_ n: Int) -> [E.Element] {
    checkReady(n, "observation")
    let row = rows.observations.assumingMemoryBound(to: E.Element.self) + n * observationSize
    return Array(UnsafeBufferPointer(start: row, count: observationSize))
  }

  /// The last observation of the episode that the last step ended; nil if it ended none.
  public func finalObservation(_ n: Int) -> [E.Element]? {
    checkReady(n, "finalObservation")
    guard rows.endings[n] != .none, let rows = rows.finalObservations else { return nil }
    let row = rows.assumingMemoryBound(to: E.Element.self) + n * observationSize
    return Array(UnsafeBufferPointer(start: row, count: observationSize))
  }

  /// The reward of environment n's last step.
  public func reward(_ n: Int) -> Double {
    checkReady(n, "reward")
    return rows.rewards[n]
  }

  /// How environment n's last step ended the episode.
  public func ending(_ n: Int) -> Ending {
    checkReady(n, "ending")
    return rows.endings[n]
  }

  private func checkReady(_ n: Int, _ what: String) {
    if n < 0 || n >= count {
      stop(
        "AsyncEnvironments.\(what)",
        "there is no environment \(n); there are \(count), from 0 to \(count - 1)")
    }
    if stepper.isUnderWay(n) {
      stop(
        "AsyncEnvironments.\(what)",
        "environment \(n) is still at its last action; receive it first")
    }
  }
}

/// What ``AsyncEnvironments`` needs to know of the vector that is busy with its steps.
private struct AsyncShape<E: Environment> {
  let actionSpace: E.ActionSpace
  let observationSize: Int
  let actionSize: Int
}

extension VectorEnvironment {
  /// Steps the environments by hand, each as soon as it is ready, on the threads of the pool but the
  /// calling one; returns when all that was sent is done. Episodes must be reset in the step that
  /// ends them.
  ///
  /// ```swift
  /// environments.reset(seed: 1)
  /// environments.withAsyncEnvironments(on: WorkerPool(threads: 3)) { environments in
  ///   environments.send([0, 1, 1, 0], to: [0, 1, 2, 3])
  ///   var ready = [0, 0]
  ///   environments.receive(&ready)                       // the first two
  ///   print(ready, environments.reward(ready[0]), environments.observation(ready[0]))
  /// }
  /// ```
  public mutating func withAsyncEnvironments<R, Failure: Error>(
    on pool: WorkerPool, _ body: (AsyncEnvironments<E>) throws(Failure) -> R
  ) throws(Failure) -> R {
    if autoreset != .sameStep {
      stop(
        "VectorEnvironment.withAsyncEnvironments",
        "the autoreset mode is \(autoreset.rawValue); environments that are stepped out of turn reset "
          + "in the same step")
    }
    prepareRows()
    var rows = HandRows<E.Element>()
    swap(&rows, &byHand)
    let shape = AsyncShape<E>(
      actionSpace: actions, observationSize: observationSize, actionSize: actionSize)
    var statistics = statistics
    let result: Result<R, Failure> = rows.withRows { rows in
      withAsyncStepper(rows, on: pool) { stepper in
        let environments = AsyncEnvironments(stepper, rows, shape, statistics)
        defer { statistics = environments.statistics }
        do throws(Failure) { return .success(try body(environments)) } catch {
          return .failure(error)
        }
      }
    }
    swap(&rows, &byHand)
    self.statistics = statistics
    return try result.get()
  }
}
