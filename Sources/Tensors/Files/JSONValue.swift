/// A JSON text, read strictly (RFC 8259): whole numbers stay whole, a name may stand in an object once,
/// nesting is bounded, and text must be valid UTF-8. For headers of files from outside.
package enum JSONValue {
  case null
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([(name: String, value: JSONValue)])
  /// An object or a list that was left for a `JSONReader`: the bytes where it stands.
  case unread(Range<Int>)

  /// - Parameter leaving: Members of a member of the whole that are not read yet where they are objects
  ///   or lists; whoever reads them finds what is wrong in them.
  /// - Throws: `JSONProblem`, which says what is wrong and at which byte.
  package static func read(
    _ bytes: UnsafeRawBufferPointer, maximumDepth: Int,
    leaving: (of: String, members: [String])? = nil
  ) throws(JSONProblem) -> JSONValue {
    var reader = JSONReader(bytes, maximumDepth: maximumDepth, leaving: leaving)
    let value = try reader.value(depth: 0)
    reader.skipSpace()
    if reader.position != bytes.count { throw reader.problem("text follows the value") }
    return value
  }

  package var string: String? { if case .string(let text) = self { text } else { nil } }
  package var object: [(name: String, value: JSONValue)]? {
    if case .object(let members) = self { members } else { nil }
  }
  /// A list of whole numbers.
  package var integers: [Int]? {
    guard case .array(let elements) = self else { return nil }
    var result: [Int] = []
    for element in elements {
      guard case .integer(let number) = element else { return nil }
      result.append(number)
    }
    return result
  }

  /// `text` between quotation marks, escaped.
  package static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 {
          let digits = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}

/// Where and why a text is not JSON.
package struct JSONProblem: Error {
  package let what: String
  package let position: Int
}
