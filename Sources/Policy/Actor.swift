import Tensors

/// The policy of an actor-critic alone: what trust-region methods move, and measure distances of.
public struct Actor: Module {
  public var policy: MultilayerPerceptron
  /// log σ of a Gaussian policy, the same for every state: `[A]`.
  public var logStd: Tensor?
  let head: ActionHead

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    policy.visitParameters { body("policy.\($0)", &$1) }
    visit("logStd", &logStd, body)
  }

  /// The distributions of actions for encoded observations `[R, encodedSize]`.
  ///
  /// - Parameter mask: `[R, K]`, 1 where an action is allowed.
  public func distribution(_ observations: Tensor, mask: Tensor? = nil) -> ActionDistribution {
    let output = policy(observations)
    guard let logStd else {
      let (counts, start) = head.choices
      return .categorical(
        MultiCategorical(logits: output, counts: counts, mask: mask), start: start)
    }
    return .gaussian(DiagonalGaussian(mean: output, logStd: logStd))
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
      $0.policy(observations)
    }
    let outputNow = policy(observations)
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
    let inverseVariance = (logStd.detached() * -2).exp()
    let means = (outputNow * (moved * inverseVariance).detached()).sum()
    let rows = Float(observations.shape[0])
    return means + (logStd * direction[direction.count - 1]).sum() * (2 * rows)
  }
}

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

extension ActorCritic {
  /// The policy alone; writing it writes the policy's parameters.
  public var actor: Actor {
    get {
      Actor(policy: policy, logStd: logStd, head: head)
    }
    set {
      policy = newValue.policy
      logStd = newValue.logStd
    }
  }
}
