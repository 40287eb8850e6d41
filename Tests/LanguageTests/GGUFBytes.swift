import Foundation
import Runtime

/// The bytes of a GGUF file, right or wrong wherever a test wants it so.
struct GGUFBytes {
  struct Entry {
    var name: String
    /// Innermost axis first, as files write them.
    var sizes: [UInt64]
    var type: UInt32
    var data: [UInt8]
    var offset: UInt64?
  }

  var magic: [UInt8] = Array("GGUF".utf8)
  var version: UInt32 = 3
  var tensorCount: UInt64?
  var keyCount: UInt64?
  /// Keys with their values' type and bytes.
  var keys: [(name: [UInt8], type: UInt32, value: [UInt8])] = []
  var tensors: [Entry] = []
  var alignment = 32
  /// Bytes the file lacks at its end.
  var missing = 0

  static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  static func text(_ text: some Sequence<UInt8>) -> [UInt8] {
    bytes(UInt64(Array(text).count)) + Array(text)
  }

  mutating func set(_ key: String, _ type: UInt32, _ value: [UInt8]) {
    keys.removeAll { $0.name == Array(key.utf8) }
    keys.append((Array(key.utf8), type, value))
  }

  mutating func set(_ key: String, _ number: Int) { set(key, 4, Self.bytes(UInt32(number))) }
  mutating func set(_ key: String, _ text: String) { set(key, 8, Self.text(text.utf8)) }
  mutating func set(_ key: String, _ number: Float) { set(key, 6, Self.bytes(number.bitPattern)) }
  mutating func set(_ key: String, _ texts: [String]) {
    set(
      key, 9,
      Self.bytes(UInt32(8)) + Self.bytes(UInt64(texts.count)) + texts.flatMap { Self.text($0.utf8) }
    )
  }
  mutating func set(_ key: String, _ numbers: [Int32]) {
    set(
      key, 9,
      Self.bytes(UInt32(5)) + Self.bytes(UInt64(numbers.count)) + numbers.flatMap { Self.bytes($0) }
    )
  }
  mutating func remove(_ key: String) { keys.removeAll { $0.name == Array(key.utf8) } }

  mutating func change(_ tensor: String, _ body: (inout Entry) -> Void) {
    for i in tensors.indices where tensors[i].name == tensor { body(&tensors[i]) }
  }

  var encoded: [UInt8] {
    var out = magic + Self.bytes(version)
    out += Self.bytes(tensorCount ?? UInt64(tensors.count))
    out += Self.bytes(keyCount ?? UInt64(keys.count))
    for (name, type, value) in keys { out += Self.text(name) + Self.bytes(type) + value }
    var offset = 0
    var data: [UInt8] = []
    for tensor in tensors {
      out += Self.text(tensor.name.utf8) + Self.bytes(UInt32(tensor.sizes.count))
      out += tensor.sizes.flatMap { Self.bytes($0) } + Self.bytes(tensor.type)
      out += Self.bytes(tensor.offset ?? UInt64(offset))
      data += tensor.data
      while data.count % alignment != 0 { data.append(0) }
      offset = data.count
    }
    while out.count % alignment != 0 { out.append(0) }
    return (out + data).dropLast(missing)
  }

