import Replay

/// Returns and lengths of the last hundred finished episodes.
struct EpisodeWindow: Sendable, Codable, Equatable {
  static let capacity = 100

  /// Episodes finished since training began.
  private(set) var total = 0
  private(set) var returns: [Double] = []
  private(set) var lengths: [Int] = []

  /// Takes the episodes that ended in a rollout, in (t, n) order.
  mutating func add(_ buffer: RolloutBuffer) {
    for cell in 0..<buffer.count where buffer.endings[cell] != 0 {
      append(buffer.episodeReturns[cell], Int(buffer.episodeLengths[cell]))
    }
    trim()
  }

  /// Takes one episode that ended.
  mutating func add(return episodeReturn: Double, length: Int) {
    append(episodeReturn, length)
    trim()
  }

  private mutating func append(_ episodeReturn: Double, _ length: Int) {
    total += 1
    returns.append(episodeReturn)
    lengths.append(length)
  }

  private mutating func trim() {
    returns.removeFirst(max(0, returns.count - Self.capacity))
    lengths.removeFirst(max(0, lengths.count - Self.capacity))
  }

  /// NaN before the first episode has ended.
  var meanReturn: Double { returns.reduce(0, +) / Double(returns.count) }
  var meanLength: Double { Double(lengths.reduce(0, +)) / Double(lengths.count) }
}
