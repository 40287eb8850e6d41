import Yams

/// A value as files and the command line hold it.
indirect enum Setting: Codable, Equatable {
  case none
  case truth(Bool)
  case integer(Int)
  case number(Double)
  case word(String)
  case list([Setting])
  case mapping([String: Setting])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .none
    } else if let value = try? container.decode(Bool.self) {
      self = .truth(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .word(value)
    } else if let values = try? container.decode([Setting].self) {
      self = .list(values)
    } else {
      self = .mapping(try container.decode([String: Setting].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .none: try container.encodeNil()
    case .truth(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .word(let value): try container.encode(value)
    case .list(let values): try container.encode(values)
    case .mapping(let values): try container.encode(values)
    }
  }

  /// The value of a plain YAML scalar; quoted ones stay words.
  init(scalar: Node.Scalar) {
    let text = scalar.string
    if scalar.style != .plain && scalar.style != .any {
      self = .word(text)
      return
    }
    switch text {
    case "", "~", "null", "Null", "NULL", "None": self = .none
    case "true", "True", "TRUE": self = .truth(true)
    case "false", "False", "FALSE": self = .truth(false)
    default:
      let digits = text.replacing("_", with: "")
      if let value = Int(digits) {
        self = .integer(value)
      } else if let value = Double(digits), value.isFinite, digits.first?.isLetter == false {
        // 1e5 is a whole number to whoever writes it.
        self =
          value == value.rounded() && value.magnitude < 1e15 ? .integer(Int(value)) : .number(value)
      } else {
        self = .word(text)
      }
    }
  }

  init?(_ node: Node) {
    switch node {
    case .scalar(let scalar): self.init(scalar: scalar)
    case .sequence(let sequence):
      var values: [Setting] = []
      for element in sequence {
        guard case .scalar(let scalar) = element else { return nil }
        values.append(Setting(scalar: scalar))
      }
      self = .list(values)
    case .mapping(let mapping):
      var values: [String: Setting] = [:]
      for (key, value) in mapping {
        guard case .scalar(let name) = key, let value = Setting(value) else { return nil }
        values[name.string] = value
      }
      self = .mapping(values)
    default: return nil
    }
  }

  /// As it is written in YAML.
  var text: String {
    switch self {
    case .none: "null"
    case .truth(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .word(let value): value
    case .list(let values): "[" + values.map(\.partText).joined(separator: ", ") + "]"
    case .mapping(let values):
      "{"
        + values.sorted { $0.key < $1.key }.map { "\(Setting.word($0).partText): \($1.partText)" }
        .joined(separator: ", ") + "}"
    }
  }

  /// As it is written within a list or a mapping: a word that would read as something else in quotes.
  private var partText: String {
    guard case .word(let word) = self else { return text }
    let isPlain =
      word.utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0 & 0xdf) || "_-.".utf8.contains($0)
      } && Setting(scalar: Node.Scalar(word)) == self && !word.hasPrefix("-")
    if isPlain { return word }
    var quoted = "\""
    for scalar in word.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case _ where scalar.value < 0x20:
        quoted += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
