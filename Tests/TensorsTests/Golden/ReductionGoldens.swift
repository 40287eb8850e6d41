import Tensors

/// A reduction whose first argument says whether dimensions are kept; the others are its axes.
private func reduction(_ op: @escaping @Sendable (Tensor, [Int], Bool) -> Tensor) -> GoldenOp {
  { golden in { op($0[0], Array(golden.whole.dropFirst()), golden.whole.first == 1) } }
}

let reductionOps: [String: GoldenOp] = [
  "sum": reduction { $0.sum(axes: $1, keepingDims: $2) },
  "mean": reduction { $0.mean(axes: $1, keepingDims: $2) },
  "max": reduction { $0.max(axes: $1, keepingDims: $2) },
  "min": reduction { $0.min(axes: $1, keepingDims: $2) },
  "variance": reduction { $0.variance(axes: $1, keepingDims: $2) },
  "unbiasedVariance": reduction { $0.variance(axes: $1, keepingDims: $2, correction: 1) },
  "standardDeviation": reduction { $0.standardDeviation(axes: $1, keepingDims: $2) },
  "logSumExp": reduction { $0.logSumExp(axes: $1, keepingDims: $2) },
  "product": reduction { $0.product(axes: $1, keepingDims: $2) },
  "any": reduction { $0.any(axes: $1, keepingDims: $2) },
  "all": reduction { $0.all(axes: $1, keepingDims: $2) },
  "cumulativeSum": { golden in { $0[0].cumulativeSum(axis: golden.whole[0]) } },
]
