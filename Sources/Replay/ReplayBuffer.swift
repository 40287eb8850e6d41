import Runtime

/// The latest steps of some environments, to be learnt from again and again: a ring of rows that holds each
/// frame once.
///
/// ```swift
/// var replay = ReplayBuffer(
///   capacity: 100_000, layout: .init(observationSize: 4, actionSize: 1), environmentCount: 1)
/// replay.begin(observations)
/// replay.append(
///   actions: actions, rewards: rewards, endings: endings, finalObservations: finals,
///   observations: next)
/// let rows = replay.draw(64, using: &random)
/// ```
///
/// A step's next observation is that of a later row, of the same environment. The final observation of an
/// episode takes a row of its own, which no step is taken from, so that what an episode really ended with is
/// there whatever the environment showed after its reset. A copy of the buffer is a snapshot: whichever of
/// the two is written first takes memory of its own.
public struct ReplayBuffer: Sendable {
  /// Rows that can be drawn: steps, and a row for every final observation.
  public let capacity: Int
  public let layout: ReplayLayout
  public let environmentCount: Int
  /// Rows of a segment, the piece that files hold; see `segment(_:)`.
  public let segmentRows: Int
  var storage: ReplayStorage
  /// Rows written since the beginning. Rows are named by their number in that order for as long as they last.
  public internal(set) var end = 0
  /// The row of each environment's present observation; empty before `begin`.
  var pending: [Int] = []
  /// How likely each row is drawn, where that is not uniform.
  public internal(set) var priorities: Priorities?

  /// - Parameters:
  ///   - capacity: At least four times the number of environments.
  ///   - priorityExponent: α of prioritised replay, or nil to draw uniformly.
  public init(
    capacity: Int, layout: ReplayLayout, environmentCount: Int, priorityExponent: Double? = nil
  ) {
    precondition(capacity >= 4 * environmentCount && environmentCount > 0)
    self.capacity = capacity
    self.layout = layout
    self.environmentCount = environmentCount
    segmentRows = Self.segmentRows(capacity, layout)
    let rowCount = Self.rowCount(capacity, segmentRows)
    storage = ReplayStorage(layout, rowCount: rowCount)
    if let priorityExponent {
      priorities = Priorities(count: rowCount, exponent: priorityExponent)
    }
  }

  /// Segments of some megabytes, and at least eight of them, so that a checkpoint writes little that others
  /// hold already.
  private static func segmentRows(_ capacity: Int, _ layout: ReplayLayout) -> Int {
    max(64, min((16 << 20) / layout.rowBytes, capacity / 8))
  }

  /// A segment more than the capacity needs, so that the oldest segment with a row in use is always whole.
  private static func rowCount(_ capacity: Int, _ segmentRows: Int) -> Int {
    ((capacity + segmentRows - 1) / segmentRows + 1) * segmentRows
  }

  /// Bytes that a buffer takes once it is full.
  public static func byteCount(
    capacity: Int, layout: ReplayLayout, isPrioritized: Bool = false
  ) -> Int {
    let rows = rowCount(capacity, segmentRows(capacity, layout))
    return rows * layout.rowBytes + (isPrioritized ? Priorities.byteCount(rows) : 0)
  }

  /// The oldest row that can be drawn.
  public var first: Int { max(0, end - capacity) }

  /// Rows that can be drawn, those of final and present observations included.
  public var count: Int { end - first }

  /// Whether every environment's present observation is there.
  public var hasBegun: Bool { !pending.isEmpty }

  @inline(__always)
  func slot(_ row: Int) -> Int { row % storage.rowCount }

  /// Whether a step was taken from a row.
  package func isStep(_ row: Int) -> Bool { storage.links[slot(row)] != 0 }

  private mutating func ensureUnique() {
    if !isKnownUniquelyReferenced(&storage) {
      storage = storage.copy(written: min(end, storage.rowCount))
    }
  }

  /// Takes the first observation of every environment: `[N, observationSize]`.
  public mutating func begin(_ observations: UnsafeRawPointer) {
    ensureUnique()
    pending = (0..<environmentCount).map {
      addRow(observations + $0 * layout.givenBytes)
    }
  }

  /// Takes a step of every environment.
  ///
  /// - Parameters:
  ///   - actions: `[N, actionSize]`
  ///   - rewards: `[N]`
  ///   - endings: `[N]`: 0 none, 1 terminated, 2 truncated.
  ///   - finalObservations: `[N, observationSize]`, read where an episode ended.
  ///   - observations: `[N, observationSize]`: what came next; where an episode ended, the next one's first.
  public mutating func append(
    actions: UnsafePointer<Float>, rewards: UnsafePointer<Double>,
    endings: UnsafePointer<UInt8>, finalObservations: UnsafeRawPointer,
    observations: UnsafeRawPointer
  ) {
    precondition(hasBegun)
    ensureUnique()
    let oldest = first
    let width = layout.actionSize
    for n in 0..<environmentCount {
      let row = pending[n]
      let slot = slot(row)
      (storage.actions + slot * width).update(from: actions + n * width, count: width)
      storage.rewards[slot] = Float(rewards[n])
      storage.endings[slot] = endings[n]
      let here = n * layout.givenBytes
      if endings[n] == 0 {
        pending[n] = addRow(observations + here)
        storage.links[slot] = UInt32(pending[n] - row)
      } else {
        storage.links[slot] = UInt32(addRow(finalObservations + here) - row)
        pending[n] = addRow(observations + here)
      }
      priorities?.setLargest(at: slot)
    }
    if priorities == nil { return }
    for row in oldest..<first {
      let slot = self.slot(row)
      priorities?.remove(at: slot)
    }
  }

  private mutating func addRow(_ observation: UnsafeRawPointer) -> Int {
    let slot = slot(end)
    layout.keep(observation, in: storage.observation(slot))
    storage.links[slot] = 0
    storage.rewards[slot] = 0
    storage.endings[slot] = 0
    (storage.actions + slot * layout.actionSize).update(repeating: 0, count: layout.actionSize)
    end += 1
    return end - 1
  }
}
