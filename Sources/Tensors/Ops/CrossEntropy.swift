import CKernels

/// How the losses of the rows become one.
public enum LossReduction: Sendable {
  /// One number a row or element, as they are.
  case none
  /// The mean; of weighted rows, the weighted mean.
  case mean
  case sum
}

/// The cross-entropy of classes given by their logits: lse(x) − x[target] a row, lse = log Σ eˣ.
///
/// Fused: one pass over the logits for the value and one for the gradient, which are all that is kept;
/// probabilities are never stored. As PyTorch's `cross_entropy`.
///
/// - Parameters:
///   - logits: `[…, classes]`.
///   - targets: A class for each row.
///   - ignoring: Rows with this target, which need be no class, give 0 and do not count in the mean.
///   - labelSmoothing: ε of a target of 1 − ε + ε/C for the class and ε/C for the others (Szegedy et al.,
///     2016).
///   - weights: `[classes]`, constants: how much the rows of each class count.
/// - Returns: A number, or with `.none` the rows' losses, `[…]`.
public func crossEntropy(
  _ logits: Tensor, _ targets: Indices, ignoring: Int32? = nil, labelSmoothing: Float = 0,
  weights: Tensor? = nil, reduction: LossReduction = .mean
) -> Tensor {
  let losses = rowLosses(
    logits, targets, ignoring: ignoring, smoothing: labelSmoothing, weights: weights)
  return reduce(losses, reduction) {
    let table = weights?.scalars
    var total = 0.0
    for row in 0..<targets.count where targets.pointer[row] != ignoring {
      total += Double(table?[Int(targets.pointer[row])] ?? 1)
    }
    return total
  }
}

/// The losses of the rows, `[…]`.
private func rowLosses(
  _ logits: Tensor, _ targets: Indices, ignoring: Int32?, smoothing: Float, weights: Tensor?
) -> Tensor {
  let (rows, classes) = logits.rowsAndWidth("crossEntropy")
  check(targets, ignoring, rows, classes, logits.shape, "crossEntropy")
  if let weights, weights.shape != Shape(classes) {
    fail("crossEntropy", "weights of shape \(weights.shape) for logits of shape \(logits.shape)")
  }
  if Tensor.carryTangents(logits) {
    return crossEntropyFormula(logits, targets, ignoring, smoothing, weights)
  }
  let x = logits.float32.contiguous()
  let constant = weights?.detached().float32.contiguous()
  let shape = Shape(logits.shape.dropLast())
  let (lse, y) = (Tensor(uninitialized: shape), Tensor(uninitialized: shape))
  var settings = swirl_cross_entropy(x, targets, ignoring, smoothing, constant, lse)
  settings.loss = y.pointer
  parallelRows(rows, work: 16 * x.count) {
    kernels.cross_entropy(&settings, $0.lowerBound, $0.upperBound)
  }
  guard let trace = Trace(logits) else { return y }
  let many = Many(
    operands: [logits], saved: [x, lse] + (constant.map { [$0] } ?? []),
    numbers: [ignoring.map(Int.init) ?? -1], scalars: [smoothing], indices: [targets])
  return y.recorded(
    on: trace,
    Record(
      "crossEntropy",
      derivative: { record, dy, gradients in
        let many = record.many
        let dx = Tensor(uninitialized: many.saved[0].shape)
        let dy = dy.float32.contiguous()
        var settings = swirl_cross_entropy(
          many.saved[0], many.indices[0], Int32(many.numbers[0]), many.scalars[0],
          many.saved.count > 2 ? many.saved[2] : nil, many.saved[1])
        settings.scale = UnsafePointer(dy.pointer)
        settings.dx = dx.pointer
        parallelRows(dy.count, work: 16 * dx.count) {
          kernels.cross_entropy_gradient(&settings, $0.lowerBound, $0.upperBound)
        }
        gradients.add(dx, to: many.operands[0])
      }, fused: true, many: many))
}

