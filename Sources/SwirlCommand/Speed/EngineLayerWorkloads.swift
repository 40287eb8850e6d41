import Swirl

// Rows of the engine's table that run a layer or a small network, forward and backward.

/// An LSTM of 64 units on 64 inputs, 128 steps of 32 rows: forward, mean square, backward.
let recurrentTraining = EngineWorkload(
  name: "lstm_train",
  // Four gates on input and state: forward, then to the weights and, but for the input, back.
  work: .operations(128 * 2 * 32 * 4 * 64 * 64 * Double(2 + 2 + 1))
) {
  var random = PCG64(seed: 0)
  let model = LSTM(inputs: 64, hidden: 64, using: &random)
  let x = Tensor.normal([128, 32, 64], using: &random)
  return { blackHole(valueWithGradient(at: model) { $0(x).output.squared().mean() }) }
}

/// Causal attention of 2048 tokens, 8 heads of 64, one sequence: forward and backward.
let attentionOfTwoThousand = EngineWorkload(
  name: "attention_2048",
  // Two products forward and five backward over the half of the pairs that the mask leaves.
  work: .operations(7 * 2 * 8 * 64 * Double(2048 * 2049 / 2))
) {
  var random = PCG64(seed: 0)
  let inputs = (0..<3).map { _ in Tensor.normal([1, 2048, 8, 64], using: &random) }
  let received = Tensor.normal([1, 2048, 8, 64], using: &random)
  return {
    blackHole(
      vectorJacobianProduct(at: inputs, cotangent: { _ in received }) {
        attention($0[0], $0[1], $0[2], mask: .causal)
      })
  }
}

/// A block and its input, so that both receive gradients.
private struct BlockAndInput: Module {
  var block: TransformerBlock
  var x: Tensor

  mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    block.visitParameters { body("block.\($0)", &$1) }
    body("x", &x)
  }
}

/// A layer of SmolLM2-135M on 512 tokens: RMS normalisation, 9 query and 3 key heads of 64 with rotary
/// positions, SwiGLU of 1536; forward, backward to the weights and the input.
let transformerBlock = EngineWorkload(
  name: "transformer_block_512",
  work: .operations(
    3 * 2 * 512 * 576 * Double(2 * 576 + 2 * 192 + 3 * 1536)
      + 7 * 2 * 9 * 64 * Double(512 * 513 / 2))
) {
  var random = PCG64(seed: 0)
  let model = BlockAndInput(
    block: TransformerBlock(width: 576, heads: 9, kvHeads: 3, hidden: 1536, using: &random),
    x: .normal([1, 512, 576], using: &random))
  let rotation = RotaryEmbedding(dim: 64, base: 100_000).table(positions: 0..<512)
  let received = Tensor.normal([1, 512, 576], using: &random)
  return {
    blackHole(
      valueWithGradient(at: model) { model in
        (model.block(model.x, mask: .causal, rotation: rotation) * received).sum()
      })
  }
}
