import CKernels

/// Muon (Jordan et al., 2024, https://kellerjordan.github.io/posts/muon): a matrix moves along its
/// momentum made orthogonal, so that every direction moves equally far; AdamW moves the rest.
///
/// ```swift
/// var optimizer = Muon(learningRate: 0.02, rest: AdamW(learningRate: 3e-4))
/// ```
///
/// As PyTorch's `Muon`, in Float32 where that rounds to bfloat16. A matrix is `[in, out]` as in
/// `Linear`; tensors of three or more axes are `[out, in, …]` as convolutions have them, and are moved
/// as matrices `[out, the rest]`.
public struct Muon: Optimizer {
  /// How far a matrix moves, by its shape.
  public enum Adjustment: Sendable {
    /// √max(1, out / in), as the authors have it.
    case original
    /// 0.2 √max(in, out): moves as far as AdamW does, whose learning rates then serve (Liu et al., 2025).
    case matchingAdamW
  }

  /// The step size of matrices; `rest.learningRate` is the others'.
  public var learningRate: Double
  public var momentum: Double
  public var nesterov: Bool
  /// Decoupled, of matrices; `rest.weightDecay` is the others'.
  public var weightDecay: Double
  /// Rounds of the Newton–Schulz iteration.
  public var iterations: Int
  public var adjustment: Adjustment
  /// What moves the other parameters. Its groups are not used: `groups` serve both.
  public var rest: AdamW
  public var groups: [ParameterGroup] = []
  private let orthogonalizes: @Sendable (_ name: String, _ shape: Shape) -> Bool
  private var memory = OptimizerMemory("Muon", [("momentum", 0)])

  /// - Parameter orthogonalizes: Whether a parameter is a matrix for Muon; those of two or more axes
  ///   that `isHiddenMatrix` takes for no embedding and no output layer, when left out.
  public init(
    learningRate: Double = 1e-3, momentum: Double = 0.95, nesterov: Bool = true,
    weightDecay: Double = 0.1, iterations: Int = 5, adjustment: Adjustment = .original,
    rest: AdamW = AdamW(),
    orthogonalizes: @escaping @Sendable (_ name: String, _ shape: Shape) -> Bool =
      Muon.isHiddenMatrix
  ) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    self.iterations = iterations
    self.adjustment = adjustment
    self.rest = rest
    self.orthogonalizes = orthogonalizes
  }

  /// True for two or more axes, unless a part of the dotted name says embedding (`embed…`, `wte`,
  /// `wpe`) or output layer (`head`, `lm_head`, `output`).
  @Sendable public static func isHiddenMatrix(_ name: String, _ shape: Shape) -> Bool {
    shape.count >= 2
      && !name.split(separator: ".").contains { part in
        part.lowercased().contains("embed")
          || ["wte", "wpe", "head", "lm_head", "output"].contains(part)
      }
  }

  public var step: Int { memory.step }

  public mutating func update(_ model: inout some Module, _ gradients: [Tensor], scale: Float) {
    let (momentum, nesterov) = (Float(momentum), Int32(nesterov ? 1 : 0))
    let (iterations, adjustment) = (iterations, adjustment)
    let orthogonalizes = orthogonalizes
    memory.update(
      &model, gradients, learningRate: learningRate, weightDecay: weightDecay, groups: groups,
      skipping: { !orthogonalizes($0, $1) }
    ) { step in
      let rows = step.shape[0]
      let columns = step.count / max(rows, 1)
      let update = Tensor(uninitialized: Shape(rows, columns))
      step.forEachRange { range in
        let i = range.lowerBound
        kernels.momentum(
          range.count, step.gradient + i, scale, step.moment(0) + i, momentum, nesterov,
          update.pointer + i)
      }
      let direction = orthogonalized(update, iterations: iterations).contiguous()
      let (outputs, inputs) = step.shape.count == 2 ? (columns, rows) : (rows, columns)
      let ratio: Double =
        switch adjustment {
        case .original: max(1, Double(outputs) / Double(inputs)).squareRoot()
        case .matchingAdamW: 0.2 * Double(max(outputs, inputs)).squareRoot()
        }
      let keep = Float(1 - step.learningRate * step.weightDecay)
      if keep != 1 { kernels.affine(step.count, step.parameter, keep, 0, step.parameter) }
      kernels.accumulate(
        step.count, direction.pointer, Float(-step.learningRate * ratio), step.parameter)
    }
    rest.adam.groups = groups
    rest.adam.update(
      &model, gradients, scale: scale, decouplesDecay: true, skipping: orthogonalizes)
  }

  public var state: [(name: String, value: Tensor)] {
    memory.state() + rest.adam.state(prefix: "rest.")
  }

  public mutating func restore(
    _ tensors: [String: Tensor], step: Int, for model: some Module
  ) throws {
    var copy = self
    try copy.memory.restore(tensors, step: step, for: model)
    try copy.rest.adam.restore(tensors, prefix: "rest.", step: step, for: model)
    self = copy
  }
}

/// About U Vᵀ of a matrix U S Vᵀ, by `iterations` rounds of the quintic Newton–Schulz iteration with the
/// coefficients of Jordan et al. (2024): singular values end near 1, between about 0.7 and 1.2. A constant
/// to tapes and forward passes.
public func orthogonalized(_ matrix: Tensor, iterations: Int = 5) -> Tensor {
  if matrix.rank != 2 { fail("orthogonalized", "needs two axes, not shape \(matrix.shape)") }
  return withoutGradient {
    let isTall = matrix.shape[0] > matrix.shape[1]
    var x = isTall ? matrix.transposed() : matrix
    x = x * Float(1 / max(globalNorm([matrix]), 1e-7))
    for _ in 0..<iterations {
      let gram = x.matmul(x.transposed())
      x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram.matmul(gram)).matmul(x)
    }
    return isTall ? x.transposed() : x
  }
}
