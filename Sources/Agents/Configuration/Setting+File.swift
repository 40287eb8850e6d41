import Yams

extension Setting {
  /// The keys and values of a file that is one mapping, in its order; none where the file is empty.
  ///
  /// - Throws: `RunError` of kind `data` when the text is not such a mapping.
  static func mapping(yaml: String, file: String) throws -> [(key: String, value: Node)] {
    guard yaml.utf8.count <= 65_536 else {
      throw RunError(
        .data, "\(file) has \(yaml.utf8.count) bytes, more than a file of settings may have (65536)"
      )
    }
    guard isShallow(yaml) else {
      throw RunError(
        .data, "\(file) is nested too deeply; settings are one mapping from keys to values")
    }
    let node: Node?
    do { node = try Yams.compose(yaml: yaml) } catch {
      let reason = "\(error)".split(separator: "\n").first.map(String.init) ?? "not YAML"
      throw RunError(.data, "\(file) cannot be read as YAML: \(reason)")
    }
    guard let node else { return [] }
    guard case .mapping(let mapping) = node else {
      throw RunError(.data, "\(file) is not a mapping from keys to values, such as gamma: 0.99")
    }
    return try mapping.map { key, value in
      guard case .scalar(let name) = key else {
        throw RunError(.data, "\(file) has a key that is not a word")
      }
      return (name.string, value)
    }
  }

  /// Whether a text nests little enough for a parser that recurses.
  static func isShallow(_ yaml: String) -> Bool {
    // Brackets are counted and never matched: one in quotes or in a comment would fool a count of the
    // depth.
    var brackets = 0
    for line in yaml.split(whereSeparator: \.isNewline) {
      let indent = line.prefix { $0 == " " || $0 == "-" || $0 == "?" || $0 == ":" || $0 == "\t" }
      if indent.count > 64 { return false }
      for character in line {
        if character == "[" || character == "{" { brackets += 1 }
        if brackets > 256 { return false }
      }
    }
    return true
  }
}
