import Envs
import Foundation

/// The numbers beside an episode: its return and how it grew, what the policy expects and wants to do, and what
/// it sees.
public struct Panel {
  /// In points, the width that its text is made for.
  public static let width = 270.0

  var scene: Scene
  private let width: Double
  private let height: Double
  private let margin = 14.0
  private var y = 14.0
  private var right: Double { width - margin }
  private var room: Double { height - margin - y }

  /// The panel of an episode at the step it shows.
  ///
  /// - Parameters:
  ///   - subtitle: Such as who acts.
  ///   - height: In points; what does not fit is left out, the last first.
  public init(_ playback: Playback, subtitle: String, width: Double = Panel.width, height: Double) {
    (self.width, self.height) = (width, height)
    scene = Scene(
      x: 0...max(width, 1), y: 0...max(height, 1), isUpright: false, background: .white)
    scene.polyline([[0.5, 0], [0.5, height]], .init(.mist, width: 1))
    title(playback.description.spec.id, subtitle)
    summary(playback)
    curve(playback)
    let step = playback.shown
    if let decision = step.decision { expectation(decision) }
    actions(playback, step)
    observations(playback, step)
    readings(playback)
  }

  // MARK: - Parts

  private mutating func title(_ name: String, _ subtitle: String) {
    label(name, at: margin, y + 8, size: 14, isBold: true, width: width - 2 * margin)
    label(subtitle, at: margin, y + 26, size: 11, color: .gray, width: width - 2 * margin)
    y += 44
  }

  private mutating func summary(_ playback: Playback) {
    let shown = playback.shown
    label("return", at: margin, y + 6, size: 11, color: .gray)
    label(Self.text(shown.returnSoFar), at: margin, y + 26, size: 20, isBold: true)
    let middle = width * 0.5
    label("reward", at: middle, y + 6, size: 11, color: .gray)
    label(
      shown.action == nil ? "–" : Self.text(shown.reward), at: middle, y + 25, size: 14)
    label("step", at: right, y + 6, size: 11, color: .gray, anchor: .end)
    let limit = playback.episode.timeLimit.map { " / \($0)" } ?? ""
    label("\(playback.position)\(limit)", at: right, y + 25, size: 14, anchor: .end)
    y += 44
  }

  /// The return over the steps, with the shown one marked.
  private mutating func curve(_ playback: Playback) {
    guard room > 60 else { return }
    let (top, tall, wide) = (y, 46.0, width - 2 * margin)
    let bottom = top + tall
    scene.box([margin, top], [right, bottom], fill: .paper)
    let returns = playback.steps.map(\.returnSoFar)
    let (low, high) = (min(0, returns.min() ?? 0), max(0, returns.max() ?? 0))
    let span = high > low ? high - low : 1
    let last = Double(max(returns.count - 1, 20))
    func place(_ i: Int) -> Scene.Point {
      let share = (returns[i] - low) / span
      return [
        margin + wide * Double(i) / last, bottom - 3 - (tall - 6) * (share.isFinite ? share : 0),
      ]
    }
    let zero = bottom - 3 - (tall - 6) * (0 - low) / span
    scene.polyline([[margin, zero], [right, zero]], .init(.mist, width: 1))
    // As many points as there are pixels at most.
    let stride = max(1, returns.count / Int(max(wide, 1)))
    var points = Swift.stride(from: 0, to: returns.count, by: stride).map(place)
    points.append(place(returns.count - 1))
    scene.polyline(points, .init(.blue, width: 1.5))
    scene.circle(at: place(playback.position), radius: 3.2, fill: .orange)
    y += tall + 14
  }

  private mutating func expectation(_ decision: Decision) {
    guard room > 30, decision.value != nil || decision.entropy != nil else { return }
    if let value = decision.value {
      label("value", at: margin, y + 6, size: 11, color: .gray)
      label(Self.text(value), at: margin + 52, y + 6, size: 12)
    }
    if let entropy = decision.entropy {
      label("entropy", at: width * 0.5, y + 6, size: 11, color: .gray)
      label(Self.text(entropy), at: right, y + 6, size: 12, anchor: .end)
    }
    y += 22
  }

  private mutating func heading(_ text: String) {
    label(text, at: margin, y + 5, size: 11, color: .gray)
    y += 18
  }

