import Tensors

let productOps: [String: GoldenOp] = [
  "matmul": { _ in { $0[0].matmul($0[1]) } },
  "matmulTransposed": { _ in { $0[0].transposed().matmul($0[1].transposed()) } },
  "matmulBatchTransposed": { _ in { $0[0].matmul($0[1].transposed()) } },
  "linear": { golden in
    let activation = Activation(rawValue: golden.arguments[0].word)!
    return { linear($0[0], weight: $0[1], bias: $0[2], activation: activation) }
  },
  "logSoftmax": { _ in { $0[0].logSoftmax() } },
  "softmax": { _ in { $0[0].softmax() } },
  "gaussianLogProbability": { golden in
    let actions = Tensor(golden.arguments.map(\.float), shape: Shape(golden.inputs[0].shape))
    return { gaussianLogProbability(mean: $0[0], logStd: $0[1], actions: actions) }
  },
]
