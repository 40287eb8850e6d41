import CKernels

/// The value of `body` at `model` and the gradient of every parameter, in visit order.
///
/// ```swift
/// let (loss, gradients) = valueWithGradient(at: model) { model in
///   (model(x) - y).squared().mean()
/// }
/// optimizer.update(&model, gradients)
/// ```
///
/// - Parameter body: Must return one number, a tensor of shape `[]`.
public func valueWithGradient<M: Module>(
  at model: M, _ body: (M) throws -> Tensor
) rethrows -> (value: Tensor, gradients: [Tensor]) {
  let (value, _, gradients) = try valueWithGradient(at: model) { (try body($0), ()) }
  return (value, gradients)
}

/// As `valueWithGradient(at:_:)` for a body that also returns something else, such as diagnostics.
public func valueWithGradient<M: Module, Extra>(
  at model: M, _ body: (M) throws -> (Tensor, Extra)
) rethrows -> (value: Tensor, extra: Extra, gradients: [Tensor]) {
  let tape = Tape.open()
  defer { tape.close() }
  let (tracked, leaves) = tape.tracking(model)
  let (value, extra) = try body(tracked)
  return (value.offTape(), extra, tape.backward(from: [(value, seed(of: value))], to: leaves))
}

/// The value of `body` at a tensor and its gradient there.
public func valueWithGradient(
  at x: Tensor, _ body: (Tensor) throws -> Tensor
) rethrows -> (value: Tensor, gradient: Tensor) {
  let (value, gradients) = try vectorJacobianProduct(at: [x], cotangent: seed(of:)) {
    try body($0[0])
  }
  return (value, gradients[0])
}

/// Several values of `body` at `model`, and for each of them the gradient of every parameter in visit
/// order: one pass forward, one backward a value.
///
/// ```swift
/// let (values, gradients) = valuesWithGradients(at: model) { model in
///   [policyLoss(model), valueLoss(model)]
/// }
/// print(globalNorm(gradients[0]), globalNorm(gradients[1]))
/// ```
public func valuesWithGradients<M: Module>(
  at model: M, _ body: (M) throws -> [Tensor]
) rethrows -> (values: [Tensor], gradients: [[Tensor]]) {
  let tape = Tape.open()
  defer { tape.close() }
  let (tracked, leaves) = tape.tracking(model)
  let values = try body(tracked)
  return (
    values.map { $0.offTape() },
    values.enumerated().map { position, value in
      let isLast = position == values.count - 1
      return tape.backward(from: [(value, seed(of: value))], to: leaves, isLast: isLast)
    }
  )
}

/// The value of `body` at `inputs` and, per input, the product of `cotangent` with its Jacobian.
public func vectorJacobianProduct(
  at inputs: [Tensor], cotangent: (Tensor) -> Tensor, _ body: ([Tensor]) throws -> Tensor
) rethrows -> (value: Tensor, gradients: [Tensor]) {
  let (values, gradients) = try vectorJacobianProducts(
    at: inputs, cotangents: { [cotangent($0[0])] }
  ) { [try body($0)] }
  return (values[0], gradients)
}

/// As `vectorJacobianProduct(at:cotangent:_:)` for a body with several results: what every input
/// receives from all of them.
public func vectorJacobianProducts(
  at inputs: [Tensor], cotangents: ([Tensor]) -> [Tensor], _ body: ([Tensor]) throws -> [Tensor]
) rethrows -> (values: [Tensor], gradients: [Tensor]) {
  let tape = Tape.open()
  defer { tape.close() }
  let leaves = inputs.map { input in
    var leaf = input
    tape.track(&leaf)
    return leaf
  }
  let values = try body(leaves)
  let results = values.map { $0.offTape() }
  let seeds = cotangents(results)
  if seeds.count != values.count {
    fail("vectorJacobianProduct", "\(seeds.count) cotangents for \(values.count) values")
  }
  for (seed, value) in zip(seeds, values) where seed.shape != value.shape {
    fail(
      "vectorJacobianProduct",
      "a cotangent of shape \(seed.shape) does not fit a value of shape \(value.shape)")
  }
  return (results, tape.backward(from: Array(zip(values, seeds)), to: leaves))
}

/// Runs `body` without recording: what it computes is constant to every open region, forward and
/// reverse.
public func withoutGradient<R>(_ body: () throws -> R) rethrows -> R {
  try ForwardPass.suspended { try withoutTape(body) }
}

/// Runs `body` unrecorded by tapes; a forward pass still moves what it computes.
func withoutTape<R>(_ body: () throws -> R) rethrows -> R {
  let current = swirl_current_tape()
  swirl_set_current_tape(nil)
  defer { swirl_set_current_tape(current) }
  return try body()
}

/// What the backward pass of a value starts from.
private func seed(of value: Tensor) -> Tensor {
  if value.count != 1 {
    fail("valueWithGradient", "the value has shape \(value.shape); reduce it to one number first")
  }
  return Tensor(repeating: 1, shape: value.shape)
}

extension Tape {
  /// The model with every parameter tracked, and those parameters.
  fileprivate func tracking<M: Module>(_ model: M) -> (M, [Tensor]) {
    var tracked = model
    var leaves: [Tensor] = []
    tracked.visitParameters { _, parameter in
      track(&parameter)
      leaves.append(parameter)
    }
    return (tracked, leaves)
  }

  /// The gradient of each leaf, zeros where the outputs do not depend on it.
  fileprivate func backward(
    from outputs: [(output: Tensor, seed: Tensor)], to leaves: [Tensor], isLast: Bool = true
  ) -> [Tensor] {
    // Derivatives are computed with ops of their own, which no tape needs to remember.
    withoutTape {
      var gradients = gradients(from: outputs, isLast: isLast)
      return leaves.map { leaf in
        gradients.take(leaf)?.contiguous() ?? .zeros(leaf.shape)
      }
    }
  }
}
