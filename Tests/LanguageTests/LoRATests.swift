import Language
import Runtime
import Tensors
import Testing

@Suite struct LoRATests {
  private func adapted(_ lora: LoRA = LoRA(rank: 4), perturbed: Bool = true) throws
    -> LanguageModel
  {
    var model = TinyModel.llama.model()
    var random = PCG64(seed: 3)
    try model.add(lora, using: &random)
    if perturbed {
      model.visitParameters { _, parameter in
        parameter = .normal(parameter.shape, standardDeviation: 0.1, using: &random)
      }
    }
    return model
  }

  private func logits(_ model: LanguageModel) -> Tensor {
    model.logits(
      model.hidden(Array(0..<24), sequences: SequenceOffsets(lengths: [14, 10])))
  }

  @Test func `fresh adapters change nothing and are all that is trained`() throws {
    let model = try adapted(perturbed: false)
    #expect(logits(model).scalars == logits(TinyModel.llama.model()).scalars)
    #expect(model.parameters.count == 2 * 2 * 7)
    #expect(model.parameters[0].name == "model.layers.0.self_attn.q_proj.lora_A.weight")
    #expect(model.parameters.allSatisfy { $0.name.contains("lora_") })
  }

  @Test func `switched off they leave the model as it was, merged they stay`() throws {
    let model = try adapted()
    let with = logits(model)
    let base = logits(TinyModel.llama.model())
    #expect((with - base).magnitude().max().item > 0.01)
    #expect(logits(model.withoutAdapters).scalars == base.scalars)
    #expect(model.withoutAdapters.parameters.isEmpty)
    #expect((logits(model.merged()) - with).magnitude().max().item < 1e-4)
  }

  @Test func `an adapter adds alpha / rank times its product`() throws {
    let model = try adapted(LoRA(rank: 2, alpha: 6, targets: [.down]))
    var weights = TinyModel.llama.model().denseWeights()
    for block in 0..<2 {
      let path = "model.layers.\(block).mlp.down_proj"
      let state = model.stateDictionary
      let product = state["\(path).lora_B.weight"]!.matmul(state["\(path).lora_A.weight"]!)
      weights["\(path).weight"] = weights["\(path).weight"]! + product * 3
    }
    let expected = try LanguageModel(
      TinyModel.llama.configuration, weights: HeldWeights(tensors: weights), as: .float32)
    #expect((logits(model) - logits(expected)).magnitude().max().item < 1e-4)
  }

  @Test func `dropout draws from its seed in training alone`() throws {
    let model = try adapted(LoRA(rank: 4, dropout: 0.5))
    let tokens = Array(0..<12)
    func hidden(_ seed: UInt64?, recomputing: Bool = false) -> [Float] {
      model.hidden(
        tokens, sequences: SequenceOffsets(lengths: [12]), recomputing: recomputing,
        dropout: seed.map { SeedSequence($0) }
      ).scalars
    }
    #expect(hidden(1) == hidden(1, recomputing: true))
    #expect(hidden(1) != hidden(2))
    #expect(hidden(1) != hidden(nil))
  }

  @Test func `a sequence drops the same whatever it is packed with`() throws {
    let model = try adapted(LoRA(rank: 4, dropout: 0.5))
    var both = SharedPrompts()
    let (a, b) = (both.add(prompt: [1, 2, 3], stream: 5), both.add(prompt: [4, 5], stream: 6))
    both.add(completion: [7, 8], of: a, stream: 5)
    both.add(completion: [9], of: b, stream: 6)
    var alone = SharedPrompts()
    let c = alone.add(prompt: [4, 5], stream: 6)
    alone.add(completion: [9], of: c, stream: 6)
    let seed = SeedSequence(3)
    let whole = model.hidden(both, dropout: seed)
    let rows = model.hidden(alone, dropout: seed)
    #expect(whole.selectingRows(Indices([3, 4, 7])).scalars == rows.scalars)
    #expect(rows.scalars != model.hidden(alone, dropout: SeedSequence(4)).scalars)
  }

  @Test func `a rank that does not fit is refused with a sentence`() throws {
    #expect(
      throws: ModelError(
        "a LoRA rank of 33 does not fit this model: it must be from 1 to 32", kind: .usage)
    ) { try adapted(LoRA(rank: 33)) }
    // The thinnest of the layers that are adapted counts: one key head makes others no thinner.
    var c = TinyModel.llama.configuration
    c.kvHeadCount = 1
    var random = PCG64(seed: 1)
    var model = LanguageModel(c, using: &random)
    try model.add(LoRA(rank: 32, targets: [.down]), using: &random)
    #expect(model.lora?.rank == 32)
    #expect(throws: ModelError.self) {
      try model.add(LoRA(rank: 17, targets: [.key, .down]), using: &random)
    }
  }
}
