import Language
import Runtime
import Tensors
import Testing

@Suite struct LanguageModelTests {
  @Test(arguments: TinyModel.allCases)
  func `every stored tensor is visited`(_ tiny: TinyModel) {
    let model = tiny.model()
    #expect(checkModule(model) == [])
    #expect(model.parameters.count == model.denseWeights().count)
    #expect(Set(model.parameters.map(\.name)) == Set(model.denseWeights().names))
  }

  @Test func `parameters have Hugging Face's names and shapes`() {
    let shapes = Dictionary(
      uniqueKeysWithValues: TinyModel.qwen2.model().parameters.map { ($0.name, $0.value.shape) })
    #expect(shapes["model.embed_tokens.weight"] == [96, 32])
    #expect(shapes["model.layers.1.self_attn.q_proj.weight"] == [64, 32])
    #expect(shapes["model.layers.1.self_attn.k_proj.bias"] == [32])
    #expect(shapes["model.layers.0.mlp.down_proj.weight"] == [32, 64])
    #expect(shapes["model.layers.0.input_layernorm.weight"] == [32])
    #expect(shapes["model.norm.weight"] == [32])
    #expect(shapes["lm_head.weight"] == [96, 32])
  }

  @Test(arguments: TinyModel.allCases)
  func `a loaded model gives the same logits`(_ tiny: TinyModel) throws {
    let model = tiny.model()
    let held = HeldWeights(tensors: model.denseWeights())
    let loaded = try LanguageModel(tiny.configuration, weights: held, as: .float32)
    let tokens = Array(3..<20)
    let sequences = SequenceOffsets(lengths: [17])
    let logits = model.logits(model.hidden(tokens, sequences: sequences))
    #expect(logits.shape == [17, 96])
    #expect(loaded.logits(loaded.hidden(tokens, sequences: sequences)).scalars == logits.scalars)
    let halves = try LanguageModel(tiny.configuration, weights: held, as: .bfloat16)
    #expect(halves.parameters.isEmpty)
    let near = halves.logits(halves.hidden(tokens, sequences: sequences))
    #expect((near - logits).magnitude().max().item < 0.1)
  }

  @Test func `a weight that is missing or of another shape is refused with a sentence`() {
    let configuration = TinyModel.llama.configuration
    var tensors = TinyModel.llama.model().denseWeights()
    tensors["model.layers.1.mlp.up_proj.weight"] = .zeros([64, 31])
    #expect(
      throws: ModelError(
        """
        the model holds the parameter model.layers.1.mlp.up_proj.weight with shape [64, 31], but its \
        configuration needs [64, 32]
        """)
    ) {
      try LanguageModel(configuration, weights: HeldWeights(tensors: tensors), as: .float32)
    }
    tensors["model.norm.weight"] = nil
    tensors["model.layers.1.mlp.up_proj.weight"] = .zeros([64, 32])
    #expect(
      throws: ModelError(
        "the model lacks the parameter model.norm.weight of shape [32]")
    ) {
      try LanguageModel(configuration, weights: HeldWeights(tensors: tensors), as: .stored)
    }
    var turned = configuration
    turned.rotary?.dim = 18
    let error = #expect(throws: ModelError.self) {
      try LanguageModel(turned, weights: HeldWeights(tensors: tensors), as: .stored)
    }
    #expect(error?.description.contains("cannot be turned in 18") == true)
  }

  @Test func `recomputed blocks give the same bits and gradients`() {
    let model = TinyModel.llama.model()
    let tokens = Array(0..<30)
    func gradients(_ recomputing: Bool) -> [[Float]] {
      valueWithGradient(at: model) { model in
        let hidden = model.hidden(
          tokens, sequences: SequenceOffsets(lengths: [20, 10]), recomputing: recomputing)
        return model.logProbabilities(of: tokens.reversed(), at: hidden).logProbabilities.sum()
      }.gradients.map(\.scalars)
    }
    #expect(gradients(true) == gradients(false))
  }

  @Test func `log-probabilities, entropies and their gradients are those of plain ops`() {
    let model = TinyModel.qwen2.model()
    var random = PCG64(seed: 4)
    let hidden = Tensor.normal([70, 32], using: &random)
    let targets = (0..<70).map { $0 % 96 }
    let weights = Tensor.normal([70], using: &random)
    func plain(_ inputs: [Tensor]) -> Tensor {
      let logs = (inputs[0].matmul(inputs[1].transposed()) / 0.7).logSoftmax()
      let picked = logs.gather(Indices(targets.map { Int32($0) }))
      let entropies = -(logs.exp() * logs).sum(axes: [1])
      return (picked * weights + entropies * weights * 0.3).sum()
    }
    let weight = model.parameters.last { $0.name == "lm_head.weight" }!.value
    let (value, expected) = vectorJacobianProduct(
      at: [hidden, weight],
      cotangent: { _ in
        Tensor(1)
      }, plain)
    let (found, dModel) = valueWithGradient(at: model) { model in
      let (logs, entropies) = model.logProbabilities(
        of: targets, at: hidden, temperature: 0.7)
      return (logs * weights + entropies * weights * 0.3).sum()
    }
    #expect(abs(found.item - value.item) < 1e-3)
    #expect((dModel.last! - expected[1]).magnitude().max().item < 1e-4)
    let (_, dHidden) = valueWithGradient(at: hidden) { hidden in
      let (logs, entropies) = model.logProbabilities(
        of: targets, at: hidden, temperature: 0.7)
      return (logs * weights + entropies * weights * 0.3).sum()
    }
    #expect((dHidden - expected[0]).magnitude().max().item < 1e-4)
    // A frozen head finds the gradient of log-probabilities alone with their value.
    let (_, alone) = valueWithGradient(at: hidden) { hidden in
      (model.logProbabilities(of: targets, at: hidden, temperature: 0.7).logProbabilities * weights)
        .sum()
    }
    let (_, expectedAlone) = valueWithGradient(at: hidden) { hidden in
      let logs = (hidden.matmul(weight.transposed()) / 0.7).logSoftmax()
      return (logs.gather(Indices(targets.map { Int32($0) })) * weights).sum()
    }
    #expect((alone - expectedAlone).magnitude().max().item < 1e-4)
  }
}
