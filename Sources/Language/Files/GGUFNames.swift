/// GGUF's names of parameters, as Hugging Face's.
enum GGUFNames {
  private static let whole = [
    "token_embd": "model.embed_tokens", "position_embd": "model.embed_positions",
    "output_norm": "model.norm", "output": "lm_head",
  ]

  private static let ofBlock = [
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
  ]

  /// The parameters that the tensor `name` holds: one, all of it, or three parts of its rows; a name that
  /// is not known stays as it is.
  static func parameters(
    of name: String, _ configuration: LanguageModelConfiguration
  ) -> [(name: String, rows: Range<Int>?)] {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard let kind = parts.last, kind == "weight" || kind == "bias" else { return [(name, nil)] }
    if parts.count == 2, let known = whole[String(parts[0])] { return [("\(known).\(kind)", nil)] }
    guard parts.count == 4, parts[0] == "blk", let block = Int(parts[1]), "\(block)" == parts[1]
    else { return [(name, nil)] }
    let prefix = "model.layers.\(block)."
    if parts[2] == "attn_qkv" {
      let queries = configuration.headCount * configuration.headSize
      let keys = configuration.kvHeadCount * configuration.headSize
      return [
        ("\(prefix)self_attn.q_proj.\(kind)", 0..<queries),
        ("\(prefix)self_attn.k_proj.\(kind)", queries..<queries + keys),
        ("\(prefix)self_attn.v_proj.\(kind)", queries + keys..<queries + 2 * keys),
      ]
    }
    guard let known = ofBlock[String(parts[2])] else { return [(name, nil)] }
    return [("\(prefix)\(known).\(kind)", nil)]
  }
}
