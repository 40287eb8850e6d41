/// How far a training run is: a bar that redraws itself on a terminal, ten plain lines in a pipe.
///
///     ppo CartPole-v1  ━━━━━━━━━━━━━━────────   62 %  61_440/100_000 steps  78.4 k/s  return 312.4  0:01 left
struct Progress {
  private let title: String
  private let total: Int
  private let firstStep: Int
  private let started = ContinuousClock.now
  private var drawn: ContinuousClock.Instant?
  private var tenthsShown = 0
  private let isBar: Bool

  /// - Parameters:
  ///   - firstStep: where a resumed run starts, so that its speed counts only the steps taken here.
  init(title: String, total: Int, firstStep: Int = 0, isBar: Bool = Console.isTerminal) {
    self.title = title
    self.total = total
    self.firstStep = firstStep
    self.isBar = isBar
    tenthsShown = total > 0 ? firstStep * 10 / total : 0
  }

  /// Shows `step` of the run; `recentReturn` is the mean over the last finished episodes.
  mutating func update(step: Int, recentReturn: Double?) {
    if isBar {
      let now = ContinuousClock.now
      // Ten times a second is as much as an eye needs; training reports hundreds of times.
      if let drawn, now - drawn < .milliseconds(100), step < total { return }
      drawn = now
      Console.write("\r\u{1B}[K" + bar(step: step, recentReturn: recentReturn))
    } else {
      let tenths = total > 0 ? min(10, step * 10 / total) : 10
      guard tenths > tenthsShown else { return }
      tenthsShown = tenths
      Console.line("\(title)  " + readings(step: step, recentReturn: recentReturn))
    }
  }

  /// Leaves the bar where it is and goes to the next line.
  mutating func finish() {
    if isBar && drawn != nil { Console.write("\n") }
    drawn = nil
  }

  /// Prints a line between two drawings of the bar.
  mutating func note(_ sentence: String) {
    if isBar && drawn != nil { Console.write("\r\u{1B}[K") }
    Console.note(sentence)
  }

  private func bar(step: Int, recentReturn: Double?) -> String {
    let readings = readings(step: step, recentReturn: recentReturn)
    let width = min(30, Console.columns - title.count - readings.count - 5)
    guard width >= 8 else {
      return String("\(title)  \(readings)".prefix(max(0, Console.columns - 1)))
    }
    let done = min(width, total > 0 ? step * width / total : width)
    return title + "  " + Console.paint(String(repeating: "━", count: done), .green)
      + Console.paint(String(repeating: "─", count: width - done), .dim) + "  " + readings
  }

  private func readings(step: Int, recentReturn: Double?) -> String {
    let seconds = Double((ContinuousClock.now - started) / .seconds(1))
    let rate = seconds > 0 ? Double(step - firstStep) / seconds : 0
    let percent = total > 0 ? min(100, step * 100 / total) : 100
    let padding = String(repeating: " ", count: percent < 10 ? 2 : percent < 100 ? 1 : 0)
    var parts = [
      "\(padding)\(percent) %", "\(grouped(step))/\(grouped(total)) steps",
      "\(withPrefix(rate)) steps/s",
    ]
    if let recentReturn { parts.append("return \(fixed(recentReturn, 1))") }
    if step < total, rate > 0 { parts.append("\(clock(Double(total - step) / rate)) left") }
    return parts.joined(separator: "  ")
  }
}

/// 78412.0 as "78.4 k".
func withPrefix(_ value: Double) -> String {
  switch value.magnitude {
  case 1e9...: "\(fixed(value / 1e9, 2)) G"
  case 1e6...: "\(fixed(value / 1e6, 2)) M"
  case 1e3...: "\(fixed(value / 1e3, 1)) k"
  default: fixed(value, 0)
  }
}

/// Seconds as "0:07", "12:30" or "3:02:10".
func clock(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds < 1e9 else { return "?" }
  let whole = Int(seconds.rounded(.up))
  let two = { (value: Int) in value < 10 ? "0\(value)" : "\(value)" }
  let (hours, minutes) = (whole / 3600, whole / 60 % 60)
  return (hours > 0 ? "\(hours):\(two(minutes))" : "\(minutes)") + ":" + two(whole % 60)
}

/// A number with a fixed count of decimals.
func fixed(_ value: Double, _ decimals: Int) -> String {
  guard value.isFinite, value.magnitude < 1e15 else { return "\(value)" }
  var scale = 1.0
  for _ in 0..<decimals { scale *= 10 }
  let scaled = (value.magnitude * scale).rounded()
  let digits = String(Int(scaled))
  let sign = value < 0 && scaled > 0 ? "-" : ""
  guard decimals > 0 else { return sign + digits }
  let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
  return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
}