  private mutating func actions(_ playback: Playback, _ step: Playback.Step) {
    let space = playback.episode.actionSpace
    guard room > 40, step.action != nil || step.decision != nil else { return }
    let names = Self.names(playback.description.actions)
    let chosen = step.action ?? []
    heading(step.isByHand ? "action, by hand" : "action")
    let decision = step.decision
    if let box = space as? Box {
      let limit = min(chosen.count, Int(room / 18))
      for i in 0..<max(limit, 0) {
        range(
          i < names.count ? names[i] : "\(i)", value: Double(chosen[i]), low: box.low[i],
          high: box.high[i],
          mean: decision.flatMap { i < $0.means.count ? $0.means[i] : nil },
          deviation: decision.flatMap { i < $0.deviations.count ? $0.deviations[i] : nil },
          color: .orange)
      }
    } else {
      let shares = decision?.probabilities ?? []
      let worths = decision?.optionValues ?? []
      let counts = (space as? MultiDiscrete)?.counts ?? [(space as? Discrete)?.n ?? shares.count]
      let starts = (space as? MultiDiscrete)?.start ?? [(space as? Discrete)?.start ?? 0]
      let isSingle = counts.count == 1
      var first = 0
      for (choice, count) in counts.enumerated() where choice < chosen.count {
        let picked = Int(chosen[choice]) - starts[choice]
        let fitting = min(count, max(Int(room / 18), 0))
        // Where not all fit, those around the chosen one.
        let from = max(0, min(picked - fitting / 2, count - fitting))
        for option in from..<from + fitting {
          let name =
            isSingle && option < names.count
            ? names[option] : isSingle ? "\(option)" : "\(choice): \(option)"
          let i = first + option
          let low = worths.min() ?? 0
          let span = max((worths.max() ?? 1) - low, 1e-9)
          let share =
            i < shares.count
            ? shares[i]
            : i < worths.count ? 0.05 + 0.95 * (worths[i] - low) / span : option == picked ? 1 : 0
          let text =
            i < shares.count
            ? Self.text(shares[i], places: 2) : i < worths.count ? Self.text(worths[i]) : ""
          bar(
            name, from: 0, to: share, text: text,
            color: option == picked ? .orange : Scene.Color(0xf5c9a9),
            isBold: option == picked)
        }
        first += count
      }
    }
    y += 8
  }

  private mutating func observations(_ playback: Playback, _ step: Playback.Step) {
    let numbers = step.observation
    let description = playback.description
    guard room > 40, !numbers.isEmpty,
      (description.observationSpace as? Box)?.shape.count ?? 1 == 1
    else { return }
    heading("observation")
    let names = Self.names(description.observations)
    let box = description.observationSpace as? Box
    if numbers.count > Int(room / 18) {
      strip(numbers, box)
      return
    }
    for i in numbers.indices {
      let value = Double(numbers[i])
      // Bounds that say nothing are replaced by what has been seen.
      let seen = playback.steps.reduce(1e-6) {
        max($0, i < $1.observation.count ? Double($1.observation[i]).magnitude : 0)
      }
      let (low, high) = box.map { ($0.low[i], $0.high[i]) } ?? (0, max(seen, 1))
      let isBounded = low.isFinite && high.isFinite && high - low < 1e6
      let name =
        description.observationSpace is Discrete
        ? "state" : i < names.count ? names[i] : "\(i)"
      if isBounded, low >= 0 {
        bar(
          name, from: 0, to: (value - low) / max(high - low, 1e-12), text: Self.text(value),
          color: .teal)
      } else {
        let reach = isBounded ? max(low.magnitude, high.magnitude) : seen
        range(name, value: value, low: -reach, high: reach, color: .teal)
      }
    }
  }

  /// What the environment says of itself beside observation and reward.
  private mutating func readings(_ playback: Playback) {
    let metrics = playback.episode.metrics
    guard room > 40, !metrics.isEmpty else { return }
    y += 4
    heading("readings")
    for metric in metrics.prefix(Int(room / 16)) {
      label(metric.name, at: margin, y + 6, size: 10.5, width: width * 0.6)
      label(Self.text(Double(metric.value)), at: right, y + 6, size: 10.5, anchor: .end)
      y += 16
    }
  }

  /// Many numbers as thin bars side by side.
  private mutating func strip(_ numbers: [Float], _ box: Box?) {
    let (tall, wide) = (min(room, 56), width - 2 * margin)
    guard tall > 20 else { return }
    scene.box([margin, y], [right, y + tall], fill: .paper)
    let largest = numbers.lazy.map { Double($0.magnitude) }.filter(\.isFinite).max() ?? 0
    let isPositive = numbers.allSatisfy { $0 >= 0 }
    let zero = isPositive ? y + tall : y + tall / 2
    let each = wide / Double(numbers.count)
    for (i, number) in numbers.prefix(600).enumerated() where number.isFinite {
      let length = Double(number) / max(largest, 1e-9) * (isPositive ? tall : tall / 2)
      let x = margin + each * Double(i)
      scene.box([x, zero], [x + max(each * 0.8, 0.5), zero - length], fill: .teal)
    }
    y += tall
    label(
      "\(numbers.count) numbers, ±\(Self.text(largest))", at: right, y + 9, size: 9, color: .gray,
      anchor: .end)
    y += 20
  }

