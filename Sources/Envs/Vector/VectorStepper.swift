import Runtime

/// Steps a vector of environments, whatever their type, one dynamic call a slice.
///
/// Valid only inside ``VectorEnvironment/withStepper(_:)``. Slices that do not overlap may be
/// stepped by several threads at once. Nothing here allocates or checks what the environments write.
public struct VectorStepper: @unchecked Sendable {
  @usableFromInline let columns: EnvironmentColumns
  @usableFromInline let operations: SliceOperations
  /// A pointer, not a reference: threads that count references to one object wait for each other.
  @usableFromInline var clock: UnsafeMutableRawPointer?

  @inlinable
  init(columns: EnvironmentColumns, operations: SliceOperations) {
    self.columns = columns
    self.operations = operations
    clock = nil
  }

  public var count: Int { columns.count }

  /// Steps the environments of a slice; where an episode ends, the next one begins in the same step.
  public func step(_ slice: Range<Int>, _ rows: StepRows) {
    check(slice, "step")
    guard let counters = clock?.assumingMemoryBound(to: StepClock.Counters.self),
      let start = counters.pointee.began()
    else {
      operations.step(columns, slice, rows)
      return
    }
    operations.step(columns, slice, rows)
    counters.pointee.ended(since: start)
  }

  /// Writes the current observations `[N, observationSize]` and masks `[N, maskSize]` of a slice.
  public func observe(
    _ slice: Range<Int>, into observations: UnsafeMutableRawPointer,
    masks: UnsafeMutablePointer<Bool>? = nil
  ) {
    check(slice, "observe")
    operations.observe(columns, slice, observations, masks)
  }

  /// Writes a random action for each environment of a slice, `[N, actionSize]`, drawn from that
  /// environment's own stream for actions; an allowed one where it has a mask.
  public func sampleActions(_ slice: Range<Int>, into actions: UnsafeMutablePointer<Float>) {
    check(slice, "sampleActions")
    operations.sampleActions(columns, slice, actions)
  }

  private func check(_ slice: Range<Int>, _ operation: String) {
    if slice.lowerBound < 0 || slice.upperBound > columns.count {
      stop(
        "VectorStepper.\(operation)",
        "the slice \(slice) is outside the \(columns.count) environments; it must lie within "
          + "0..<\(columns.count)")
    }
  }
}

/// The columns of a vector environment as raw memory, entry n for environment n.
@usableFromInline
struct EnvironmentColumns {
  @usableFromInline let count: Int
  @usableFromInline let environments: UnsafeMutableRawPointer
  @usableFromInline let actionSpace: UnsafeRawPointer
  @usableFromInline let dynamics: UnsafeMutablePointer<PCG64>
  @usableFromInline let sampling: UnsafeMutablePointer<PCG64>
  @usableFromInline let elapsed: UnsafeMutablePointer<Int32>
  @usableFromInline let returns: UnsafeMutablePointer<Double>
  /// -1 if there is none.
  @usableFromInline let timeLimit: Int32
  @usableFromInline let observationSize: Int
  @usableFromInline let actionSize: Int
  @usableFromInline let maskSize: Int
  /// Readings of an environment; counted once, since the names may be made anew each time.
  @usableFromInline let metricSize: Int

  @inlinable
  init(
    count: Int, environments: UnsafeMutableRawPointer, actionSpace: UnsafeRawPointer,
    dynamics: UnsafeMutablePointer<PCG64>, sampling: UnsafeMutablePointer<PCG64>,
    elapsed: UnsafeMutablePointer<Int32>, returns: UnsafeMutablePointer<Double>, timeLimit: Int32,
    observationSize: Int, actionSize: Int, maskSize: Int, metricSize: Int
  ) {
    self.count = count
    self.environments = environments
    self.actionSpace = actionSpace
    self.dynamics = dynamics
    self.sampling = sampling
    self.elapsed = elapsed
    self.returns = returns
    self.timeLimit = timeLimit
    self.observationSize = observationSize
    self.actionSize = actionSize
    self.maskSize = maskSize
    self.metricSize = metricSize
  }
}

/// The slice loops of one environment type.
///
/// Closures, not witnesses of a protocol: a witness of a generic type is compiled once for every
/// type and dispatches within the loop, whereas these are made where the type is known, and so
/// compiled for it. They capture nothing.
@usableFromInline
struct SliceOperations: Sendable {
  @usableFromInline let step: @Sendable (EnvironmentColumns, Range<Int>, StepRows) -> Void
  @usableFromInline let observe:
    @Sendable (
      EnvironmentColumns, Range<Int>, UnsafeMutableRawPointer, UnsafeMutablePointer<Bool>?
    ) -> Void
  @usableFromInline let sampleActions:
    @Sendable (EnvironmentColumns, Range<Int>, UnsafeMutablePointer<Float>) -> Void

  @inlinable
  init<E: Environment>(for environment: E.Type) {
    step = { SliceLoops<E>.step($0, $1, $2) }
    observe = { SliceLoops<E>.observe($0, $1, $2, $3) }
    sampleActions = { SliceLoops<E>.sampleActions($0, $1, $2) }
  }
}
