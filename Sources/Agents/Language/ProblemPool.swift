import Runtime

/// Problems that are tried again and again, with how often each was solved: what prioritised
/// sampling and the curriculum of Kimi k1.5 choose by (Kimi Team, 2025,
/// https://arxiv.org/abs/2501.12599, section 2.3.4).
package struct ProblemPool: Sendable, Codable, Equatable {
  /// Answers to each problem, and those that were right.
  private(set) var tries: [Int]
  private(set) var solved: [Double]

  package init(_ count: Int) {
    tries = [Int](repeating: 0, count: count)
    solved = [Double](repeating: 0, count: count)
  }

  /// The share of right answers to a problem; one half before the first.
  package func successRate(_ problem: Int) -> Double {
    tries[problem] == 0 ? 0.5 : solved[problem] / Double(tries[problem])
  }

  package mutating func record(_ problem: Int, solved successes: Double, of count: Int) {
    guard tries.indices.contains(problem) else { return }
    // Older answers are of an older policy, and count for less and less.
    tries[problem] = tries[problem] / 2 + count
    solved[problem] = (solved[problem] / 2).rounded(.down) + successes
    solved[problem] = min(solved[problem], Double(tries[problem]))
  }

  /// Problems for the next iteration, no one twice: first those never tried, in their order, then
  /// by chance.
  ///
  /// - Parameters:
  ///   - share: Which part of the problems, the easiest first, may be chosen from: the curriculum.
  ///   - prioritizes: Whether the chance of a problem is 1 − its success rate, else the same for
  ///     all.
  ///   - busy: Problems that are being answered already.
  package func choose(
    _ count: Int, share: Double, prioritizes: Bool, except busy: Set<Int> = [],
    using random: inout PCG64
  ) -> [Int] {
    let free = tries.indices.filter { !busy.contains($0) }
    let untried = free.filter { tries[$0] == 0 }.prefix(count)
    var chosen = Array(untried)
    if chosen.count == count { return chosen }
    let easiest = free.filter { tries[$0] > 0 }
      .sorted { (-successRate($0), $0) < (-successRate($1), $1) }
    let allowed = max(count - chosen.count, Int((share * Double(easiest.count)).rounded(.up)))
    var candidates = Array(easiest.prefix(allowed))
    // A problem that was always solved is still asked now and then: it may have been unlearnt.
    var weights = candidates.map { prioritizes ? 1 - successRate($0) + 0.02 : 1 }
    while chosen.count < count, !candidates.isEmpty {
      var rest = random.random() * weights.reduce(0, +)
      let pick = weights.firstIndex { weight in
        rest -= weight
        return rest < 0
      }
      let place = pick ?? weights.count - 1
      chosen.append(candidates.remove(at: place))
      weights.remove(at: place)
    }
    return chosen
  }
}
