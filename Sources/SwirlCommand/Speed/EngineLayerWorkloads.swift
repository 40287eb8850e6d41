import Swirl

// Rows of the engine's table that run a layer or a small network, forward and backward.

/// The network of Mnih et al. (2015) up to its 512 features.
private struct NatureNetwork: Module {
  var convolutions: [Conv2D]
  var features: Linear

  init(using random: inout PCG64) {
    convolutions = [
      Conv2D(inputs: 4, outputs: 32, kernel: 8, stride: 4, activation: .relu, using: &random),
      Conv2D(inputs: 32, outputs: 64, kernel: 4, stride: 2, activation: .relu, using: &random),
      Conv2D(inputs: 64, outputs: 64, kernel: 3, activation: .relu, using: &random),
    ]
    features = Linear(
      weight: .uniformFanIn([3136, 512], fanIn: 3136, using: &random),
      bias: .uniformFanIn([512], fanIn: 3136, using: &random), activation: .relu)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    features(convolutions.reduce(x) { $1($0) }.reshaped([-1, 3136]))
  }

  mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    for i in convolutions.indices {
      convolutions[i].visitParameters { body("convolutions.\(i).\($0)", &$1) }
    }
    features.visitParameters { body("features.\($0)", &$1) }
  }
}

private func operations(_ pixels: Int, _ outputs: Int, _ inputs: Int) -> Double {
  Double(2 * pixels * outputs * inputs)
}

/// The Nature network on 32 stacks of four 84×84 images: forward, mean square, backward.
let natureTraining: EngineWorkload = {
  // Operations of each layer for one image, 2 · pixels · outputs · inputs of one output; the images need
  // no gradient.
  let first = operations(400, 32, 256)
  let layers = first + operations(81, 64, 512) + operations(49, 64, 576) + operations(1, 512, 3136)
  return EngineWorkload(
    name: "nature_cnn_train_b32", work: .operations(32 * (3 * layers - first))
  ) {
    var random = PCG64(seed: 0)
    let model = NatureNetwork(using: &random)
    let x = Tensor.normal([32, 4, 84, 84], using: &random)
    return { blackHole(valueWithGradient(at: model) { $0(x).squared().mean() }) }
  }
}()

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
