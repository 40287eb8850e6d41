import CKernels
import Foundation

/// Adam (Kingma and Ba, 2015), with PyTorch's arithmetic: ε is added after the bias correction.
///
/// ```swift
/// var optimizer = Adam(learningRate: 1e-3)
/// let (loss, gradients) = valueWithGradient(at: model) { loss($0) }
/// optimizer.update(&model, gradients)
/// ```
public struct Adam: Optimizer {
  public var learningRate: Double
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double
  /// λ of a penalty ½ λ p² on every parameter; its gradient goes through the moments. See `AdamW`.
  public var weightDecay: Double
  public var groups: [ParameterGroup] = []
  /// Whether the step is divided by the largest second moment so far (Reddi et al., 2018).
  public let amsgrad: Bool
  private var memory: OptimizerMemory

  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double = 1e-8, weightDecay: Double = 0, amsgrad: Bool = false
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.amsgrad = amsgrad
    memory = OptimizerMemory("Adam", [("m", 0), ("v", 0)] + (amsgrad ? [("largest", 0)] : []))
  }

  public var step: Int { memory.step }

  public mutating func update(_ model: inout some Module, _ gradients: [Tensor], scale: Float) {
    update(&model, gradients, scale: scale, decouplesDecay: false)
  }

  mutating func update(
    _ model: inout some Module, _ gradients: [Tensor], scale: Float, decouplesDecay: Bool,
    skipping: ((String, Shape) -> Bool)? = nil
  ) {
    var settings = swirl_adam()
    settings.beta1 = Float(beta1)
    settings.beta2 = Float(beta2)
    settings.epsilon = Float(epsilon)
    settings.gradient_scale = scale
    var updates = 0
    var firstCorrection = 0.0
    let (beta1, beta2, amsgrad) = (beta1, beta2, amsgrad)
    memory.update(
      &model, gradients, learningRate: learningRate, weightDecay: weightDecay, groups: groups,
      skipping: skipping
    ) { step in
      if step.updates != updates {
        updates = step.updates
        firstCorrection = 1 - pow(beta1, Double(updates))
        settings.root_scale = Float(1 / (1 - pow(beta2, Double(updates))).squareRoot())
      }
      settings.step_size = Float(step.learningRate / firstCorrection)
      settings.weight_decay = decouplesDecay ? Float(step.learningRate * step.weightDecay) : 0
      settings.l2 = decouplesDecay ? 0 : Float(step.weightDecay)
      step.forEachRange { range in
        let i = range.lowerBound
        kernels.adam(
          range.count, step.parameter + i, step.gradient + i, step.moment(0) + i,
          step.moment(1) + i, amsgrad ? step.moment(2) + i : nil, &settings)
      }
    }
  }

  public var state: [(name: String, value: Tensor)] { memory.state() }

  public mutating func restore(
    _ tensors: [String: Tensor], step: Int, for model: some Module
  ) throws {
    try memory.restore(tensors, step: step, for: model)
  }

  func state(prefix: String) -> [(name: String, value: Tensor)] { memory.state(prefix: prefix) }

  mutating func restore(
    _ tensors: [String: Tensor], prefix: String, step: Int, for model: some Module
  ) throws {
    try memory.restore(tensors, prefix: prefix, step: step, for: model)
  }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019), PyTorch's `AdamW`: each parameter is
/// first multiplied by 1 − learning rate · weight decay, and the moments never see the decay.
public struct AdamW: Optimizer {
  var adam: Adam

  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double = 1e-8, weightDecay: Double = 0.01, amsgrad: Bool = false
  ) {
    adam = Adam(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
      weightDecay: weightDecay, amsgrad: amsgrad)
  }

  public var learningRate: Double {
    get { adam.learningRate }
    set { adam.learningRate = newValue }
  }
  public var weightDecay: Double {
    get { adam.weightDecay }
    set { adam.weightDecay = newValue }
  }
  public var groups: [ParameterGroup] {
    get { adam.groups }
    set { adam.groups = newValue }
  }
  public var step: Int { adam.step }

  public mutating func update(_ model: inout some Module, _ gradients: [Tensor], scale: Float) {
    adam.update(&model, gradients, scale: scale, decouplesDecay: true)
  }

  public var state: [(name: String, value: Tensor)] { adam.state }

  public mutating func restore(
    _ tensors: [String: Tensor], step: Int, for model: some Module
  ) throws {
    try adam.restore(tensors, step: step, for: model)
  }
}
