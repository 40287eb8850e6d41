import Foundation
import Tensors

extension HuggingFaceFolder {
  /// Writes a model as a folder that transformers, and this library, read: `config.json`,
  /// `model.safetensors` or shards of it, and the tokenizer's files.
  ///
  /// Quantised weights are written as the numbers they stand for, queries and keys in Hugging Face's
  /// order, GPT-2's matrices transposed and joined as its files have them. The folder appears whole, by
  /// one rename.
  ///
  /// - Parameters:
  ///   - weights: Parameters under the names of `LanguageModelConfiguration.parameterShapes`.
  ///   - type: How numbers are stored; nil keeps matrices that are stored plainly, writes blocks as
  ///     Float16, and norms and biases as Float32.
  ///   - maximumShardBytes: The most numbers' bytes of a file before they are split over several.
  /// - Throws: `ModelError` where something is at `path`, a parameter is missing, no family of Hugging
  ///   Face's has the configuration, or the system refuses.
  public static func write(
    _ weights: some ModelWeights, configuration: LanguageModelConfiguration,
    tokenizer: Tokenizer?, to path: String, as type: NumberType? = nil,
    maximumShardBytes: Int = 5_000_000_000
  ) throws {
    try configuration.check(weights, file: "the model to be written")
    let config = try configuration.huggingFaceConfig(
      tokenizer, type: try type ?? Self.plainType(of: weights))
    try writeFolder(path) { partial in
      func put(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(partial)/\(name)"))
      }
      try put(config, "config.json")
      if let tokenizer {
        let files = tokenizer.huggingFaceFiles()
        try put(files.tokenizer, "tokenizer.json")
        try put(files.settings, "tokenizer_config.json")
        let ends = tokenizer.endTokens.map(String.init).joined(separator: ", ")
        let begin = tokenizer.beginToken.map { "\"bos_token_id\": \($0), " } ?? ""
        try put("{\(begin)\"eos_token_id\": [\(ends)]}\n", "generation_config.json")
      }
      let tensors = try Self.tensors(weights, configuration, type)
      let bytes = tensors.reduce(0) { $0 + $1.value.count * $1.value.type.byteCount }
      if bytes > maximumShardBytes {
        try SafetensorsFile.writeShards(
          tensors, toDirectory: partial, maximumBytes: maximumShardBytes,
          metadata: ["format": "pt"])
      } else {
        try SafetensorsFile.write(
          tensors, to: "\(partial)/model.safetensors", metadata: ["format": "pt"])
      }
    }
  }

  /// What the matrices are written as where no type is asked for, going by the embedding.
  private static func plainType(of weights: some ModelWeights) throws -> NumberType {
    guard case .dense(let tensor) = try weights.matrix("model.embed_tokens.weight") else {
      return .float16
    }
    return tensor.type
  }

  /// The tensors as Hugging Face's files of the family name and lay them out.
  private static func tensors(
    _ weights: some ModelWeights, _ configuration: LanguageModelConfiguration, _ type: NumberType?
  ) throws -> [(name: String, value: Tensor)] {
    func plain(_ name: String) throws -> Tensor {
      guard let shape = weights.shape(of: name), shape.count == 2 else {
        return try weights.tensor(name).converted(to: type ?? .float32)
      }
      switch try weights.matrix(name) {
      case .dense(let tensor): return tensor.converted(to: type ?? tensor.type)
      case .quantized(let blocks): return blocks.dequantized().converted(to: type ?? .float16)
      }
    }
    let isGPT2 = configuration.rotary == nil
    var result: [(name: String, value: Tensor)] = []
    for (name, _) in configuration.parameterShapes {
      if isGPT2 {
        result += try gpt2(name, configuration, plain)
      } else {
        result.append(
          (name, configuration.reordered(try plain(name), name: name, to: .halves)))
      }
    }
    return result
  }

  /// GPT-2's own names; its matrices are `[in, out]`, and queries, keys and values one of them.
  private static func gpt2(
    _ name: String, _ configuration: LanguageModelConfiguration,
    _ plain: (String) throws -> Tensor
  ) throws -> [(name: String, value: Tensor)] {
    let dot = name.lastIndex(of: ".") ?? name.startIndex
    let (path, kind) = (String(name[..<dot]), String(name[name.index(after: dot)...]))
    if let known = HuggingFaceNames.gpt2Whole.first(where: { $0.value == path })?.key {
      let prefix = known == "lm_head" ? "" : "transformer."
      return [("\(prefix)\(known).\(kind)", try plain(name))]
    }
    let parts = path.split(separator: ".", maxSplits: 3).map(String.init)
    let prefix = "transformer.h.\(parts[2])."
    if parts[3] == "self_attn.q_proj" {
      let three = try ["q", "k", "v"].map {
        try plain(name.replacing("q_proj", with: "\($0)_proj"))
      }
      let joined = Tensor.concatenated(three.map(\.float32), axis: 0).converted(to: three[0].type)
      let value = kind == "weight" ? joined.transposed().contiguous() : joined
      return [("\(prefix)attn.c_attn.\(kind)", value)]
    }
    guard let known = HuggingFaceNames.gpt2OfBlock.first(where: { $0.value == parts[3] })?.key
    else { return [] }
    let value = try plain(name)
    let isProduct = kind == "weight" && !known.hasPrefix("ln")
    return [("\(prefix)\(known).\(kind)", isProduct ? value.transposed().contiguous() : value)]
  }
}

extension LanguageModelConfiguration {
  /// Queries and keys with the pairs of a head in `layout`, where this configuration has them side
  /// by side: row 2 j + p of a head is row p · dim / 2 + j of halves. Other parameters stay as they
  /// are.
  func reordered(
    _ tensor: Tensor, name: String, to layout: RotaryEmbedding.Layout
  ) -> Tensor {
    guard let rotary, rotary.layout == .interleaved,
      name.contains("self_attn.q_") || name.contains("self_attn.k_")
    else { return tensor }
    let (heads, rest) = (tensor.shape[0] / headSize, tensor.count / tensor.shape[0])
    let split = tensor.float32.reshaped([heads, headSize, rest])
    let pairs =
      layout == .halves ? [heads, rotary.dim / 2, 2, rest] : [heads, 2, rotary.dim / 2, rest]
    let turned = split.sliced(0..<rotary.dim, axis: 1)
      .reshaped(to: Shape(pairs)).permuted([0, 2, 1, 3])
      .reshaped([heads, rotary.dim, rest])
    let all =
      rotary.dim == headSize
      ? turned
      : Tensor.concatenated([turned, split.sliced(rotary.dim..<headSize, axis: 1)], axis: 1)
    return all.reshaped(to: tensor.shape).converted(to: tensor.type)
  }
}
