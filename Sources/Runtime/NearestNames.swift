/// The names most like a mistyped one, best first, for an error message that helps.
///
/// ```swift
/// nearestNames(to: "cartpol-v1", in: ["CartPole-v1", "Pendulum-v1"])   // ["CartPole-v1"]
/// ```
///
/// Likeness is the number of letters inserted, left out, changed or swapped with their neighbour;
/// case does not count. Names much further off than the best are left out, and names equally far
/// keep the order they came in. Empty only if there are no names.
public func nearestNames(
  to name: String, in names: some Sequence<String>, limit: Int = 3
) -> [String] {
  let wanted = Array(name.lowercased())
  let ranked = names.enumerated().map { place, candidate in
    let letters = Array(candidate.lowercased())
    let prefixed = !wanted.isEmpty && letters.starts(with: wanted)
    // What was left unfinished is nearer than any typing mistake of two letters.
    let distance = prefixed ? min(1, letters.count - wanted.count) : editDistance(wanted, letters)
    return (distance: distance, place: place, name: candidate)
  }.sorted { ($0.distance, $0.place) < ($1.distance, $1.place) }
  guard let best = ranked.first else { return [] }
  let farthest = best.distance + max(1, wanted.count / 5)
  return ranked.prefix(limit).filter { $0.distance <= farthest }.map(\.name)
}

/// The Damerau-Levenshtein distance in its restricted form: no letter takes part in two edits.
func editDistance(_ first: [Character], _ second: [Character]) -> Int {
  var beforePrevious = [Int](repeating: 0, count: second.count + 1)
  var previous = Array(0...second.count)
  for row in 0..<first.count {
    var current = [row + 1]
    for column in 0..<second.count {
      let changed = previous[column] + (first[row] == second[column] ? 0 : 1)
      var best = min(changed, previous[column + 1] + 1, current[column] + 1)
      if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
        best = min(best, beforePrevious[column - 1] + 1)
      }
      current.append(best)
    }
    (beforePrevious, previous) = (previous, current)
  }
  return previous[second.count]
}
