/// GPT-2's alphabet: a printable character for each byte, so that tokens can be written as text
/// (https://github.com/openai/gpt-2/blob/master/src/encoder.py, `bytes_to_unicode`).
enum ByteAlphabet {
  /// The character of each byte: itself where it is printable in Latin-1, else the next from U+0100 on.
  static let characters: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0...255 as ClosedRange<UInt32>).map { byte in
      let isPrintable =
        (0x21...0x7e).contains(byte) || (0xa1...0xac).contains(byte) || (0xae...0xff).contains(byte)
      if !isPrintable { next += 1 }
      return Unicode.Scalar(isPrintable ? byte : next - 1) ?? " "
    }
  }()

  /// The byte of each character below U+0144, or −1.
  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, character) in characters.enumerated() { bytes[Int(character.value)] = Int16(byte) }
    return bytes
  }()

  /// Appends the bytes that `text`, UTF-8 of the alphabet's characters, stands for.
  ///
  /// - Returns: False, and nothing is appended, where it holds another character or is not UTF-8.
  static func append(_ text: UnsafeBufferPointer<UInt8>, to result: inout [UInt8]) -> Bool {
    let start = result.count
    var isSpelled = true
    bytes.withUnsafeBufferPointer { bytes in
      var position = 0
      while position < text.count {
        var code = Int(text[position])
        position += 1
        if code >= 0x80 {
          guard code >= 0xc2, code <= 0xc5, position < text.count, text[position] & 0xc0 == 0x80
          else {
            isSpelled = false
            return
          }
          code = (code & 0x1f) << 6 | Int(text[position] & 0x3f)
          position += 1
        }
        guard code < bytes.count, bytes[code] >= 0 else {
          isSpelled = false
          return
        }
        result.append(UInt8(bytes[code]))
      }
    }
    if !isSpelled { result.removeSubrange(start...) }
    return isSpelled
  }

  /// Bytes as text of the alphabet.
  static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(characters[Int(byte)]) }
    return String(text)
  }
}
