import Foundation

// A buffer as files: whole segments, which never change and so are written once however many checkpoints name
// them, and a tail of what may still change.
extension ReplayBuffer {
  /// What cannot be read off the rows.
  public struct State: Codable, Sendable {
    var end: Int
    var pending: [Int]
  }

  public var state: State { State(end: end, pending: pending) }

  /// The numbers of the segments that hold rows in use and will never change: segment k holds the rows from
  /// k · `segmentRows` on.
  public var segments: Range<Int> { segments(State(end: end, pending: pending)) }

  private func segments(_ state: State) -> Range<Int> {
    // A row from which no step has been taken yet is written once more.
    let fixed = (state.pending.min() ?? state.end) / segmentRows
    let first = max(0, state.end - capacity) / segmentRows
    return min(first, fixed)..<fixed
  }

  /// A segment's bytes, the same whenever it is asked for.
  public func segment(_ number: Int) -> Data {
    encoded(number * segmentRows..<(number + 1) * segmentRows)
  }

  /// The bytes of the rows after the last segment.
  public func tail() -> Data { encoded(segments.upperBound * segmentRows..<end) }

  /// Rows as columns, one after another; a segment never crosses the end of the ring.
  private func encoded(_ rows: Range<Int>) -> Data {
    var data = Data(capacity: rows.count * layout.rowBytes)
    for part in parts(rows) {
      for (column, width) in columns {
        data.append(
          Data(bytes: column + part.lowerBound * width, count: part.count * width))
      }
    }
    return data
  }

  /// The slots of rows, in at most two pieces.
  private func parts(_ rows: Range<Int>) -> [Range<Int>] {
    if rows.isEmpty { return [] }
    let start = slot(rows.lowerBound)
    let whole = min(rows.count, storage.rowCount - start)
    return whole == rows.count
      ? [start..<start + whole] : [start..<start + whole, 0..<rows.count - whole]
  }

  private var columns: [(UnsafeMutableRawPointer, width: Int)] {
    [
      (storage.observations, layout.observationBytes),
      (UnsafeMutableRawPointer(storage.actions), 4 * layout.actionSize),
      (UnsafeMutableRawPointer(storage.rewards), 4), (UnsafeMutableRawPointer(storage.links), 4),
      (UnsafeMutableRawPointer(storage.endings), 1),
    ]
  }

  /// Takes the rows of a saved buffer of the same capacity and layout.
  ///
  /// - Parameters:
  ///   - segment: The bytes of a segment, by its number.
  ///   - tail: What `tail` gave.
  /// - Throws: `ReplayError` for bytes that cannot be such a buffer's, and what `segment` throws.
  public mutating func restore(
    _ state: State, tail: Data, segment: (Int) throws -> Data
  ) throws {
    guard state.end >= 0, state.end < 1 << 48, [0, environmentCount].contains(state.pending.count),
      state.pending.allSatisfy({ $0 < state.end && $0 >= max(0, state.end - 2 * environmentCount) })
    else {
      throw ReplayError("names rows that are none of \(environmentCount) environments")
    }
    storage = ReplayStorage(layout, rowCount: storage.rowCount)
    let segments = segments(state)
    for number in segments {
      let first = number * segmentRows
      try fill(first..<first + segmentRows, with: try segment(number), "segment \(number)")
    }
    try fill(segments.upperBound * segmentRows..<state.end, with: tail, "the tail")
    (end, pending) = (state.end, state.pending)
    // A link that leads elsewhere would be followed out of the ring.
    for row in first..<end {
      let (link, ending) = (Int(storage.links[slot(row)]), storage.endings[slot(row)])
      guard row + link < end, ending <= 2 else {
        throw ReplayError("holds a row \(row) that leads beyond the last one, \(end - 1)")
      }
    }
  }

  private func fill(_ rows: Range<Int>, with data: Data, _ name: String) throws {
    guard data.count == rows.count * layout.rowBytes else {
      throw ReplayError(
        "holds \(data.count) bytes in \(name) where \(rows.count * layout.rowBytes) are needed")
    }
    var start = data.startIndex
    for part in parts(rows) {
      for (column, width) in columns {
        let bytes = part.count * width
        data[start..<start + bytes].withUnsafeBytes {
          if let base = $0.baseAddress {
            (column + part.lowerBound * width).copyMemory(from: base, byteCount: bytes)
          }
        }
        start += bytes
      }
    }
  }
}
