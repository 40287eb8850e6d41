/// Returns and lengths of the episodes that ended last.
public struct EpisodeStatistics: Sendable, Hashable, Codable {
  /// How many episodes the means are over.
  public let window: Int
  /// Episodes that have ended.
  public private(set) var episodes = 0
  // Rings, once they are full.
  private var returnRing: [Double] = []
  private var lengthRing: [Int] = []

  private enum CodingKeys: String, CodingKey {
    case window, episodes
    case returnRing = "returns"
    case lengthRing = "lengths"
  }

  public init(window: Int = 100) {
    if window < 1 { stop("EpisodeStatistics", "the window is \(window); it must be at least one") }
    self.window = window
  }

  /// Adds an episode that ended.
  public mutating func add(return episodeReturn: Double, length: Int) {
    if returnRing.count < window {
      // Once, at the first episode of each copy.
      if returnRing.capacity < window || lengthRing.capacity < window {
        returnRing.reserveCapacity(window)
        lengthRing.reserveCapacity(window)
      }
      returnRing.append(episodeReturn)
      lengthRing.append(length)
    } else {
      returnRing[episodes % window] = episodeReturn
      lengthRing[episodes % window] = length
    }
    episodes += 1
  }

  /// What is wrong with statistics that were read from a file.
  var fault: String? {
    let fault =
      firstFault(
        Envs.fault("window", window, in: 1...1 << 24),
        Envs.fault("episodes", episodes, in: countRange),
        Envs.fault("returns", count: returnRing.count, for: min(window, episodes)),
        Envs.fault("lengths", count: lengthRing.count, for: min(window, episodes)))
    return fault ?? lengthRing.lazy.compactMap { Envs.fault("length", $0, in: 0...1 << 32) }.first
  }

  /// The returns in the window, the oldest first.
  public var returns: [Double] { inOrder(returnRing) }

  /// The lengths in the window, the oldest first.
  public var lengths: [Int] { inOrder(lengthRing) }

  private func inOrder<Number>(_ ring: [Number]) -> [Number] {
    let oldest = ring.count < window ? 0 : episodes % window
    return Array(ring[oldest...] + ring[..<oldest])
  }

  /// The mean return over the window; nil before an episode has ended.
  public var meanReturn: Double? {
    returnRing.isEmpty ? nil : returnRing.reduce(0, +) / Double(returnRing.count)
  }

  /// The mean length over the window; nil before an episode has ended.
  public var meanLength: Double? {
    lengthRing.isEmpty ? nil : Double(lengthRing.reduce(0, +)) / Double(lengthRing.count)
  }
}
