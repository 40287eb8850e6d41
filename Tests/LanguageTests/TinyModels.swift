import Language
import Runtime
import Tensors

/// Small random models of each family.
enum TinyModel: String, CaseIterable, Sendable {
  case llama, qwen2, qwen3, mistral, gpt2

  var configuration: LanguageModelConfiguration {
    let rotary = RotaryEmbedding(dim: 16, base: 10_000)
    var c = LanguageModelConfiguration(
      vocabularySize: 96, width: 32, blockCount: 2, headCount: 4, kvHeadCount: 2, headSize: 16,
      hiddenSize: 64, contextLength: 256, rotary: rotary)
    switch self {
    case .llama: c.rotary?.layout = .interleaved
    case .qwen2:
      c.hasAttentionBias = true
      c.tiesHead = false
    case .qwen3: c.normalizesQueriesAndKeys = true
    case .mistral: c.slidingWindow = 24
    case .gpt2:
      c = LanguageModelConfiguration(
        vocabularySize: 96, width: 32, blockCount: 2, headCount: 2, hiddenSize: 128,
        contextLength: 256, normalization: .layer, activation: .geluTanh, isGated: false,
        rotary: nil, hasAttentionBias: true, hasOutputBias: true)
    }
    return c
  }

  func model(seed: UInt64 = 1) -> LanguageModel {
    var random = PCG64(seed: seed)
    var model = LanguageModel(configuration, using: &random)
    // Biases and norms away from what would hide them.
    model.visitParameters { name, parameter in
      if parameter.rank == 1 {
        let offset = Tensor.normal(parameter.shape, standardDeviation: 0.2, using: &random)
        parameter = parameter + offset
      }
    }
    return model
  }
}

extension LanguageModel {
  /// A model that gives these logits after any token.
  init(logits: [Float]) {
    var random = PCG64(seed: 0)
    self.init(
      LanguageModelConfiguration(
        vocabularySize: logits.count, width: 2, blockCount: 1, headCount: 1, hiddenSize: 2,
        contextLength: 64, normEpsilon: 0, rotary: RotaryEmbedding(dim: 2), tiesHead: false),
      using: &random)
    visitParameters { name, parameter in
      // Blocks add nothing, and the norm of [1, 1] is [1, 1].
      if name.contains("_proj") { parameter = .zeros(parameter.shape) }
      if name == "model.embed_tokens.weight" { parameter = .ones(parameter.shape) }
      if name == "lm_head.weight" {
        parameter = Tensor(logits.flatMap { [$0, 0] }).reshaped(to: parameter.shape)
      }
    }
  }
}

/// The weights of a model as a file would have them, matrices quantised where `format` says so.
struct HeldWeights: ModelWeights {
  var tensors: StateDictionary
  var format: QuantizedTensor.Format?

  var names: [String] { tensors.names }
  func shape(of name: String) -> Shape? { tensors[name]?.shape }
  func matrix(_ name: String) throws -> StoredMatrix {
    guard let tensor = tensors[name] else { throw ModelError("there is no \(name)") }
    return format.map { .quantized(QuantizedTensor(tensor, format: $0)) } ?? .dense(tensor)
  }
  func tensor(_ name: String) throws -> Tensor {
    guard let tensor = tensors[name] else { throw ModelError("there is no \(name)") }
    return tensor
  }
}
