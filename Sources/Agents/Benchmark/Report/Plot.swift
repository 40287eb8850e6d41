import Foundation

/// A drawing of numbers over numbers as inline SVG: axes, lines, bands, dots.
///
/// Colours are classes (`c0`, `c1`, …), which the page's style sheet gives a value in light and in dark.
struct Plot {
  private let title: String
  private let x: Axis
  private let y: Axis
  private var marks: [String] = []
  private static let size = (width: 440.0, height: 270.0)
  private static let frame = (left: 48.0, right: 18.0, top: 30.0, bottom: 38.0)

  /// - Parameters:
  ///   - label: How a tick of the x axis is written.
  init(
    title: String, x: ClosedRange<Double>, y: ClosedRange<Double>, xTitle: String, yTitle: String,
    label: @escaping (Double) -> String = { Markup.number($0) }
  ) {
    self.title = title
    let (size, frame) = (Self.size, Self.frame)
    self.x = Axis(x, from: frame.left, to: size.width - frame.right, count: 5)
    self.y = Axis(y, from: size.height - frame.bottom, to: frame.top, count: 5)
    for tick in self.y.ticks {
      let at = Self.place(self.y.position(tick))
      marks.append(
        "<line class=\"grid\" x1=\"\(frame.left)\" x2=\"\(size.width - frame.right)\" y1=\"\(at)\" y2=\"\(at)\"/>"
          + "<text class=\"tick\" x=\"\(frame.left - 6)\" y=\"\(at)\" dy=\"0.35em\" text-anchor=\"end\">"
          + "\(Markup.number(tick))</text>")
    }
    for tick in self.x.ticks {
      let at = Self.place(self.x.position(tick))
      marks.append(
        "<text class=\"tick\" x=\"\(at)\" y=\"\(size.height - frame.bottom + 15)\" text-anchor=\"middle\">"
          + "\(label(tick))</text>")
    }
    let middle = Self.place((frame.left + size.width - frame.right) / 2)
    marks.append(
      "<line class=\"axis\" x1=\"\(frame.left)\" x2=\"\(size.width - frame.right)\" "
        + "y1=\"\(size.height - frame.bottom)\" y2=\"\(size.height - frame.bottom)\"/>"
        + "<text class=\"label\" x=\"\(middle)\" y=\"\(size.height - 6)\" text-anchor=\"middle\">"
        + "\(Markup.escaped(xTitle))</text>"
        + "<text class=\"label\" x=\"6\" y=\"24\">\(Markup.escaped(yTitle))</text>")
  }

  private static func place(_ value: Double) -> String { String(format: "%.1f", value) }

  private func point(_ px: Double, _ py: Double) -> String {
    "\(Self.place(x.position(px))),\(Self.place(y.position(py)))"
  }

  mutating func line(_ xs: [Double], _ ys: [Double], colour: Int, note: String = "") {
    let points = zip(xs, ys).map { point($0, $1) }.joined(separator: " ")
    marks.append(
      "<polyline class=\"line c\(colour)\" points=\"\(points)\"><title>\(Markup.escaped(note))</title>"
        + "</polyline>")
  }

  mutating func band(_ xs: [Double], _ low: [Double], _ high: [Double], colour: Int) {
    let there = zip(xs, high).map { point($0, $1) }
    let back = zip(xs, low).map { point($0, $1) }.reversed()
    marks.append(
      "<polygon class=\"band c\(colour)\" points=\"\((there + back).joined(separator: " "))\"/>")
  }

  mutating func dot(_ px: Double, _ py: Double, colour: Int, note: String) {
    marks.append(
      "<circle class=\"dot c\(colour)\" cx=\"\(Self.place(x.position(px)))\" "
        + "cy=\"\(Self.place(y.position(py)))\" r=\"3\"><title>\(Markup.escaped(note))</title></circle>"
    )
  }

  /// A dashed line across, such as a threshold.
  mutating func level(_ value: Double, _ text: String) {
    guard y.range.contains(value) else { return }
    let at = Self.place(y.position(value))
    marks.append(
      "<line class=\"level\" x1=\"\(Self.frame.left)\" x2=\"\(Self.size.width - Self.frame.right)\" "
        + "y1=\"\(at)\" y2=\"\(at)\"><title>\(Markup.escaped(text))</title></line>"
        + "<text class=\"note\" x=\"\(Self.frame.left + 4)\" y=\"\(at)\" dy=\"-4\">"
        + "\(Markup.escaped(text))</text>")
  }

