import Tensors

let arithmeticOps: [String: GoldenOp] = [
  "add": { _ in { $0[0] + $0[1] } },
  "subtract": { _ in { $0[0] - $0[1] } },
  "multiply": { _ in { $0[0] * $0[1] } },
  "divide": { _ in { $0[0] / $0[1] } },
  "minimum": { _ in { Tensor.minimum($0[0], $0[1]) } },
  "maximum": { _ in { Tensor.maximum($0[0], $0[1]) } },
  "scaled": { _ in { 1.5 * $0[0] - 0.25 } },
  "pow": { _ in { $0[0].pow($0[1]) } },
  "powScalar": { golden in { $0[0].pow(golden.arguments[0].float) } },
  "atan2": { _ in { Tensor.atan2($0[0], $0[1]) } },
  "less": { _ in { $0[0] .< $0[1] } },
  "lessOrEqual": { _ in { $0[0] .<= $0[1] } },
  "greater": { _ in { $0[0] .> $0[1] } },
  "greaterOrEqual": { _ in { $0[0] .>= $0[1] } },
  "equal": { _ in { $0[0] .== $0[1] } },
  "notEqual": { _ in { $0[0] .!= $0[1] } },
  "where": { _ in { Tensor.where($0[0], $0[1], $0[2]) } },
]
