import Foundation
import Runtime

extension ReplayBuffer {
  /// Rows that steps were taken from, each equally likely, one possibly several times.
  ///
  /// There must be a step in the buffer.
  public func draw(_ count: Int, using random: inout PCG64) -> [Int] {
    let (first, rows) = (first, self.count)
    return (0..<count).map { _ in
      // Rows of final and present observations are few, so that trying again keeps the rest equally likely.
      while true {
        let row = first + random.integers(0..<rows)
        if isStep(row) { return row }
      }
    }
  }

  /// Rows drawn by their priorities P(i) = pᵢ / Σ p, one from each of `count` equal parts of the sum, with the
  /// weights that make up for it: wᵢ = (rows · P(i))^−β, divided by the largest of them
  /// (Schaul et al., 2016, https://arxiv.org/abs/1511.05952).
  public func draw(
    _ count: Int, beta: Double, using random: inout PCG64
  ) -> (rows: [Int], weights: [Float]) {
    guard let priorities else {
      return (draw(count, using: &random), [Float](repeating: 1, count: count))
    }
    let total = priorities.total
    let rowCount = storage.rowCount
    let (first, steps) = (first, Double(self.count))
    var rows: [Int] = []
    var weights: [Double] = []
    for part in 0..<count {
      let slot = priorities.position(of: (Double(part) + random.random()) * total / Double(count))
      // The row of a slot that lies in the window, which is shorter than the ring.
      rows.append(first + (slot - first % rowCount + rowCount) % rowCount)
      weights.append(pow(steps * priorities[slot] / total, -beta))
    }
    let largest = weights.max() ?? 1
    return (rows, weights.map { Float($0 / largest) })
  }

  /// Sets the priorities of rows just drawn to (|error| + 10⁻⁶)^α.
  public mutating func setPriorities(of rows: [Int], errors: [Float]) {
    for (row, error) in zip(rows, errors) {
      let slot = slot(row)
      priorities?.set(Double(error.magnitude), at: slot)
    }
  }

  /// What an n-step return from a row is made of: Σ γᵏ rₖ over at most `steps` steps, the row of the
  /// observation after them, and what its value counts for: γⁿ, or 0 where the episode terminated.
  ///
  /// Fewer steps are summed where the episode was cut or has not gone on further.
  public func outcome(
    of row: Int, steps: Int, gamma: Float
  ) -> (reward: Float, next: Int, discount: Float) {
    var (reward, discount): (Float, Float) = (0, 1)
    var row = row
    for _ in 0..<steps {
      let slot = slot(row)
      let link = Int(storage.links[slot])
      // The present observation, from which no step has been taken yet.
      if link == 0 { break }
      reward += discount * storage.rewards[slot]
      discount *= gamma
      row += link
      switch storage.endings[slot] {
      case 0: continue
      case 1: return (reward, row, 0)
      default: return (reward, row, discount)
      }
    }
    return (reward, row, discount)
  }

  /// Copies the observation of each row to `target`, `[rows.count, observationSize]` of what the environment
  /// gave.
  public func copyObservations(_ rows: [Int], to target: UnsafeMutableRawPointer) {
    for (i, row) in rows.enumerated() {
      layout.give(
        0..<layout.observationSize, of: storage.observation(slot(row)),
        into: target + i * layout.givenBytes)
    }
  }

  /// Calls `body` with the observation of a row, `[observationSize]` of what the environment gave.
  ///
  /// - Parameter scratch: Room for one observation, used where some of it is kept in fewer bytes.
  @inline(__always)
  public func withObservation(
    _ row: Int, scratch: UnsafeMutableRawPointer, _ body: (UnsafeRawPointer) -> Void
  ) {
    let kept = UnsafeRawPointer(storage.observation(slot(row)))
    if layout.byteRanges.isEmpty {
      body(kept)
    } else {
      layout.give(0..<layout.observationSize, of: kept, into: scratch)
      body(scratch)
    }
  }

  /// Copies the action taken from each row to `target`, `[rows.count, actionSize]`.
  public func copyActions(_ rows: [Int], to target: UnsafeMutablePointer<Float>) {
    let width = layout.actionSize
    for (i, row) in rows.enumerated() {
      (target + i * width).update(from: storage.actions + slot(row) * width, count: width)
    }
  }
}