  var svg: String {
    "<svg viewBox=\"0 0 \(Int(Self.size.width)) \(Int(Self.size.height))\" role=\"img\" "
      + "aria-label=\"\(Markup.escaped(title))\">\(drawing)</svg>\n"
  }

  private var drawing: String {
    "<text class=\"head\" x=\"6\" y=\"11\">\(Markup.escaped(title))</text>\n"
      + marks.joined(separator: "\n")
  }

  /// A file of its own, with paper, colours in light and in dark, and the names of the lines.
  func picture(legend: [(name: String, colour: Int)]) -> String {
    let (width, bottom) = (Self.size.width, Self.size.height + 8)
    // Wide enough for the longest name in the legend's type.
    let column = 34 + 7 * Double(legend.map(\.name.count).max() ?? 0)
    let columns = max(1, Int((width - Self.frame.left) / column))
    let rows = legend.count > 1 ? (legend.count + columns - 1) / columns : 0
    let height = bottom + 18 * Double(rows)
    let names = legend.enumerated().map { i, entry in
      let left = Self.frame.left + column * Double(i % columns)
      let middle = bottom + 18 * Double(i / columns) + 4
      return
        "<rect class=\"part c\(entry.colour)\" x=\"\(left)\" y=\"\(middle - 4)\" width=\"16\" height=\"8\" rx=\"2\"/>"
        + "<text class=\"row\" x=\"\(left + 21)\" y=\"\(middle)\" dy=\"0.35em\">\(Markup.escaped(entry.name))</text>"
    }
    return
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(width)) \(Int(height))\" "
      + "width=\"\(Int(width))\" height=\"\(Int(height))\" role=\"img\" aria-label=\"\(Markup.escaped(title))\">\n"
      + "<style>\n\(PageStyle.drawings)\n</style>\n"
      + "<rect width=\"100%\" height=\"100%\" fill=\"var(--paper)\"/>\n"
      + drawing + (rows > 0 ? names.joined(separator: "\n") : "") + "</svg>\n"
  }
}

/// Numbers on a line of the page, with ticks at round ones.
struct Axis {
  let range: ClosedRange<Double>
  let ticks: [Double]
  private let start: Double
  private let end: Double

  init(_ range: ClosedRange<Double>, from start: Double, to end: Double, count: Int) {
    let width = range.upperBound - range.lowerBound
    // A flat line is drawn in the middle of something.
    let margin = width > 0 ? 0 : max(1e-6, range.lowerBound.magnitude * 0.1)
    let range = range.lowerBound - margin...range.upperBound + margin
    self.range = range
    (self.start, self.end) = (start, end)
    let rough = (range.upperBound - range.lowerBound) / Double(count)
    let power = pow(10, floor(log10(rough)))
    let step = power * ([1, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10)
    let first = (range.lowerBound / step).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    ticks = first <= last ? stride(from: first, through: last, by: 1).map { $0 * step } : []
  }

  func position(_ value: Double) -> Double {
    start + (end - start) * (value - range.lowerBound) / (range.upperBound - range.lowerBound)
  }

  /// A range a little wider than the values, which are at least one.
  static func range(of values: [Double]) -> ClosedRange<Double> {
    let finite = values.filter(\.isFinite)
    let (low, high) = (finite.min() ?? 0, finite.max() ?? 1)
    let margin = (high - low) * 0.06
    return low - margin...high + margin
  }
}

/// Estimates with their intervals, a row each, under one axis.
struct IntervalChart {
  struct Row {
    var label: String
    var colour: Int
    var estimate: BenchmarkSummary.Estimate
    /// Single values to be seen beside the estimate, such as the seeds.
    var points: [Double] = []
  }

  var title: String
  var rows: [Row]
  /// The axis, or nil for one that fits.
  var range: ClosedRange<Double>?
  /// Where a dashed line stands, such as at even chances.
  var level: Double?
  var labelWidth = 90.0

