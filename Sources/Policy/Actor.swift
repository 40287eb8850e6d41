import Runtime
import Tensors

/// What acts: a policy's network, what its outputs mean, and the statistics that normalise what it reads, so
/// that a policy never travels without them.
public struct Actor: Module {
  public let encoder: ObservationEncoder
  public let head: ActionHead
  public var normalizer: ObservationNormalizer?
  public var policy: Network
  /// log σ of a Gaussian policy: `[A]`, the same for every state, or `[L, A]`, of noise that depends on what
  /// the last layer reads.
  public var logStd: Tensor?

  public init(
    encoder: ObservationEncoder, head: ActionHead, policy: Network, logStd: Tensor? = nil,
    normalizer: ObservationNormalizer? = nil
  ) {
    self.encoder = encoder
    self.head = head
    self.policy = policy
    self.logStd = logStd
    self.normalizer = normalizer
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    policy.visitParameters { body("policy.\($0)", &$1) }
    visit("logStd", &logStd, body)
  }

  /// Whether its noise is a function of the state, fixed for some steps: generalised state-dependent
  /// exploration (Raffin et al., 2020, https://arxiv.org/abs/2005.05719).
  public var exploresByState: Bool { logStd?.rank == 2 }

  /// Numbers it remembers of an episode, 0 without memory.
  public var memorySize: Int { policy.memory?.stateSize ?? 0 }

  /// Encoded and normalised rows `[count, encodedSize]` of raw ones.
  package func encoded(rows: Int, _ raw: UnsafeRawPointer) -> Tensor {
    Tensor(shape: Shape(rows, encoder.encodedSize)) {
      guard let base = $0.baseAddress else { return }
      encoder.encode(rows: rows, raw, normalizer: normalizer, into: base)
    }
  }

  /// The distributions of actions for encoded observations `[R, encodedSize]`.
  ///
  /// - Parameters:
  ///   - mask: `[R, K]`, 1 where an action is allowed.
  ///   - sequences: What the rows are steps of, where the policy remembers.
  public func distribution(
    _ observations: Tensor, mask: Tensor? = nil, sequences: Sequences? = nil
  ) -> ActionDistribution {
    let features = policy.features.map { $0(observations) } ?? observations
    return distribution(ofRemembered: remembered(features, sequences), mask: mask)
  }

  /// What the policy's last layers read, of features.
  func remembered(_ features: Tensor, _ sequences: Sequences?) -> Tensor {
    guard let memory = policy.memory else { return features }
    guard let sequences else {
      fail("policy", "a policy with memory learns from sequences, and none were given")
    }
    return memory(
      features, starts: sequences.starts,
      state: sequences.memory.sliced(0..<memory.stateSize, axis: 1))
  }

  func distribution(ofRemembered x: Tensor, mask: Tensor?) -> ActionDistribution {
    let (latent, output) = policy.split(x)
    guard let logStd else {
      let (counts, start) = head.choices
      if head.outputSize != counts.reduce(0, +) || counts.isEmpty {
        fail("distribution", "a head \(head) gives no distribution of actions")
      }
      return .categorical(
        MultiCategorical(logits: output, counts: counts, mask: mask), start: start)
    }
    return .gaussian(
      DiagonalGaussian(
        mean: output,
        logStd: exploresByState ? stateLogStd(latent: latent, logStd: logStd) : logStd))
  }

