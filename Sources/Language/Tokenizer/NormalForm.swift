import Foundation

/// Unicode's normal form C of text that may hold bytes outside UTF-8.
enum NormalForm {
  /// The composed text, or nil where it is the same: no character below U+0300 changes.
  static func composed(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard let base = text.baseAddress, text.contains(where: { $0 >= 0xcc }) else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var (position, validFrom) = (0, 0)
    func flush() {
      if validFrom == position { return }
      let valid = UnsafeBufferPointer(start: base + validFrom, count: position - validFrom)
      let string = String(decoding: valid, as: UTF8.self)
      result.append(contentsOf: string.precomposedStringWithCanonicalMapping.utf8)
    }
    while position < text.count {
      if base[position] < 0x80 {
        position += 1
      } else if let (_, length) = CharacterScanner.decode(base + position, text.count - position) {
        position += length
      } else {
        flush()
        result.append(base[position])
        position += 1
        validFrom = position
      }
    }
    flush()
    return result
  }
}
