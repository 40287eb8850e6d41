// Advantages of whole completions, from their rewards alone. A group is several completions of one
// prompt; the groups' members follow each other.

/// How far each completion is better than its group: A = R − mean, without a scale
/// (Dr. GRPO, Liu et al., 2025, https://arxiv.org/abs/2503.20783).
///
/// - Parameter rewards: R, the groups one after another.
public func centeredAdvantages(_ rewards: [Double], groupSize: Int) -> [Double] {
  groups(rewards, groupSize) { group in
    let mean = group.reduce(0, +) / Double(group.count)
    return group.map { $0 - mean }
  }
}

/// A = (R − mean) / (std + ε) within each group, 0 where all rewards of a group are equal
/// (GRPO, Shao et al., 2024, https://arxiv.org/abs/2402.03300).
///
/// The deviation has n − 1 in its denominator and ε is 10⁻⁴, as in TRL.
public func standardizedAdvantages(_ rewards: [Double], groupSize: Int) -> [Double] {
  groups(rewards, groupSize) { standardized($0) }
}

/// A = R − mean of the others in the group (RLOO, Ahmadian et al., 2024,
/// https://arxiv.org/abs/2402.14740).
///
/// A group of one has no others; its advantage is 0.
public func leaveOneOutAdvantages(_ rewards: [Double], groupSize: Int) -> [Double] {
  groups(rewards, groupSize) { group in
    let (sum, others) = (group.reduce(0, +), Double(group.count - 1))
    return group.map { others > 0 ? $0 - (sum - $0) / others : 0 }
  }
}

/// A = (R − mean) / (std + ε) over the whole batch (REINFORCE++, Hu, 2025,
/// https://arxiv.org/abs/2501.03262).
public func batchAdvantages(_ rewards: [Double]) -> [Double] { standardized(rewards[...]) }

/// For each group whether all its rewards are equal: then nothing can be learnt from it.
public func groupsWithoutVariance(_ rewards: [Double], groupSize: Int) -> [Bool] {
  stride(from: 0, to: rewards.count, by: groupSize).map { start in
    rewards[start..<min(start + groupSize, rewards.count)].allSatisfy { $0 == rewards[start] }
  }
}

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
  return standardized(result[...])
}

private func groups(
  _ rewards: [Double], _ size: Int, _ body: (ArraySlice<Double>) -> [Double]
) -> [Double] {
  stride(from: 0, to: rewards.count, by: size).flatMap { start in
    body(rewards[start..<min(start + size, rewards.count)])
  }
}

private func standardized(_ values: ArraySlice<Double>) -> [Double] {
  guard values.count > 1, let first = values.first, values.contains(where: { $0 != first }) else {
    return [Double](repeating: 0, count: values.count)
  }
  let mean = values.reduce(0, +) / Double(values.count)
  let variance =
    values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
  return values.map { ($0 - mean) / (variance.squareRoot() + 1e-4) }
}