  // MARK: - Rows

  private var nameWidth: Double { width * 0.46 }

  /// A name, a bar over a part of the way, and a number.
  private mutating func bar(
    _ name: String, from: Double, to: Double, text: String, color: Scene.Color,
    isBold: Bool = false
  ) {
    label(name, at: margin, y + 7, size: 10.5, isBold: isBold, width: nameWidth)
    let (start, end) = (margin + nameWidth + 8, right - 42)
    func place(_ share: Double) -> Double {
      start + (end - start) * max(0, min(1, share.isFinite ? share : 0))
    }
    scene.box([start, y + 1], [end, y + 13], fill: .paper)
    scene.box([place(from), y + 1], [place(to), y + 13], fill: color)
    label(text, at: right, y + 7, size: 10.5, anchor: .end)
    y += 18
  }

  /// A number within its bounds, from the middle on, with what it was drawn around.
  private mutating func range(
    _ name: String, value: Double, low: Double, high: Double, mean: Double? = nil,
    deviation: Double? = nil, color: Scene.Color
  ) {
    label(name, at: margin, y + 7, size: 10.5, width: nameWidth)
    let (start, end) = (margin + nameWidth + 8, right - 42)
    let (low, high) = (low.isFinite ? low : -1, high.isFinite ? high : 1)
    func place(_ number: Double) -> Double {
      let share = (number - low) / max(high - low, 1e-12)
      return start + (end - start) * max(0, min(1, share.isFinite ? share : 0.5))
    }
    scene.box([start, y + 1], [end, y + 13], fill: .paper)
    let zero = place(max(low, min(0, high)))
    scene.box([zero, y + 1], [place(value), y + 13], fill: color)
    if let mean {
      if let deviation {
        scene.box(
          [place(mean - deviation), y + 5.5], [place(mean + deviation), y + 8.5],
          fill: Scene.Color.ink.faded(0.45))
      }
      scene.box([place(mean) - 1, y], [place(mean) + 1, y + 14], fill: .ink)
    }
    scene.polyline([[zero, y + 1], [zero, y + 13]], .init(.gray, width: 0.75))
    label(Self.text(value), at: right, y + 7, size: 10.5, anchor: .end)
    y += 18
  }

  private mutating func label(
    _ text: String, at x: Double, _ y: Double, size: Double, color: Scene.Color = .ink,
    isBold: Bool = false, anchor: Scene.TextStyle.Anchor = .start, width: Double = .infinity
  ) {
    // The font's letters are six tenths as wide as they are tall, near enough.
    let fitting = width.isFinite ? Int(width / (size * (isBold ? 0.66 : 0.58))) : .max
    let short = text.count > fitting ? text.prefix(max(fitting - 1, 1)) + "…" : text[...]
    scene.text(
      String(short), at: [x, y], .init(color, size: size, anchor: anchor, isBold: isBold))
  }

  // MARK: - Words

  /// A name for each number or option, where pages have one.
  static func names(_ rows: [EnvironmentDescription.Row]) -> [String] {
    rows.flatMap { row -> [String] in
      let ends = row.place.split(separator: "–").compactMap { Int($0) }
      let unit = row.unit.map { ", \($0)" } ?? ""
      guard ends.count == 2, ends[1] > ends[0], ends[1] - ends[0] < 100_000 else {
        return [row.name.isEmpty ? row.place : row.name + unit]
      }
      return (ends[0]...ends[1]).map {
        row.name.isEmpty ? "\($0)" : "\($0 - ends[0]) \(row.name)\(unit)"
      }
    }
  }

  /// A number with as many digits as say something.
  static func text(_ number: Double, places: Int? = nil) -> String {
    guard number.isFinite else { return number.isNaN ? "nan" : number < 0 ? "-∞" : "∞" }
    let size = number.magnitude
    let places = places ?? (size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3)
    if number == number.rounded(), size < 1e6, places != 2 { return String(Int(number)) }
    if size >= 1e6 || (size > 0 && size < 5e-4) { return String(format: "%.1e", number) }
    return String(format: "%.\(places)f", number)
  }
}
