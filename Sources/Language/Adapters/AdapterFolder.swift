import Foundation
import Runtime
import Tensors

/// Adapters on disk, in the format of Python's peft: `adapter_config.json` and
/// `adapter_model.safetensors`.
///
/// Low-rank adapters and prefixes are read and written as peft does, for models in Hugging Face's layout:
/// where a file's rotary pairs stand side by side, rows are put in order on the way. Bottleneck adapters,
/// which peft does not have, are kept in the same two files under names of this library's own.
///
/// ```swift
/// try AdapterFolder.write(model, to: "adapter")
/// try AdapterFolder.read("adapter", into: &base)
/// ```
public enum AdapterFolder {
  private static let prefix = "base_model.model."
  /// What the order of a prefix's keys follows.
  private static let keyRows = "self_attn.k_proj"

  /// - Throws: `ModelError` where the model has no adapters or several kinds, peft has no such layers, or
  ///   the system refuses.
  public static func write(_ model: LanguageModel, to path: String) throws {
    let kinds = [model.lora != nil, model.bottleneck != nil, model.prefixTuning != nil]
    guard kinds.filter({ $0 }).count == 1 else {
      throw ModelError(
        kinds.contains(true)
          ? "an adapter folder holds adapters of one kind, but the model has several"
          : "the model has no adapters to write", kind: .usage)
    }
    if model.configuration.rotary == nil && model.bottleneck == nil {
      throw ModelError(
        "peft adapts GPT-2's queries, keys and values as one layer, which cannot be written",
        kind: .usage)
    }
    let (config, tensors) = contents(model)
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true)
      try SafetensorsFile.write(
        tensors, to: "\(path)/adapter_model.safetensors", metadata: ["format": "pt"])
      try Data(config.utf8).write(
        to: URL(filePath: "\(path)/adapter_config.json"), options: .atomic)
    } catch {
      throw ModelError("\(path) cannot be written: \(error)")
    }
  }

  private static func contents(_ model: LanguageModel) -> (String, [(name: String, value: Tensor)])
  {
    let c = model.configuration
    let trained = model.parameters.filter { LanguageModel.isAdapter($0.name) }
    if let lora = model.lora {
      let targets = lora.targets.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
      let config = """
        {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": \(lora.rank), "lora_alpha": \(lora.alpha), \
        "lora_dropout": \(lora.dropout), "target_modules": [\(targets)], "bias": "none", \
        "inference_mode": true, "base_model_name_or_path": null}

        """
      return (
        config,
        trained.map { name, value in
          (prefix + name, name.contains("lora_B") ? c.inHalves(value, name: name) : value)
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
          c.inHalves(keys, name: keyRows).transposed(),
          block.prefix!.values.reshaped([tuning.tokens, width]),
        ]
      }
      return (config, [("prompt_embeddings", Tensor.concatenated(parts, axis: 1))])
    }
    let config = "{\"peft_type\": \"BOTTLENECK\", \"size\": \(model.bottleneck!.size)}\n"
    return (config, trained.map { ($0.name, $0.value) })
  }

  /// Reads adapters and puts them beside a model, which is then frozen but for them.
  ///
  /// - Throws: `ModelError` where the folder cannot be read or does not fit the model.
  public static func read(_ path: String, into model: inout LanguageModel) throws {
    let config = try ModelJSON("\(path)/adapter_config.json")
    let file = "\(path)/adapter_model.safetensors"
    guard FileManager.default.fileExists(atPath: file) else {
      throw ModelError("there is no file \(file)", kind: .missingFile)
    }
    let state: StateDictionary
    do { state = try StateDictionary(contentsOf: file) } catch {
      throw ModelError("\(error)")
    }
    var random = PCG64(seed: 0)
    var adapted = model
    switch try config.text("peft_type") {
    case "LORA":
      try adapted.add(try lora(config), using: &random)
      try fill(&adapted, state, file) { c, name, value in
        name.contains("lora_B") ? c.inNeighbours(value, name: name) : value
      }
    case "PREFIX_TUNING":
      guard try config.boolean("prefix_projection") != true else {
        throw config.bad("a prefix made by a network of its own is not read")
      }
      let tokens = try config.integer("num_virtual_tokens") ?? 0
      try adapted.add(PrefixTuning(tokens: tokens), using: &random)
      try fillPrefix(&adapted, state, file)
    case "BOTTLENECK":
      try adapted.add(
        BottleneckAdapters(size: try config.integer("size") ?? 0), using: &random)
      try fill(&adapted, state, file) { $2 }
    case let other:
      throw config.bad("its peft_type is \(other ?? "missing"), not LORA or PREFIX_TUNING")
    }
    model = adapted
  }

  private static func lora(_ config: ModelJSON) throws -> LoRA {
    for key in ["use_dora", "lora_bias", "use_qalora"] {
      if try config.boolean(key) == true { throw config.bad("its \(key) is not known here") }
    }
    if let bias = try config.text("bias"), bias != "none" {
      throw config.bad("its bias is \(bias); only none is known here")
    }
    guard let rank = try config.integer("r"), rank > 0, rank <= 1 << 16 else {
      throw config.bad("its r is no rank")
    }
    var alpha = try config.number("lora_alpha") ?? Double(rank)
    if try config.boolean("use_rslora") == true { alpha *= Double(rank).squareRoot() }
    guard case .array(let names)? = config["target_modules"] else {
      throw config.bad("its target_modules is no list of layers")
    }
    let targets = try names.map { value in
      guard let name = value.string, let target = LoRA.Target(rawValue: name) else {
        throw config.bad("its target_modules names a layer that is not known here")
      }
      return target
    }
    return LoRA(
      rank: rank, alpha: alpha, dropout: try config.number("lora_dropout") ?? 0, targets: targets)
  }

  /// Puts the file's tensors in the place of the adapters' first numbers.
  private static func fill(
    _ model: inout LanguageModel, _ state: StateDictionary, _ file: String,
    _ turned: (LanguageModelConfiguration, String, Tensor) -> Tensor
  ) throws {
    let wanted = model.parameters.filter { LanguageModel.isAdapter($0.name) }
    var found: [String: Tensor] = [:]
    for (name, value) in state {
      let own = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
      found[own] = value
    }
    for (name, value) in wanted {
      guard let tensor = found.removeValue(forKey: name) else {
        throw ModelError("\(file) lacks \(name), which its configuration calls for")
      }
      guard tensor.shape == value.shape else {
        throw ModelError(
          "\(file) holds \(name) with shape \(tensor.shape), but the model needs \(value.shape)")
      }
      found[name + "\0"] = turned(model.configuration, name, tensor.float32)
    }
    if let extra = found.keys.filter({ !$0.hasSuffix("\0") }).min() {
      throw ModelError("\(file) holds \(extra), which the model does not have")
    }
    model.visitParameters { name, parameter in
      if let value = found[name + "\0"] { parameter = value }
    }
  }

  private static func fillPrefix(
    _ model: inout LanguageModel, _ state: StateDictionary, _ file: String
  ) throws {
    let c = model.configuration
    let (tokens, width) = (model.prefixCount, c.kvHeadCount * c.headSize)
    let expected = Shape(tokens, 2 * c.blockCount * width)
    guard let table = state["prompt_embeddings"], table.shape == expected else {
      throw ModelError("\(file) does not hold prompt_embeddings of shape \(expected)")
    }
    let shape = Shape(tokens, c.kvHeadCount, c.headSize)
    for block in 0..<c.blockCount {
      func part(_ number: Int) -> Tensor {
        let first = (2 * block + number) * width
        return table.float32.sliced(first..<first + width, axis: 1).contiguous()
      }
      let keys = c.inNeighbours(part(0).transposed().contiguous(), name: keyRows)
      model.setPrefix(
        keys: keys.transposed().contiguous().reshaped(to: shape),
        values: part(1).reshaped(to: shape), block: block)
    }
  }
}

