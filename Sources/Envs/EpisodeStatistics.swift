/// Returns and lengths of the episodes that ended last.
public struct EpisodeStatistics: Sendable, Hashable, Codable {
  /// How many episodes the means are over.
  public let window: Int
  /// Episodes that have ended.
  public private(set) var episodes = 0
  private var returns: [Double] = []
  private var lengths: [Int] = []

  public init(window: Int = 100) {
    if window < 1 { stop("EpisodeStatistics", "the window is \(window); it must be at least one") }
    self.window = window
    returns.reserveCapacity(window)
    lengths.reserveCapacity(window)
  }

  /// Adds an episode that ended.
  public mutating func add(return episodeReturn: Double, length: Int) {
    if returns.count < window {
      returns.append(episodeReturn)
      lengths.append(length)
    } else {
      returns[episodes % window] = episodeReturn
      lengths[episodes % window] = length
    }
    episodes += 1
  }

  /// The mean return over the window; nil before an episode has ended.
  public var meanReturn: Double? {
    returns.isEmpty ? nil : returns.reduce(0, +) / Double(returns.count)
  }

  /// The mean length over the window; nil before an episode has ended.
  public var meanLength: Double? {
    lengths.isEmpty ? nil : Double(lengths.reduce(0, +)) / Double(lengths.count)
  }
}
