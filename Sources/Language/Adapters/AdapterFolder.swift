import Foundation
import Tensors

/// Adapters on disk, in the format of Python's peft: `adapter_config.json` and
/// `adapter_model.safetensors`.
///
/// Low-rank adapters and prefixes are read and written as peft does, for models in Hugging Face's layout:
/// where a file's rotary pairs stand side by side, rows are put in order on the way, and GPT-2's
/// layers have the names of its own. Bottleneck adapters, which peft does not have, are kept in the
/// same two files under names of this library's own.
///
/// ```swift
/// try AdapterFolder.write(model, to: "adapter")
/// try AdapterFolder.read("adapter", into: &base)
/// ```
public enum AdapterFolder {
  private static let prefix = "base_model.model."
  /// What the order of a prefix's keys follows.
  static let keyRows = "self_attn.k_proj"

  /// Writes the folder, which appears whole, by one rename.
  ///
  /// - Throws: `ModelError` where the model has no adapters or several kinds, peft has no such
  ///   layers, something is at `path`, or the system refuses.
  public static func write(_ model: LanguageModel, to path: String) throws {
    let kinds = [model.lora != nil, model.bottleneck != nil, model.prefixTuning != nil]
    guard kinds.filter({ $0 }).count == 1 else {
      throw ModelError(
        kinds.contains(true)
          ? "an adapter folder holds adapters of one kind, but the model has several"
          : "the model has no adapters to write", kind: .usage)
    }
    if isGPT2(model), let lora = model.lora, lora.targets.contains(where: isFusedInGPT2) {
      throw ModelError(
        "peft adapts GPT-2's queries, keys and values as one layer, which cannot be written",
        kind: .usage)
    }
    let (config, tensors) = contents(model)
    try writeFolder(path) { partial in
      try SafetensorsFile.write(
        tensors, to: "\(partial)/adapter_model.safetensors", metadata: ["format": "pt"])
      try Data(config.utf8).write(to: URL(filePath: "\(partial)/adapter_config.json"))
    }
  }

  static func isGPT2(_ model: LanguageModel) -> Bool { model.configuration.rotary == nil }

  private static func isFusedInGPT2(_ target: LoRA.Target) -> Bool {
    [.query, .key, .value].contains(target)
  }

  private static func contents(_ model: LanguageModel) -> (String, [(name: String, value: Tensor)])
  {
    let c = model.configuration
    let trained = model.parameters.filter { LanguageModel.isAdapter($0.name) }
    if let lora = model.lora {
      let names = lora.targets.compactMap { isGPT2(model) ? gpt2Name(of: $0.path) : $0.rawValue }
      let targets = names.map { "\"\($0)\"" }.joined(separator: ", ")
      let config = """
        {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": \(lora.rank), "lora_alpha": \(lora.alpha), \
        "lora_dropout": \(lora.dropout), "target_modules": [\(targets)], "bias": "none", \
        "fan_in_fan_out": \(isGPT2(model)), "inference_mode": true, "base_model_name_or_path": null}

        """
      return (
        config,
        trained.map { name, value in
          (
            storedName(name, isGPT2(model)),
            name.contains("lora_B") ? c.reordered(value, name: name, to: .halves) : value
          )
        }
      )
    }
    if let tuning = model.prefixTuning {
      let width = c.kvHeadCount * c.headSize
      let config = """
        {"peft_type": "PREFIX_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": \
        \(tuning.tokens), "token_dim": \(width), "num_transformer_submodules": 1, \
        "num_attention_heads": \(c.kvHeadCount), "num_layers": \(c.blockCount), \
        "encoder_hidden_size": \(c.width), "prefix_projection": false, "inference_mode": true, \
        "base_model_name_or_path": null}

        """
      let parts = model.blocks.flatMap { block -> [Tensor] in
        let keys = block.prefix!.keys.reshaped([tuning.tokens, width]).transposed().contiguous()
        return [
          c.reordered(keys, name: keyRows, to: .halves).transposed(),
          block.prefix!.values.reshaped([tuning.tokens, width]),
        ]
      }
      return (config, [("prompt_embeddings", Tensor.concatenated(parts, axis: 1))])
    }
    let config = "{\"peft_type\": \"BOTTLENECK\", \"size\": \(model.bottleneck!.size)}\n"
    return (config, trained.map { ($0.name, $0.value) })
  }

  /// The name that peft's files have a low-rank adapter's matrix under.
  static func storedName(_ name: String, _ isGPT2: Bool) -> String {
    guard isGPT2 else { return prefix + name }
    // model.layers.N.self_attn.o_proj.lora_A.weight
    let parts = name.split(separator: ".").map(String.init)
    guard parts.count == 7, let layer = gpt2Name(of: "\(parts[3]).\(parts[4])") else { return name }
    return "\(prefix)transformer.h.\(parts[2]).\(layer).\(parts[5]).\(parts[6])"
  }

  /// GPT-2's own name of a layer, within its block; nil where that is a part of another.
  static func gpt2Name(of path: String) -> String? {
    HuggingFaceNames.gpt2OfBlock.first { $0.value == path }?.key
  }
}

extension LanguageModel {
  static func isAdapter(_ name: String) -> Bool {
    ["lora_A.", "lora_B.", "adapter_", "prefix_"].contains { name.contains($0) }
  }
}