extension swirl_cross_entropy {
  fileprivate init(
    _ x: Tensor, _ targets: Indices, _ ignoring: Int32?, _ smoothing: Float, _ weights: Tensor?,
    _ lse: Tensor
  ) {
    self.init()
    n = x.shape[x.rank - 1]
    self.x = UnsafePointer(x.pointer)
    self.targets = targets.pointer
    // No target is −1 unless it is the ignored one.
    ignored = ignoring ?? -1
    self.smoothing = smoothing
    self.weights = weights.map { UnsafePointer($0.pointer) }
    self.lse = lse.pointer
  }
}

/// The same of ordinary ops: what forward mode follows, and what the tests compare with.
func crossEntropyFormula(
  _ logits: Tensor, _ targets: Indices, _ ignoring: Int32?, _ smoothing: Float, _ weights: Tensor?
) -> Tensor {
  let logs = logits.logSoftmax()
  let (rows, classes) = logits.rowsAndWidth("crossEntropy")
  let table = (weights ?? .ones(Shape(classes))).detached()
  let picks = replacing(ignoring, in: targets)
  let flat = logs.reshaped(to: Shape(rows, classes))
  let counted = table.selectingRows(picks) * isCounted(targets, ignoring)
  let own = -flat.gather(picks) * counted * (1 - smoothing)
  let rest = -(flat * table).sum(axes: [1]) * isCounted(targets, ignoring)
  let losses = own + rest * (smoothing / Float(classes))
  return losses.reshaped(to: Shape(logits.shape.dropLast()))
}

/// −x[target] a row of log-probabilities `[…, classes]`; see `crossEntropy`, which takes logits.
public func negativeLogLikelihood(
  _ logProbabilities: Tensor, _ targets: Indices, ignoring: Int32? = nil, weights: Tensor? = nil,
  reduction: LossReduction = .mean
) -> Tensor {
  let (rows, classes) = logProbabilities.rowsAndWidth("negativeLogLikelihood")
  check(targets, ignoring, rows, classes, logProbabilities.shape, "negativeLogLikelihood")
  let picks = replacing(ignoring, in: targets)
  var counted = isCounted(targets, ignoring)
  if let weights {
    if weights.shape != Shape(classes) {
      fail(
        "negativeLogLikelihood",
        "weights of shape \(weights.shape) for an input of shape \(logProbabilities.shape)")
    }
    counted = counted * weights.detached().selectingRows(picks)
  }
  let chosen = logProbabilities.reshaped(to: Shape(rows, classes)).gather(picks)
  // An ignored row gives 0 even where its log-probability is −∞.
  let losses = Tensor.where(counted .== 0, Tensor(0), -chosen * counted)
  return reduce(losses.reshaped(to: Shape(logProbabilities.shape.dropLast())), reduction) {
    counted.scalars.reduce(0.0) { $0 + Double($1) }
  }
}

private func reduce(
  _ losses: Tensor, _ reduction: LossReduction, _ weight: () -> Double
) -> Tensor {
  switch reduction {
  case .none: losses
  case .sum: losses.sum()
  case .mean: losses.sum() / Float(weight())
  }
}

private func check(
  _ targets: Indices, _ ignoring: Int32?, _ rows: Int, _ classes: Int, _ shape: Shape,
  _ name: StaticString
) {
  if targets.count != rows {
    fail("\(name)", "\(targets.count) targets for rows of shape \(shape)")
  }
  for row in 0..<rows {
    let target = targets.pointer[row]
    if (target < 0 || target >= classes) && target != ignoring {
      fail("\(name)", "target \(target) of row \(row) is not one of \(classes) classes")
    }
  }
}

/// The targets with class 0 in place of the ignored one.
private func replacing(_ ignoring: Int32?, in targets: Indices) -> Indices {
  guard let ignoring else { return targets }
  return Indices(count: targets.count) { picks in
    for i in picks.indices { picks[i] = targets.pointer[i] == ignoring ? 0 : targets.pointer[i] }
  }
}

/// 1 for the rows that count, 0 for those that are ignored.
private func isCounted(_ targets: Indices, _ ignoring: Int32?) -> Tensor {
  Tensor(shape: Shape(targets.count)) { mask in
    for i in mask.indices { mask[i] = targets.pointer[i] == ignoring ? 0 : 1 }
  }
}
