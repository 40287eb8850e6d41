import CKernels

/// Stochastic gradient descent with momentum, as PyTorch's `SGD` computes it:
/// u ← μ u + (1 − dampening) g, p ← p − α u, or with Nesterov p ← p − α (g + μ u).
///
/// The velocity starts as the first gradient, which no dampening shrinks.
public struct SGD: Optimizer {
  public var learningRate: Double
  public var dampening: Double
  /// λ of a penalty ½ λ p² on every parameter.
  public var weightDecay: Double
  public var groups: [ParameterGroup] = []
  public let momentum: Double
  /// Whether the step looks ahead along the velocity (Sutskever et al., 2013).
  public let nesterov: Bool
  private var memory: OptimizerMemory

  public init(
    learningRate: Double = 1e-3, momentum: Double = 0, dampening: Double = 0,
    nesterov: Bool = false, weightDecay: Double = 0
  ) {
    if nesterov && (momentum <= 0 || dampening != 0) {
      fail(
        "SGD",
        "Nesterov needs a momentum above 0 and no dampening, not \(momentum) and \(dampening)")
    }
    self.learningRate = learningRate
    self.momentum = momentum
    self.dampening = dampening
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    memory = OptimizerMemory("SGD", momentum == 0 ? [] : [("velocity", 0)])
  }

  public var step: Int { memory.step }

  public mutating func update(_ model: inout some Module, _ gradients: [Tensor], scale: Float) {
    var settings = swirl_sgd()
    settings.momentum = Float(momentum)
    settings.gradient_scale = scale
    settings.nesterov = nesterov ? 1 : 0
    let (hasVelocity, dampening) = (momentum != 0, dampening)
    memory.update(
      &model, gradients, learningRate: learningRate, weightDecay: weightDecay, groups: groups
    ) { step in
      settings.learning_rate = Float(step.learningRate)
      settings.l2 = Float(step.weightDecay)
      settings.fresh = step.updates == 1 ? 1 : Float(1 - dampening)
      step.forEachRange { range in
        let i = range.lowerBound
        kernels.sgd(
          range.count, step.parameter + i, step.gradient + i,
          hasVelocity ? step.moment(0) + i : nil, &settings)
      }
    }
  }

  public var state: [(name: String, value: Tensor)] { memory.state() }

  public mutating func restore(
    _ tensors: [String: Tensor], step: Int, for model: some Module
  ) throws {
    try memory.restore(tensors, step: step, for: model)
  }
}
