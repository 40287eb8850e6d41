/// How text is cut into the pieces that merges never cross; each is one of the patterns the field uses.
///
/// Patterns, in the notation of regular expressions:
/// - `gpt2`: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
///   (https://github.com/openai/gpt-2/blob/master/src/encoder.py).
/// - `smollm`: every `\p{N}` alone, then `gpt2` on what lies between.
/// - `llama3`: `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|`
///   `` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`` (https://github.com/meta-llama/llama3).
/// - `qwen2`: as `llama3` with `\p{N}` in place of `\p{N}{1,3}`.
/// - `whole`: the text is one piece.
public enum PreTokenizer: String, Sendable, Hashable, CaseIterable {
  case gpt2, smollm, llama3, qwen2, whole

  /// Where the piece that starts at `position` ends; always past `position`.
  @inline(__always)
  func end(of position: Int, in text: CharacterScanner) -> Int {
    switch self {
    case .gpt2: text.gpt2Piece(from: position, numbersAlone: false)
    case .smollm: text.gpt2Piece(from: position, numbersAlone: true)
    case .llama3: text.llama3Piece(from: position, digits: 3)
    case .qwen2: text.llama3Piece(from: position, digits: 1)
    case .whole: text.count
    }
  }
}

extension CharacterScanner {
  /// GPT-2's pattern, alternative by alternative.
  fileprivate func gpt2Piece(from start: Int, numbersAlone: Bool) -> Int {
    if base[start] == UInt8(ascii: "'"), let end = contraction(at: start, anyCase: false) {
      return end
    }
    var (position, current) = (start, character(at: start))
    if base[start] == 0x20 {
      let next = character(at: start + 1)
      if next.kind == .letter || next.kind == .other || (next.kind == .number && !numbersAlone) {
        (position, current) = (start + 1, next)
      }
    }
    switch current.kind {
    case .letter, .other: return end(of: current.kind, from: position + current.length)
    case .number:
      let next = position + current.length
      return numbersAlone ? next : end(of: .number, from: next)
    case .space, .lineBreak, .end: return whiteSpace(from: start, numbersAlone: numbersAlone)
    }
  }

  /// Llama 3's pattern, alternative by alternative.
  fileprivate func llama3Piece(from start: Int, digits: Int) -> Int {
    if base[start] == UInt8(ascii: "'"), let end = contraction(at: start, anyCase: true) {
      return end
    }
    let first = character(at: start)
    let second = start + first.length
    switch first.kind {
    case .letter: return end(of: .letter, from: second)
    case .number:
      var end = second
      for _ in 1..<max(digits, 1) {
        let next = character(at: end)
        if next.kind != .number { break }
        end += next.length
      }
      return end
    case .other, .space:
      let next = character(at: second)
      if next.kind == .letter { return end(of: .letter, from: second + next.length) }
      if first.kind == .other || (base[start] == 0x20 && next.kind == .other) {
        return end(of: .lineBreak, from: end(of: .other, from: second))
      }
    case .lineBreak, .end: break
    }
    var (end, afterBreak) = (start, start)
    while true {
      let next = character(at: end)
      guard next.kind == .space || next.kind == .lineBreak else { break }
      end += next.length
      if next.kind == .lineBreak { afterBreak = end }
    }
    return afterBreak > start ? afterBreak : whiteSpace(from: start, numbersAlone: false)
  }

  /// `\s+(?!\S)|\s+`: the white space up to the end of the text, or all but its last character.
  private func whiteSpace(from start: Int, numbersAlone: Bool) -> Int {
    var (end, last) = (start, start)
    while true {
      let next = character(at: end)
      if next.kind == .space || next.kind == .lineBreak {
        last = end
        end += next.length
      } else if next.kind == .end || (numbersAlone && next.kind == .number) {
        return end
      } else {
        return last > start ? last : end
      }
    }
  }

  /// The end of one of the seven English contractions at `start`, which is an apostrophe.
  private func contraction(at start: Int, anyCase: Bool) -> Int? {
    func letter(_ offset: Int) -> UInt8 {
      guard start + offset < count else { return 0 }
      let byte = base[start + offset]
      return anyCase && byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    }
    let second = letter(2)
    switch letter(1) {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
      return start + 2
    case UInt8(ascii: "r") where second == UInt8(ascii: "e"): return start + 3
    case UInt8(ascii: "v") where second == UInt8(ascii: "e"): return start + 3
    case UInt8(ascii: "l") where second == UInt8(ascii: "l"): return start + 3
    // The long s is an s of another case.
    case 0xc5 where anyCase && second == 0xbf: return start + 3
    default: return nil
    }
  }
}
