import Foundation
import Policy

/// What a policy thought when it chose an action.
public struct Decision: Sendable {
  /// What it expects of the rest of the episode, discounted.
  public var value: Double?
  /// The probability of each option of a discrete action, one choice after the other.
  public var probabilities: [Double] = []
  /// What each option is worth, of a policy that compares values.
  public var optionValues: [Double] = []
  /// What a continuous action's numbers are drawn around.
  public var means: [Double] = []
  /// Their standard deviations, empty for a policy without chance.
  public var deviations: [Double] = []
  /// Of the distribution of actions, in nats.
  public var entropy: Double?

  public init() {}
}

extension Decision {
  init(
    _ head: ActionHead, _ outlook: (outputs: [Float], deviations: [Float], value: Float?)
  ) {
    let outputs = outlook.outputs.map { Double($0) }
    value = outlook.value.map { Double($0) }
    switch head {
    case .categorical(let count, _): takeProbabilities(outputs, [count])
    case .multiCategorical(let counts, _): takeProbabilities(outputs, counts)
    case .gaussian:
      means = outputs
      deviations = outlook.deviations.map { Double($0) }
      takeEntropy(deviations)
    case .squashedGaussian(let low, let high):
      let size = low.count
      for i in 0..<size {
        let half = 0.5 * Double(high[i] - low[i])
        let logStd = Double(SquashedGaussian.limited(outlook.outputs[size + i]))
        let squashed = tanh(outputs[i])
        means.append(squashed * half + 0.5 * Double(high[i] + low[i]))
        // To first order, which is enough for a picture.
        deviations.append(exp(logStd) * half * (1 - squashed * squashed))
      }
    case .deterministic(let low, let high):
      means = outputs.indices.map { i in
        0.5 * (tanh(outputs[i]) * Double(high[i] - low[i]) + Double(high[i] + low[i]))
      }
    case .values(let count, _, let atoms, let low, let high):
      var values = outlook.outputs
      if atoms > 1 {
        values.withUnsafeMutableBufferPointer {
          DistributionalValues.means(count, atoms: atoms, low: low, high: high, $0.baseAddress!)
        }
      }
      optionValues = values.prefix(count).map { Double($0) }
      value = optionValues.max()
    }
  }

  private mutating func takeProbabilities(_ logits: [Double], _ counts: [Int]) {
    var (first, sum) = (0, 0.0)
    for count in counts {
      let part = logits[first..<first + count]
      let largest = part.max() ?? 0
      let weights = part.map { exp($0 - largest) }
      let total = weights.reduce(0, +)
      for weight in weights {
        let p = weight / total
        probabilities.append(p)
        if p > 0 { sum -= p * log(p) }
      }
      first += count
    }
    entropy = sum
  }

  private mutating func takeEntropy(_ deviations: [Double]) {
    if deviations.isEmpty { return }
    entropy = deviations.reduce(0) { $0 + 0.5 * log(2 * .pi * M_E) + log(max($1, 1e-12)) }
  }
}
