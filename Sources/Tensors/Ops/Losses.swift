// Losses of predictions and targets of one shape, as pure functions; gradients flow to both. Those of
// classes stand in CrossEntropy.swift.

/// (x − y)² of each element.
public func meanSquaredError(
  _ predictions: Tensor, _ targets: Tensor, reduction: LossReduction = .mean
) -> Tensor {
  check(predictions, targets, "meanSquaredError")
  return reduced((predictions - targets).squared(), reduction)
}

/// |x − y| of each element.
public func meanAbsoluteError(
  _ predictions: Tensor, _ targets: Tensor, reduction: LossReduction = .mean
) -> Tensor {
  check(predictions, targets, "meanAbsoluteError")
  return reduced((predictions - targets).magnitude(), reduction)
}

/// ½ (x − y)² where |x − y| ≤ delta, else delta (|x − y| − ½ delta) (Huber, 1964).
public func huberLoss(
  _ predictions: Tensor, _ targets: Tensor, delta: Float = 1, reduction: LossReduction = .mean
) -> Tensor {
  check(predictions, targets, "huberLoss")
  if !(delta > 0) { fail("huberLoss", "delta \(delta) is not positive") }
  let distance = (predictions - targets).magnitude()
  // With c = min(|d|, δ) both branches are c (|d| − ½ c).
  let near = Tensor.minimum(distance, Tensor(delta))
  return reduced(near * (distance - near * 0.5), reduction)
}

/// The Huber loss divided by `beta`: ½ (x − y)² / beta where |x − y| < beta, else |x − y| − ½ beta
/// (Girshick, 2015).
public func smoothL1Loss(
  _ predictions: Tensor, _ targets: Tensor, beta: Float = 1, reduction: LossReduction = .mean
) -> Tensor {
  if beta == 0 { return meanAbsoluteError(predictions, targets, reduction: reduction) }
  return huberLoss(predictions, targets, delta: beta, reduction: reduction) / beta
}

/// −y log σ(x) − (1 − y) log(1 − σ(x)) of each logit x and probability y, without overflow.
///
/// - Parameter positiveWeight: How much the first term counts; broadcasts.
public func binaryCrossEntropy(
  logits: Tensor, _ targets: Tensor, positiveWeight: Tensor? = nil,
  reduction: LossReduction = .mean
) -> Tensor {
  check(logits, targets, "binaryCrossEntropy")
  if let positiveWeight {
    let positive = targets * positiveWeight * (-logits).softplus()
    return reduced(positive + (1 - targets) * logits.softplus(), reduction)
  }
  return reduced(logits.softplus() - logits * targets, reduction)
}

/// Σ y (log y − x) of log-probabilities x: the Kullback–Leibler divergence of x from y, both over the last
/// axis. Terms with y = 0 are 0.
///
/// - Parameters:
///   - targetsAreLogs: Whether `targets` holds log y in place of y.
/// - Returns: With `.none` each row's divergence, `[…]`; with `.mean` their mean over the rows, which
///   PyTorch calls `batchmean`.
public func klDivergence(
  _ logProbabilities: Tensor, _ targets: Tensor, targetsAreLogs: Bool = false,
  reduction: LossReduction = .mean
) -> Tensor {
  check(logProbabilities, targets, "klDivergence")
  let terms: Tensor
  if targetsAreLogs {
    terms = targets.exp() * (targets - logProbabilities)
  } else {
    let isZero = targets.detached() .== 0
    let safe = Tensor.where(isZero, Tensor(1), targets)
    terms = Tensor.where(isZero, Tensor(0), safe * (safe.log() - logProbabilities))
  }
  return reduced(terms.sum(axes: [-1]), reduction)
}

private func reduced(_ losses: Tensor, _ reduction: LossReduction) -> Tensor {
  switch reduction {
  case .none: losses
  case .sum: losses.sum()
  case .mean: losses.mean()
  }
}

private func check(_ predictions: Tensor, _ targets: Tensor, _ name: StaticString) {
  if predictions.shape != targets.shape {
    fail("\(name)", "predictions of shape \(predictions.shape), targets of \(targets.shape)")
  }
}
