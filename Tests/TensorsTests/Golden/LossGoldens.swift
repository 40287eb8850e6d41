import Tensors

/// The reduction that a case's first argument names.
private func reduction(_ golden: GoldenCase) -> LossReduction {
  switch golden.arguments[0].word {
  case "none": .none
  case "sum": .sum
  default: .mean
  }
}

/// The targets and, where there are any, the weights of a loss of classes: after the reduction, the
/// smoothing and whether there are weights.
private func classes(_ golden: GoldenCase) -> (targets: Indices, weights: Tensor?) {
  let rows = golden.inputs[0].shape[0]
  let targets = golden.arguments[3..<3 + rows].map { Int32($0.integer) }
  let rest = golden.arguments[(3 + rows)...].map(\.float)
  return (Indices(targets), golden.whole[2] == 1 ? Tensor(rest) : nil)
}

/// A loss of two tensors of one shape.
private func pair(
  _ loss: @escaping @Sendable (Tensor, Tensor, LossReduction, GoldenCase) -> Tensor
) -> GoldenOp {
  { golden in { loss($0[0], $0[1], reduction(golden), golden) } }
}

let lossOps: [String: GoldenOp] = [
  "crossEntropy": { golden in
    let (targets, weights) = classes(golden)
    return {
      crossEntropy(
        $0[0], targets, ignoring: -100, labelSmoothing: golden.arguments[1].float,
        weights: weights, reduction: reduction(golden))
    }
  },
  "negativeLogLikelihood": { golden in
    let (targets, weights) = classes(golden)
    return {
      negativeLogLikelihood(
        $0[0], targets, ignoring: -100, weights: weights, reduction: reduction(golden))
    }
  },
  "meanSquaredError": pair { x, y, reduction, _ in
    meanSquaredError(x, y, reduction: reduction)
  },
  "meanAbsoluteError": pair { x, y, reduction, _ in
    meanAbsoluteError(x, y, reduction: reduction)
  },
  "huberLoss": pair { x, y, reduction, golden in
    huberLoss(x, y, delta: golden.arguments[1].float, reduction: reduction)
  },
  "smoothL1Loss": pair { x, y, reduction, golden in
    smoothL1Loss(x, y, beta: golden.arguments[1].float, reduction: reduction)
  },
  "binaryCrossEntropy": pair { x, y, reduction, _ in
    binaryCrossEntropy(logits: x, y, reduction: reduction)
  },
  "binaryCrossEntropyWeighted": pair { x, y, reduction, _ in
    binaryCrossEntropy(logits: x, y, positiveWeight: Tensor(2.5), reduction: reduction)
  },
  "klDivergence": { golden in
    if golden.inputs.count == 2 {
      return { klDivergence($0[0], $0[1], targetsAreLogs: golden.whole[0] == 1) }
    }
    let shape = Shape(golden.inputs[0].shape)
    let targets = Tensor(golden.arguments.dropFirst().map(\.float), shape: shape)
    return { klDivergence($0[0], targets) }
  },
]