  var svg: String {
    let (width, rowHeight, top) = (440.0, 26.0, 24.0)
    let bottom = top + rowHeight * Double(rows.count)
    let values = rows.flatMap {
      [$0.estimate.value, $0.estimate.interval.low, $0.estimate.interval.high] + $0.points
    }
    let fit = range ?? Axis.range(of: values + (level.map { [$0] } ?? []))
    let axis = Axis(fit, from: labelWidth + 8, to: width - 14, count: 5)
    func place(_ value: Double) -> String {
      String(
        format: "%.1f", axis.position(min(max(value, axis.range.lowerBound), axis.range.upperBound))
      )
    }
    var marks = axis.ticks.map { tick in
      "<line class=\"grid\" x1=\"\(place(tick))\" x2=\"\(place(tick))\" y1=\"\(top)\" y2=\"\(bottom)\"/>"
        + "<text class=\"tick\" x=\"\(place(tick))\" y=\"\(bottom + 14)\" text-anchor=\"middle\">"
        + "\(Markup.number(tick))</text>"
    }
    if let level {
      marks.append(
        "<line class=\"level\" x1=\"\(place(level))\" x2=\"\(place(level))\" y1=\"\(top)\" y2=\"\(bottom)\"/>"
      )
    }
    for (index, row) in rows.enumerated() {
      let middle = top + rowHeight * (Double(index) + 0.5)
      let (low, high) = (row.estimate.interval.low, row.estimate.interval.high)
      let barWidth = max(
        1,
        axis.position(min(high, axis.range.upperBound))
          - axis.position(max(low, axis.range.lowerBound)))
      let note =
        "\(row.label): \(Markup.number(row.estimate.value)), "
        + "95 % interval \(Markup.number(low)) to \(Markup.number(high))"
      marks.append(
        "<text class=\"row\" x=\"\(labelWidth)\" y=\"\(middle)\" dy=\"0.35em\" text-anchor=\"end\">"
          + "\(Markup.escaped(row.label))</text><g><title>\(Markup.escaped(note))</title>"
          + "<rect class=\"bar c\(row.colour)\" x=\"\(place(low))\" y=\"\(middle - 7)\" "
          + "width=\"\(String(format: "%.1f", barWidth))\" height=\"14\" rx=\"2\"/>"
          + "<line class=\"line c\(row.colour)\" x1=\"\(place(row.estimate.value))\" "
          + "x2=\"\(place(row.estimate.value))\" y1=\"\(middle - 9)\" y2=\"\(middle + 9)\"/>"
          + row.points.map {
            "<circle class=\"dot c\(row.colour)\" cx=\"\(place($0))\" cy=\"\(middle)\" r=\"2.4\"/>"
          }.joined() + "</g>")
    }
    return
      "<svg viewBox=\"0 0 440 \(Int(bottom + 22))\" role=\"img\" aria-label=\"\(Markup.escaped(title))\">"
      + "<text class=\"head\" x=\"6\" y=\"13\">\(Markup.escaped(title))</text>\n"
      + marks.joined(separator: "\n") + "</svg>\n"
  }
}

/// Bars of several parts, a row each: what a whole is made of.
struct StackedBars {
  struct Row {
    var label: String
    var parts: [(name: String, value: Double)]
    var note: String
  }

  var title: String
  var rows: [Row]
  /// The names of the parts in the order of their colours.
  var names: [String]
  var labelWidth = 90.0

  var svg: String {
    let (width, rowHeight, top) = (440.0, 26.0, 24.0)
    let largest = rows.map { $0.parts.reduce(0) { $0 + $1.value } }.max() ?? 1
    let space = width - labelWidth - 8 - 92
    var marks: [String] = []
    for (index, row) in rows.enumerated() {
      let middle = top + rowHeight * (Double(index) + 0.5)
      var left = labelWidth + 8
      marks.append(
        "<text class=\"row\" x=\"\(labelWidth)\" y=\"\(middle)\" dy=\"0.35em\" text-anchor=\"end\">"
          + "\(Markup.escaped(row.label))</text>")
      for part in row.parts {
        let length = space * part.value / max(largest, 1e-12)
        let colour = names.firstIndex(of: part.name) ?? 0
        marks.append(
          "<rect class=\"part p\(colour)\" x=\"\(String(format: "%.1f", left))\" y=\"\(middle - 8)\" "
            + "width=\"\(String(format: "%.1f", length))\" height=\"16\"><title>"
            + "\(Markup.escaped(part.name)): \(Markup.number(part.value, digits: 3)) µs a step</title></rect>"
        )
        left += length
      }
      marks.append(
        "<text class=\"tick\" x=\"\(String(format: "%.1f", left + 6))\" y=\"\(middle)\" dy=\"0.35em\">"
          + "\(Markup.escaped(row.note))</text>")
    }
    let bottom = top + rowHeight * Double(rows.count)
    return
      "<svg viewBox=\"0 0 440 \(Int(bottom + 6))\" role=\"img\" aria-label=\"\(Markup.escaped(title))\">"
      + "<text class=\"head\" x=\"6\" y=\"13\">\(Markup.escaped(title))</text>\n"
      + marks.joined(separator: "\n") + "</svg>\n"
  }
}