extension LanguageModel {
  static func isAdapter(_ name: String) -> Bool {
    ["lora_A.", "lora_B.", "adapter_", "prefix_"].contains { name.contains($0) }
  }

  fileprivate mutating func setPrefix(keys: Tensor, values: Tensor, block: Int) {
    blocks[block].prefix = PrefixTuning.Prefix(keys: keys, values: values)
  }
}

extension LanguageModelConfiguration {
  /// The inverse of `inHalves`.
  func inNeighbours(_ tensor: Tensor, name: String) -> Tensor {
    guard let rotary, rotary.layout == .interleaved,
      name.contains("self_attn.q_") || name.contains("self_attn.k_")
    else { return tensor }
    let (heads, rest) = (tensor.shape[0] / headSize, tensor.count / tensor.shape[0])
    let split = tensor.float32.reshaped([heads, headSize, rest])
    let turned = split.sliced(0..<rotary.dim, axis: 1)
      .reshaped([heads, 2, rotary.dim / 2, rest]).permuted([0, 2, 1, 3])
      .reshaped([heads, rotary.dim, rest])
    let all =
      rotary.dim == headSize
      ? turned
      : Tensor.concatenated([turned, split.sliced(rotary.dim..<headSize, axis: 1)], axis: 1)
    return all.reshaped(to: tensor.shape)
  }
}
