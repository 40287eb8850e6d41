/// What a policy's last layer means.
public enum ActionHead: Sendable, Equatable, Codable {
  /// One of `count` actions, numbered from `start`.
  case categorical(count: Int, start: Int)
  /// One of each of several counts of actions, numbered from `start`, chosen independently.
  case multiCategorical(counts: [Int], start: [Int])
  /// `size` numbers, limited to `low` and `high` before the environment sees them.
  case gaussian(low: [Float], high: [Float])

  /// Outputs of the policy network.
  public var outputSize: Int {
    switch self {
    case .categorical(let count, _): count
    case .multiCategorical(let counts, _): counts.reduce(0, +)
    case .gaussian(let low, _): low.count
    }
  }

  /// The discrete choices a row makes; none for numbers.
  package var choices: (counts: [Int], start: [Int]) {
    switch self {
    case .categorical(let count, let start): ([count], [start])
    case .multiCategorical(let counts, let start): (counts, start)
    case .gaussian: ([], [])
    }
  }

  /// Whether numbers read from a file can be a head.
  var isPlausible: Bool {
    switch self {
    case .categorical(let count, let start):
      1...1_000_000 ~= count && start.magnitude <= 1_000_000_000
    case .multiCategorical(let counts, let start):
      counts.count == start.count && 1...100_000 ~= counts.count
        && counts.allSatisfy { 1...1_000_000 ~= $0 } && outputSize <= 1_000_000
        && start.allSatisfy { $0.magnitude <= 1_000_000_000 }
    case .gaussian(let low, let high): low.count == high.count && 1...100_000 ~= low.count
    }
  }
}
