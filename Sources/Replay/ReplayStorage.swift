/// The columns of a replay buffer: a ring of rows, each an observation and, once a step was taken from it,
/// the action, the reward, the ending and how far ahead the row of what came next lies.
final class ReplayStorage: @unchecked Sendable {
  let layout: ReplayLayout
  let rowCount: Int
  let observations: UnsafeMutableRawPointer
  /// `[rowCount, actionSize]`
  let actions: UnsafeMutablePointer<Float>
  let rewards: UnsafeMutablePointer<Float>
  /// Rows from here to the row of what came next; 0 where no step was taken from this row.
  let links: UnsafeMutablePointer<UInt32>
  /// 0 none, 1 terminated, 2 truncated.
  let endings: UnsafeMutablePointer<UInt8>

  /// The system gives pages as they are first written, so that an empty buffer takes next to nothing.
  init(_ layout: ReplayLayout, rowCount: Int) {
    self.layout = layout
    self.rowCount = rowCount
    observations = .allocate(
      byteCount: max(rowCount * layout.observationBytes, 1), alignment: 64)
    actions = .allocate(capacity: max(rowCount * layout.actionSize, 1))
    rewards = .allocate(capacity: rowCount)
    links = .allocate(capacity: rowCount)
    endings = .allocate(capacity: rowCount)
  }

  deinit {
    observations.deallocate()
    actions.deallocate()
    rewards.deallocate()
    links.deallocate()
    endings.deallocate()
  }

  /// The same rows in memory of its own; only the first `written` have been written to.
  func copy(written: Int) -> ReplayStorage {
    let copy = ReplayStorage(layout, rowCount: rowCount)
    copy.observations.copyMemory(
      from: observations, byteCount: written * layout.observationBytes)
    copy.actions.update(from: actions, count: written * layout.actionSize)
    copy.rewards.update(from: rewards, count: written)
    copy.links.update(from: links, count: written)
    copy.endings.update(from: endings, count: written)
    return copy
  }

  @inline(__always)
  func observation(_ slot: Int) -> UnsafeMutableRawPointer {
    observations + slot * layout.observationBytes
  }
}

/// What a row of a replay buffer holds.
public struct ReplayLayout: Sendable, Equatable, Codable {
  /// Elements of an observation.
  public let observationSize: Int
  /// Whether observations are bytes, as pixels are, rather than Float32.
  public let observesBytes: Bool
  /// Elements of rows of Float32 that are whole numbers from 0 to 255, as a dictionary's pictures are, and are
  /// kept as bytes; ascending.
  public let byteRanges: [Range<Int>]
  /// Numbers of an action.
  public let actionSize: Int

  public init(
    observationSize: Int, observesBytes: Bool = false, byteRanges: [Range<Int>] = [],
    actionSize: Int
  ) {
    self.observationSize = observationSize
    self.observesBytes = observesBytes
    self.byteRanges = byteRanges
    self.actionSize = actionSize
  }

  /// Bytes of an observation as an environment gives it.
  public var givenBytes: Int { observationSize * (observesBytes ? 1 : 4) }

  /// Bytes of an observation as it is kept.
  public var observationBytes: Int { byteRanges.reduce(givenBytes) { $0 - 3 * $1.count } }

  /// Calls `body` with each run of elements that are kept alike, and where the run begins in a kept
  /// observation, in bytes.
  @inline(__always)
  private func forEachRun(_ body: (_ run: Range<Int>, _ offset: Int, _ areBytes: Bool) -> Void) {
    var (position, offset) = (0, 0)
    for bytes in byteRanges {
      body(position..<bytes.lowerBound, offset, false)
      offset += 4 * (bytes.lowerBound - position)
      body(bytes, offset, true)
      offset += bytes.count
      position = bytes.upperBound
    }
    body(position..<observationSize, offset, false)
  }

  /// Keeps an observation that an environment gave.
  func keep(_ given: UnsafeRawPointer, in kept: UnsafeMutableRawPointer) {
    if byteRanges.isEmpty {
      kept.copyMemory(from: given, byteCount: givenBytes)
      return
    }
    let numbers = given.assumingMemoryBound(to: Float.self)
    forEachRun { run, offset, areBytes in
      if areBytes {
        let bytes = (kept + offset).assumingMemoryBound(to: UInt8.self)
        // What is no byte is none of its space either, and must not stop a run.
        for i in run { bytes[i - run.lowerBound] = UInt8(max(0, min(255, numbers[i]))) }
      } else {
        (kept + offset).copyMemory(from: numbers + run.lowerBound, byteCount: 4 * run.count)
      }
    }
  }

  /// Gives elements of a kept observation back as the environment gave them, into memory for those alone.
  func give(
    _ elements: Range<Int>, of kept: UnsafeRawPointer, into given: UnsafeMutableRawPointer
  ) {
    if byteRanges.isEmpty {
      let size = observesBytes ? 1 : 4
      given.copyMemory(
        from: kept + elements.lowerBound * size, byteCount: elements.count * size)
      return
    }
    let numbers = given.assumingMemoryBound(to: Float.self)
    forEachRun { run, offset, areBytes in
      let part = run.clamped(to: elements)
      if part.isEmpty { return }
      let (skipped, target) = (
        part.lowerBound - run.lowerBound, part.lowerBound - elements.lowerBound
      )
      if areBytes {
        let bytes = (kept + offset + skipped).assumingMemoryBound(to: UInt8.self)
        for i in 0..<part.count { numbers[target + i] = Float(bytes[i]) }
      } else {
        UnsafeMutableRawPointer(numbers + target).copyMemory(
          from: kept + offset + 4 * skipped, byteCount: 4 * part.count)
      }
    }
  }

  /// Bytes of a row with all its columns.
  public var rowBytes: Int { observationBytes + 4 * actionSize + 4 + 4 + 1 }
}
