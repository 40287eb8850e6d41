import Swirl

/// How a row of numbers is written as JSON: a discrete value as a number, an array nested by its
/// shape, a tuple as an array of its parts, a dictionary as an object.
///
/// Made once from a space, so that writing a row asks no space anything.
indirect enum RowFormat {
  case integer
  case integers([Int])
  case numbers([Int])
  case text(Text)
  case tuple([RowFormat])
  case dictionary([(key: String, value: RowFormat)])

  init(_ space: any Space) {
    switch space {
    case let box as Box:
      self =
        switch box.elementType {
        case .float32, .float64: .numbers(box.shape)
        case .uint8, .int8, .int32, .int64: .integers(box.shape)
        }
    case let space as MultiDiscrete: self = .integers(space.shape)
    case let space as MultiBinary: self = .integers(space.shape)
    case let space as Text: self = .text(space)
    case let space as Tuple: self = .tuple(space.spaces.map { RowFormat($0) })
    case let space as Dict:
      self = .dictionary(zip(space.keys, space.spaces).map { ($0, RowFormat($1)) })
    case is Discrete: self = .integer
    default: self = .numbers([space.flatSize])
    }
  }
}

extension Output {
  /// Writes a row; it holds as many numbers as the space that the format came from says.
  mutating func row(_ row: Span<Float>, as format: RowFormat) {
    var position = 0
    part(of: row, from: &position, as: format)
  }

  private mutating func part(of row: Span<Float>, from position: inout Int, as format: RowFormat) {
    switch format {
    case .integer:
      integer(row[position])
      position += 1
    case .numbers(let shape):
      array(of: row, from: &position, shape[...]) { $0.number($1) }
    case .integers(let shape):
      array(of: row, from: &position, shape[...]) { $0.integer($1) }
    case .text(let space):
      let size = space.flatSize
      string(space.unflatten(row.extracting(position..<position + size)) ?? "")
      position += size
    case .tuple(let parts):
      text("[" as StaticString)
      for (index, format) in parts.enumerated() {
        if index > 0 { text(", " as StaticString) }
        part(of: row, from: &position, as: format)
      }
      text("]" as StaticString)
    case .dictionary(let parts):
      text("{" as StaticString)
      for (index, (key, format)) in parts.enumerated() {
        if index > 0 { text(", " as StaticString) }
        string(key)
        text(": " as StaticString)
        part(of: row, from: &position, as: format)
      }
      text("}" as StaticString)
    }
  }

  private mutating func array(
    of row: Span<Float>, from position: inout Int, _ shape: ArraySlice<Int>,
    _ write: (inout Output, Float) -> Void
  ) {
    guard let length = shape.first else {
      write(&self, row[position])
      position += 1
      return
    }
    text("[" as StaticString)
    for index in 0..<length {
      if index > 0 { text(", " as StaticString) }
      array(of: row, from: &position, shape.dropFirst(), write)
    }
    text("]" as StaticString)
  }

  /// A whole number as JSON spells one; what is none (an environment's mistake) is shown as it is.
  private mutating func integer(_ value: Float) {
    if let whole = Int(exactly: value) { number(whole) } else { number(value) }
  }
}
