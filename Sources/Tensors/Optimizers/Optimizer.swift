/// A value that changes a model against its gradients and remembers moments between steps.
///
/// ```swift
/// var optimizer = AdamW(learningRate: 3e-4, weightDecay: 0.1)
/// optimizer.groups = [.withoutDecay { $0.hasSuffix("bias") || $0.contains("norm") }]
/// let schedule = LearningRateSchedule.warmup(steps: 100, then: .cosine(from: 3e-4, to: 0, steps: 10_000))
/// for _ in 0..<10_000 {
///   optimizer.learningRate = schedule.value(at: optimizer.step)
///   let (_, gradients) = valueWithGradient(at: model) { loss($0) }
///   let scale = clipScale(norm: globalNorm(gradients), maximum: 1)
///   optimizer.update(&model, gradients, scale: scale)
/// }
/// ```
///
/// A copy is a snapshot: it goes on from the moments it was copied with.
public protocol Optimizer: Sendable {
  /// The step size of the next update; groups multiply it.
  var learningRate: Double { get set }
  /// Parameters that are treated in a way of their own; the first group that matches a name counts.
  var groups: [ParameterGroup] { get set }
  /// Updates made so far.
  var step: Int { get }

  /// One step against `gradients`, which stand in visit order and are first multiplied by `scale`
  /// (what `clipScale` returns).
  mutating func update(_ model: inout some Module, _ gradients: [Tensor], scale: Float)

  /// What has to be saved for an exact resume, beside `step`, under dotted names.
  var state: [(name: String, value: Tensor)] { get }

  /// Restores what `state` returned after `step` updates.
  ///
  /// - Throws: A sentence naming the first tensor that is missing or has another shape than `model` needs;
  ///   the optimiser is then unchanged.
  mutating func restore(_ tensors: [String: Tensor], step: Int, for model: some Module) throws
}

extension Optimizer {
  /// One step against `gradients`, which stand in visit order.
  public mutating func update(_ model: inout some Module, _ gradients: [Tensor]) {
    update(&model, gradients, scale: 1)
  }
}

/// Parameters, picked by their dotted names, that an optimiser treats in a way of their own.
public struct ParameterGroup: Sendable {
  /// Whether the parameter of this dotted name belongs to the group.
  public var matches: @Sendable (String) -> Bool
  /// What the optimiser's learning rate is multiplied by.
  public var learningRateScale: Double
  /// The weight decay in place of the optimiser's own, or nil.
  public var weightDecay: Double?
  /// Frozen parameters keep their values; nothing is remembered of them.
  public var isFrozen: Bool

  public init(
    learningRateScale: Double = 1, weightDecay: Double? = nil, isFrozen: Bool = false,
    matching matches: @escaping @Sendable (String) -> Bool
  ) {
    self.matches = matches
    self.learningRateScale = learningRateScale
    self.weightDecay = weightDecay
    self.isFrozen = isFrozen
  }

  /// Parameters that keep their values.
  public static func frozen(_ matches: @escaping @Sendable (String) -> Bool) -> Self {
    Self(isFrozen: true, matching: matches)
  }

  /// Parameters that weight decay leaves alone: biases and the weights of normalisations, as a rule.
  public static func withoutDecay(_ matches: @escaping @Sendable (String) -> Bool) -> Self {
    Self(weightDecay: 0, matching: matches)
  }
}
