/// What a user's own function knows of its derivatives.
struct CustomRules: Sendable {
  let derivative: @Sendable (_ inputs: [Tensor], _ output: Tensor, _ gradient: Tensor) -> [Tensor]
  let tangent: (@Sendable (_ inputs: [Tensor], _ output: Tensor, _ tangents: [Tensor]) -> Tensor)?
}

/// The value of `value` at `inputs`, with a derivative of the caller's own in place of the one its ops
/// would give: for a numerically better formula, an estimator, or code that uses no tensor ops.
///
/// ```swift
/// // Rounds forward and passes the gradient straight through (Bengio et al., 2013).
/// let rounded = customFunction(of: [x]) { $0[0].rounded() } derivative: { _, _, dy in [dy] }
/// ```
///
/// - Parameters:
///   - value: Computed once, unrecorded.
///   - derivative: What each input receives when the result receives `gradient`, in order, of the
///     inputs' shapes.
///   - tangent: How the result moves with the inputs (zeros for those that stand still); without it
///     forward mode refuses the function with a sentence.
public func customFunction(
  of inputs: [Tensor], _ value: ([Tensor]) throws -> Tensor,
  derivative:
    @escaping @Sendable (_ inputs: [Tensor], _ output: Tensor, _ gradient: Tensor) -> [Tensor],
  tangent: (@Sendable (_ inputs: [Tensor], _ output: Tensor, _ tangents: [Tensor]) -> Tensor)? = nil
) rethrows -> Tensor {
  let constants = inputs.map { $0.detached() }
  let y = try withoutGradient { try value(constants) }.detached()
  guard let trace = Trace(many: inputs) else { return y }
  let rules = CustomRules(derivative: derivative, tangent: tangent)
  let many = Many(operands: inputs, saved: inputs, custom: rules)
  return y.recorded(
    on: trace,
    Record(
      "customFunction", derivative: customDerivative,
      tangent: tangent == nil ? nil : customTangent, keepsResult: true, many: many))
}

private let customDerivative: Derivative = { record, dy, gradients in
  let many = record.many
  let received = many.custom!.derivative(many.saved, record.result, dy)
  if received.count != many.operands.count {
    fail(
      "customFunction",
      "its derivative gave \(received.count) gradients for \(many.operands.count) inputs")
  }
  for (operand, gradient) in zip(many.operands, received) {
    if gradient.shape != operand.shape {
      fail(
        "customFunction",
        "its derivative gave a gradient of shape \(gradient.shape) "
          + "for an input of shape \(operand.shape)")
    }
    gradients.add(gradient, to: operand)
  }
}

private let customTangent: TangentRule = { record, tangents in
  let many = record.many
  let moves = zip(tangents.many, many.operands).map { $0 ?? .zeros($1.shape) }
  return many.custom!.tangent!(many.saved, record.result, moves)
}