  /// A small model of the Llama family with one block, a tensor of every type, and a tokenizer.
  static func model() -> GGUFBytes {
    var file = GGUFBytes()
    file.set("general.architecture", "llama")
    file.set("llama.block_count", 1)
    file.set("llama.context_length", 64)
    file.set("llama.embedding_length", 256)
    file.set("llama.feed_forward_length", 256)
    file.set("llama.attention.head_count", 4)
    file.set("llama.attention.head_count_kv", 2)
    file.set("llama.rope.freq_base", Float(10_000))
    file.set("llama.rope.dimension_count", 64)
    file.set("llama.attention.layer_norm_rms_epsilon", Float(1e-5))
    file.addTokenizer()
    var random = PCG64(seed: 3)
    /// Blocks of small numbers: the scales are halves near 2⁻¹⁰, at byte `scales` of each.
    func tensor(
      _ name: String, _ rows: Int, _ columns: Int, _ type: UInt32, _ block: (Int, Int),
      _ scales: [Int]
    ) {
      var data = (0..<rows * columns / block.0 * block.1).map { _ in
        UInt8(truncatingIfNeeded: random.next())
      }
      for start in stride(from: 0, to: data.count, by: block.1) {
        for place in scales { (data[start + place], data[start + place + 1]) = (0x21, 0x14) }
      }
      file.tensors.append(
        Entry(
          name: name, sizes: rows == 1 ? [UInt64(columns)] : [UInt64(columns), UInt64(rows)],
          type: type, data: data))
    }
    func floats(_ name: String, _ count: Int) {
      let data = (0..<count).flatMap { _ in
        bytes(Float(0.5 + Double(random.next() >> 40) / Double(1 << 24)).bitPattern)
      }
      file.tensors.append(Entry(name: name, sizes: [UInt64(count)], type: 0, data: data))
    }
    tensor("token_embd.weight", 264, 256, 8, (32, 34), [0])
    floats("output_norm.weight", 256)
    floats("blk.0.attn_norm.weight", 256)
    tensor("blk.0.attn_q.weight", 256, 256, 3, (32, 20), [0, 2])
    tensor("blk.0.attn_k.weight", 128, 256, 2, (32, 18), [0])
    tensor("blk.0.attn_v.weight", 128, 256, 14, (256, 210), [208])
    tensor("blk.0.attn_output.weight", 256, 256, 12, (256, 144), [0, 2])
    floats("blk.0.ffn_norm.weight", 256)
    tensor("blk.0.ffn_gate.weight", 256, 256, 6, (32, 22), [0])
    tensor("blk.0.ffn_up.weight", 256, 256, 1, (1, 2), [0])
    tensor("blk.0.ffn_down.weight", 256, 256, 30, (1, 2), [])
    for i in stride(from: 1, to: file.tensors.last?.data.count ?? 0, by: 2) {
      file.tensors[file.tensors.count - 1].data[i] = 0x3c  // bfloat16 near 2⁻⁷
    }
    return file
  }

  /// The 256 bytes, three merges, two special tokens and one that is added.
  private mutating func addTokenizer() {
    let printable = Array(0x21...0x7e) + Array(0xa1...0xac) + Array(0xae...0xff)
    let others = (0..<256).filter { !printable.contains($0) }
    let alphabet = (0..<256).map { byte in
      String(
        UnicodeScalar(UInt32(printable.contains(byte) ? byte : 256 + others.firstIndex(of: byte)!))!
      )
    }
    let tokens = alphabet + ["he", "ll", "hell", "<|im_start|>", "<|im_end|>", "<tool>"]
    set("tokenizer.ggml.model", "gpt2")
    set("tokenizer.ggml.pre", "smollm")
    set("tokenizer.ggml.tokens", tokens)
    let kinds = [Int32](repeating: 1, count: 259) + [3, 3, 4]
    set("tokenizer.ggml.token_type", kinds)
    set("tokenizer.ggml.merges", ["h e", "l l", "he ll"])
    set("tokenizer.ggml.bos_token_id", 259)
    set("tokenizer.ggml.eos_token_id", 260)
    set(
      "tokenizer.chat_template",
      "{% for m in messages %}{{ '<|im_start|>' + m['role'] }}<|im_end|>{% endfor %}")
  }
}

/// A folder that is gone with the test.
final class ModelFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "swirl-model-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var path: String { url.path }

  @discardableResult
  func write(_ bytes: [UInt8], _ name: String) throws -> String {
    let file = url.appending(path: name)
    try Data(bytes).write(to: file)
    return file.path
  }

  @discardableResult
  func write(_ text: String, _ name: String) throws -> String { try write(Array(text.utf8), name) }
}
