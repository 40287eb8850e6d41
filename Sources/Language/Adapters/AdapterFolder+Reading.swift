import Foundation
import Runtime
import Tensors

extension AdapterFolder {
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
    /// What the model refuses is the file's fault here.
    func fits(_ check: () throws(ModelError) -> Void) throws(ModelError) {
      do { try check() } catch { throw config.bad(error.description) }
    }
    let base = model
    var random = PCG64(seed: 0)
    var adapted = model
    // The file must hold what its settings call for before anything is allocated by them.
    switch try config.text("peft_type") {
    case "LORA":
      let lora = try lora(config, isGPT2(model))
      try fits { () throws(ModelError) in try base.check(lora) }
      let wanted = model.targetLayers(of: lora).flatMap { path, shape in
        [
          (name: "\(path).lora_A.weight", shape: Shape(lora.rank, shape[1])),
          (name: "\(path).lora_B.weight", shape: Shape(shape[0], lora.rank)),
        ]
      }
      var found = try tensors(wanted, state, file) { storedName($0, isGPT2(base)) }
      for (name, value) in found where name.contains("lora_B") {
        found[name] = model.configuration.reordered(value, name: name, to: .interleaved)
      }
      try adapted.add(lora, using: &random)
      try fill(&adapted, found, file)
    case "PREFIX_TUNING":
      guard try config.boolean("prefix_projection") != true else {
        throw config.bad("a prefix made by a network of its own is not read")
      }
      let tuning = PrefixTuning(tokens: try config.integer("num_virtual_tokens") ?? 0)
      try fits { () throws(ModelError) in try base.check(tuning) }
      let c = model.configuration
      let shape = Shape(tuning.tokens, 2 * c.blockCount * c.kvHeadCount * c.headSize)
      guard let table = state["prompt_embeddings"], table.shape == shape else {
        throw ModelError("\(file) does not hold prompt_embeddings of shape \(shape)")
      }
      try adapted.add(tuning, using: &random)
      fillPrefix(&adapted, table.float32)
    case "BOTTLENECK":
      let adapters = BottleneckAdapters(size: try config.integer("size") ?? 0)
      try fits { () throws(ModelError) in try base.check(adapters) }
      let (size, width) = (adapters.size, model.configuration.width)
      let wanted = model.blocks.indices.flatMap { block in
        ["self_attn", "mlp"].flatMap { part -> [(name: String, shape: Shape)] in
          let path = "model.layers.\(block).\(part).adapter"
          return [
            ("\(path)_down.weight", [size, width]), ("\(path)_down.bias", [size]),
            ("\(path)_up.weight", [width, size]), ("\(path)_up.bias", [width]),
          ]
        }
      }
      let found = try tensors(wanted, state, file) { $0 }
      try adapted.add(adapters, using: &random)
      try fill(&adapted, found, file)
    case let other:
      throw config.bad("its peft_type is \(other ?? "missing"), not LORA or PREFIX_TUNING")
    }
    model = adapted
  }

  private static func lora(_ config: ModelJSON, _ isGPT2: Bool) throws -> LoRA {
    for key in ["use_dora", "lora_bias", "use_qalora"] {
      if try config.boolean(key) == true { throw config.bad("its \(key) is not known here") }
    }
    for key in ["rank_pattern", "alpha_pattern"] {
      if let pattern = config[key], pattern.object?.isEmpty != true {
        throw config.bad("its \(key) gives layers numbers of their own, which is not known here")
      }
    }
    // Others change the weights beside the adapters.
    if let start = config["init_lora_weights"]?.string,
      !["gaussian", "eva", "orthogonal"].contains(start)
    {
      throw config.bad("its init_lora_weights is \(start), which is not known here")
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
    var targets: [LoRA.Target] = []
    for value in names {
      let name = value.string ?? ""
      if isGPT2, name == "c_attn" || name.hasSuffix(".c_attn") {
        throw config.bad(
          "its target_modules names \(name), GPT-2's queries, keys and values as one layer, which is "
            + "not read")
      }
      let named = LoRA.Target.allCases.filter { target in
        guard isGPT2 else { return target.rawValue == name }
        let layer = gpt2Name(of: target.path)
        return layer == name || layer?.hasSuffix(".\(name)") == true
      }
      guard !named.isEmpty else {
        throw config.bad("its target_modules names a layer that is not known here")
      }
      targets += named.filter { !targets.contains($0) }
    }
    return LoRA(
      rank: rank, alpha: alpha, dropout: try config.number("lora_dropout") ?? 0, targets: targets)
  }

  /// The file's tensors by the parameters' own names, which are then all there in their shapes.
  private static func tensors(
    _ wanted: [(name: String, shape: Shape)], _ state: StateDictionary, _ file: String,
    _ stored: (String) -> String
  ) throws -> [String: Tensor] {
    var rest = Set(state.names)
    var found: [String: Tensor] = [:]
    for (name, shape) in wanted {
      let key = state[stored(name)] == nil ? name : stored(name)
      guard let tensor = state[key] else {
        throw ModelError("\(file) lacks \(name), which its configuration calls for")
      }
      guard tensor.shape == shape else {
        throw ModelError(
          "\(file) holds \(name) with shape \(tensor.shape), but the model needs \(shape)")
      }
      rest.remove(key)
      found[name] = tensor.float32
    }
    if let extra = rest.min() {
      throw ModelError("\(file) holds \(extra), which the model does not have")
    }
    return found
  }

  /// Puts tensors in the place of the adapters' first numbers.
  private static func fill(
    _ model: inout LanguageModel, _ found: [String: Tensor], _ file: String
  ) throws {
    var missing: String?
    model.visitParameters { name, parameter in
      if let value = found[name] { parameter = value } else { missing = missing ?? name }
    }
    if let missing {
      throw ModelError("\(file) lacks \(missing), which the model has an adapter for already")
    }
  }

  private static func fillPrefix(_ model: inout LanguageModel, _ table: Tensor) {
    let c = model.configuration
    let (tokens, width) = (model.prefixCount, c.kvHeadCount * c.headSize)
    let shape = Shape(tokens, c.kvHeadCount, c.headSize)
    for block in 0..<c.blockCount {
      func part(_ number: Int) -> Tensor {
        let first = (2 * block + number) * width
        return table.sliced(first..<first + width, axis: 1).contiguous()
      }
      let keys = c.reordered(part(0).transposed().contiguous(), name: keyRows, to: .interleaved)
      model.setPrefix(
        keys: keys.transposed().contiguous().reshaped(to: shape),
        values: part(1).reshaped(to: shape), block: block)
    }
  }
}

extension LanguageModel {
  fileprivate mutating func setPrefix(keys: Tensor, values: Tensor, block: Int) {
    blocks[block].prefix = PrefixTuning.Prefix(keys: keys, values: values)
  }
}