  /// The Fisher matrix's weight M applied to a direction of the policy's parameters, row by row, and dotted
  /// with the policy's output: a number whose gradient, the direction taken as it is, is Σ Jᵀ M J v.
  ///
  /// At the policy itself the Hessian of the KL divergence is this Gauss–Newton matrix, with
  /// M = diag(p) − p pᵀ for logits, 1/σ² for means and 2 for log σ, so that one forward-mode and one
  /// reverse-mode pass give its products (Schulman et al., 2015, appendix C).
  ///
  /// - Parameter direction: v, one tensor a parameter in visit order.
  public func fisherProduct(
    along direction: [Tensor], observations: Tensor, mask: Tensor? = nil
  ) -> Tensor {
    let fixed = detached()
    let (output, moved) = jacobianVectorProduct(at: fixed, tangents: direction) {
      $0.outputs(observations)
    }
    let outputNow = outputs(observations)
    guard let logStd else {
      let counts = head.choices.counts
      let now = MultiCategorical(logits: output, counts: counts, mask: mask)
      let moved = mask.map { moved * $0 } ?? moved
      var first = 0
      let weighted = zip(counts, now.parts).map { count, part in
        let move = moved.sliced(first..<first + count, axis: -1)
        first += count
        let p = part.logProbabilities.exp()
        return p * (move - (p * move).sum(axes: [-1], keepingDims: true))
      }
      let all = weighted.count == 1 ? weighted[0] : Tensor.concatenated(weighted, axis: -1)
      return (outputNow * all.detached()).sum()
    }
    if exploresByState {
      let size = head.outputSize
      let inverseVariance = (output.sliced(size..<2 * size, axis: 1) * -2).exp()
      let weight = Tensor.concatenated(
        [
          moved.sliced(0..<size, axis: 1) * inverseVariance,
          moved.sliced(size..<2 * size, axis: 1) * 2,
        ], axis: 1)
      return (outputNow * weight.detached()).sum()
    }
    let inverseVariance = (logStd.detached() * -2).exp()
    let means = (outputNow * (moved * inverseVariance).detached()).sum()
    let rows = Float(observations.shape[0])
    return means + (logStd * direction[direction.count - 1]).sum() * (2 * rows)
  }

  /// The policy's outputs, beside them log σ where it depends on the state.
  private func outputs(_ observations: Tensor) -> Tensor {
    let (latent, output) = policy.split(policy.features.map { $0(observations) } ?? observations)
    guard let logStd, exploresByState else { return output }
    return .concatenated([output, stateLogStd(latent: latent, logStd: logStd)], axis: 1)
  }
}

/// log σ of noise ε = latentᵀ E with E ~ N(0, e^2logStd): ½ log(latent² · e^2logStd + 10⁻⁶), `[R, A]`. The
/// latent numbers are constants, so that learning does not bend them to the noise.
///
/// - Parameters:
///   - latent: `[R, L]`
///   - logStd: `[L, A]`
func stateLogStd(latent: Tensor, logStd: Tensor) -> Tensor {
  let variance = latent.detached().squared().matmul((logStd * 2).exp()) + stateVarianceFloor
  return variance.log() * 0.5
}

let stateVarianceFloor: Float = 1e-6

/// The distributions a policy gives for some rows.
public enum ActionDistribution: Sendable {
  case categorical(MultiCategorical, start: [Int])
  case gaussian(DiagonalGaussian)

  /// log π(actions): `[R]`, of actions `[R, A]`; a discrete action is its number.
  public func logProbability(of actions: Tensor) -> Tensor {
    switch self {
    case .categorical(let choices, let start):
      choices.logProbability(of: actions, start: start)
    case .gaussian(let distribution): distribution.logProbability(of: actions)
    }
  }

  /// The entropy of each row, `[R]`, or `[]` where it is one number for all.
  public func entropy() -> Tensor {
    switch self {
    case .categorical(let distribution, _): distribution.entropy()
    case .gaussian(let distribution): distribution.entropy()
    }
  }

  /// KL(self ‖ other) of each row: `[R]`.
  public func divergence(to other: ActionDistribution) -> Tensor {
    switch (self, other) {
    case (.categorical(let a, _), .categorical(let b, _)):
      return a.divergence(to: b)
    case (.gaussian(let a), .gaussian(let b)):
      let ratio = ((a.logStd - b.logStd) * 2).exp()
      let distance = (a.mean - b.mean).squared() * (b.logStd * -2).exp()
      return ((ratio + distance - 1) * 0.5 + b.logStd - a.logStd).sum(axes: [-1])
    default: fail("divergence", "one policy chooses among options, the other numbers")
    }
  }
}
