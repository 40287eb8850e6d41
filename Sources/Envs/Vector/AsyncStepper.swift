public import Runtime

/// Steps environments of uneven cost without waiting for the slowest: actions are sent to some, and
/// whichever are ready first are received.
///
/// ```swift
/// environments.withAsyncStepper(rows, on: pool) { stepper in
///   stepper.send(Array(0..<stepper.count))        // their actions are in rows.actions
///   var ready = [Int](repeating: 0, count: 8)
///   for _ in 0..<1000 {
///     stepper.receive(&ready)                     // the rows of these eight can be read
///     for n in ready { policy(n) }                // writes row n of the actions
///     stepper.send(ready)
///   }
/// }
/// ```
///
/// Valid only inside ``VectorizedEnvironments/withAsyncStepper(_:on:_:)``, and on the thread that
/// called it. Each environment draws from its own streams, so that what it does depends on the actions
/// it is sent and on nothing else; which come first depends on the clock, and so does whatever is
/// computed from their order. Where an episode ends, the next begins in the same step.
public final class AsyncStepper {
  public let count: Int
  private let stepper: VectorStepper
  private let rows: StepRows
  private let queue: JobQueue
  private var isUnderWay: [Bool]

  fileprivate init(_ stepper: VectorStepper, _ rows: StepRows, _ queue: JobQueue) {
    self.stepper = stepper
    self.rows = rows
    self.queue = queue
    count = stepper.count
    isUnderWay = Array(repeating: false, count: stepper.count)
  }

  /// How many environments were sent an action and not received.
  public var underWay: Int { queue.underWay }

  /// Whether environment n was sent an action and not received.
  public func isUnderWay(_ n: Int) -> Bool { isUnderWay[n] }

  /// Has these environments step with what their rows of actions hold.
  ///
  /// Their rows are not to be touched until they are received.
  public func send(_ environments: [Int]) {
    for n in environments {
      if n < 0 || n >= count {
        stop(
          "AsyncStepper.send",
          "there is no environment \(n); there are \(count), from 0 to \(count - 1)")
      }
      if isUnderWay[n] {
        stop(
          "AsyncStepper.send",
          "environment \(n) is still at its last action; receive it before it is sent another")
      }
      isUnderWay[n] = true
    }
    queue.send(environments)
  }

  /// Waits until as many environments have stepped as `ready` has elements, and names them in the
  /// order in which they were done.
  public func receive(_ ready: inout [Int]) {
    let wanted = ready.count
    if wanted > queue.underWay {
      stop(
        "AsyncStepper.receive",
        "\(wanted) environments were asked for and \(queue.underWay) are at work; ask for no more "
          + "than were sent actions")
    }
    var position = 0
    let (stepper, rows) = (stepper, rows)
    queue.receive(wanted) { n in
      stepper.step(n..<n + 1, rows)
    } _: { n in
      ready[position] = n
      position += 1
      isUnderWay[n] = false
    }
  }

  /// Writes a random action for environment n, which must not be at work, into its row.
  public func sampleAction(_ n: Int) {
    if isUnderWay[n] {
      stop(
        "AsyncStepper.sampleAction",
        "environment \(n) is still at its last action; receive it first")
    }
    stepper.sampleActions(n..<n + 1, into: UnsafeMutablePointer(mutating: rows.actions))
  }
}

extension VectorizedEnvironments {
  /// Gives the body what steps these environments one by one, on the threads of the pool but the
  /// calling one; returns when all that was sent is done.
  ///
  /// A pool of three threads steps two environments at a time. With one thread environments are
  /// stepped as they are received.
  public mutating func withAsyncStepper<R, E: Error>(
    _ rows: StepRows, on pool: WorkerPool, _ body: (AsyncStepper) throws(E) -> R
  ) throws(E) -> R {
    let result: Result<R, E> = withStepper { stepper in
      pool.withJobs(stepper.count) { n in
        stepper.step(n..<n + 1, rows)
      } while: { queue in
        let stepper = AsyncStepper(stepper, rows, queue)
        do throws(E) { return .success(try body(stepper)) } catch { return .failure(error) }
      }
    }
    return try result.get()
  }
}
