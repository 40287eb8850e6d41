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
  /// Numbers of an action.
  public let actionSize: Int

  public init(observationSize: Int, observesBytes: Bool = false, actionSize: Int) {
    self.observationSize = observationSize
    self.observesBytes = observesBytes
    self.actionSize = actionSize
  }

  /// Bytes of an observation.
  public var observationBytes: Int { observationSize * (observesBytes ? 1 : 4) }

  /// Bytes of a row with all its columns.
  public var rowBytes: Int { observationBytes + 4 * actionSize + 4 + 4 + 1 }
}
