/// Names of Hugging Face's checkpoints, as those of `LanguageModelConfiguration.parameterShapes`.
enum HuggingFaceNames {
  /// Where a parameter lies in a file.
  struct Place: Sendable, Hashable {
    let stored: String
    /// The part of the last axis, as it is stored; nil for all.
    var columns: Range<Int>?
    /// GPT-2's matrices are `[in, out]`.
    var isTransposed = false
  }

  /// The Llama family: the names are the same but for a prefix that bare models lack.
  static func parameters(of stored: String) -> [(name: String, place: Place)] {
    if stored.hasSuffix("rotary_emb.inv_freq") { return [] }
    let isBare =
      stored.hasPrefix("layers.") || stored.hasPrefix("embed_tokens.")
      || stored.hasPrefix("norm.")
    return [(isBare ? "model.\(stored)" : stored, Place(stored: stored))]
  }

  static let gpt2Whole = [
    "wte": "model.embed_tokens", "wpe": "model.embed_positions", "ln_f": "model.norm",
    "lm_head": "lm_head",
  ]
  /// Of a block, with whether the matrix is transposed.
  static let gpt2OfBlock = [
    "ln_1": "input_layernorm", "ln_2": "post_attention_layernorm",
    "attn.c_proj": "self_attn.o_proj", "mlp.c_fc": "mlp.up_proj", "mlp.c_proj": "mlp.down_proj",
  ]

  /// GPT-2: queries, keys and values are one matrix.
  static func gpt2Parameters(of stored: String, width: Int) -> [(name: String, place: Place)] {
    let name = stored.hasPrefix("transformer.") ? String(stored.dropFirst(12)) : stored
    guard let dot = name.lastIndex(of: ".") else { return [] }
    let (path, kind) = (String(name[..<dot]), String(name[name.index(after: dot)...]))
    guard kind == "weight" || kind == "bias" else { return [] }
    if let known = gpt2Whole[path] { return [("\(known).\(kind)", Place(stored: stored))] }
    let parts = path.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "h", let block = Int(parts[1]), "\(block)" == parts[1]
    else { return [(stored, Place(stored: stored))] }
    // The causal mask, which old files hold as `attn.bias`.
    if parts[2] == "attn" { return [] }
    let prefix = "model.layers.\(block)."
    let isMatrix = kind == "weight"
    if parts[2] == "attn.c_attn" {
      return ["q", "k", "v"].enumerated().map { i, letter in
        (
          "\(prefix)self_attn.\(letter)_proj.\(kind)",
          Place(stored: stored, columns: i * width..<(i + 1) * width, isTransposed: isMatrix)
        )
      }
    }
    guard let known = gpt2OfBlock[String(parts[2])] else {
      return [(stored, Place(stored: stored))]
    }
    let isProduct = isMatrix && !parts[2].hasPrefix("ln")
    return [("\(prefix)\(known).\(kind)", Place(stored: stored, isTransposed: isProduct))]
  }
}
