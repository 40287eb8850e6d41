import Foundation
import Tensors

extension GGUFMetadata {
  /// The configuration that the metadata name.
  ///
  /// - Parameter shapes: The tensors' shapes by GGUF's names.
  func configuration(
    _ shapes: [String: [Int]]
  ) throws(ModelError) -> LanguageModelConfiguration {
    guard let architecture = try text("general.architecture") else {
      throw bad("it lacks general.architecture")
    }
    guard ["llama", "qwen2", "qwen3", "gpt2"].contains(architecture) else {
      throw bad(
        "its architecture is \(architecture), and llama, qwen2, qwen3 and gpt2 can be read")
    }
    func size(_ key: String) throws(ModelError) -> Int {
      guard let size = try integer("\(architecture).\(key)") else {
        throw bad("it lacks \(architecture).\(key)")
      }
      return size
    }
    if try (integer("\(architecture).expert_count") ?? 0) > 0 {
      throw bad("it is a mixture of experts, which cannot be read")
    }
    guard let vocabulary = shapes["token_embd.weight"]?.first else {
      throw bad("it lacks the tensor token_embd.weight")
    }
    let isGPT2 = architecture == "gpt2"
    let width = try size("embedding_length")
    let heads = try size("attention.head_count")
    guard heads > 0, width > 0 else { throw bad("it has \(heads) heads and the width \(width)") }
    let head = try integer("\(architecture).attention.key_length") ?? width / heads
    if let value = try integer("\(architecture).attention.value_length"), value != head {
      throw bad("its heads have \(head) numbers in keys and \(value) in values, not the same")
    }
    let epsilonKey = isGPT2 ? "layer_norm_epsilon" : "layer_norm_rms_epsilon"
    let configuration = LanguageModelConfiguration(
      vocabularySize: vocabulary, width: width, blockCount: try size("block_count"),
      headCount: heads,
      kvHeadCount: try integer("\(architecture).attention.head_count_kv") ?? heads,
      headSize: head, hiddenSize: try size("feed_forward_length"),
      contextLength: try size("context_length"), normalization: isGPT2 ? .layer : .rms,
      normEpsilon: Float(try number("\(architecture).attention.\(epsilonKey)") ?? 1e-5),
      activation: isGPT2 ? .geluTanh : .silu, isGated: !isGPT2,
      rotary: isGPT2 ? nil : try rotary(architecture, head: head),
      hasAttentionBias: isGPT2 || shapes["blk.0.attn_q.bias"] != nil, hasOutputBias: isGPT2,
      normalizesQueriesAndKeys: shapes["blk.0.attn_q_norm.weight"] != nil,
      tiesHead: shapes["output.weight"] == nil,
      slidingWindow: try integer("\(architecture).attention.sliding_window"))
    try configuration.checkSizes(file: file)
    return configuration
  }

  private func rotary(_ architecture: String, head: Int) throws(ModelError) -> RotaryEmbedding {
    let dim = try integer("\(architecture).rope.dimension_count") ?? head
    guard dim > 0, dim % 2 == 0, dim <= head else {
      throw bad("it turns \(dim) numbers of heads of \(head)")
    }
    let base = try number("\(architecture).rope.freq_base") ?? 10_000
    guard base.isFinite, base > 0 else { throw bad("its rope.freq_base is \(base)") }
    let key = "\(architecture).rope.scaling"
    var scaling = RotaryEmbedding.Scaling.none
    let kind = try text("\(key).type") ?? "none"
    if kind != "none" {
      guard let factor = try number("\(key).factor"), factor.isFinite, factor > 0 else {
        throw bad("its rotary scaling \(kind) has no factor above 0")
      }
      switch kind {
      case "linear": scaling = .linear(factor: factor)
      case "yarn":
        guard let original = try integer("\(key).original_context_length"), original > 0 else {
          throw bad("it lacks \(key).original_context_length")
        }
        scaling = .yarn(.init(factor: factor, originalContext: original))
      default: throw bad("its rotary scaling is \(kind), and linear and yarn can be read")
      }
    }
    // llama.cpp's converter reorders the rows of queries and keys for this architecture alone.
    return RotaryEmbedding(
      dim: dim, base: base, layout: architecture == "llama" ? .interleaved : .halves,
      scaling: scaling)
  }
}

extension LanguageModelConfiguration {
  /// Takes the divisors of Llama 3.1's frequencies, which GGUF files hold as a tensor.
  mutating func take(rotaryFactors entry: GGUFHeader.Entry, in mapping: FileMapping)
    throws(ModelError)
  {
    guard var rotary, entry.type == .plain(.float32), entry.shape == [rotary.dim / 2] else {
      throw ModelError(
        "\(mapping.path) does not describe a model that can be read: rope_freqs.weight has the shape "
          + "\(entry.shape)")
    }
    let factors = (0..<rotary.dim / 2).map { i in
      Double(
        mapping.bytes.loadUnaligned(
          fromByteOffset: entry.range.lowerBound + 4 * i, as: Float.self))
    }
    guard factors.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw ModelError(
        "\(mapping.path) does not describe a model that can be read: rope_freqs.weight holds "
          + "numbers that are not above 0")
    }
    rotary.scaling = .longRoPE(
      short: factors, long: factors, factor: 1, originalContext: max(contextLength, 2))
    self.rotary = rotary
  }
}
