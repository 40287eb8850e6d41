import Tensors

/// The `vocab` of a `tokenizer.json`, read without making a text of each of its names: they stand one after another
/// as the bytes that they mean, or as they are spelled where GPT-2's alphabet does not spell them.
struct NamedTokens {
  struct Entry {
    /// −1 where the file has none that could be one.
    let id: Int
    let bytes: Range<Int>
    /// Whether the name is spelled in GPT-2's alphabet.
    let isSpelled: Bool
  }

  private var bytes: [UInt8] = []
  private(set) var entries: [Entry] = []

  init(_ model: ModelJSON, of file: UnsafeRawBufferPointer) throws(ModelError) {
    var (bytes, entries) = ([UInt8](), [Entry]())
    let isThere = try model.read("vocab", of: file, opening: "{") {
      reader throws(JSONProblem) in
      try reader.forEachMember { reader, name throws(JSONProblem) in
        let start = bytes.count
        let isSpelled = !name.isEmpty && ByteAlphabet.append(name, to: &bytes)
        if !isSpelled {
          // What the alphabet spells is UTF-8.
          guard String(validating: name, as: UTF8.self) != nil else {
            throw reader.problem("text is not UTF-8")
          }
          bytes.append(contentsOf: name)
        }
        var id = -1
        if case .integer(let number) = try reader.value(depth: 3) { id = number }
        entries.append(Entry(id: id, bytes: start..<bytes.count, isSpelled: isSpelled))
      }
    }
    guard isThere else { throw model.bad("it lacks a vocab") }
    (self.bytes, self.entries) = (bytes, entries)
  }

  /// The entry of each id below `count`, −1 for none.
  func places(_ count: Int, in model: ModelJSON) throws(ModelError) -> [Int] {
    var places = [Int](repeating: -1, count: count)
    for (place, entry) in entries.enumerated() {
      guard entry.id >= 0, entry.id < count else {
        throw model.bad(
          "the token '\(name(of: entry))' has an id that is not from 0 to \(count - 1)")
      }
      guard places[entry.id] < 0 else { throw model.bad("two tokens have the id \(entry.id)") }
      places[entry.id] = place
    }
    return places
  }

  func withBytes<R>(of entry: Entry, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[entry.bytes])) }
  }

  func name(of entry: Entry) -> String {
    let bytes = bytes[entry.bytes]
    return entry.isSpelled ? ByteAlphabet.encode(bytes) : String(decoding: bytes, as: UTF8.self)
  }
}
