/// Training with halves: Float32 master weights, a working copy in Float16 or bfloat16 that the model
/// computes with, activations stored narrowed, and a loss scaled so that Float16 does not lose small
/// gradients (Micikevicius et al., 2018). Sums are taken in Float32 throughout.
///
/// ```swift
/// var precision = MixedPrecision(.bfloat16)
/// let step = precision.step(&model, &optimizer, maximumNorm: 1) { model in loss(model, batch) }
/// if step.wasSkipped { print("overflow; the loss scale is now \(precision.scaler.scale)") }
/// ```
public struct MixedPrecision: Sendable, Codable {
  /// `.float16` or `.bfloat16`; `.float32` trains as without.
  public let type: NumberType
  public var scaler: LossScaler
  /// Steps that were skipped because a gradient was infinite or not a number.
  public private(set) var skippedSteps = 0

  /// - Parameter scaler: Nil scales dynamically for Float16, and not at all for bfloat16, whose range is
  ///   that of Float32.
  public init(_ type: NumberType = .bfloat16, scaler: LossScaler? = nil) {
    if type == .int32 || type == .uint8 {
      fail("MixedPrecision", "\(type) is not a type of halves")
    }
    self.type = type
    self.scaler = scaler ?? (type == .float16 ? LossScaler() : .constant(1))
  }

  /// What one step did.
  public struct Step: Sendable {
    /// The loss, without its scale.
    public let value: Float
    /// The global norm of the gradients, without the scale and before clipping.
    public let gradientNorm: Float
    /// What the loss was multiplied by.
    public let scale: Float
    /// Whether a gradient overflowed: the model and the optimiser are then as they were.
    public let wasSkipped: Bool
  }

  /// The model with its matrices stored as `type`; vectors, such as biases and norms, stay as they are.
  public func workingCopy<M: Module>(of master: M) -> M {
    var copy = master
    copy.visitParameters { _, parameter in
      if parameter.rank >= 2 && parameter.type == .float32 {
        parameter = parameter.detached().converted(to: type)
      }
    }
    return copy
  }

  /// One update of `master` by the gradient of `loss` at its working copy.
  ///
  /// - Parameters:
  ///   - maximumNorm: Gradients are clipped to this global norm; nil does not clip.
  ///   - loss: Must return one number, a tensor of shape `[]`.
  @discardableResult
  public mutating func step<M: Module>(
    _ master: inout M, _ optimizer: inout some Optimizer, maximumNorm: Double? = nil,
    loss: (M) throws -> Tensor
  ) rethrows -> Step {
    let scale = scaler.scale
    let (value, gradients) = try withStoragePrecision(type) {
      try valueWithGradient(at: workingCopy(of: master)) { try loss($0) * scale }
    }
    let norm = Double(globalNorm(gradients)) / Double(scale)
    let overflowed = !norm.isFinite
    scaler.update(overflowed: overflowed)
    if overflowed {
      skippedSteps += 1
    } else {
      let clip = maximumNorm.map { min(1, $0 / (norm + 1e-6)) } ?? 1
      optimizer.update(&master, gradients, scale: Float(clip / Double(scale)))
    }
    return Step(
      value: value.item / scale, gradientNorm: Float(norm), scale: scale, wasSkipped: overflowed)
  }
}

extension NumberType: Codable {}

/// The factor a loss is multiplied by so that small gradients stay above the smallest half: it doubles
/// after `growthInterval` steps without overflow and halves at one, as PyTorch's GradScaler.
public struct LossScaler: Sendable, Codable, Hashable {
  public private(set) var scale: Float
  /// Steps without overflow since the scale last changed.
  public private(set) var goodSteps = 0
  public let growthFactor: Float
  public let backoffFactor: Float
  public let growthInterval: Int

  public init(
    scale: Float = 65_536, growthFactor: Float = 2, backoffFactor: Float = 0.5,
    growthInterval: Int = 2000
  ) {
    guard scale > 0, scale.isFinite, growthFactor >= 1, (0...1).contains(backoffFactor),
      backoffFactor > 0, growthInterval > 0
    else {
      fail(
        "LossScaler",
        "a scale of \(scale) with growth \(growthFactor) every \(growthInterval) steps and backoff "
          + "\(backoffFactor) is not one: it needs growth ≥ 1 and backoff in 0…1")
    }
    self.scale = scale
    self.growthFactor = growthFactor
    self.backoffFactor = backoffFactor
    self.growthInterval = growthInterval
  }

  /// A scale that never changes.
  public static func constant(_ scale: Float) -> LossScaler {
    LossScaler(scale: scale, growthFactor: 1, backoffFactor: 1)
  }

  /// Takes note of a step.
  public mutating func update(overflowed: Bool) {
    if overflowed {
      scale = max(scale * backoffFactor, .leastNormalMagnitude)
      goodSteps = 0
    } else {
      goodSteps += 1
      if goodSteps == growthInterval {
        if (scale * growthFactor).isFinite { scale *= growthFactor }
        goodSteps = 0
      }
    }
  }
}
