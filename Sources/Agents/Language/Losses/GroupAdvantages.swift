// Advantages of whole completions, from their rewards alone. A group is several completions of one
// prompt.

/// How far each completion is better than its group: A = R − mean, without a scale
/// (Dr. GRPO, Liu et al., 2025, https://arxiv.org/abs/2503.20783).
///
/// - Parameter group: R of a group.
public func centeredAdvantages(_ group: [Double]) -> [Double] {
  let mean = group.average
  return group.map { $0 - mean }
}

/// A = (R − mean) / (std + ε) within a group, 0 where all its rewards are equal
/// (GRPO, Shao et al., 2024, https://arxiv.org/abs/2402.03300).
///
/// The deviation has n − 1 in its denominator and ε is 10⁻⁴, as in TRL.
public func standardizedAdvantages(_ group: [Double]) -> [Double] { standardized(group) }

/// A = R − mean of the others in the group (RLOO, Ahmadian et al., 2024,
/// https://arxiv.org/abs/2402.14740).
///
/// A group of one has no others; its advantage is 0.
public func leaveOneOutAdvantages(_ group: [Double]) -> [Double] {
  let (sum, others) = (group.reduce(0, +), Double(group.count - 1))
  return group.map { others > 0 ? $0 - (sum - $0) / others : 0 }
}

/// A = (R − mean) / (std + ε) over the whole batch (REINFORCE++, Hu, 2025,
/// https://arxiv.org/abs/2501.03262).
public func batchAdvantages(_ rewards: [Double]) -> [Double] { standardized(rewards) }

/// Whether all rewards of a group are equal: then nothing can be learnt from it.
public func isFlat(_ group: [Double]) -> Bool { group.allSatisfy { $0 == group[0] } }

/// REINFORCE++'s advantages of tokens: what a completion's reward leaves after the penalties of the
/// token and those after it, Aₜ = R − β Σ_{i ≥ t} klᵢ, standardised over all tokens.
///
/// - Parameters:
///   - divergences: log π − log π_ref for each token, completion after completion.
///   - lengths: Tokens of each completion.
public func penalizedTokenAdvantages(
  _ rewards: [Double], divergences: [Float], lengths: [Int], beta: Double
) -> [Double] {
  var result = [Double](repeating: 0, count: divergences.count)
  var end = 0
  for (reward, length) in zip(rewards, lengths) {
    end += length
    var penalty = 0.0
    for token in stride(from: end - 1, through: end - length, by: -1) {
      penalty += Double(divergences[token])
      result[token] = reward - beta * penalty
    }
  }
  return standardized(result)
}

private func standardized(_ values: [Double]) -> [Double] {
  if isFlat(values) { return [Double](repeating: 0, count: values.count) }
  let (mean, deviation) = (values.average, values.deviation)
  return values.map { ($0 - mean) / (deviation + 1e-4) }
}
