import CKernels

/// RMSprop (Tieleman and Hinton, 2012): the gradient over the root of its running mean square.
///
/// PyTorch's arithmetic by default. `RMSprop.tensorFlowLike` is the other one in use, which A2C's
/// published results were made with.
public struct RMSprop: Optimizer {
  public var learningRate: Double
  /// How much of the running mean square a step keeps.
  public var alpha: Double
  public var epsilon: Double
  /// λ of a penalty ½ λ p² on every parameter.
  public var weightDecay: Double
  public var groups: [ParameterGroup] = []
  public let momentum: Double
  /// Whether the running variance takes the place of the mean square (Graves, 2013).
  public let centered: Bool
  private let isTensorFlowLike: Bool
  private var memory: OptimizerMemory

  public init(
    learningRate: Double = 1e-2, alpha: Double = 0.99, epsilon: Double = 1e-8,
    momentum: Double = 0, centered: Bool = false, weightDecay: Double = 0
  ) {
    self.init(
      learningRate, alpha, epsilon, momentum, centered, weightDecay, isTensorFlowLike: false)
  }

  /// TensorFlow 1's variant, Stable-Baselines3's `RMSpropTFLike`: ε stands inside the root, and the mean
  /// square starts from ones, so that the first steps are short.
  public static func tensorFlowLike(
    learningRate: Double = 1e-2, alpha: Double = 0.99, epsilon: Double = 1e-8,
    momentum: Double = 0, centered: Bool = false, weightDecay: Double = 0
  ) -> RMSprop {
    RMSprop(learningRate, alpha, epsilon, momentum, centered, weightDecay, isTensorFlowLike: true)
  }

  private init(
    _ learningRate: Double, _ alpha: Double, _ epsilon: Double, _ momentum: Double,
    _ centered: Bool, _ weightDecay: Double, isTensorFlowLike: Bool
  ) {
    self.learningRate = learningRate
    self.alpha = alpha
    self.epsilon = epsilon
    self.momentum = momentum
    self.centered = centered
    self.weightDecay = weightDecay
    self.isTensorFlowLike = isTensorFlowLike
    memory = OptimizerMemory(
      "RMSprop",
      [("square", isTensorFlowLike ? 1 : 0)] + (centered ? [("mean", 0)] : [])
        + (momentum == 0 ? [] : [("velocity", 0)]))
  }

  public var step: Int { memory.step }

  public mutating func update(_ model: inout some Module, _ gradients: [Tensor], scale: Float) {
    var settings = swirl_rmsprop()
    settings.alpha = Float(alpha)
    settings.epsilon = Float(epsilon)
    settings.momentum = Float(momentum)
    settings.gradient_scale = scale
    settings.epsilon_inside = isTensorFlowLike ? 1 : 0
    let (centered, hasVelocity) = (centered, momentum != 0)
    memory.update(
      &model, gradients, learningRate: learningRate, weightDecay: weightDecay, groups: groups
    ) { step in
      settings.learning_rate = Float(step.learningRate)
      settings.l2 = Float(step.weightDecay)
      step.forEachRange { range in
        let i = range.lowerBound
        kernels.rmsprop(
          range.count, step.parameter + i, step.gradient + i, step.moment(0) + i,
          centered ? step.moment(1) + i : nil,
          hasVelocity ? step.moment(centered ? 2 : 1) + i : nil, &settings)
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
