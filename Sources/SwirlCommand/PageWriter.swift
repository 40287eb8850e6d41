import Swirl

/// Prints the page of an environment.
struct PageWriter {
  private let about: EnvironmentDescription
  private static let width = 96

  init(_ description: EnvironmentDescription) { about = description }
}

// MARK: - For people

extension PageWriter {
  func printText() {
    let page = about.page
    line(about.spec.id)
    if !page.summary.isEmpty { paragraph(page.summary) }
    section("Observation", withoutManyBounds("\(about.observationSpace)"))
    table(about.observations.map(cells))
    section("Action", withoutManyBounds("\(about.actionSpace)"))
    table(about.actions.map(cells))
    if about.maskSize > 0 { paragraph("A mask says which actions are allowed.", indent: 2) }
    if !about.metricNames.isEmpty {
      section("Metrics", about.metricNames.joined(separator: ", "))
    }
    section("Dynamics", page.dynamics)
    section("Reward", page.reward)
    section("Start", page.start)
    section("Endings", page.endings)
    section(
      "Time limit", about.spec.maxEpisodeSteps.map { "truncated after \($0) steps" } ?? "none")
    section("Threshold", about.spec.rewardThreshold.map(number) ?? "none")
    if !about.options.isEmpty {
      section("Options", "--option name=value")
      for option in about.options {
        let now = about.spec.options[option.name] ?? option.defaultValue
        let names = [option.name] + option.aliases
        line("  \(names.joined(separator: ", ")) = \(now)")
        paragraph("\(option.summary) Allowed: \(option.allowed).", indent: 6)
      }
    }
    if !page.versions.isEmpty {
      section("Versions")
      table(page.versions.map { [$0.name, $0.changes] })
    }
    if !about.replaced.isEmpty {
      section("Outdated")
      table(about.replaced.map { [$0.id, $0.difference] })
    }
    section("Source", page.source)
  }

  private func line(_ text: String) {
    Output.standard.text(text)
    Output.standard.endLine()
  }

  private func section(_ title: String) {
    line("")
    line(title)
  }

  private func section(_ title: String, _ text: String) {
    if text.isEmpty { return }
    section(title)
    paragraph(text, indent: 2)
  }

  /// Broken between words; a word too long for a line has one of its own.
  private func paragraph(_ text: String, indent: Int = 0) {
    let margin = String(repeating: " ", count: indent)
    var current = margin
    for word in text.split(separator: " ") {
      if current.count > indent, current.count + 1 + word.count > Self.width {
        line(current)
        current = margin
      }
      current += (current.count > indent ? " " : "") + word
    }
    line(current)
  }

  /// Rows of cells under each other; the last one is as wide as it is.
  private func table(_ rows: [[String]]) {
    let columns = rows.first?.count ?? 0
    let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
    for row in rows {
      let cells = row.enumerated().filter { widths[$0.offset] > 0 }.map { column, cell in
        column == columns - 1
          ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
      }
      var text = "  " + cells.joined(separator: "  ")
      while text.hasSuffix(" ") { text.removeLast() }
      line(text)
    }
  }

  private func cells(_ row: EnvironmentDescription.Row) -> [String] {
    var bounds = row.space ?? ""
    if let low = row.low, let high = row.high {
      bounds =
        low == -.infinity && high == .infinity ? "any number" : "\(number(low)) … \(number(high))"
    }
    return [row.place, row.name, row.unit ?? "", bounds]
  }

  /// A bound as a person writes it: bounds are rounded to Float32, whose digits are enough.
  private func number(_ value: Double) -> String {
    if value.isInfinite { return value < 0 ? "−∞" : "∞" }
    let text =
      value == value.rounded() && value.magnitude < 1e9
      ? "\(Int(value))" : Double(Float(value)) == value ? "\(Float(value))" : "\(value)"
    return text.replacing("-", with: "−")
  }
}

// MARK: - For programs

extension PageWriter {
  func printJSON() {
    let page = about.page
    let spec = about.spec
    Output.standard.text("{\"id\": ")
    Output.standard.string(spec.id)
    string("summary", page.summary)
    string("observation_space", "\(about.observationSpace)")
    string("action_space", "\(about.actionSpace)")
    key("max_episode_steps")
    if let limit = spec.maxEpisodeSteps { Output.standard.number(limit) } else { null() }
    key("reward_threshold")
    if let threshold = spec.rewardThreshold { Output.standard.number(threshold) } else { null() }
    list("observations", about.observations, write)
    list("actions", about.actions, write)
    key("mask_size")
    Output.standard.number(about.maskSize)
    list("metrics", about.metricNames) { $0.string($1) }
    string("dynamics", page.dynamics)
    string("reward", page.reward)
    string("start", page.start)
    string("endings", page.endings)
    list("options", about.options, write)
    list("versions", page.versions) { out, version in
      out.text("{\"version\": ")
      out.string(version.name)
      out.text(", \"changes\": ")
      out.string(version.changes)
      out.text("}")
    }
    list("replaces", about.replaced) { out, old in
      out.text("{\"id\": ")
      out.string(old.id)
      out.text(", \"difference\": ")
      out.string(old.difference)
      out.text("}")
    }
    string("source", page.source)
    Output.standard.text("}")
    Output.standard.endLine()
  }

  private func key(_ name: String) { Output.standard.text(", \"\(name)\": ") }

  private func null() { Output.standard.text("null") }

  private func string(_ name: String, _ text: String) {
    key(name)
    Output.standard.string(text)
  }

  private func list<Value>(
    _ name: String, _ values: [Value], _ write: (inout Output, Value) -> Void
  ) {
    key(name)
    Output.standard.list(values, write)
  }

  private func write(_ out: inout Output, _ row: EnvironmentDescription.Row) {
    out.text("{\"place\": ")
    out.string(row.place)
    out.text(", \"name\": ")
    out.string(row.name)
    for (name, text) in [("unit", row.unit), ("space", row.space)] {
      out.text(", \"\(name)\": ")
      if let text { out.string(text) } else { out.text("null") }
    }
    for (name, bound) in [("low", row.low), ("high", row.high)] {
      out.text(", \"\(name)\": ")
      // None, as far as a program is concerned.
      if let bound, bound.isFinite { out.number(bound) } else { out.text("null") }
    }
    out.text("}")
  }

  private func write(_ out: inout Output, _ option: EnvironmentOption) {
    out.text("{\"name\": ")
    out.string(option.name)
    out.text(", \"type\": ")
    out.string(option.typeName)
    out.text(", \"value\": ")
    out.option(about.spec.options[option.name] ?? option.defaultValue)
    out.text(", \"default\": ")
    out.option(option.defaultValue)
    out.text(", \"allowed\": ")
    out.string(option.allowed)
    out.text(", \"summary\": ")
    out.string(option.summary)
    out.text(", \"aliases\": ")
    out.list(option.aliases) { $0.string($1) }
    out.text("}")
  }
}

extension Output {
  fileprivate mutating func option(_ value: OptionValue) {
    switch value {
    case .flag(let value): boolean(value)
    case .integer(let value): number(value)
    case .number(let value): number(value)
    case .text(let value): string(value)
    case .list(let values): list(values) { $0.option($1) }
    }
  }
}

extension EnvironmentOption {
  fileprivate var typeName: String {
    switch kind {
    case .flag: "flag"
    case .integer: "integer"
    case .number: "number"
    case .text: "text"
    case .choice: "choice"
    case .numbers: "numbers"
    case .texts: "texts"
    }
  }
}
