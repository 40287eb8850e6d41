import Envs
import Policy
import Runtime
import Tensors

/// What tells demonstrated steps from the learner's: a network f(s, a) whose logit is large for what looks
/// demonstrated, and the two ways it is trained.
public struct Discriminator: Module {
  public var network: MultilayerPerceptron

  /// How steps are told apart.
  public enum Loss: String, Sendable, Codable, CaseIterable {
    /// Binary cross-entropy of σ(f), as Ho and Ermon's.
    case ordinary
    /// The difference of means that bounds the Wasserstein distance, for f with gradients of norm 1.
    case wasserstein
  }

  public init(network: MultilayerPerceptron) { self.network = network }

  /// f of rows `[R, n]`: `[R]`
  public func callAsFunction(_ rows: Tensor) -> Tensor { network(rows).reshaped([-1]) }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    network.visitParameters { body("network.\($0)", &$1) }
  }
}

extension Discriminator.Loss {
  /// What is minimised over a minibatch of demonstrated and of the learner's steps, as many of each.
  ///
  /// Ordinary: mean −log σ(f(demonstrated)) + mean −log(1 − σ(f(learner's))), whose optimum is
  /// f = log(p/q) of the two densities (Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661,
  /// proposition 1). Wasserstein: mean f(learner's) − mean f(demonstrated) (Arjovsky et al., 2017,
  /// https://arxiv.org/abs/1701.07875).
  ///
  /// - Parameters:
  ///   - demonstrated: f, `[R]`
  ///   - played: f, `[R]`
  public func callAsFunction(demonstrated: Tensor, played: Tensor) -> Tensor {
    switch self {
    case .ordinary: (-demonstrated).softplus().mean() + played.softplus().mean()
    case .wasserstein: played.mean() - demonstrated.mean()
    }
  }

  /// What the learner is paid for the steps of a rollout, never less than nothing: whoever pays to live on
  /// would end each episode as soon as it can (Kostrikov et al., 2019, https://arxiv.org/abs/1809.02925).
  ///
  /// Ordinary: −log(1 − σ(f)). Wasserstein, whose loss leaves a constant of f open: f − min f.
  public func rewards(_ logits: Tensor) -> Tensor {
    switch self {
    case .ordinary: logits.softplus()
    case .wasserstein: logits - (logits.scalars.min() ?? 0)
    }
  }
}

/// mean (|∇ₓ f| − 1)² over rows, and its gradient in the parameters of f (Gulrajani et al., 2017,
/// https://arxiv.org/abs/1704.00028).
///
/// Reverse mode does not nest, and need not: with g = ∇ₓ f and u = g/|g|, which stays as it is, the derivative of
/// |g| in the parameters is that of u · ∇ₓ f, the derivative of f along u. So one reverse pass gives g, and
/// one reverse pass over a forward one the rest.
///
/// - Parameter rows: Where f's gradients are looked at, `[R, n]`.
public func gradientPenalty(
  _ discriminator: Discriminator, at rows: Tensor
) -> (penalty: Double, gradients: [Tensor]) {
  let count = rows.shape[0]
  let fixed = discriminator.detached()
  let (_, slopes) = valueWithGradient(at: rows) { fixed($0).sum() }
  let norms = (slopes.squared().sum(axes: [-1], keepingDims: true) + 1e-12).squareRoot()
  let directions = slopes / norms
  let distances = norms.reshaped([-1]) - 1
  let weights = distances * (2 / Float(count))
  let (_, gradients) = valueWithGradient(at: discriminator) { moving in
    let (_, along) = jacobianVectorProduct(at: [rows], tangents: [directions]) { moving($0[0]) }
    return (along * weights).sum()
  }
  return (Double(distances.squared().mean().item), gradients)
}

/// How steps become rows of a discriminator: what is discrete one-hot, actions within their limits, every
/// number shifted and scaled by its mean and deviation in the demonstrations.
struct StepEncoder: Sendable {
  let size: Int
  private let observations: ObservationEncoder
  private let actions: ObservationEncoder
  private let limits: (low: [Float], high: [Float])?
  private var shift: Tensor
  private var scale: Tensor

  init(_ shown: Demonstrations, for environments: some VectorizedEnvironments) throws {
    if environments.observesBytes {
      throw RunError(
        .usage,
        "gail tells steps apart by observations of numbers, not of bytes as "
          + "\(environments.observationSpace)")
    }
    observations = try ObservationEncoder(environments.observationSpace)
    actions = try ObservationEncoder(environments.actionSpace)
    size = observations.encodedSize + actions.encodedSize
    if case .gaussian(let low, let high) = try ActionHead(environments.actionSpace) {
      limits = (low, high)
    } else {
      limits = nil
    }
    (shift, scale) = (.zeros(Shape(size)), Tensor(repeating: 1, shape: Shape(size)))
    let rows = rows(shown)
    let mean = rows.mean(axes: [0])
    let deviation = (rows - mean).squared().mean(axes: [0]).squareRoot()
    shift = mean
    // What never changes in the demonstrations is compared as it is.
    scale = Tensor(deviation.scalars.map { $0 > 1e-3 ? 1 / $0 : 1 })
  }

  func rows(_ shown: Demonstrations) -> Tensor {
    let (seen, done) = (shown.observations.contiguous(), shown.actions.contiguous())
    return seen.withUnsafeBuffer { seen in
      done.withUnsafeBuffer { done in
        rows(shown.count, observations: seen.baseAddress!, actions: done.baseAddress!)
      }
    }
  }

  /// `[count, size]`
  func rows(
    _ count: Int, observations seen: UnsafeRawPointer, actions done: UnsafePointer<Float>
  ) -> Tensor {
    var taken = Array(UnsafeBufferPointer(start: done, count: count * actions.rawSize))
    if let limits {
      let width = limits.low.count
      for i in taken.indices {
        taken[i] = min(max(taken[i], limits.low[i % width]), limits.high[i % width])
      }
    }
    let left = Tensor(shape: Shape(count, observations.encodedSize)) {
      guard let base = $0.baseAddress else { return }
      observations.encode(rows: count, seen, normalizer: nil, into: base)
    }
    let right = Tensor(shape: Shape(count, actions.encodedSize)) {
      guard let base = $0.baseAddress else { return }
      actions.encode(rows: count, taken, normalizer: nil, into: base)
    }
    return (.concatenated([left, right], axis: 1) - shift) * scale
  }
}
