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
  var tracked = model
  var leaves: [Tensor] = []
  tracked.visitParameters { _, parameter in
    tape.track(&parameter)
    leaves.append(parameter)
  }
  let (value, extra) = try body(tracked)
  if value.count != 1 {
    fail("valueWithGradient", "the value has shape \(value.shape); reduce it to one number first")
  }
  let gradients = tape.backward(
    from: value, seed: Tensor(repeating: 1, shape: value.shape), to: leaves)
  return (value.detached(), extra, gradients)
}

/// The value of `body` at a tensor and its gradient there.
public func valueWithGradient(
  at x: Tensor, _ body: (Tensor) throws -> Tensor
) rethrows -> (value: Tensor, gradient: Tensor) {
  let (value, gradients) = try vectorJacobianProduct(
    at: [x],
    cotangent: { value in
      if value.count != 1 {
        fail(
          "valueWithGradient", "the value has shape \(value.shape); reduce it to one number first")
      }
      return Tensor(repeating: 1, shape: value.shape)
    }
  ) { try body($0[0]) }
  return (value, gradients[0])
}

/// The value of `body` at `inputs` and, per input, the product of `cotangent` with its Jacobian.
public func vectorJacobianProduct(
  at inputs: [Tensor], cotangent: (Tensor) -> Tensor, _ body: ([Tensor]) throws -> Tensor
) rethrows -> (value: Tensor, gradients: [Tensor]) {
  let tape = Tape.open()
  defer { tape.close() }
  let leaves = inputs.map { input in
    var leaf = input
    tape.track(&leaf)
    return leaf
  }
  let value = try body(leaves)
  let seed = cotangent(value.detached())
  if seed.shape != value.shape {
    fail(
      "vectorJacobianProduct",
      "a cotangent of shape \(seed.shape) does not fit a value of shape \(value.shape)")
  }
  return (value.detached(), tape.backward(from: value, seed: seed, to: leaves))
}

/// Runs `body` without recording: what it computes is constant to every open tape.
public func withoutGradient<R>(_ body: () throws -> R) rethrows -> R {
  let current = swirl_current_tape()
  swirl_set_current_tape(nil)
  defer { swirl_set_current_tape(current) }
  return try body()
}

extension Tape {
  /// The gradient of each leaf, zeros where the output does not depend on it.
  fileprivate func backward(from output: Tensor, seed: Tensor, to leaves: [Tensor]) -> [Tensor] {
    // Derivatives are computed with ops of their own, which no tape needs to remember.
    withoutGradient {
      var gradients = gradients(from: output, seed: seed)
      return leaves.map { leaf in
        gradients.take(leaf)?.contiguous() ?? .zeros(leaf.shape)
      }
    }
  }
}
