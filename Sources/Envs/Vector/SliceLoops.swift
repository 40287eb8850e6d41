import Runtime

/// The loops over a slice of environments that the package spends its time in.
@usableFromInline
enum SliceLoops<E: Environment> {
  @inlinable
  static func step(_ columns: EnvironmentColumns, _ slice: Range<Int>, _ rows: StepRows) {
    let environments = columns.environments.assumingMemoryBound(to: E.self)
    let observations = rows.observations.assumingMemoryBound(to: E.Element.self)
    let observationSize = columns.observationSize
    let actionSize = columns.actionSize
    for n in slice {
      let action = E.Action(row: rows.actions + n * actionSize, count: actionSize)
      let result = environments[n].step(action, using: &columns.dynamics[n])
      let length = columns.elapsed[n] &+ 1
      columns.elapsed[n] = length
      columns.returns[n] += result.reward
      let cut = length == columns.timeLimit
      let ending = cut && result.ending == .none ? .truncated : result.ending
      rows.rewards[n] = result.reward
      rows.endings[n] = ending
      if ending != .none { finish(n, columns, rows) }
      observe(&environments[n], into: observations + n * observationSize, observationSize)
    }
    if let masks = rows.masks, columns.maskSize > 0 {
      for n in slice {
        mask(environments + n, into: masks + n * columns.maskSize, columns.maskSize)
      }
    }
  }

  /// Keeps what the ended episode leaves behind and starts the next. Out of line, since it happens
  /// once an episode.
  @inlinable
  @inline(never)
  static func finish(_ n: Int, _ columns: EnvironmentColumns, _ rows: StepRows) {
    let environment = columns.environments.assumingMemoryBound(to: E.self) + n
    if let finalObservations = rows.finalObservations {
      let row =
        finalObservations.assumingMemoryBound(to: E.Element.self) + n * columns.observationSize
      observe(&environment.pointee, into: row, columns.observationSize)
    }
    if let finalMetrics = rows.finalMetrics {
      let size = columns.metricSize
      var span = UnsafeMutableBufferPointer(start: finalMetrics + n * size, count: size).mutableSpan
      environment.pointee.metrics(into: &span)
    }
    rows.episodeReturns?[n] = columns.returns[n]
    rows.episodeLengths?[n] = columns.elapsed[n]
    columns.returns[n] = 0
    columns.elapsed[n] = 0
    environment.pointee.reset(using: &columns.dynamics[n])
  }

  @inlinable
  static func observe(
    _ columns: EnvironmentColumns, _ slice: Range<Int>, _ observations: UnsafeMutableRawPointer,
    _ masks: UnsafeMutablePointer<Bool>?
  ) {
    let environments = columns.environments.assumingMemoryBound(to: E.self)
    let observations = observations.assumingMemoryBound(to: E.Element.self)
    let size = columns.observationSize
    for n in slice { observe(&environments[n], into: observations + n * size, size) }
    if let masks, columns.maskSize > 0 {
      for n in slice {
        mask(environments + n, into: masks + n * columns.maskSize, columns.maskSize)
      }
    }
  }

  @inlinable
  static func sampleActions(
    _ columns: EnvironmentColumns, _ slice: Range<Int>, _ actions: UnsafeMutablePointer<Float>
  ) {
    let environments = columns.environments.assumingMemoryBound(to: E.self)
    let space = columns.actionSpace.assumingMemoryBound(to: E.ActionSpace.self)
    let size = columns.actionSize
    if columns.maskSize == 0 {
      for n in slice {
        var row = UnsafeMutableBufferPointer(start: actions + n * size, count: size).mutableSpan
        space.pointee.sample(into: &row, allowed: nil, using: &columns.sampling[n])
      }
    } else {
      withUnsafeTemporaryAllocation(of: Bool.self, capacity: columns.maskSize) { allowed in
        for n in slice {
          mask(environments + n, into: allowed.baseAddress!, columns.maskSize)
          var row = UnsafeMutableBufferPointer(start: actions + n * size, count: size).mutableSpan
          space.pointee.sample(
            into: &row, allowed: UnsafeBufferPointer(allowed).span, using: &columns.sampling[n])
        }
      }
    }
  }

  /// Takes the environment as its only user: one that is reached through a pointer would be copied, and its
  /// arrays counted up and down, since the row might be a part of it.
  @inlinable
  @inline(__always)
  static func observe(
    _ environment: inout E, into row: UnsafeMutablePointer<E.Element>, _ size: Int
  ) {
    var span = UnsafeMutableBufferPointer(start: row, count: size).mutableSpan
    environment.observe(into: &span)
  }

  @inlinable
  static func mask(
    _ environment: UnsafeMutablePointer<E>, into row: UnsafeMutablePointer<Bool>, _ size: Int
  ) {
    var span = UnsafeMutableBufferPointer(start: row, count: size).mutableSpan
    environment.pointee.actionMask(into: &span)
  }
}
