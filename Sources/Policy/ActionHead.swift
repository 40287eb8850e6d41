/// What a policy's last layer means.
public enum ActionHead: Sendable, Equatable, Codable {
  /// One of `count` actions, numbered from `start`.
  case categorical(count: Int, start: Int)
  /// One of each of several counts of actions, numbered from `start`, chosen independently.
  case multiCategorical(counts: [Int], start: [Int])
  /// `size` numbers, limited to `low` and `high` before the environment sees them.
  case gaussian(low: [Float], high: [Float])
  /// Numbers from `low` to `high`: the tanh of the outputs, scaled.
  case deterministic(low: [Float], high: [Float])
  /// Numbers from `low` to `high`: the tanh of normal ones, scaled. The outputs are their means, then their
  /// log σ.
  case squashedGaussian(low: [Float], high: [Float])
  /// The best of `count` actions, numbered from `start`, by their values, which are the outputs. With several
  /// atoms they are logits of a distribution over as many values from `low` to `high`, action by action.
  case values(count: Int, start: Int, atoms: Int, low: Float, high: Float)

  /// Outputs of the policy network.
  public var outputSize: Int {
    switch self {
    case .categorical(let count, _): count
    case .multiCategorical(let counts, _): counts.reduce(0, +)
    case .gaussian(let low, _), .deterministic(let low, _): low.count
    case .squashedGaussian(let low, _): 2 * low.count
    case .values(let count, _, let atoms, _, _): count * atoms
    }
  }

  /// The discrete choices a row makes; none for numbers.
  package var choices: (counts: [Int], start: [Int]) {
    switch self {
    case .categorical(let count, let start): ([count], [start])
    case .multiCategorical(let counts, let start): (counts, start)
    case .values(let count, let start, _, _, _): ([count], [start])
    case .gaussian, .deterministic, .squashedGaussian: ([], [])
    }
  }

  /// The bounds that actions are limited to; nil where they are choices.
  package var bounds: (low: [Float], high: [Float])? {
    switch self {
    case .gaussian(let low, let high), .deterministic(let low, let high),
      .squashedGaussian(let low, let high):
      (low, high)
    case .categorical, .multiCategorical, .values: nil
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
    case .deterministic(let low, let high), .squashedGaussian(let low, let high):
      low.count == high.count && 1...100_000 ~= low.count
        && zip(low, high).allSatisfy { $0.isFinite && $1.isFinite && $0 <= $1 }
    case .values(let count, let start, let atoms, let low, let high):
      1...1_000_000 ~= count && 1...100_000 ~= atoms && outputSize <= 10_000_000
        && start.magnitude <= 1_000_000_000
        && (atoms == 1 || (low.isFinite && low < high && high.isFinite))
    }
  }
}
